/**
 * Posthorn for applications: send a message, and know what became of it.
 *
 *     const posthorn = new Posthorn({ url: 'http://127.0.0.1:8025', apiKey: 'ph_live_...' });
 *     const sent = await posthorn.emails.send({ from, to, subject, text }); // it is safely queued
 *     await sent.settled; // it is delivered, or this throws with the receiver's own words
 *
 * No dependencies; runs wherever there is `fetch`. Restarts of the office are ridden out: a request whose answer was lost is asked
 * again under the same idempotency key, so nothing is sent twice.
 */
import { Connection, type Fetch, pause } from './connection.ts';
import { DeliveryFailed } from './errors.ts';
import type {
  Attachment,
  Email,
  Event,
  ListEmailEventsQuery,
  ListEmailsQuery,
  ListEventsQuery,
  SendEmail,
  TimelineStep,
} from './types.ts';

export { DeliveryFailed, OfficeUnreachable, PosthornError, RequestRefused } from './errors.ts';
export type * from './types.ts';

export type PosthornOptions = {
  /** Where the office answers HTTP. */
  readonly url: string;
  readonly apiKey: string;
  /** Instead of the global one: for proxies and tests. */
  readonly fetch?: Fetch;
  /** How long a request is asked again while the office is unreachable. Default: a minute. */
  readonly patienceMs?: number;
  /** The same for `settled`, which may wait for days. Default: an hour. */
  readonly settledPatienceMs?: number;
};

/** As the API takes it, except that files may be given as bytes. */
export type Message = Omit<SendEmail, 'attachments'> & {
  readonly attachments?: readonly (Omit<Attachment, 'content'> & { readonly content: string | Uint8Array })[];
};

