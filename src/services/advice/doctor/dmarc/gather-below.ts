/** What stands at `_dmarc` of names below the domain that somebody sends for. */
import { below, type DomainName, isEqualOrBelow, parseDomainName } from '../../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import type { DoctorWorld, GatherSubject, KnownSender } from '../types.ts';
import { type DmarcTexts, noTexts, readTexts } from './read-texts.ts';

export type NameBelow = {
  readonly domain: DomainName;
  readonly name: string;
  readonly who: readonly string[];
  readonly answer: DnsAnswer<string>;
  readonly texts: DmarcTexts;
};

const namesMax = 20;

export async function gatherBelow(world: DoctorWorld, subject: GatherSubject): Promise<readonly NameBelow[]> {
  const { domain } = subject;
  const owners = new Map<DomainName, string[]>();
  for (const known of await subject.senders)
    for (const author of authorsOf(known, domain))
      if (author !== domain) owners.set(author, [...(owners.get(author) ?? []), known.wants.sender.name]);
  return Promise.all(
    [...owners].slice(0, namesMax).flatMap(([author, who]) => {
      const name = below('_dmarc', author);
      return name === undefined
        ? []
        : world.resolver.lookup(name, 'TXT').then((answer) => ({
            domain: author,
            name,
            who,
            answer,
            texts: answer.kind === 'found' ? readTexts(answer.records) : noTexts,
          }));
    }),
  );
}

/** What a sender puts into From, as far as that can be told: what it sends for, at or below the domain. */
export function authorsOf({ wants }: KnownSender, domain: DomainName): readonly DomainName[] {
  const author = parseDomainName(wants.domain);
  return author !== undefined && wants.sender.sends && isEqualOrBelow(author, domain) ? [author] : [];
}
