/**
 * The table of the score: facts in, 0 to 10 out, with every lost tenth named and the fix that gives it back. Integers, in tenths; what
 * is unknown costs nothing; caps by category, so that many small faults cannot hide a big one, and none on authentication. Pure.
 */
import { asSentence } from './as-sentence.ts';
import { authenticationRows } from './rows/authentication-rows.ts';
import { hostRows, listRows } from './rows/host-rows.ts';
import type { Charge, Deduction, Score, ScoreBand, ScoreCategory, ScoreFacts, ScoreRow, ScoreStep } from './types.ts';

const fullTenths = 100;
const caps: Readonly<Record<ScoreCategory, number>> = {
  authentication: Number.POSITIVE_INFINITY,
  host: 24,
  lists: 40,
  content: 30,
  bulk: 20,
};
const categories: readonly ScoreCategory[] = ['authentication', 'host', 'lists', 'content', 'bulk'];

const rows: readonly ScoreRow[] = [...authenticationRows, ...hostRows, ...listRows];

/** Nothing known, nothing charged: 10. Spread what is known over it. */
export const nothingKnown: ScoreFacts = {
  author: 'unknown',
  spf: { result: 'unknown', aligned: 'unknown' },
  dkim: { result: 'unknown', aligned: 'unknown', weakKey: 'unknown' },
  dmarc: 'unknown',
  host: { reverseName: 'unknown', helo: 'unknown', encrypted: 'unknown' },
  lists: { major: 'unknown', domain: 'unknown', minor: 0 },
  content: [],
  bulk: [],
  names: {},
};

export function scoreOf(facts: ScoreFacts): Score {
  const charged = chargedRows(facts);
  const tenths = tenthsLeft(charged);
  const deductions = categories.flatMap((category) =>
    capped(
      category,
      charged.filter((one) => one.row.category === category),
    ).map(({ row, full, tenths: cost }): Deduction => {
      const check = row.check(facts);
      return {
        check,
        category,
        tenths: cost,
        fullTenths: full,
        say: asSentence(row.say(facts)),
        fix: facts.names.fixes?.[check] ?? row.fix(facts),
        gainTenths: tenthsOf(row.mended(facts)) - tenths,
      };
    }),
  );
  return { score: tenths / 10, tenths, band: bandOf(tenths), deductions };
}

/** The facts after each fix by itself, in the order of the deductions. */
export function predictFixes(facts: ScoreFacts): readonly PredictedFix[] {
  return chargedRows(facts).map(({ row }) => ({ check: row.check(facts), facts: row.mended(facts) }));
}

export type PredictedFix = { readonly check: string; readonly facts: ScoreFacts };

/** What to do in which order to get to 10, the fix that gives back most first, with the score after each. */
export function wayToTen(facts: ScoreFacts): readonly ScoreStep[] {
  const way: ScoreStep[] = [];
  let now = facts;
  for (;;) {
    const { deductions, tenths } = scoreOf(now);
    const next = predictFixes(now)
      .map((one) => ({ ...one, score: scoreOf(one.facts) }))
      .reduce<(PredictedFix & { readonly score: Score }) | undefined>(
        (best, one) => (best === undefined || one.score.tenths > best.score.tenths ? one : best),
        undefined,
      );
    const deduction = deductions.find(({ check }) => check === next?.check);
    if (next === undefined || deduction === undefined) return way;
    way.push({ check: next.check, say: deduction.say, fix: deduction.fix, from: tenths / 10, to: next.score.score });
    now = next.facts;
  }
}

const bands: readonly (ScoreBand & { readonly from: number })[] = [
  { from: 100, name: 'perfect', say: 'perfect' },
  { from: 80, name: 'good', say: 'good' },
  { from: 50, name: 'fair', say: 'not bad, but some will refuse it' },
  { from: 30, name: 'lucky', say: 'lucky if it reaches an inbox' },
  { from: 0, name: 'lost', say: 'will not reach an inbox' },
];

export function bandOf(tenths: number): ScoreBand {
  const { name, say } = bands.find(({ from }) => tenths >= from) ?? { name: 'lost', say: '' };
  return { name, say };
}

type ChargedRow = { readonly row: ScoreRow; readonly full: number };

/** Lines that cost something, the dearest first, so that the order in which faults were found is nothing. */
function chargedRows(facts: ScoreFacts): readonly ChargedRow[] {
  const own = [...facts.content.map(chargeRow('content')), ...facts.bulk.map(chargeRow('bulk'))];
  return [...rows, ...own]
    .map((row) => ({ row, full: row.tenths(facts) }))
    .filter(({ full }) => full > 0)
    .sort((a, b) => b.full - a.full || order(a.row.check(facts), b.row.check(facts)));
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function chargeRow(category: 'content' | 'bulk'): (charge: Charge) => ScoreRow {
  return (charge) => ({
    category,
    check: () => charge.check,
    tenths: () => charge.tenths,
    say: () => charge.say,
    fix: () => charge.fix,
    mended: (facts) => ({ ...facts, [category]: facts[category].filter((one) => one !== charge) }),
  });
}

function capped(
  category: ScoreCategory,
  charged: readonly ChargedRow[],
): readonly (ChargedRow & { readonly tenths: number })[] {
  let left = caps[category];
  return charged.map((one) => {
    const tenths = Math.min(one.full, left);
    left -= tenths;
    return { ...one, tenths };
  });
}

function tenthsOf(facts: ScoreFacts): number {
  return tenthsLeft(chargedRows(facts));
}

function tenthsLeft(charged: readonly ChargedRow[]): number {
  const lost = categories.reduce((sum, category) => {
    const full = charged.reduce((all, { row, full }) => all + (row.category === category ? full : 0), 0);
    return sum + Math.min(full, caps[category]);
  }, 0);
  return Math.max(0, fullTenths - lost);
}