export type SendOptions = {
  /** Names this message: the same name later is the same message. Default: a new one for each call. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};

/** A message that is safely queued. */
export type SentEmail = Omit<Email, 'settled'> & {
  /**
   * Resolves when every recipient has got it, rejects with `DeliveryFailed` when one has not. Begins to ask when it is first
   * looked at, and may be ignored: then nobody is told of a failure here, and the office keeps the answer.
   */
  readonly settled: Promise<Email>;
};

export type Page<T> = { readonly data: readonly T[]; readonly next_cursor: string | null };

export class Posthorn {
  readonly emails: Emails;
  readonly events: Events;

  constructor(options: PosthornOptions) {
    const { url, apiKey, fetch = (...call) => globalThis.fetch(...call) } = options;
    const connection = new Connection({ url, apiKey, fetch });
    const patience = {
      patienceMs: options.patienceMs ?? 60_000,
      settledPatienceMs: options.settledPatienceMs ?? 3_600_000,
    };
    this.emails = new Emails(connection, patience);
    this.events = new Events(connection, patience);
  }
}

type Patience = { readonly patienceMs: number; readonly settledPatienceMs: number };

/** One try of a request that answers at once. */
const tryMs = 60_000;
/** Held back by the office for this long at most, then asked again. */
const holdSeconds = 30;
const holdMarginMs = 15_000;
/** An office with no room for more waiting answers at once; it is not asked without a breath. */
const betweenAsksMs = 1_000;

class Emails {
  readonly #connection: Connection;
  readonly #patience: Patience;

  constructor(connection: Connection, patience: Patience) {
    this.#connection = connection;
    this.#patience = patience;
  }

  /** Resolves once the message is safely queued; throws `RequestRefused` when the office does not take it. */
  async send(message: Message, options: SendOptions = {}): Promise<SentEmail> {
    const email = await this.#ask<Email>('POST', '', {
      body: { ...message, ...(message.attachments && { attachments: message.attachments.map(encode) }) },
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
      signal: options.signal,
    });
    return this.#sent(email);
  }

  /** The message as it stands. */
  get(id: string): Promise<Email> {
    return this.#ask('GET', path(id));
  }

  /** As `sent.settled`, for a message whose id was kept: after a restart of the application, for example. */
  async settled(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<Email> {
    for (;;) {
      const askedMs = performance.now();
      const email = await this.#connection.ask<Email>({
        method: 'GET',
        path: `/v1/emails${path(id)}`,
        query: { wait: 'settled', timeout: `${holdSeconds}s` },
        timeoutMs: holdSeconds * 1_000 + holdMarginMs,
        patienceMs: this.#patience.settledPatienceMs,
        signal: options.signal,
      });
      if (email.settled) {
        if (email.recipients.every((recipient) => recipient.state === 'delivered')) return email;
        throw new DeliveryFailed(email);
      }
      const leftMs = betweenAsksMs - (performance.now() - askedMs);
      if (leftMs > 0) await pause(leftMs, options.signal);
    }
  }

  /** Newest first. */
  list(query: ListEmailsQuery = {}): Promise<Page<Email>> {
    return this.#ask('GET', '', { query });
  }

  /** Oldest first, with everything that is known. */
  events(id: string, query: ListEmailEventsQuery = {}): Promise<Page<Event>> {
    return this.#ask('GET', `${path(id)}/events`, { query });
  }

  /** The events in words for people. */
  async timeline(id: string): Promise<readonly TimelineStep[]> {
    return (await this.#ask<{ readonly data: readonly TimelineStep[] }>('GET', `${path(id)}/timeline`)).data;
  }

  /** Ends every delivery that has not been handed over. */
  cancel(id: string): Promise<Email> {
    return this.#ask('POST', `${path(id)}/cancel`, { idempotencyKey: crypto.randomUUID() });
  }

  /** Tries delayed deliveries now. */
  retry(id: string): Promise<Email> {
    return this.#ask('POST', `${path(id)}/retry`, { idempotencyKey: crypto.randomUUID() });
  }

  #ask<T>(
    method: 'GET' | 'POST',
    suffix: string,
    more: Pick<Parameters<Connection['ask']>[0], 'query' | 'body' | 'idempotencyKey' | 'signal'> = {},
  ): Promise<T> {
    const { patienceMs } = this.#patience;
    return this.#connection.ask({ method, path: `/v1/emails${suffix}`, timeoutMs: tryMs, patienceMs, ...more });
  }

  /** `settled` asks when it is looked at: a program that does not care ends without waiting for days. */
  #sent(email: Email): SentEmail {
    const { settled: _, ...rest } = email;
    let end: Promise<Email> | undefined;
    const look = () => {
      if (!end) {
        end = this.settled(email.id);
        end.catch(() => {}); // whoever awaits it hears of it; nobody else's process ends for it
      }
      return end;
    };
    return Object.defineProperty(rest, 'settled', { get: look, enumerable: false }) as SentEmail;
  }
}

class Events {
  readonly #connection: Connection;
  readonly #patience: Patience;

  constructor(connection: Connection, patience: Patience) {
    this.#connection = connection;
    this.#patience = patience;
  }

  /** What happened in the office, oldest first; go on with `after`, the id of the last event seen. Needs the scope `read`. */
  list(query: ListEventsQuery = {}): Promise<Page<Event>> {
    const { patienceMs } = this.#patience;
    return this.#connection.ask({ method: 'GET', path: '/v1/events', query, timeoutMs: tryMs, patienceMs });
  }
}

function path(id: string): string {
  return `/${encodeURIComponent(id)}`;
}

function encode<T extends { readonly content: string | Uint8Array }>(attachment: T) {
  const { content } = attachment;
  return typeof content === 'string' ? attachment : { ...attachment, content: base64(content) };
}

/** In slices: `String.fromCharCode` takes no million arguments. */
function base64(bytes: Uint8Array): string {
  const slices: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x2000) {
    slices.push(String.fromCharCode(...bytes.subarray(at, at + 0x2000)));
  }
  return btoa(slices.join(''));
}
