/** Each of the records by which an unused domain says that it is one, judged as the plan for such a domain has it. Pure. */
import { factsOf, parkedWishes } from '../../../setup/setup.ts';
import type { PlannedRecord } from '../../../setup/types.ts';
import type { Fix, Severity } from '../../types.ts';
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { usageOf } from './usage.ts';

export type ParkedRecord = {
  readonly type: 'MX' | 'TXT';
  /** Below the domain; '' is the domain itself. */
  readonly label: '' | '_dmarc' | '*._domainkey';
  /** After "example.com". */
  readonly present: string;
  readonly missing: string;
  /** Of a domain that does not say itself that it is unused: perhaps it only lacks everything. */
  readonly silent: Severity;
};

export function judgeParked(
  facts: DomainFacts,
  { type, label, present, missing, silent }: ParkedRecord,
): readonly Judged[] {
  const { subject, show } = facts;
  const { domain } = subject;
  const use = usageOf(facts);
  if (use.usage === 'used')
    return [skips({ subject: domain, meaning: `${domain} is used for mail, so it is not closed.` })];
  if (use.usage === 'absent') return [skips({ subject: domain, meaning: `${domain} does not exist in the DNS.` })];
  const name = label === '' ? domain : `${label}.${domain}`;
  const evidence = [show(name, type)];
  const { records, conflicts } = parkedWishes({ domain, facts: factsOf({ answers: facts.parked.answers }) });
  const record = records.find((one) => one.name === name && one.type === type);
  const conflict = conflicts.find(({ fix }) => fix.includes(`publish: ${name} ${type} `));
  if (use.usage === 'unknown' || (record === undefined && conflict === undefined) || record?.state === 'unknown') {
    const why = use.usage === 'unknown' ? use.why : 'the DNS did not say what stands there';
    const meaning = `Whether ${domain} is closed to mail (${name}) could not be found out: ${why}.`;
    return [staysUnknown({ subject: name, meaning, evidence })];
  }
  if (record?.state === 'present') return [passes({ subject: name, meaning: `${domain} ${present}.`, evidence })];
  const isSaid = use.usage === 'closed';
  const opening = isSaid
    ? `${domain} says that it is not used for mail, and`
    : `Nobody seems to use ${domain} for mail, and it`;
  return [
    fails({
      subject: name,
      ...(!isSaid && { severity: silent }),
      meaning: `${opening} ${missing}.`,
      evidence,
      fix: fixOf(domain, record, conflict?.fix, isSaid),
    }),
  ];
}

function fixOf(domain: string, record: PlannedRecord | undefined, step: string | undefined, isSaid: boolean): Fix {
  const steps = [
    ...(step === undefined ? [] : [step]),
    ...(isSaid
      ? []
      : [`If somebody sends or receives mail as ${domain}, say who: posthorn check ${domain} --sender NAME`]),
  ];
  const told = steps.length > 0 && { steps };
  if (record === undefined) return { delete: [], set: [], ...told };
  const { name, type, value, ttl, replaces = [] } = record;
  return {
    delete: replaces.map((there) => ({ name, type, value: there })),
    set: [{ name, type, value, ttl }],
    ...told,
  };
}
