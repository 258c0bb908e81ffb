/** How mail of each sender can be tied to the domain in From: by the very name, by one below it, or not at all. Pure. */
import { parseDomainName } from '../../../../format/domain-name.ts';
import type { DmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { wantedKeys } from '../../../setup/setup.ts';
import type { Alignment } from '../../../setup/types.ts';
import type { DomainFacts, KnownSender } from '../types.ts';

export type Way = 'exact' | 'below' | 'no' | 'unknown';
export type Ways = {
  readonly who: string;
  readonly id: string;
  readonly label: string;
  readonly spf: Way;
  readonly dkim: Way;
};

export function waysOfAll({ subject: { senders, office, domain } }: DomainFacts): readonly Ways[] {
  const sending = senders.filter(({ wants }) => wants.sender.sends);
  // An office signs with the domain and takes bounces at a name below.
  const own: readonly Ways[] =
    office && office.keys.length > 0
      ? [{ who: 'this Posthorn', id: 'own', label: 'this Posthorn', spf: 'below', dkim: 'exact' }]
      : [];
  return [...own, ...sending.map((sender) => waysOf(sender, domain))];
}

export function lostOf({ dkim, spf }: Ways, { adkim, aspf }: Pick<DmarcRecord, 'adkim' | 'aspf'>): readonly string[] {
  return [
    ...(dkim === 'below' && adkim === 'strict' ? ['adkim=s'] : []),
    ...(spf === 'below' && aspf === 'strict' ? ['aspf=s'] : []),
  ];
}

/** What the record says that keeps a sender's mail from counting. */
export function lostTags(facts: DomainFacts): readonly string[] {
  const { record } = facts.dmarc.texts;
  return record === undefined ? [] : [...new Set(waysOfAll(facts).flatMap((ways) => lostOf(ways, record)))];
}

function waysOf({ wants }: KnownSender, domain: string): Ways {
  const { sender, label, spf } = wants;
  const author = authorOf(wants, domain);
  const signs = wantedKeys(wants).flatMap(({ name }) => parseDomainName(name?.split('._domainkey.')[1] ?? '') ?? []);
  return {
    who: sender.name,
    id: sender.id,
    label,
    dkim: wayOf(sender.aligns.dkim, signs, author),
    spf:
      sender.aligns.spf === 'with-return-path'
        ? 'below'
        : wayOf(
            sender.aligns.spf,
            spf.map(({ name }) => name),
            author,
          ),
  };
}

/** A sender that takes a name below by itself still writes as the domain; where a person chose the name, that is the author. */
function authorOf({ sender, domain: sendsFor }: KnownSender['wants'], domain: string): string {
  const fallback = sender.parameters.find(({ name }) => name === 'subdomain')?.fallback;
  return fallback !== undefined && sendsFor === `${fallback}.${domain}` ? domain : sendsFor;
}

function wayOf(aligns: Alignment, names: readonly string[], author: string): Way {
  if (aligns === 'no') return 'no';
  if (aligns === 'uncertain') return 'unknown';
  return names.length === 0 || names.includes(author) ? 'exact' : 'below';
}
