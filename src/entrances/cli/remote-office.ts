/** A running office, through its HTTP API. Its problems become the no of a command, with the fix it names. */
import type { ProblemError } from '../http/schemas/problem.ts';
import type { Stream } from '../http/schemas/streams.ts';
import { CliError } from './cli-error.ts';
import type { CliHost } from './cli-host.ts';
import { type ExitCode, exits } from './exits.ts';
import type {
  CreatedKeyDocument,
  CreatedUserDocument,
  Delegation,
  Domain,
  DomainCheck,
  Email,
  Event,
  EventFilter,
  Key,
  OfficeClient,
  Page,
  ReceivedEmail,
  Test,
  TimelineStep,
  User,
} from './office-client.ts';
import { readDomain } from './read-options.ts';
import { exitOfRefusal, nextAfterRefusal, unknown } from './refusal-error.ts';
import { requestErrors } from './request-errors.ts';
import { readServerSentEvents } from './server-sent-events.ts';

type Host = Pick<CliHost, 'command' | 'fetch' | 'timers' | 'signal'>;
type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
type Request = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Query;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array | string };
  /** How long the office may take; a minute unless said. */
  readonly patienceMs?: number;
  /** What a 404 means. */
  readonly missing?: CliError;
  /** What a refusal is about: the domain of the author, or an id. */
  readonly about?: string;
};

const patienceMs = 60_000;
/** The office holds an answer back for a minute at most; longer waits ask again. */
const waitMs = 50_000;
const pageMax = 100;

