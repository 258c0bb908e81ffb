/** ALN-02: the signature holds, but it is the provider's: the one fault that domain authentication at the provider mends. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, signatureEvidence, skip, subjectOf } from './rule.ts';

export const foreignSignature: AlignmentRule = {
  id: 'ALN-02',
  judge: (facts) => {
    const { domain, service } = facts;
    const holding = passing(facts);
    if (domain === undefined || holding.length === 0) return skip(facts, 'no signature holds');
    const base = { subject: subjectOf(facts), evidence: holding.map(signatureEvidence) };
    const own = holding.find(({ aligned }) => aligned === 'yes');
    if (own !== undefined)
      return { ...base, status: 'pass', meaning: `signed by ${own.domain}, which speaks for ${domain}` };
    if (holding.some(({ aligned }) => aligned === 'unknown'))
      return { ...base, status: 'unknown', meaning: `whether the signature belongs to ${domain} is not known` };
    const signers = [...new Set(holding.map((one) => one.domain))].join(', ');
    return {
      ...base,
      status: 'fail',
      meaning:
        service === undefined
          ? `it is signed by ${signers}, and that is not ${domain}: the service that sends was never told to sign for ${domain}`
          : `it is signed by ${signers}: ${service.sender.name} sent it, and was never told to sign for ${domain}`,
      fix:
        facts.states.names.fixes?.['ALN-02'] ??
        steps(`at the service that signs as ${signers}, authenticate ${domain}, and publish the records it shows`),
    };
  },
};
