/** ALN-04: SPF speaks for From and no signature does: lost at the first forwarding. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, proofEvidence, skip, subjectOf } from './rule.ts';

export const spfAlone: AlignmentRule = {
  id: 'ALN-04',
  judge: (facts) => {
    const { domain, states } = facts;
    const isBySpf = states.spf.result === 'pass' && states.spf.aligned === 'yes';
    if (domain === undefined || !isBySpf) return skip(facts, 'SPF does not speak for From');
    const base = { subject: subjectOf(facts), evidence: proofEvidence(facts) };
    if (passing(facts).some(({ aligned }) => aligned === 'yes'))
      return { ...base, status: 'pass', meaning: `SPF and a signature both speak for ${domain}` };
    const { dkim } = states;
    if (dkim.aligned !== 'no' && (dkim.result === 'unknown' || dkim.result === 'pass'))
      return { ...base, status: 'unknown', meaning: `whether a signature speaks for ${domain} is not known` };
    return {
      ...base,
      status: 'fail',
      meaning: `only SPF speaks for ${domain}; when somebody forwards the message, nothing does`,
      fix: states.names.fixes?.['ALN-04'] ?? steps(`have it signed with DKIM as ${domain}`),
    };
  },
};
