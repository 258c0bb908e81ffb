/**
 * The HTTP entrance: the API under /v1 with its OpenAPI document, pages for people, and what operators' machines ask. Comes in:
 * requests (`fetch`), from a socket or from a test. Goes out: responses, made of what the services answer.
 *
 * `operations.ts` says what the API is, `handlers/` how it is done, `run-operation.ts` what a request must pass before,
 * `respond.ts` what every response has. Other origins get nothing: there is no CORS, and no cookie to abuse.
 */
import { Hono } from 'hono';
import { type Answer, bytes, json, problem } from './answer.ts';
import { domainHandlers } from './handlers/domains.ts';
import { emailHandlers } from './handlers/emails.ts';
import { eventHandlers } from './handlers/events.ts';
import { inboxHandlers } from './handlers/inbox.ts';
import { officeHandlers } from './handlers/office.ts';
import { setupHandlers } from './handlers/setup.ts';
import { streamHandlers } from './handlers/streams.ts';
import { testHandlers } from './handlers/tests.ts';
import { defaultHttpLimits } from './limits.ts';
import { openApi } from './openapi.ts';
import { type Handlers, operation, operationIds } from './operations.ts';
import { type Document, docsPage } from './pages/docs.ts';
import { homePage } from './pages/home.ts';
import { problemPage, problemsPage } from './pages/problems.ts';
import { testStartPage } from './pages/test.ts';
import type { HttpOptions, HttpPorts } from './ports.ts';
import { isProblemCode } from './problems.ts';
import { knownMethods, Responder } from './respond.ts';
import { OperationRunner } from './run-operation.ts';
import type { Health } from './schemas/office.ts';
import { showTestPage, TestDesk } from './test-desk.ts';
import { Waits } from './wait.ts';

export type { HttpOptions, HttpPorts, OfficeHealth } from './ports.ts';

/** What the listener knows of a request beside the request. */
type RequestInfo = { readonly clientAddress: string };

export type HttpApp = {
  readonly fetch: (request: Request, info?: RequestInfo) => Promise<Response>;
  /** Ends waits and streams, so that the server can close in time. */
  readonly close: () => void;
};

type Env = { Bindings: RequestInfo };
type Page = (asked: { readonly name: string; readonly origin: string }) => Promise<Answer> | Answer;

export function createHttpApp(ports: HttpPorts, options: HttpOptions): HttpApp {
  const limits = { ...defaultHttpLimits, ...options.limits };
  const closing = new AbortController();
  const responder = new Responder(ports, options);
  const handlers: Handlers = {
    ...emailHandlers(ports, new Waits(ports, limits)),
    ...eventHandlers(ports, limits),
    ...inboxHandlers(ports),
    ...officeHandlers(ports),
    ...domainHandlers(ports),
    ...setupHandlers(ports),
    ...streamHandlers(ports),
    ...testHandlers(ports, options, limits),
  };
  const runner = new OperationRunner(ports, limits, handlers);
  const app = new Hono<Env>();
  const allowed = new Map<string, string[]>();

  for (const id of operationIds) {
    const { method, path } = operation(id);
    const run = runner.runnerOf(id);
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    allowed.set(route, [...(allowed.get(route) ?? []), method]);
    app.on(method, route, (context) => {
      const request = context.req.raw;
      const signal = AbortSignal.any([request.signal, closing.signal]);
      const { clientAddress } = context.env;
      return responder.respond(request, id, () => run({ request, names: context.req.param(), clientAddress, signal }));
    });
  }
  for (const [route, page] of Object.entries(pagesOf(ports, options))) {
    allowed.set(route, ['GET']);
    app.get(route, (context) => {
      const request = context.req.raw;
      const name = context.req.param('name') ?? '';
      return responder.respond(request, route, () => page({ name, origin: new URL(request.url).origin }));
    });
  }
  allowed.set('/test', ['GET', 'POST']);
  const testDesk = new TestDesk(ports, options);
  app.post('/test', (context) =>
    responder.respond(context.req.raw, '/test', () => testDesk.start(context.env.clientAddress)),
  );
  for (const [route, methods] of allowed) {
    app.all(route, (context) => responder.respond(context.req.raw, route, () => methodNotAllowed(methods)));
  }
  app.notFound((context) =>
    responder.respond(context.req.raw, 'unknown', () => problem('not_found', { detail: 'There is no such path.' })),
  );
  return {
    // The router keeps handlers by method in plain objects: `__proto__` would be found in each of them, and written to.
    fetch: async (request, info = { clientAddress: '127.0.0.1' }) =>
      knownMethods.includes(request.method)
        ? app.fetch(request, info)
        : responder.respond(request, 'unknown', () => methodNotAllowed([...allowed.values()].flat())),
    close: () => closing.abort(),
  };
}

function pagesOf(ports: HttpPorts, options: HttpOptions): Readonly<Record<string, Page>> {
  const { version } = options;
  const document = openApi(options);
  return {
    '/': async ({ origin }) => homePage(options, options.publicUrl ?? origin, await ports.health()),
    '/docs': () => docsPage(options, document as unknown as Document),
    '/openapi.json': () => json(200, document),
    '/problems': () => problemsPage(version),
    '/problems/:name': ({ name }) => (isProblemCode(name) ? problemPage(version, name) : problem('not_found')),
    '/test': () => testStartPage({ version }, options.publicTests ?? false),
    '/test/:name': ({ name }) => showTestPage(ports, name, version),
    '/livez': () => json(200, { status: 'live' }),
    '/readyz': async () => {
      const checks = await ports.health();
      const ready = checks.every((check) => check.ok);
      const health: Health = { status: ready ? 'ready' : 'not_ready', checks: checks.map((check) => ({ ...check })) };
      return json(ready ? 200 : 503, health);
    },
    '/metrics': async () => bytes(200, await ports.metrics(), { 'Content-Type': 'text/plain; version=0.0.4' }),
  };
}

/** RFC 9110 §15.5.6 */
function methodNotAllowed(methods: readonly string[]): Answer {
  const all = [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))];
  return problem('method_not_allowed', {
    detail: `This path takes ${all.join(', ')}.`,
    headers: { Allow: all.join(', ') },
  });
}
