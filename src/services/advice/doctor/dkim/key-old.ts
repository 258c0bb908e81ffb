/** DKM-12: a key that has been in use for too long. */
import { fails, orElse, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { keySubject, keysIn, wantFor } from './look-at-keys.ts';
import { aliasOf, askKeeper, noRecords } from './mend-key.ts';

/** Half a year. (Our advice; M3AAWG's is the same.) */
const daysMax = 180;
const dayMs = 86_400_000;

export const keyOld: Rule = { id: 'DKM-12', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const aged = [...ownAges(facts), ...publishedAges(facts)];
  const subject = keySubject(facts);
  if (aged.length === 0)
    return [
      skips({
        subject,
        meaning: 'Since when the keys stand is not known here: an office that watches the domain remembers it.',
      }),
    ];
  return orElse(
    aged.flatMap(({ days, judged }) => (days > daysMax ? [judged] : [])),
    () => passes({ subject, meaning: `No key is older than ${daysMax} days.` }),
  );
}

type Aged = { readonly days: number; readonly judged: Judged };

function ownAges({ subject: { domain, office }, nowMs, show }: DomainFacts): readonly Aged[] {
  const active = (office?.keys ?? []).filter(({ state }) => state === 'active');
  return active.map(({ selector, createdAtMs }) => {
    const name = `${selector}._domainkey.${domain}`;
    const days = Math.floor((nowMs - createdAtMs) / dayMs);
    const meaning = `The key at ${name} was made ${days} days ago: whoever got hold of it may sign as you until it is changed.`;
    const fix = { ...noRecords, steps: [`posthorn domains key rotate ${domain}`] };
    return { days, judged: fails({ subject: name, meaning, evidence: [show(name, 'TXT')], fix }) };
  });
}

/** Keys of others that stand in the domain's own zone; behind an alias they change without being seen. */
function publishedAges(facts: DomainFacts): readonly Aged[] {
  const { subject, nowMs } = facts;
  const own = new Set((subject.office?.keys ?? []).map(({ selector }) => `${selector}._domainkey.${subject.domain}`));
  const names = new Set<string>();
  return keysIn(facts).flatMap(({ sight }) => {
    const { name } = sight;
    const sinceMs = subject.office?.unchangedSinceMs[`TXT ${name}`];
    if (sinceMs === undefined || aliasOf(sight) !== undefined || own.has(name) || names.has(name)) return [];
    names.add(name);
    const days = Math.floor((nowMs - sinceMs) / dayMs);
    const who = wantFor(facts, sight)?.who;
    const meaning = `The key at ${name}${who ? ` (${who})` : ''} has been the same for ${days} days: whoever got hold of it may sign as you until it is changed.`;
    const fix = askKeeper(facts, sight, 'make a new key under a new selector, and take the old one away a week later');
    return [{ days, judged: fails({ subject: name, meaning, evidence: [facts.show(name, 'TXT')], fix }) }];
  });
}
