/** Block lists as the score counts them: the address that sent a message, and the domain of its author. What no list told is unknown. */
import type { DomainName } from '../../../format/domain-name.ts';
import { parseIpAddress } from '../../../format/ip-address.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { askLists } from '../../../protocol/dnsbl/ask-lists.ts';
import { canList } from '../../../protocol/dnsbl/lists.ts';
import type { ListAnswer, ListRank, ListSubject } from '../../../protocol/dnsbl/types.ts';
import type { Known, ScoreSession } from './types.ts';

export type ScoreListsWish = {
  readonly remoteAddress?: string;
  /** That of the author, and the one it was registered as. */
  readonly domains: readonly DomainName[];
  /** The resolver is one of the big public ones. */
  readonly isPublicResolver: boolean;
};

export async function askScoreLists(
  resolver: Resolver,
  { remoteAddress = '', domains, isPublicResolver }: ScoreListsWish,
): Promise<NonNullable<ScoreSession['lists']>> {
  const address = parseIpAddress(remoteAddress);
  const ask = (subject: ListSubject) => askLists(resolver, subject, { isPublicResolver });
  const [ofAddress, ofDomain] = await Promise.all([
    address ? ask({ kind: 'address', address }) : [],
    Promise.all(domains.map((domain) => ask({ kind: 'domain', domain }))).then((answers) => answers.flat()),
  ]);
  return weighLists(ofAddress, ofDomain);
}

/** What lists said of the addresses and of the domains, as the table judges it. Pure. */
export function weighLists(
  ofAddress: readonly ListAnswer[],
  ofDomain: readonly ListAnswer[],
): NonNullable<ScoreSession['lists']> {
  const names = {
    major: listing(ofAddress, 'major'),
    domain: listing(ofDomain, 'major'),
    minor: listing([...ofAddress, ...ofDomain], 'minor').filter((name) => !listing(ofAddress, 'major').includes(name)),
  };
  return {
    major: stateOf(ofAddress, names.major),
    domain: stateOf(ofDomain, names.domain),
    minor: names.minor.length,
    names,
  };
}

/** The lists with an entry of this weight. */
function listing(answers: readonly ListAnswer[], rank: ListRank): readonly string[] {
  const listed = answers.filter(
    ({ reading }) => reading.state === 'listed' && reading.entries.some((entry) => entry.rank === rank),
  );
  return [...new Set(listed.map(({ list }) => list.name))];
}

/** `no` only where every list that weighs so much has told. */
function stateOf(answers: readonly ListAnswer[], listed: readonly string[]): Known {
  if (listed.length > 0) return 'yes';
  const weighty = answers.filter(({ list }) => canList(list, 'major'));
  return weighty.length > 0 && weighty.every(({ reading }) => reading.state !== 'unknown') ? 'no' : 'unknown';
}
