/** DKM-03: somebody signs with a key that has been taken back. */
import { fails, orElse, quoted } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { keysIn, nothingFound, wantFor } from './look-at-keys.ts';
import { askKeeper, replaceKey } from './mend-key.ts';

export const keyRevoked: Rule = { id: 'DKM-03', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const found = facts.dkim.sights.flatMap((sight) => ofSight(facts, sight) ?? []);
  return orElse(found, () =>
    nothingFound(
      facts,
      keysIn(facts).map(({ sight }) => sight),
      'No key that somebody signs with has been taken back',
    ),
  );
}

/** Of a key that nobody is known to use, an empty p= is what ought to stand there. RFC 6376 §3.6.1 */
function ofSight(facts: DomainFacts, sight: Sight): Judged | undefined {
  const { name, selector, texts, isWild, origins } = sight;
  const revoked = texts.find(({ read }) => read === 'key-revoked');
  const isUsed = origins.some((origin) => origin !== 'guessed');
  if (revoked === undefined || isWild || !isUsed || texts.some(({ read }) => typeof read !== 'string'))
    return undefined;
  const want = wantFor(facts, sight);
  const value = want?.type === 'TXT' ? want.value : undefined;
  const wish = `sign with another key, or show the record for ${name} again`;
  return fails({
    subject: name,
    meaning: `${want?.who ?? `Somebody who signs with ${quoted(selector)}`} uses a key that has been taken back (p= is empty): receivers take such mail for unsigned.`,
    evidence: [facts.show(name, 'TXT')],
    fix: value === undefined ? askKeeper(facts, sight, wish) : replaceKey(facts, sight, revoked.text, value),
  });
}
