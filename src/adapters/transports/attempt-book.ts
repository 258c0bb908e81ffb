/**
 * Collects, recipient by recipient, what one delivery learns, and closes with an attempt for each.
 *
 *   open -a reason that ends it-> settled          open -a reason of one host-> open, the reason kept
 *
 * A recipient that is open to the end gets the last deferral among its reasons: some host may do better later. Only where every
 * host refused for good (none takes SMTPUTF8, all lead back to us) does the refusal stand.
 */
import type { Timers } from '../../base/clock.ts';
import type { Attempt, OutgoingRecipient, PassedOver, RouteFacts } from '../../services/outbound/transport.ts';
import { type Reason, reasonOfStop } from './reasons.ts';

type Entry = {
  readonly recipient: OutgoingRecipient;
  readonly reasons: Reason[];
  settled: { reason: Reason; atMs: number } | undefined;
};

export class AttemptBook {
  readonly #timers: Timers;
  readonly #entries: readonly Entry[];
  readonly #passedOver: PassedOver[] = [];
  readonly #startedAtMs: number;
  readonly #startedMs: number;
  #route: Pick<RouteFacts, 'source' | 'candidates'> = { source: 'none', candidates: [] };

  constructor(timers: Timers, recipients: readonly OutgoingRecipient[]) {
    this.#timers = timers;
    this.#entries = recipients.map((recipient) => ({ recipient, reasons: [], settled: undefined }));
    this.#startedAtMs = timers.nowMs();
    this.#startedMs = timers.monotonicMs();
  }

  /** Places of the recipients that may still be tried. */
  get open(): readonly number[] {
    return this.#entries.flatMap((entry, place) => (entry.settled ? [] : [place]));
  }

  get hasSettled(): boolean {
    return this.#entries.some(({ settled }) => settled !== undefined);
  }

  route(found: Pick<RouteFacts, 'source' | 'candidates'>): void {
    this.#route = found;
  }

  passOver(what: PassedOver): void {
    this.#passedOver.push(what);
  }

  /** Answers whether the recipient is settled by it. */
  learn(place: number, reason: Reason): boolean {
    const entry = this.#entries[place];
    if (!entry || entry.settled) return true;
    entry.reasons.push(reason);
    if (!reason.judgement.tryNextHost) entry.settled = { reason, atMs: this.#timers.monotonicMs() };
    return entry.settled !== undefined;
  }

  learnForAll(reason: Reason): void {
    for (const place of this.open) this.learn(place, reason);
  }

  close(): readonly Attempt[] {
    const nowMs = this.#timers.monotonicMs();
    const route: RouteFacts = { ...this.#route, passedOver: this.#passedOver };
    return this.#entries.map(({ recipient, reasons, settled }) => {
      const { judgement, say, reply, via, afterFinalDot } = settled?.reason ?? whatStands(reasons);
      return {
        recipient: recipient.address,
        kind: judgement.kind,
        scope: judgement.scope,
        enhanced: judgement.enhanced,
        ...(reply ? { reply } : {}),
        afterFinalDot,
        route,
        ...(via ? { via } : {}),
        startedAtMs: this.#startedAtMs,
        tookMs: Math.round((settled?.atMs ?? nowMs) - this.#startedMs),
        say,
      };
    });
  }
}

function whatStands(reasons: readonly Reason[]): Reason {
  return reasons.findLast(({ judgement }) => judgement.kind === 'deferred') ?? reasons.at(-1) ?? reasonOfStop();
}
