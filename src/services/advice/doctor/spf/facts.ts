/**
 * What the checks of SPF look at: the records at the domain, everything that they and the senders include, who passes, and the names
 * that senders send with. The tree is read first, all of it at once; evaluations then find their answers there.
 */
import type { DnsAnswer, RecordData } from '../../../../protocol/dns/types.ts';
import { readIncludeTree, type SpfTree } from '../../../../protocol/spf/include-tree.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import { gatherSpfFacts as askForRecords, looksLikeSpf } from '../../../setup/setup.ts';
import type { SpfFacts as SpfAnswers } from '../../../setup/spf-compiler/types.ts';
import type { DoctorWorld, GatherSubject, KnownSender, Subject } from '../types.ts';
import { currentInclude } from './current-include.ts';
import { type HeloFact, heloNamesOf, lookAtHelo } from './helo-names.ts';
import { type SpfQuestions, spfQuestions } from './questions.ts';
import { aliasPathsOf, lookAtAlias, type ReturnPathAlias } from './return-paths.ts';
import { resultsOf, type SenderResult } from './sender-results.ts';
import { type TriedAddress, tryStrangers } from './try-address.ts';
import { type Trial, trySender } from './try-senders.ts';
import { namedWishes } from './wishes.ts';

export type SpfFacts = {
  readonly txt: DnsAnswer<string>;
  readonly mx: DnsAnswer<RecordData['MX']>;
  readonly type99: DnsAnswer<string>;
  /** TXT values that receivers take for SPF records. */
  readonly records: readonly string[];
  /** TXT values that were meant as such, and are none. */
  readonly nearRecords: readonly string[];
  /** What receivers read, from the domain down. */
  readonly tree: SpfTree;
  /** Everything that was asked for it. */
  readonly answers: SpfAnswers;
  /** Each sender at each name that it sends with. */
  readonly trials: readonly Trial[];
  /** What receivers will say of the mail of each sender. */
  readonly senders: readonly SenderResult[];
  readonly aliases: readonly ReturnPathAlias[];
  readonly helos: readonly HeloFact[];
  /** Zone text stands in for the DNS: of names that it does not hold nothing is known. */
  readonly isUnpublished: boolean;
  /** What the record says of addresses that nobody has. */
  readonly strangers: readonly TriedAddress[];
};

export async function gatherSpfFacts(world: DoctorWorld, subject: GatherSubject): Promise<SpfFacts> {
  const { domain } = subject;
  const questions = spfQuestions(world, domain);
  const { resolver, known, answers } = questions;
  const own = askForOwn(questions, subject);
  const [txt, mx, type99, bySenders, strangers] = await Promise.all([
    resolver.lookup(domain, 'TXT'),
    resolver.lookup(domain, 'MX'),
    resolver.lookup(domain, 'SPF'),
    subject.senders.then((senders) => gatherBySenders(questions, subject, senders)),
    own.then(() => tryStrangers(resolver, domain)),
  ]);
  const texts = txt.kind === 'found' ? txt.records : [];
  return {
    txt,
    mx,
    type99,
    records: texts.filter(isSpfRecord),
    nearRecords: texts.filter((text) => looksLikeSpf(text) && !isSpfRecord(text)),
    tree: await readIncludeTree(known, domain),
    answers,
    ...bySenders,
    senders: resultsOf(bySenders),
    isUnpublished: world.zoneText !== undefined,
    strangers,
  };
}

/** The record with everything below it; and where services are by now whose old names it includes. */
async function askForOwn({ resolver }: SpfQuestions, { domain, catalogue }: GatherSubject): Promise<void> {
  const txt = await resolver.lookup(domain, 'TXT');
  const terms = (txt.kind === 'found' ? txt.records.filter(looksLikeSpf) : []).flatMap((text) => text.split(/\s+/));
  const current = terms.slice(0, termsMax).flatMap((term) => {
    const target = /^[-+~?]?include:(.+)$|^redirect=(.+)$/i.exec(term);
    return currentInclude(catalogue, (target?.[1] ?? target?.[2] ?? '').toLowerCase(), { exactly: false })?.term ?? [];
  });
  await askForRecords(resolver, { name: domain, texts: [...new Set(current)], ownRecord: true });
}

/** Of one record that are looked up in the catalogue; one of more has other troubles. */
const termsMax = 100;

async function gatherBySenders(
  questions: SpfQuestions,
  subject: Subject,
  senders: readonly KnownSender[],
): Promise<Pick<SpfFacts, 'trials' | 'aliases' | 'helos'>> {
  const wishes = namedWishes(subject, senders);
  const [aliases, helos, trials] = await Promise.all([
    Promise.all(aliasPathsOf(senders).map((path) => lookAtAlias(questions, path))),
    Promise.all(heloNamesOf(subject, senders).map((name) => lookAtHelo(questions, name))),
    tryAll(questions, subject, wishes),
  ]);
  return { aliases, helos, trials };
}

/** All records first, so that those who try wait for nobody. */
async function tryAll(
  questions: SpfQuestions,
  { catalogue }: Subject,
  wishes: ReturnType<typeof namedWishes>,
): Promise<readonly Trial[]> {
  const names = Map.groupBy(wishes, ({ at }) => at);
  await Promise.all(
    [...names].map(([name, there]) =>
      askForRecords(questions.resolver, { name, texts: there.flatMap(({ wish }) => wish.terms), ownRecord: true }),
    ),
  );
  return Promise.all(wishes.map((wish) => trySender(questions, catalogue, wish)));
}
