/** ALN-03: SPF passes for the provider's bounce domain. With a signature of the domain itself that harms nobody. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, skip, subjectOf } from './rule.ts';

export const foreignReturnPath: AlignmentRule = {
  id: 'ALN-03',
  judge: (facts) => {
    const { domain, service } = facts;
    const { spf } = facts.states;
    const { spf: seen } = facts.evidence;
    if (domain === undefined || seen === undefined || spf.result !== 'pass') return skip(facts, 'SPF did not pass');
    const base = { subject: subjectOf(facts), evidence: [{ query: 'SPF', answer: `pass ${seen.domain}` }] };
    if (spf.aligned === 'yes')
      return { ...base, status: 'pass', meaning: `bounces go to ${seen.domain}, a name of ${domain}` };
    if (spf.aligned === 'unknown')
      return { ...base, status: 'unknown', meaning: `whether ${seen.domain} belongs to ${domain} is not known` };
    const isSigned = passing(facts).some(({ aligned }) => aligned === 'yes');
    const owner = service === undefined ? 'another domain' : `a domain of ${service.sender.name}`;
    return {
      ...base,
      status: 'fail',
      ...(isSigned && { severity: 'advice' }),
      meaning: isSigned
        ? `bounces go to ${seen.domain}, ${owner}; the signature of ${domain} makes up for it`
        : `bounces go to ${seen.domain}, ${owner}: that SPF passes there says nothing about ${domain}`,
      fix:
        facts.states.names.fixes?.['ALN-03'] ??
        steps(`let bounces go to a name below ${domain}: the service calls it custom return path`),
    };
  },
};
