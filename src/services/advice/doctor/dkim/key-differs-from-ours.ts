/** DKM-11: what is published is not the key that this office signs with. */
import { meansTheSame } from '../../../setup/setup.ts';
import { fails, orElse, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { keySubject } from './look-at-keys.ts';
import { keyRecord } from './mend-key.ts';
import { sightFor, stateOf } from './sender-keys.ts';
import { officeWants, type Want } from './wants.ts';

export const keyDiffersFromOurs: Rule = { id: 'DKM-11', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const ours = officeWants(facts.subject);
  const subject = keySubject(facts);
  if (ours.length === 0)
    return [skips({ subject, meaning: 'This Posthorn has no key for the domain, so there is none to compare with.' })];
  return orElse(
    ours.flatMap((want) => ofKey(facts, want) ?? []),
    () =>
      passes({ subject, meaning: 'Where keys of this Posthorn are published, they are the ones that it signs with.' }),
  );
}

function ofKey(facts: DomainFacts, want: Want): Judged | undefined {
  const sight = sightFor(want, facts.dkim.sights);
  if (sight === undefined || want.value === undefined) return undefined;
  const { name, texts, alias, isWild } = sight;
  const { value } = want;
  const evidence = [facts.show(name, 'TXT')];
  const state = stateOf(sight);
  if (state === 'unknown')
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `Whether the key at ${name} is ours could not be looked up.`,
    });
  if (state === 'missing' || texts.some(({ text }) => meansTheSame('TXT', text, value))) return undefined;
  const target = alias.kind === 'found' ? alias.records[0] : undefined;
  const there =
    target !== undefined
      ? [{ name, type: 'CNAME', value: target }]
      : texts.map(({ text }) => ({ name, type: 'TXT', value: text }));
  return fails({
    subject: name,
    meaning: `The key published at ${name} is not the one that this Posthorn signs with: every signature with it fails.`,
    evidence,
    fix: { delete: isWild ? [] : there, set: [keyRecord(name, value)] },
  });
}
