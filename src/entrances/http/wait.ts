/** Holds an answer back until a message has got where the client wants it, or the time is over. */
import type { MessageId, MessageView } from '../../services/outbound/types.ts';
import type { HttpLimits } from './limits.ts';
import type { HttpPorts } from './ports.ts';
import type { WaitGoal } from './schemas/emails.ts';

type WaitQuery = { readonly wait?: WaitGoal; readonly timeout?: string };

const timeoutDefaultMs = 30_000;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

export class Waits {
  readonly #ports: Pick<HttpPorts, 'outbound' | 'events' | 'db' | 'timers'>;
  readonly #limits: HttpLimits;
  #waiting = 0;

  constructor(ports: Pick<HttpPorts, 'outbound' | 'events' | 'db' | 'timers'>, limits: HttpLimits) {
    this.#ports = ports;
    this.#limits = limits;
  }

  /** The message as it stands when the goal is reached, the time is over, or `signal` aborts. */
  async message(id: MessageId, query: WaitQuery, signal: AbortSignal): Promise<MessageView | undefined> {
    const goal = query.wait ?? 'accepted';
    if (goal === 'accepted' || this.#waiting >= this.#limits.waits) return this.#ports.outbound.message(id);
    const over = new AbortController();
    const timeoutMs = Math.min(parseTimeoutMs(query.timeout), this.#limits.wait_ms);
    const disarm = this.#ports.timers.after(timeoutMs, () => over.abort());
    this.#waiting++;
    try {
      const ended = AbortSignal.any([signal, over.signal]);
      return goal === 'settled' ? await this.#ports.outbound.settled(id, ended) : await this.#delivered(id, ended);
    } finally {
      this.#waiting--;
      disarm();
    }
  }

  async #delivered(id: MessageId, signal: AbortSignal): Promise<MessageView | undefined> {
    const { db, events, outbound } = this.#ports;
    for (;;) {
      const after = await db.read((reader) => events.lastSequence(reader));
      const view = await outbound.message(id);
      if (!view || isDecided(view) || signal.aborted) return view;
      await events.waitFor({ subject: id, after, signal });
    }
  }
}

/** All have got it, or one cannot any more. */
function isDecided(view: MessageView): boolean {
  return view.settled || view.recipients.some((each) => each.settledAtMs !== undefined && each.state !== 'delivered');
}

/** The schema has looked at its form. */
export function parseTimeoutMs(text: string | undefined): number {
  const [, count, unit] = /^(\d+)(ms|s|m)$/.exec(text ?? '') ?? [];
  return count === undefined ? timeoutDefaultMs : Number(count) * (units[unit ?? ''] ?? 1);
}
