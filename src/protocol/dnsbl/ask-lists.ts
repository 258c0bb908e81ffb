/** Asks block lists about an address or a domain, all at once, each with its test entries; and why, where it is listed. */
import type { DnsAnswer, LookupOptions, Resolver } from '../dns/types.ts';
import { blockLists } from './lists.ts';
import { listQuery, testQuery } from './query-name.ts';
import { readListAnswer } from './read-answer.ts';
import type { BlockList, ListAnswer, ListSubject } from './types.ts';

export type ListWish = LookupOptions & {
  /** The resolver is one of the big public ones. */
  readonly isPublicResolver: boolean;
  readonly lists?: readonly BlockList[];
};

/** An answer of each list that has a word on such a thing, in the order of the lists. */
export async function askLists(
  resolver: Resolver,
  subject: ListSubject,
  wish: ListWish,
): Promise<readonly ListAnswer[]> {
  const answers = await Promise.all((wish.lists ?? blockLists).map((list) => askList(resolver, list, subject, wish)));
  return answers.filter((answer) => answer !== undefined);
}

async function askList(
  resolver: Resolver,
  list: BlockList,
  subject: ListSubject,
  { isPublicResolver, signal }: ListWish,
): Promise<ListAnswer | undefined> {
  const query = listQuery(list, subject);
  const names = [query, testQuery(list, 'listed'), testQuery(list, 'clean')] as const;
  if (query === undefined) return undefined;
  const options = signal ? { signal } : {};
  const [answer, listed, clean] = await Promise.all(
    names.map((name): Promise<DnsAnswer<string>> | DnsAnswer<string> =>
      name === undefined ? nowhere : resolver.lookup(name, 'A', options),
    ),
  );
  const tested = { listed: listed ?? nowhere, clean: clean ?? nowhere };
  const reading = readListAnswer(list, { answer: answer ?? nowhere, tested, isPublicResolver });
  if (reading.state !== 'listed') return { list, query, reading };
  const reason = reasonIn(await resolver.lookup(query, 'TXT', options)); // RFC 5782 §2.1
  return { list, query, reading, ...(reason !== undefined && { reason }) };
}

const nowhere = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;

/** What of a reason is kept: the list decides how long it is. */
const reasonMax = 300;

function reasonIn(answer: DnsAnswer<string>): string | undefined {
  const [text] = answer.kind === 'found' ? answer.records : [];
  return text?.slice(0, reasonMax);
}
