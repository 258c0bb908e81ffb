/** What the rules about the domain's own record have in common. Pure. */

import { choosePolicy } from '../../../../protocol/dmarc/decide.ts';
import type { DmarcRecord } from '../../../../protocol/dmarc/record.ts';
import type { DmarcPolicy } from '../../../../protocol/dmarc/types.ts';
import { plural, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

/** `facts` beside it in short: what findings name and show. */
export type Own = {
  readonly record: DmarcRecord;
  readonly about: Pick<Judged, 'subject' | 'evidence'>;
};

export function aboutRecord({ dmarc: { name }, show }: DomainFacts): Own['about'] {
  return { subject: name, evidence: [show(name, 'TXT')] };
}

export function unanswered(facts: DomainFacts): Judged | undefined {
  if (facts.dmarc.answer.kind !== 'failed') return undefined;
  const meaning = `The DNS did not say what stands at ${facts.dmarc.name}, so nothing can be told of the DMARC record.`;
  return staysUnknown({ ...aboutRecord(facts), meaning });
}

/** Judges the one record of the domain itself; where there is none, says why there is nothing to judge. */
export function withRecord(facts: DomainFacts, judge: (own: Own) => readonly Judged[]): readonly Judged[] {
  const silent = unanswered(facts);
  if (silent) return [silent];
  const { texts, name, inForce } = facts.dmarc;
  if (texts.record !== undefined) return judge({ record: texts.record, about: aboutRecord(facts) });
  const above = typeof inForce === 'string' ? undefined : inForce.domain;
  const why =
    texts.dmarc.length > 1
      ? `${plural(texts.dmarc.length, 'DMARC record')} stand at ${name}, so none counts.`
      : texts.dmarc.length + texts.broken.length > 0
        ? `What stands at ${name} cannot be read as a DMARC record.`
        : above !== undefined
          ? `${facts.subject.domain} has no DMARC record of its own and follows that of ${above}.`
          : `There is no DMARC record at ${name}.`;
  return [skips({ ...aboutRecord(facts), meaning: why })];
}

/** What the record that counts asks for, before test mode; undefined where there is none. */
export function policyInForce({ dmarc: { inForce }, subject: { domain } }: DomainFacts): DmarcPolicy | undefined {
  return typeof inForce === 'string' || inForce.record.usable === 'no'
    ? undefined
    : choosePolicy(inForce, domain, true);
}

/** Whether names below follow this record: only that of the organizational domain rules them. RFC 9989 §4.7 (sp) */
export function rulesNamesBelow({ dmarc: { walk }, subject: { domain } }: DomainFacts): boolean {
  return walk.organizationalDomain === undefined || walk.organizationalDomain === domain;
}

const dayMs = 86_400_000;

/** For how many days the record has been as it is; undefined where nobody watched. */
export function daysUnchanged({ subject: { office }, dmarc: { name }, nowMs }: DomainFacts): number | undefined {
  const sinceMs = office?.unchangedSinceMs[`TXT ${name}`];
  return sinceMs === undefined ? undefined : Math.floor((nowMs - sinceMs) / dayMs);
}
