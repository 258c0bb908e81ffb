/**
 * The way to a DNS host's API: one address that is ours to know, every answer bounded in time, `Retry-After` obeyed as long as that
 * is short. What the host says becomes a refusal with its own words; credentials are struck out of them. A change that got no
 * answer is not repeated: it may have been made.
 */
import type { Timers } from '../../base/clock.ts';
import { accept, invariant, type Outcome, refuse } from '../../base/outcome.ts';
import { printable } from '../../base/printable.ts';
import type { ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { EditorOptions } from '../../services/setup/zone-editor.ts';
import { jsonOf } from './json-values.ts';

export type HostRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, escaped. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
export type HostAnswer = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};
export type HostResult<T> = Outcome<T, ZoneEditorRefusal>;
export type HostCall = (request: HostRequest, options?: EditorOptions) => Promise<HostResult<HostAnswer>>;

/** One request and its answer, whatever it says; throws when there is none. */
export type HostExchange = (url: URL, request: Omit<HostRequest, 'path'>, signal: AbortSignal) => Promise<HostAnswer>;

/** What every host's editor is made with. */
export type HostWorld = {
  readonly exchange: HostExchange;
  readonly timers: Timers;
  /** Instead of the host's own origin: for tests. */
  readonly base?: string;
};

/** What a host's error body says: its words, and a code where the status alone is not the whole truth. */
export type HostComplaint = { readonly say?: string | undefined; readonly code?: ZoneEditorRefusal | undefined };

export type HostCallerOptions = {
  /** As people call it: `Cloudflare`. */
  readonly host: string;
  readonly base: string;
  /** Struck out of every sentence. */
  readonly secrets: readonly string[];
  /** Header fields that prove who asks; made anew for each try. */
  readonly authorize: (
    request: HostRequest & { readonly url: URL },
    options: EditorOptions,
  ) => Promise<HostResult<Readonly<Record<string, string>>>> | HostResult<Readonly<Record<string, string>>>;
  readonly complaint: (answer: HostAnswer) => HostComplaint;
};

/** All of one call, the waits that the host asks for apart. (Our choice.) */
const callMs = 30_000;
const triesMax = 4;
/** Nobody sits and waits for longer. (Our choice.) */
const waitMaxMs = 30_000;
const waitMs = 1_000;
/** Anything shorter would strike out parts of words. */
const secretOctetsMin = 8;

export function createHostCaller({ exchange, timers, base }: HostWorld, options: HostCallerOptions): HostCall {
  const own = new URL(options.base);
  const address = `${base ?? own.origin}${own.pathname.replace(/\/$/, '')}`;
  const caller: Caller = { ...options, base: address, exchange, timers };
  const { protocol, hostname } = new URL(caller.base);
  invariant(protocol === 'https:' || hostname === '127.0.0.1', 'credentials go over TLS only');
  return async (request, editor = {}) => {
    for (let tries = 1; ; tries++) {
      const result = await callOnce(caller, request, editor);
      if (result.ok) return result;
      const { waitForMs, ...refusal } = result;
      if (waitForMs === undefined || tries === triesMax || waitForMs > waitMaxMs) return refusal;
      await timers.sleep(waitForMs, editor.signal);
      if (editor.signal?.aborted) return refusal;
    }
  };
}

type Caller = HostCallerOptions & HostWorld & { readonly base: string };
type Failed = {
  readonly ok: false;
  readonly code: ZoneEditorRefusal;
  readonly say: string;
  /** It may be tried again after that. */
  readonly waitForMs?: number;
};
type Called = { readonly ok: true; readonly value: HostAnswer } | Failed;

async function callOnce(caller: Caller, { path, ...request }: HostRequest, editor: EditorOptions): Promise<Called> {
  const url = new URL(`${caller.base}${path}`);
  const proof = await caller.authorize({ ...request, path, url }, editor);
  if (!proof.ok) return proof;
  // Neither what we were given nor what we made of it leaves in a sentence.
  const secrets = [...caller.secrets, ...(proof.value.authorization ?? '').split(/[ =]/)];
  return ask({ ...caller, secrets }, url, { ...request, headers: { ...request.headers, ...proof.value } }, editor);
}

