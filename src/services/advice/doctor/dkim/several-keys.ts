/** DKM-16: more than one record at one selector. */
import { meansTheSame } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse, plural } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { keysIn, nothingFound, wantFor } from './look-at-keys.ts';
import { aliasOf, askKeeper, noRecords } from './mend-key.ts';

export const severalKeys: Rule = { id: 'DKM-16', judge };

/** RFC 6376 §3.6.2.2: what a receiver does with several is undefined. */
function judge(facts: DomainFacts): readonly Judged[] {
  const several = facts.dkim.sights.filter(({ texts, isWild }) => texts.length > 1 && !isWild);
  return orElse(
    several.map((sight) => ofSight(facts, sight)),
    () =>
      nothingFound(
        facts,
        keysIn(facts).map(({ sight }) => sight),
        'No selector has more than one record',
      ),
  );
}

function ofSight(facts: DomainFacts, sight: Sight): Judged {
  return fails({
    subject: sight.name,
    meaning: `${plural(sight.texts.length, 'key record')} stand at ${sight.name}: each receiver takes one of them, and signatures fail by chance.`,
    evidence: [facts.show(sight.name, 'TXT')],
    fix: fixFor(facts, sight),
  });
}

/** The one that its sender wants stays; else the only one that is a key at all; else a person has to say. */
function fixFor(facts: DomainFacts, sight: Sight): Fix {
  const { name, texts } = sight;
  if (aliasOf(sight) !== undefined) return askKeeper(facts, sight, 'leave only one of them');
  const value = wantFor(facts, sight)?.value;
  const wanted = value === undefined ? undefined : texts.find(({ text }) => meansTheSame('TXT', text, value));
  const usable = texts.filter(({ read }) => typeof read !== 'string');
  const stays = wanted ?? (usable.length === 1 ? usable[0] : undefined);
  const others = texts.filter((one) => one !== stays).map(({ text }) => ({ name, type: 'TXT', value: text }));
  if (stays !== undefined) return { delete: others, set: [{ name, type: 'TXT', value: stays.text }] };
  return { ...noRecords, steps: ['Leave the one that its sender shows in its settings, and delete the others.'] };
}
