/** Names below a domain at which mail looks: those that are the same for everybody, and those its senders ask for. */
import { type DomainName, isEqualOrBelow, type QueryName } from '../../../../../format/domain-name.ts';
import type { Catalogue, WantedRecord } from '../../../../setup/types.ts';
import type { GatherSubject } from '../../types.ts';

export const policyLabels = ['_dmarc', '_mta-sts', '_smtp._tls', 'default._bimi'] as const;

/** A record that a sender wants below the domain. */
export type SenderName = Pick<WantedRecord, 'name' | 'type' | 'value' | 'purpose'> & { readonly label: string };

/** Twenty senders ask for some hundred. (Our choice.) */
const namesMax = 150;

export async function senderNames({ senders, domain }: GatherSubject): Promise<readonly SenderName[]> {
  const names = (await senders).flatMap(({ wants }) =>
    wants.records
      .filter(({ name, type }) => name !== domain && type !== 'PTR' && isEqualOrBelow(name as QueryName, domain))
      .map(({ name, type, value, purpose }) => ({ name, type, value, purpose, label: wants.sender.name })),
  );
  return names.slice(0, namesMax);
}

/** Selectors that a person named, or that were found by guessing. */
export async function selectorNames({ selectors, signs, domain }: GatherSubject): Promise<readonly string[]> {
  const guessed = ((await signs).signs.selectors ?? []).map(({ selector }) => selector);
  return [...new Set([...selectors, ...guessed])].slice(0, namesMax).map((one) => `${one}._domainkey.${domain}`);
}

const usualLabels = [
  'mta-sts',
  'bounce',
  'bounces',
  'pm-bounces',
  'email',
  'em',
  'mail',
  'send',
  'track',
  'click',
  'links',
];

/** Names that services ask an alias at, and that are the same for all their customers. */
export function usualAliases({ all }: Catalogue, domain: DomainName): readonly string[] {
  const labels = all.flatMap(({ records }) =>
    records
      .filter(({ type, purpose, name }) => type === 'CNAME' && purpose !== 'dkim' && /^[a-z0-9.-]+$/.test(name))
      .map(({ name }) => name),
  );
  return [...new Set([...usualLabels, ...labels])].slice(0, namesMax).map((label) => `${label}.${domain}`);
}