async function ask(
  caller: Caller,
  url: URL,
  request: Omit<HostRequest, 'path'>,
  editor: EditorOptions,
): Promise<Called> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const cancel = caller.timers.after(callMs, stop);
  editor.signal?.addEventListener('abort', stop, { once: true });
  if (editor.signal?.aborted) stop();
  try {
    const headers = { accept: 'application/json', ...request.headers };
    return judge(caller, request.method, await caller.exchange(url, { ...request, headers }, abort.signal));
  } catch (error) {
    if (editor.signal?.aborted)
      return { ok: false, code: 'unavailable', say: `${caller.host} had not answered when we stopped` };
    if (!abort.signal.aborted) return unavailable(request.method, `${caller.host} ${wordsOf(caller, error)}`);
    const { waitForMs: _, ...late } = unavailable(
      request.method,
      `${caller.host} gave no whole answer within ${callMs / 1000} s`,
    );
    return late; // whoever waited that long is not to wait again
  } finally {
    cancel();
    editor.signal?.removeEventListener('abort', stop);
  }
}

function unavailable(method: HostRequest['method'], say: string): Failed {
  if (method === 'GET') return { ok: false, code: 'unavailable', say, waitForMs: waitMs };
  return { ok: false, code: 'unavailable', say: `${say}; the change it was asked for may have been made all the same` };
}

const codes: Readonly<Record<number, ZoneEditorRefusal>> = {
  401: 'bad-credentials',
  403: 'bad-credentials',
  404: 'no-such-zone',
  409: 'changed-meanwhile',
  412: 'changed-meanwhile',
  429: 'rate-limited',
};

function judge(caller: Caller, method: HostRequest['method'], answer: HostAnswer): Called {
  const { status } = answer;
  if (status < 300) return accept(answer);
  if (status < 400)
    return {
      ok: false,
      code: 'unavailable',
      say: `${caller.host} sends us elsewhere (HTTP ${status}), which is not followed`,
    };
  const { say, code = codes[status] ?? (status >= 500 ? 'unavailable' : 'refused') } = caller.complaint(answer);
  const words = `${caller.host} says: ${say ? printable(withoutSecrets(caller, say), 300) : 'no more than the status'} (HTTP ${status})`;
  if (code === 'unavailable') return unavailable(method, words);
  if (code !== 'rate-limited') return { ok: false, code, say: words };
  const afterMs = retryAfterMs(caller, answer);
  const wait = afterMs === undefined ? '' : `; it asks to come back in ${Math.ceil(afterMs / 1000)} s`;
  return { ok: false, code, say: `${words}${wait}`, waitForMs: afterMs ?? 2 * waitMs };
}

/** RFC 9110 §10.2.3 */
function retryAfterMs({ timers }: Caller, { headers }: HostAnswer): number | undefined {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - timers.nowMs());
}

function withoutSecrets({ secrets }: Caller, text: string): string {
  return secrets
    .filter(({ length }) => length >= secretOctetsMin)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function wordsOf(caller: Caller, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `cannot be asked (${code ?? printable(withoutSecrets(caller, message), 100)})`;
}

/** The answer's JSON as `read` understands it; what it does not understand is half an answer. */
export function answered<T>(
  host: string,
  answer: HostResult<HostAnswer>,
  read: (body: unknown) => T | undefined,
): HostResult<T> {
  if (!answer.ok) return answer;
  const body = jsonOf(answer.value.text);
  const value = body === undefined ? undefined : read(body);
  if (value !== undefined) return accept(value);
  return refuse('unavailable', `${host} gave half an answer, or one that is not as it documents`);
}

/** A request with a JSON body. */
export function jsonRequest(method: HostRequest['method'], path: string, body: unknown): HostRequest {
  return { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
