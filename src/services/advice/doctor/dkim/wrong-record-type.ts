/** DKM-09: a key as TXT where the sender wants an alias, so that it can change the key itself; or the other way round. */
import { fails, orElse, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { allWants, keySubject } from './look-at-keys.ts';
import { aliasOf, keyRecord, noRecords } from './mend-key.ts';
import { sightFor, stateOf } from './sender-keys.ts';
import type { Want } from './wants.ts';

export const wrongRecordType: Rule = { id: 'DKM-09', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const seen = allWants(facts).flatMap((want) => {
    const sight = sightFor(want, facts.dkim.sights);
    return sight === undefined || ['missing', 'unknown'].includes(stateOf(sight)) ? [] : [{ want, sight }];
  });
  const subject = keySubject(facts);
  return orElse(
    seen.flatMap(({ want, sight }) => ofWant(facts, want, sight) ?? []),
    () =>
      seen.length === 0
        ? skips({ subject, meaning: 'No key of a known sender was found, so its kind of record cannot be wrong.' })
        : passes({ subject, meaning: 'Every key stands as the kind of record that its sender asks for.' }),
  );
}

function ofWant(facts: DomainFacts, want: Want, sight: Sight): Judged | undefined {
  const { name, texts } = sight;
  const { who, type, value } = want;
  const target = aliasOf(sight);
  const set = value === undefined ? [] : [keyRecord(name, value, type)];
  const ask =
    value === undefined && want.lacking ? { steps: [`${who} shows what to set there: ${want.lacking.what}.`] } : {};
  if (type === 'CNAME' && target === undefined)
    return fails({
      subject: name,
      meaning: `${who} asks for an alias (CNAME) at ${name}, and the key itself stands there: once ${who} changes its key, its signatures fail.`,
      evidence: [facts.show(name, 'CNAME'), facts.show(name, 'TXT')],
      fix: { ...noRecords, delete: texts.map(({ text }) => ({ name, type: 'TXT', value: text })), set, ...ask },
    });
  // Senders that offer both ways have an alias of their own name; only a foreign one is in the way.
  const isOwn =
    target !== undefined && facts.subject.catalogue.recogniseName('dkimTargets', target)?.sender.id === want.sender?.id;
  if (type !== 'TXT' || target === undefined || (isOwn && want.sender !== undefined)) return undefined;
  return fails({
    subject: name,
    meaning: `${who} signs with a key of yours at ${name}, and an alias to ${target} stands there: receivers get another key.`,
    evidence: [facts.show(name, 'CNAME')],
    fix: { ...noRecords, delete: [{ name, type: 'CNAME', value: target }], set, ...ask },
  });
}
