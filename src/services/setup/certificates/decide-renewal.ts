/** When a certificate is asked for anew. Pure. */

export type HeldCertificate = {
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

export type RenewalFacts = {
  readonly nowMs: number;
  /** Names it has to hold. */
  readonly wanted: readonly string[];
  readonly held: HeldCertificate | undefined;
  /** Tries in a row that failed, and when the last one was. */
  readonly failures: number;
  readonly triedAtMs: number;
};

export type RenewalDecision =
  | { readonly do: 'ask'; readonly why: string }
  | { readonly do: 'wait'; readonly untilMs: number };

/** A third of its life is left for whatever goes wrong: what authorities that issue for 90 days advise. */
const renewAtShare = 2 / 3;
const firstPauseMs = 10 * 60_000;
/** An authority counts failed tries by the hour (Let's Encrypt: five for each name); two in a day are enough for what stays broken. */
const longestPauseMs = 12 * 3_600_000;

export function decideRenewal({ nowMs, wanted, held, failures, triedAtMs }: RenewalFacts): RenewalDecision {
  const why = reasonFor(nowMs, wanted, held);
  if (why === undefined) return { do: 'wait', untilMs: held === undefined ? nowMs : renewalMs(held) };
  const againMs = failures === 0 ? nowMs : triedAtMs + Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  // A clock that was set back has tried in the future: that must not hold it up.
  return againMs <= nowMs || triedAtMs > nowMs ? { do: 'ask', why } : { do: 'wait', untilMs: againMs };
}

function reasonFor(nowMs: number, wanted: readonly string[], held: HeldCertificate | undefined): string | undefined {
  if (held === undefined) return 'there is none';
  const missing = wanted.filter((name) => !held.names.includes(name));
  if (missing.length > 0) return `${missing.join(', ')} is not in it`;
  if (nowMs >= held.notAfterMs) return 'it has expired';
  return nowMs >= renewalMs(held) ? 'two thirds of its life are over' : undefined;
}

function renewalMs({ notBeforeMs, notAfterMs }: HeldCertificate): number {
  return notBeforeMs + (notAfterMs - notBeforeMs) * renewAtShare;
}
