/**
 * Requests to the office that survive its restarts: what may have been lost on the way is asked again, after growing pauses, for as
 * long as the caller has patience. Every request can be asked again without harm: it only reads, or carries an idempotency key.
 */
import { OfficeUnreachable, RequestRefused } from './errors.ts';
import type { Problem } from './types.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type ConnectionOptions = { readonly url: string; readonly apiKey: string; readonly fetch: Fetch };

export type Asked = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** One try ends after this. */
  readonly timeoutMs: number;
  /** No new try begins after the office has been silent for this long. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
};

type Heard = { readonly kind: 'answer'; readonly value: unknown } | { readonly kind: 'later'; readonly why: Later };
type Later = { readonly error: Error; readonly afterMs: number | undefined };

const firstPauseMs = 250;
const pauseMaxMs = 15_000;
/** Answers of an office (or a proxy before it) that is starting, stopping or has its hands full. */
const passing = new Set([408, 429, 500, 502, 503, 504]);

export class Connection {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async ask<T>(asked: Asked): Promise<T> {
    const startedMs = performance.now();
    for (let tries = 1; ; tries++) {
      const heard = await this.#try(asked);
      if (heard.kind === 'answer') return heard.value as T;
      const { error, afterMs } = heard.why;
      const pauseMs = afterMs ?? Math.random() * Math.min(firstPauseMs * 2 ** tries, pauseMaxMs);
      if (performance.now() - startedMs + pauseMs > asked.patienceMs) throw error;
      await pause(pauseMs, asked.signal);
    }
  }

  async #try(asked: Asked): Promise<Heard> {
    asked.signal?.throwIfAborted();
    const over = AbortSignal.timeout(asked.timeoutMs);
    const signal = asked.signal ? AbortSignal.any([asked.signal, over]) : over;
    const { fetch } = this.#options;
    try {
      const response = await fetch(this.#url(asked), { ...this.#init(asked), signal });
      return await readAnswer(response);
    } catch (error) {
      if (error instanceof RequestRefused) throw error;
      asked.signal?.throwIfAborted();
      const why = new OfficeUnreachable(`${this.#options.url} cannot be reached: ${reason(error)}`, { cause: error });
      return { kind: 'later', why: { error: why, afterMs: undefined } };
    }
  }

  #init({ method, body, idempotencyKey }: Asked): RequestInit {
    return {
      method,
      redirect: 'error', // a key is not to be carried to another host
      headers: {
        authorization: `Bearer ${this.#options.apiKey}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }

  #url({ path, query = {} }: Asked): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const each of value === undefined ? [] : [value].flat()) search.append(name, String(each));
    }
    return `${this.#options.url.replace(/\/+$/, '')}${path}${search.size > 0 ? `?${search}` : ''}`;
  }
}

async function readAnswer(response: Response): Promise<Heard> {
  if (response.ok) return { kind: 'answer', value: response.status === 204 ? undefined : await response.json() };
  const problem = await readProblem(response);
  const refused = new RequestRefused(response.status, problem);
  if (!passing.has(response.status) && problem.code !== 'idempotency_key_in_use') throw refused;
  const seconds = Number(response.headers.get('retry-after') ?? 'none');
  return { kind: 'later', why: { error: refused, afterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined } };
}

/** A proxy may answer with a page of its own. */
async function readProblem(response: Response): Promise<Partial<Problem>> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Partial<Problem>) : {};
  } catch {
    return {};
  }
}

/** `fetch` hides why it failed one level down. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
