/** DKM-14: a key that nobody has signed with for months. */
import type { FixRecord } from '../../types.ts';
import { fails, orElse, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { keySubject, wantFor } from './look-at-keys.ts';
import { aliasOf } from './mend-key.ts';
import { stateOf } from './sender-keys.ts';

/** A quarter: some senders write once a month. (Our choice.) */
const daysMin = 90;

export const selectorUnused: Rule = { id: 'DKM-14', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { reports, domain } = facts.subject;
  const subject = keySubject(facts);
  if (reports === undefined || reports.days < daysMin)
    return [
      skips({ subject, meaning: `Which keys are in use shows after ${daysMin} days of reports from receivers.` }),
    ];
  const published = facts.dkim.sights.filter(
    (sight) => sight.domain === domain && ['good', 'weak'].includes(stateOf(sight)),
  );
  const idle = published.filter(
    (sight) => !sight.isWild && !reports.selectorsSeen.includes(sight.selector) && !isKept(facts, sight),
  );
  return orElse(
    idle.map((sight) => ofSight(facts, sight)),
    () =>
      passes({
        subject,
        meaning: `Every key that was found was seen in use within ${reports.days} days, or is kept by a known sender.`,
      }),
  );
}

/** Senders keep a second key to change to. */
function isKept(facts: DomainFacts, sight: Sight): boolean {
  return wantFor(facts, sight) !== undefined;
}

function ofSight(facts: DomainFacts, sight: Sight): Judged {
  const { name, texts } = sight;
  const target = aliasOf(sight);
  const there: readonly FixRecord[] =
    target === undefined
      ? texts.map(({ text }) => ({ name, type: 'TXT', value: text }))
      : [{ name, type: 'CNAME', value: target }];
  return fails({
    subject: name,
    meaning: `No receiver saw mail signed with the key at ${name} in ${facts.subject.reports?.days} days: whoever still has its other half could sign as you.`,
    evidence: [facts.show(name, 'TXT')],
    fix: { delete: there, set: [], steps: ['Delete it once you are sure that nobody signs with it any more.'] },
  });
}
