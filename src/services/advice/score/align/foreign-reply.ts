/** ALN-06: Sender and Reply-To of another house. */
import { mailboxesOf, readAddressList } from '../../../../format/address-list.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import { fieldBody, fieldsNamed } from '../../../../format/message/message-index.ts';
import { steps } from '../rows/words.ts';
import type { MessageFacts } from '../types.ts';
import { type AlignmentRule, headerEvidence, skip, subjectOf } from './rule.ts';

const fields = ['Sender', 'Reply-To'] as const;

export const foreignReply: AlignmentRule = {
  id: 'ALN-06',
  judge: (facts) => {
    if (facts.domain === undefined) return skip(facts, 'From names no one author');
    const present = fields.filter((name) => fieldsNamed(facts.index, name).length > 0);
    const base = { subject: subjectOf(facts), evidence: present.map((name) => headerEvidence(facts, name)) };
    const foreign = present.flatMap((name) =>
      domainsIn(facts, name)
        .filter((domain) => !isOfTheHouse(facts, domain))
        .map((domain) => ({ name, domain })),
    );
    if (foreign.length === 0)
      return {
        ...base,
        status: 'pass',
        meaning:
          present.length === 0
            ? 'answers go to From'
            : `${present.join(' and ')} ${present.length === 1 ? 'is' : 'are'} of the same house as From`,
      };
    const told = foreign.map(({ name, domain }) => `${name} is at ${domain}`).join(', ');
    return {
      ...base,
      status: 'fail',
      meaning: `${told}, not at ${facts.domain}: readers may wonder who answers`,
      fix: steps(`use an address at ${facts.domain} and forward what comes there`),
    };
  },
};

const domainsMax = 5;

function domainsIn({ index }: MessageFacts, name: string): readonly DomainName[] {
  const domains = fieldsNamed(index, name)
    .slice(0, 2)
    .flatMap((field) => {
      const list = readAddressList(fieldBody(index, field));
      return list.ok ? mailboxesOf(list.value.entries).map(({ domain }) => domain) : [];
    });
  return [...new Set(domains)].slice(0, domainsMax);
}

function isOfTheHouse({ domain, organizationOf }: MessageFacts, other: DomainName): boolean {
  if (domain === undefined || other === domain) return true;
  return (organizationOf(other) ?? other) === (organizationOf(domain) ?? domain);
}
