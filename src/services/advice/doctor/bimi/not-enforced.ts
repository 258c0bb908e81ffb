/** BMI-01: DMARC that is not in force, so that nobody shows the logo. */
import type { DmarcRecord } from '../../../../protocol/dmarc/record.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { mendedForLogo } from '../dmarc/mend-record.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { bimiRule } from './bimi-rule.ts';

export const notEnforced = bimiRule('BMI-01', judge);

function judge(facts: DomainFacts): Judged {
  const { domain } = facts.subject;
  const { dmarc } = facts.bimi;
  const evidence = dmarc.map((step) => facts.show(`_dmarc.${step.domain}`, 'TXT'));
  if (dmarc.some(({ found }) => found.kind === 'failed'))
    return staysUnknown({
      subject: domain,
      evidence,
      meaning: 'Whether the logo (BIMI) may be shown is not known: the DMARC record could not be looked up.',
    });
  const records = dmarc.flatMap(({ domain: at, found }) =>
    found.kind === 'record' ? [{ at, record: found.record }] : [],
  );
  if (records.length === 0)
    return fails({
      subject: domain,
      evidence,
      meaning: 'Nobody shows the logo (BIMI), because the domain has no DMARC record.',
      fix: climb(domain),
    });
  const weak = records
    .map(({ at, record }) => ({ at, record, why: weaknesses(record) }))
    .find(({ why }) => why.length > 0);
  if (weak === undefined)
    return passes({
      subject: domain,
      evidence,
      meaning: 'DMARC is in force for all mail, so the logo (BIMI) may be shown.',
    });
  const name = `_dmarc.${weak.at}`;
  return fails({
    subject: name,
    evidence,
    meaning: `Nobody shows the logo (BIMI), because DMARC at ${weak.at} is not in force for all mail: ${listed(weak.why)}.`,
    fix: isInForce(weak.record) ? strengthened(facts, weak) : climb(weak.at),
  });
}

const isInForce = ({ p }: DmarcRecord) => p === 'quarantine' || p === 'reject';

function weaknesses(record: DmarcRecord): readonly string[] {
  return [
    ...(isInForce(record) && record.usable === 'yes' ? [] : [`p=${record.p ?? 'none'}`]),
    ...(record.sp === 'none' ? ['sp=none'] : []),
    ...(record.testing ? ['t=y'] : []),
    ...(record.pct !== undefined && record.pct < 100 ? [`pct=${record.pct}`] : []),
  ];
}

const beSure = 'first be sure that all of your mail passes, that of the names below the domain too';

/** The domain's own record as every check of DMARC mends it; that of a domain above it is not looked at further. */
function strengthened(facts: DomainFacts, { at, record: { text } }: { at: string; record: DmarcRecord }): Fix {
  if (at === facts.subject.domain && facts.dmarc.texts.record !== undefined) return mendedForLogo(facts, [beSure]);
  const kept = text.split(';').filter((part) => !/^\s*(?:sp\s*=\s*none|t\s*=\s*y|pct\s*=\s*[0-9]+)\s*$/i.test(part));
  const record = (value: string): FixRecord => ({ name: `_dmarc.${at}`, type: 'TXT', value });
  return { delete: [record(text)], set: [{ ...record(kept.join(';').trim()), ttl: 3600 }], steps: [beSure] };
}

function climb(domain: string) {
  return {
    delete: [],
    set: [],
    steps: [`bring DMARC of ${domain} to p=quarantine once its reports show that all of your mail passes`],
  };
}
