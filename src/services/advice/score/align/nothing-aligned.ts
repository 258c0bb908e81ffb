/** ALN-01: whether anything speaks for From at all. */
import { isVouchedFor } from '../rows/authentication-rows.ts';
import { steps } from '../rows/words.ts';
import { type AlignmentRule, proofEvidence, skip, subjectOf } from './rule.ts';

export const nothingAligned: AlignmentRule = {
  id: 'ALN-01',
  judge: (facts) => {
    if (facts.domain === undefined) return skip(facts, 'From names no one author, so nothing can speak for it');
    const vouched = isVouchedFor(facts.states);
    const base = { subject: subjectOf(facts), evidence: proofEvidence(facts) };
    if (vouched === 'yes') return { ...base, status: 'pass', meaning: facts.alignment.say };
    if (vouched === 'unknown')
      return { ...base, status: 'unknown', meaning: `whether anything speaks for ${facts.domain} is not known` };
    const { dmarc } = facts.states;
    const isRefused = dmarc === 'reject' || dmarc === 'quarantine';
    return {
      ...base,
      status: 'fail',
      ...(isRefused && { severity: 'critical' }),
      meaning: isRefused
        ? `nothing proves that ${facts.domain} sent it, and its DMARC record asks to ${dmarc} such mail`
        : `nothing proves that ${facts.domain} sent it: anybody could have written it`,
      fix: facts.states.names.fixes?.['ALN-01'] ?? steps(`have it signed with DKIM as ${facts.domain}`),
    };
  },
};
