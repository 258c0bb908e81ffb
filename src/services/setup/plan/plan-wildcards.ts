/**
 * Names that a wildcard answers for today, and no more once there are records below them (RFC 4592 §2.2.2, §3.3.1): a website or mail
 * that uses such a name would be gone with a plan that adds a key far below it. A person decides. Pure.
 */
import type { PlanConflict, PlannedRecord } from '../types.ts';
import { isWildBeside, look, type ObservedType } from './facts.ts';
import { type Context, isBelow } from './part.ts';

/** What people and mail look for at a name. */
const served = ['A', 'AAAA', 'MX'] as const satisfies readonly ObservedType[];
/** Of the values of a wildcard. */
const shownMax = 5;

export function planWildcards(
  { domain, facts }: Pick<Context, 'domain' | 'facts'>,
  records: readonly PlannedRecord[],
): readonly PlanConflict[] {
  const coming = records.filter(({ state }) => state === 'missing');
  const names = new Set(coming.flatMap(({ name }) => namesBetween(name, domain)));
  return [...names].flatMap((name): PlanConflict[] => {
    const wild = served.filter((type) => isWildBeside(facts, name, type));
    const sights = wild.map((type) => ({ type, sight: look(facts, name, type) }));
    // A name that stands for itself hides the wildcard already.
    if (sights.some(({ sight }) => sight.kind === 'seen' && !sight.isWild)) return [];
    const isComing = (wanted: ObservedType) =>
      coming.some(({ name: at, type }) => at === name && (type === wanted || type === 'CNAME'));
    const lost = sights.flatMap(({ type, sight }) =>
      sight.kind === 'seen' && !isComing(type) ? sight.values.map((value) => `${type} ${value}`) : [],
    );
    if (lost.length === 0) return [];
    const what = `${lost.slice(0, shownMax).join(', ')}${lost.length > shownMax ? ', ...' : ''}`;
    return [
      {
        code: 'wildcard-ends',
        name,
        say: `A wildcard answers for ${name} (${what}), and answers no more once there are records below it.`,
        fix: `Where a website or mail uses ${name}, see that these records stand there themselves; then go on with --partial.`,
      },
    ];
  });
}

/** Above it and below the domain; names with an underscore are no hosts. */
function namesBetween(name: string, domain: string): readonly string[] {
  if (name === domain || !isBelow(name, domain)) return [];
  const labels = name.slice(0, -domain.length - 1).split('.');
  const above = labels.map((_, at) => labels.slice(at)).slice(1);
  return above
    .filter((rest) => !rest.some((label) => label.startsWith('_') || label === '*'))
    .map((rest) => `${rest.join('.')}.${domain}`);
}
