/**
 * The way of a request under /v1: who is asking, may they, are they asking too often; then the query, the body; then the
 * handler. The first of these that says no ends it, so nobody without a key makes us read a body.
 */

import { Type } from 'typebox';
import { OctetPool, RateWindow } from '../../base/limits.ts';
import type { KeyPrincipal } from '../../services/directory/types.ts';
import { type Answer, type AnswerHeaders, problem } from './answer.ts';
import { compileCheck } from './check-value.ts';
import { identify, refuseScope } from './identify.ts';
import type { HttpLimits } from './limits.ts';
import type { Call, Handlers, Operation, OperationId } from './operations.ts';
import { operation } from './operations.ts';
import type { HttpPorts } from './ports.ts';
import { readBody, readJson, refuseBodyHeaders, spoolMessage } from './read-body.ts';
import { readQuery } from './read-query.ts';
import { Replays } from './replays.ts';

export type Incoming = {
  readonly request: Request;
  readonly names: Readonly<Record<string, string>>;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
};

export type Run = (incoming: Incoming) => Promise<Answer>;

type AnyHandler = (call: Call<OperationId>) => Promise<Answer>;
/** `bytes`: what it holds in memory. */
type Body = {
  readonly ok: true;
  readonly value: unknown;
  readonly bytes: Uint8Array;
  readonly discard?: () => Promise<void>;
};

const rateWindowMs = 60_000;
const shortOfMemory = 'The office is short of memory. Nothing of the request was done.';
/** These remember their keys on disk, in the transaction that accepts the message. */
const durablyIdempotent: readonly OperationId[] = ['sendEmail', 'sendRawEmail'];
const noQuery = Type.Object({}, { additionalProperties: false });

export class OperationRunner {
  readonly #ports: HttpPorts;
  readonly #limits: HttpLimits;
  readonly #handlers: Handlers;
  readonly #budget: OctetPool;
  readonly #rate: RateWindow;
  readonly #replays: Replays;

  constructor(ports: HttpPorts, limits: HttpLimits, handlers: Handlers) {
    this.#ports = ports;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#budget = new OctetPool(limits.bodies_bytes);
    this.#rate = new RateWindow(ports.timers, { windowMs: rateWindowMs });
    this.#replays = new Replays(ports.timers);
  }

  runnerOf(id: OperationId): Run {
    const entry = operation(id);
    const query = entry.query ?? noQuery;
    const checkQuery = compileCheck(query);
    const checkBody = entry.body?.type === 'application/json' ? compileCheck(entry.body.schema) : () => [];
    // The table gives handler and checks the same schemas: what passed them is what the handler takes.
    const handler = this.#handlers[id] as unknown as AnyHandler;
    return async (incoming) => {
      const { request } = incoming;
      const identified = await identify(this.#ports.directory.accounts, request.headers.get('authorization'));
      if (!identified.ok) return identified.problem;
      const { principal } = identified;
      const rate = this.#count(principal);
      if (rate.refusal) return rate.refusal;
      const answer = await this.#admitted(id, entry, { incoming, principal }, async (body) => {
        const read = readQuery(new URL(request.url).searchParams, query, checkQuery);
        if (!read.ok) return problem('parameter_invalid', { errors: read.errors });
        const errors = checkBody(body);
        if (errors.length > 0) return problem('validation_failed', { errors });
        return handler({
          principal,
          names: incoming.names as Call<OperationId>['names'],
          query: read.value as Call<OperationId>['query'],
          body: body as Call<OperationId>['body'],
          headers: request.headers,
          idempotencyKey: request.headers.get('idempotency-key') ?? undefined,
          clientAddress: incoming.clientAddress,
          signal: incoming.signal,
        });
      });
      return { ...answer, headers: { ...rate.headers, ...answer.headers } };
    };
  }

  async #admitted(
    id: OperationId,
    entry: Operation,
    { incoming, principal }: { readonly incoming: Incoming; readonly principal: KeyPrincipal },
    work: (body: unknown) => Promise<Answer>,
  ): Promise<Answer> {
    const { request } = incoming;
    const refusal = refuseScope(principal, entry) ?? refuseIdempotencyKey(request);
    if (refusal) return refusal;
    const body = await this.#body(request, entry);
    if (!body.ok) return body.problem;
    try {
      const key = request.method === 'POST' ? request.headers.get('idempotency-key') : null;
      if (key === null || durablyIdempotent.includes(id)) return await work(body.value);
      const content = [request.method, new URL(request.url).pathname, body.bytes];
      return await this.#replays.run({ account: principal.account, key, content }, () => work(body.value));
    } finally {
      this.#budget.give(body.bytes.length);
      await body.discard?.();
    }
  }

  async #body(request: Request, entry: Operation): Promise<Body | { ok: false; problem: Answer }> {
    if (!entry.body) return { ok: true, value: undefined, bytes: new Uint8Array() };
    if (entry.body.large && this.#ports.memory?.isShort())
      return { ok: false, problem: problem('busy', { detail: shortOfMemory, headers: { 'Retry-After': '5' } }) };
    const most = entry.body.large ? this.#limits.send_body_bytes : this.#limits.body_bytes;
    const refusal = refuseBodyHeaders(request.headers, entry.body.type, most);
    if (refusal) return { ok: false, problem: refusal };
    if (entry.body.type === 'message/rfc822') {
      const spooled = await spoolMessage(request, most, this.#ports.blobs.open());
      if (!spooled.ok) return spooled;
      return { ok: true, value: spooled.value, bytes: new Uint8Array(), discard: () => spooled.value.discard() };
    }
    const read = await readBody(request, most, this.#budget);
    if (!read.ok) return read;
    const bytes = read.value;
    const parsed = readJson(bytes);
    if (!parsed.ok) {
      this.#budget.give(bytes.length);
      return parsed;
    }
    return { ok: true, value: parsed.value, bytes };
  }

  /** draft-ietf-httpapi-ratelimit-headers */
  #count(principal: KeyPrincipal): { headers: AnswerHeaders; refusal?: Answer } {
    const most = this.#limits.requests_per_minute;
    const made = this.#rate.add(principal.account);
    const seconds = Math.ceil(this.#rate.endsInMs() / 1_000);
    const headers = {
      'RateLimit-Policy': `"requests";q=${most};w=${rateWindowMs / 1_000}`,
      RateLimit: `"requests";r=${Math.max(0, most - made)};t=${seconds}`,
    };
    if (made <= most) return { headers };
    const detail = `This key may make ${most} requests per minute.`;
    const refusal = problem('rate_limited', { detail, headers: { ...headers, 'Retry-After': String(seconds) } });
    return { headers, refusal };
  }
}

const idempotencyKeyMax = 256;

function refuseIdempotencyKey(request: Request): Answer | undefined {
  const key = request.method === 'POST' ? request.headers.get('idempotency-key') : null;
  if (key === null || (key.length <= idempotencyKeyMax && /^[ -~]+$/.test(key))) return undefined;
  const detail = `must be 1 to ${idempotencyKeyMax} printable ASCII characters`;
  return problem('parameter_invalid', { errors: [{ parameter: 'Idempotency-Key', detail }] });
}
