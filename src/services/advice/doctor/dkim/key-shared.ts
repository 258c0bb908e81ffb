/** DKM-17: a key that signs for the domains of other people, too. */
import { fails, orElse, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { allWants, keySubject } from './look-at-keys.ts';
import { noRecords } from './mend-key.ts';
import { sightFor, stateOf } from './sender-keys.ts';

export const keyShared: Rule = { id: 'DKM-17', judge };

/** Where a sender tells all its customers the same target, one key is in all their zones. RFC 6376 §8.14 */
function judge(facts: DomainFacts): readonly Judged[] {
  const wants = allWants(facts).filter((want) => {
    const sight = sightFor(want, facts.dkim.sights);
    const state = sight === undefined ? 'missing' : stateOf(sight);
    return state !== 'missing' && state !== 'unknown';
  });
  const subject = keySubject(facts);
  const shared = Map.groupBy(
    wants.filter(({ isShared }) => isShared),
    ({ who }) => who,
  );
  if (wants.length === 0)
    return [skips({ subject, meaning: 'No key of a known sender was found, so whose else it is cannot be told.' })];
  return orElse(
    [...shared].map(([who, own]) =>
      ofSender(
        facts,
        who,
        own.flatMap(({ name }) => name ?? []),
      ),
    ),
    () => passes({ subject, meaning: 'The keys of the known senders are keys of your account alone.' }),
  );
}

function ofSender({ subject: { domain }, show }: DomainFacts, who: string, names: readonly string[]): Judged {
  return fails({
    subject: names[0] ?? domain,
    meaning: `${who} signs for all its customers with the same key: if it is ever stolen, or ${who} mixes customers up, others can sign as ${domain}.`,
    evidence: names.map((name) => show(name, 'CNAME')),
    fix: {
      ...noRecords,
      steps: [
        `Nothing has to be done. Where it matters, have ${who} send for a name below the domain, so that only that name could be signed for.`,
      ],
    },
  });
}
