/**
 * Whether a sender may send with a name: its own addresses, or some of those that its include stands for, are put to the engine that
 * judges incoming mail. Where its addresses cannot be listed, its include is made to stand for one address, and that is tried.
 */
import { parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../../../protocol/dns/types.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import type { SpfReason } from '../../../../protocol/spf/types.ts';
import type { Catalogue } from '../../../setup/types.ts';
import type { SpfFact } from '../../score/types.ts';
import type { SpfQuestions } from './questions.ts';
import { sampleAddresses } from './sample-addresses.ts';
import { type TriedAddress, tryAddress } from './try-address.ts';
import type { NamedWish } from './wishes.ts';

export type Trial = NamedWish & {
  /** broken: receivers give up on the record before they come to it. none: there is no record to try it with. */
  readonly outcome: 'allowed' | 'refused' | 'broken' | 'none' | 'unknown';
  /** The worst of what its addresses get. */
  readonly result: SpfFact['result'];
  readonly reason?: SpfReason;
  readonly tried: readonly TriedAddress[];
  /** Why it is unknown. */
  readonly why?: string;
};

export async function trySender(questions: SpfQuestions, catalogue: Catalogue, named: NamedWish): Promise<Trial> {
  if (named.wish.terms.length === 0) {
    return { ...named, tried: [], ...unknownFor(`nobody said its ${named.lacks ?? 'addresses'}`) };
  }
  const samples = await sampleAddresses(questions, named);
  if (samples.length === 0) return tryInclude(questions, catalogue, named);
  const tried = await Promise.all(samples.map((address) => tryAddress(questions.resolver, named.at, address)));
  return { ...named, tried, ...concluded(tried) };
}

/** From the one that weighs most down. */
const weights = [
  ['none', 'none'],
  ['fail', 'refused'],
  ['softfail', 'refused'],
  ['neutral', 'refused'],
  ['permerror', 'broken'],
] as const satisfies readonly (readonly [SpfFact['result'], Trial['outcome']])[];

function concluded(tried: readonly TriedAddress[]): Pick<Trial, 'outcome' | 'result' | 'reason' | 'why'> {
  for (const [result, outcome] of weights) {
    const found = tried.find((one) => one.result === result);
    if (found) return { outcome, result, ...(found.reason !== undefined && { reason: found.reason }) };
  }
  if (tried.every(({ result }) => result === 'pass')) return { outcome: 'allowed', result: 'pass' };
  return unknownFor('the DNS did not answer for a name that the record needs');
}

function unknownFor(why: string): Pick<Trial, 'outcome' | 'result' | 'why'> {
  return { outcome: 'unknown', result: 'unknown', why };
}

/** Nobody's: a documentation group. RFC 6676 §2 */
const standIn = '233.252.0.99';

/** The sender's include stands for one address, and whoever else cannot be asked for stands for nobody. */
async function tryInclude(questions: SpfQuestions, catalogue: Catalogue, named: NamedWish): Promise<Trial> {
  const includes = named.wish.terms.flatMap((term) => parseQueryName(/^\+?include:(.+)$/i.exec(term)?.[1] ?? '') ?? []);
  const seen = await Promise.all(includes.map((name) => questions.resolver.lookup(name, 'TXT')));
  const names = includes.join(' and ');
  const unknown = (why: string): Trial => ({ ...named, tried: [], ...unknownFor(why) });
  if (includes.length === 0) return unknown('the DNS did not say which addresses it has');
  if (seen.some((answer) => answer.kind === 'none'))
    return unknown(`${names} does not exist, so nobody can tell what its servers are`);
  const isTold = seen.every(({ kind }) => kind === 'found');
  const tried = await tryAddress(standingIn(questions.resolver, catalogue, { ...named, includes }), named.at, standIn);
  const trial = { ...named, tried: [], ...concluded([tried]) };
  if (isTold) return trial;
  if (trial.outcome === 'allowed') return unknown(`the record names ${names}, but the DNS did not say who that is`);
  if (trial.outcome === 'refused' && (await mayHoldOthers(questions, catalogue, named)))
    return unknown(`the DNS did not say which addresses ${names} stands for`);
  return trial;
}

type StandIn = Pick<NamedWish, 'sender'> & { readonly includes: readonly QueryName[] };

function standingIn(resolver: Resolver, catalogue: Catalogue, { includes, sender }: StandIn): Resolver {
  const record = (text: string): DnsAnswer<string> => ({
    kind: 'found',
    records: [text],
    ttlSeconds: 0,
    secure: false,
  });
  return {
    lookup: async <T extends RecordType>(name: QueryName, type: T) => {
      if (type === 'TXT' && includes.includes(name))
        return record(`v=spf1 ip4:${standIn} -all`) as DnsAnswer<RecordData[T]>;
      const answer = await resolver.lookup(name, type);
      if (type !== 'TXT' || answer.kind !== 'failed') return answer;
      const other = catalogue.recogniseName('spfDomains', name)?.sender.id;
      return other === undefined || other === sender ? answer : (record('v=spf1 -all') as DnsAnswer<RecordData[T]>);
    },
  };
}

/** Whether the record has terms that may stand for the addresses of a service that it does not name. */
async function mayHoldOthers(
  { resolver }: SpfQuestions,
  catalogue: Catalogue,
  { at, sender }: NamedWish,
): Promise<boolean> {
  const answer = await resolver.lookup(at, 'TXT');
  const texts = answer.kind === 'found' ? answer.records.filter(isSpfRecord) : [];
  const terms = texts
    .flatMap((text) => text.split(' ').slice(1))
    .filter((term) => term !== '' && !/^[-+~?]?all$/i.test(term));
  return terms.some((term) => {
    const name = /^\+?include:(.+)$/i.exec(term)?.[1];
    const owner = name === undefined ? undefined : catalogue.recogniseName('spfDomains', name)?.sender.id;
    return owner === undefined || owner === sender;
  });
}