export function openRemoteOffice(host: Host, server: string, key: string | undefined): OfficeClient {
  const api = new Api(host, readServerUrl(server), key ?? missingKey(host.command));
  const say = host.command;
  const noMessage = (id: string) => unknown('message', id, `${say} queue list --all`);
  const domainPath = (text: string) => `/v1/domains/${readDomain(text)}`;
  const inDomain = (name: string, method: 'GET' | 'POST') => {
    const missing = unknown('domain', readDomain(name), `${say} domains list`);
    return { method, missing, about: name };
  };
  const noMail = (id: string) => unknown('received message', id, `${say} inbox list`);
  return {
    where: api.origin,
    pagesUrl: api.origin,
    isServed: true,
    hostname: undefined,

    send: (request) =>
      api.json<Email>('/v1/emails', { method: 'POST', body: jsonBody(request), about: domainOf(request.from) }),
    sendRaw: (message, { from, to, stream }) =>
      api.json<Email>('/v1/emails/raw', {
        method: 'POST',
        query: { from, to, stream },
        body: { type: 'message/rfc822', bytes: message },
      }),
    email: (id) => api.json<Email>(emailPath(id), { missing: noMessage(id) }),
    settled: (id, timeoutMs) => settled(api, host, { id, timeoutMs }),
    timeline: async (id) =>
      (await api.json<{ data: TimelineStep[] }>(`${emailPath(id)}/timeline`, { missing: noMessage(id) })).data,
    raw: (id) => api.bytes(`${emailPath(id)}/raw`, { missing: noMessage(id) }),
    emails: (query) => api.json<Page<Email>>('/v1/emails', { query: { ...query, limit: atMost(query.limit) } }),
    cancel: (id) => api.json<Email>(`${emailPath(id)}/cancel`, { method: 'POST', missing: noMessage(id), about: id }),
    retry: (id) => api.json<Email>(`${emailPath(id)}/retry`, { method: 'POST', missing: noMessage(id), about: id }),

    events: (filter, limit) => lastEvents(api, filter, limit),
    follow: (filter, signal) => follow(api, filter, signal),

    inbox: (query) => api.json<Page<ReceivedEmail>>('/v1/inbox', { query: { ...query, limit: atMost(query.limit) } }),
    received: (id) => api.json<ReceivedEmail>(`/v1/inbox/${encodeURIComponent(id)}`, { missing: noMail(id) }),
    receivedRaw: (id) => api.bytes(`/v1/inbox/${encodeURIComponent(id)}/raw`, { missing: noMail(id) }),

    createTest: (domain) =>
      api.json<Test>('/v1/tests', {
        method: 'POST',
        body: jsonBody(domain === undefined ? {} : { domain }),
        ...(domain !== undefined && { about: domain }),
      }),
    test: (id, timeoutMs) => waitForTest(api, host, { id, timeoutMs }),

    domains: async () => (await api.json<Page<Domain>>('/v1/domains')).data,
    domain: (text) => api.json<Domain>(domainPath(text), inDomain(text, 'GET')),

    addDomain: (name, options) =>
      api.json<Domain>('/v1/domains', { method: 'POST', body: jsonBody({ name, ...options }), about: name }),
    verifyDomain: (text) => api.json<DomainCheck>(`${domainPath(text)}/verify`, inDomain(text, 'POST')),
    delegation: (text) => api.json<Delegation>(`${domainPath(text)}/delegation`, inDomain(text, 'GET')),
    rotateKeys: async (text) => {
      const path = `${domainPath(text)}/keys/rotate`;
      return [...(await api.json<Page<Domain['dkim_keys'][number]>>(path, inDomain(text, 'POST'))).data];
    },

    keys: async () => (await api.json<Page<Key>>('/v1/keys')).data,
    createKey: (wanted) => api.json<CreatedKeyDocument>('/v1/keys', { method: 'POST', body: jsonBody(wanted) }),
    revokeKey: (id) =>
      api.nothing(`/v1/keys/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        missing: unknown('key', id, `${say} keys list`),
      }),

    streams: async () => (await api.json<Page<Stream>>('/v1/streams')).data,
    setStream: (name, change) => api.json<Stream>(streamPath(name), { method: 'PUT', body: jsonBody(change) }),
    removeStream: (name) =>
      api.nothing(streamPath(name), { method: 'DELETE', missing: unknown('stream', name, `${say} streams list`) }),

    users: async () => (await api.json<Page<User>>('/v1/users')).data,
    createUser: (wanted) => api.json<CreatedUserDocument>('/v1/users', { method: 'POST', body: jsonBody(wanted) }),

    close: async () => {},
  };
}

/** Of `Ann <ann@example.com>`, as it was typed. */
function domainOf(address: string): string {
  return address.replace(/^.*@/, '').replace(/[>\s]+$/, '');
}

function streamPath(name: string): string {
  return `/v1/streams/${encodeURIComponent(name)}`;
}

function emailPath(id: string): string {
  return `/v1/emails/${encodeURIComponent(id)}`;
}

async function settled(api: Api, host: Host, wanted: { id: string; timeoutMs: number }): Promise<Email> {
  const endsMs = host.timers.monotonicMs() + wanted.timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(endsMs - host.timers.monotonicMs()));
    const timeout = `${Math.min(leftMs, waitMs)}ms`;
    const email = await api.json<Email>(emailPath(wanted.id), {
      query: { wait: 'settled', timeout },
      patienceMs: waitMs + patienceMs,
    });
    if (email.settled || leftMs <= waitMs || host.signal.aborted) return email;
  }
}

async function waitForTest(api: Api, host: Host, wanted: { id: string; timeoutMs: number }): Promise<Test> {
  const endsMs = host.timers.monotonicMs() + wanted.timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(endsMs - host.timers.monotonicMs()));
    const test = await api.json<Test>(`/v1/tests/${encodeURIComponent(wanted.id)}`, {
      query: { timeout: `${Math.min(leftMs, waitMs)}ms` },
      patienceMs: waitMs + patienceMs,
      missing: unknown('test', wanted.id, `${host.command} test-address`),
    });
    if (test.state === 'scored' || leftMs <= waitMs || host.signal.aborted) return test;
  }
}

/** The API lists from the oldest on: the last ones are found by going through. */
async function lastEvents(api: Api, { types, subject }: EventFilter, limit: number): Promise<readonly Event[]> {
  let last: readonly Event[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: pageMax, types, subject, cursor: cursor ?? undefined };
    const page = await api.json<Page<Event>>('/v1/events', { query });
    last = [...last, ...page.data].slice(-limit);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return last;
}

async function* follow(api: Api, { types, subject }: EventFilter, signal: AbortSignal): AsyncGenerator<Event> {
  const stream = await api.stream('/v1/events/stream', { query: { types, subject } }, signal);
  try {
    for await (const data of readServerSentEvents(stream)) yield JSON.parse(data) as Event;
  } catch (error) {
    if (signal.aborted) return;
    throw api.unreachable(error);
  }
  if (!signal.aborted) throw api.unreachable(new Error('the office ended the stream'));
}

class Api {
  readonly origin: string;
  readonly #host: Host;
  readonly #key: string;

  constructor(host: Host, origin: string, key: string) {
    this.#host = host;
    this.origin = origin;
    this.#key = key;
  }

  async json<T>(path: string, request: Request = {}): Promise<T> {
    const response = await this.#ask(path, request);
    return this.#reading(async () => (await response.json()) as T);
  }

  async bytes(path: string, request: Request): Promise<Uint8Array> {
    const response = await this.#ask(path, request);
    return this.#reading(async () => new Uint8Array(await response.arrayBuffer()));
  }

  async nothing(path: string, request: Request): Promise<void> {
    await this.#ask(path, request);
  }

  async stream(path: string, request: Request, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#ask(path, request, signal);
    if (response.body === null) throw this.unreachable(new Error('an answer without a body'));
    return response.body;
  }

  unreachable(error: unknown): CliError {
    return new CliError({
      exit: exits.unavailable,
      code: 'unreachable',
      say: `${this.origin} does not answer: ${reasonOf(error)}.`,
      next: `look whether it runs there: curl ${this.origin}/readyz`,
    });
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  async #ask(path: string, request: Request, until?: AbortSignal): Promise<Response> {
    const { method = 'GET', query = {}, body, patienceMs: patience = patienceMs, about = 'DOMAIN' } = request;
    const headers = {
      authorization: `Bearer ${this.#key}`,
      accept: 'application/json, application/problem+json, */*',
      ...(body === undefined ? {} : { 'content-type': body.type }),
    };
    const signal = until ?? AbortSignal.any([this.#host.signal, AbortSignal.timeout(patience)]);
    const init = { method, headers, signal, redirect: 'error' as const };
    const response = await this.#reading(() =>
      this.#host.fetch(
        `${this.origin}${path}${queryText(query)}`,
        body === undefined ? init : withBody(init, body.bytes),
      ),
    );
    if (response.ok) return response;
    if (response.status === 404 && request.missing) throw request.missing;
    throw problemError(await readProblem(response), { program: this.#host.command, about, origin: this.origin });
  }
}

function withBody(init: RequestInit, bytes: Uint8Array | string): RequestInit {
  return { ...init, body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes) };
}

function jsonBody(value: unknown): { type: string; bytes: string } {
  return { type: 'application/json', bytes: JSON.stringify(value) };
}

function atMost(limit: number): number {
  return Math.min(limit, pageMax);
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) parameters.append(name, one);
    else if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** `http://127.0.0.1:8025`; a path or a login in it is a mistake. */
function readServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && /^\/?$/.test(url.pathname);
  if (url && isPlain && url.search === '') return url.origin;
  throw new CliError({
    exit: exits.badInput,
    code: 'bad_server',
    say: `${text} is no address of an office.`,
    next: 'give protocol, host and port: --server http://127.0.0.1:8025',
  });
}

function missingKey(program: string): never {
  throw new CliError({
    exit: exits.noPermission,
    code: 'key_missing',
    say: 'A running office wants an API key: --key KEY or POSTHORN_API_KEY.',
    next: `make one where the office runs: ${program} keys create --scope admin`,
  });
}

type ProblemRead = {
  readonly status: number;
  readonly code: string;
  readonly say: string;
  readonly fix?: string;
  readonly errors: readonly ProblemError[];
};

/** RFC 9457; a proxy on the way may answer anything. */
async function readProblem(response: Response): Promise<ProblemRead> {
  const { status } = response;
  const nothing = { status, code: `http_${status}`, say: `The answer was HTTP ${status}.`, errors: [] };
  try {
    const problem = (await response.json()) as Readonly<Record<string, unknown>>;
    if (typeof problem.code !== 'string') return nothing;
    return {
      status,
      code: problem.code,
      say: String(problem.detail ?? problem.title ?? nothing.say),
      ...(typeof problem.fix === 'string' ? { fix: problem.fix } : {}),
      errors: Array.isArray(problem.errors) ? (problem.errors as ProblemError[]) : [],
    };
  } catch {
    return nothing;
  }
}

function problemError(
  { status, code, say, fix, errors }: ProblemRead,
  { program, about, origin }: { readonly program: string; readonly about: string; readonly origin: string },
): CliError {
  const known = nextAfterRefusal(code, program, about);
  const isAboutInput = status === 400 || status === 422;
  if (errors.length > 0 && isAboutInput) return requestErrors(errors, known ?? `${program} COMMAND --help`, code);
  const next = known ?? fix ?? (status >= 500 ? `curl ${origin}/readyz` : `${program} COMMAND --help`);
  return new CliError({ exit: exitOfRefusal(code) ?? exitOf(status), code, say, next });
}

function exitOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exits.noPermission;
  if (status === 429 || status === 503) return exits.tryAgain;
  if (status === 500) return exits.bug;
  return status > 500 || status < 400 ? exits.unavailable : exits.badInput;
}

/** fetch hides why behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it took too long';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND') return 'there is no host of that name';
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
