/**
 * The log of what happened: append-only, written in the transaction that made it true. Everything that tells of the office's
 * work (API, webhooks, the awaiting SDK, timelines, metrics) reads this log, from any point and after any restart.
 * Comes in: events of the other services. Goes out: lists, single events waited for, endless streams. It judges nothing.
 */
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import { EventsStore } from './events-store.ts';
import type { EventId, EventQuery, EventRecord, EventType, NewEvent } from './types.ts';

/** Notifications are hints; a reader that missed one looks by itself after this time. */
const lookAgainMs = 5_000;

/** Events fetched at once by readers that wait or follow. */
const pageSize = 200;

export type EventsPorts = { readonly db: Db; readonly timers: Timers; readonly ids: Ids };

export type WaitFor = {
  readonly subject?: string;
  readonly types?: readonly EventType[];
  /** Where to begin; without it all that happened to the subject so far counts too. */
  readonly after?: number;
  readonly match?: (event: EventRecord) => boolean;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
};

export class Events {
  readonly #db: Db;
  readonly #timers: Timers;
  readonly #ids: Ids;
  readonly #store: EventsStore;

  constructor(ports: EventsPorts) {
    this.#db = ports.db;
    this.#timers = ports.timers;
    this.#ids = ports.ids;
    this.#store = new EventsStore(ports.db);
  }

  async append(tx: Tx, event: NewEvent): Promise<void> {
    await this.#store.insert(tx, this.#ids.next('evt'), this.#timers.nowMs(), event);
    tx.afterCommit(() => {
      this.#db.notify(channelOf(undefined));
      this.#db.notify(channelOf(event.subject));
    });
  }

  list(reader: Reader, query: EventQuery): Promise<EventRecord[]> {
    return this.#store.list(reader, query);
  }

  find(reader: Reader, id: EventId): Promise<EventRecord | undefined> {
    return this.#store.find(reader, id);
  }

  /** 0 while nothing has happened. */
  lastSequence(reader: Reader): Promise<number> {
    return this.#store.lastSequence(reader);
  }

  /** How far the reader called `name` has come; 0 at first. */
  cursor(reader: Reader, name: string): Promise<number> {
    return this.#store.cursor(reader, name);
  }

  /** In the transaction that did what the events up to `sequence` asked of that reader. */
  moveCursor(tx: Tx, name: string, sequence: number): Promise<void> {
    return this.#store.moveCursor(tx, name, sequence);
  }

  /** The first event that fits, past or future; undefined when `signal` aborts first. */
  async waitFor(wanted: WaitFor): Promise<EventRecord | undefined> {
    for await (const event of this.follow(wanted)) if (wanted.match?.(event) ?? true) return event;
    return undefined;
  }

  /** Past events after `after`, then new ones as they happen, until `signal` aborts. */
  async *follow(wanted: Omit<WaitFor, 'match'>): AsyncGenerator<EventRecord, void, undefined> {
    using alarm = new Alarm(this.#db, this.#timers, channelOf(wanted.subject));
    let after = wanted.after ?? 0;
    while (!wanted.signal.aborted) {
      const query = { ...pick(wanted), after, limit: pageSize };
      const page = await this.#db.read((reader) => this.#store.list(reader, query));
      for (const event of page) {
        after = event.sequence;
        yield event;
        if (wanted.signal.aborted) return;
      }
      if (page.length < pageSize) await alarm.wait(wanted.signal);
    }
  }
}

function pick(wanted: Omit<WaitFor, 'match'>): Pick<EventQuery, 'subject' | 'types'> {
  return {
    ...(wanted.subject === undefined ? {} : { subject: wanted.subject }),
    ...(wanted.types === undefined ? {} : { types: wanted.types }),
  };
}

/** One channel per subject, so that a thousand callers awaiting their own message do not wake each other. */
function channelOf(subject: string | undefined): string {
  return subject === undefined ? 'events' : `events/${subject}`;
}

/** Remembers a notification that comes while its owner is busy reading, so that none is missed between read and wait. */
class Alarm implements Disposable {
  readonly #timers: Timers;
  readonly #stop: () => void;
  #rung = false;
  #wake: AbortController | undefined;

  constructor(db: Db, timers: Timers, channel: string) {
    this.#timers = timers;
    this.#stop = db.onNotify(channel, () => {
      this.#rung = true;
      this.#wake?.abort();
    });
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      this.#wake = new AbortController();
      await this.#timers.sleep(lookAgainMs, AbortSignal.any([signal, this.#wake.signal]));
      this.#wake = undefined;
    }
    this.#rung = false;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
