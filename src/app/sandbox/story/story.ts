/**
 * The story from 2 to 10: a start-up's domain gets its records one after the other, and after each step a real message goes from the
 * host that sends for it to another office of the sandbox, where it is scored as it arrived. What the table says of the same facts
 * alone has to be the same number. `tell-story.ts` tells it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { concat, utf8 } from '../../../base/bytes.ts';
import type { Timers } from '../../../base/clock.ts';
import { Fault } from '../../../base/outcome.ts';
import { formatDate } from '../../../format/date.ts';
import { fieldBody, fieldsNamed, fieldText, indexMessage, unfold } from '../../../format/message/message-index.ts';
import { readReceived } from '../../../format/message/read-received.ts';
import { type SigningKey, signDkim } from '../../../protocol/dkim/sign-dkim.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { createScorer } from '../../../services/advice/advice.ts';
import { nothingKnown, scoreOf } from '../../../services/advice/score/table.ts';
import type { MessageScore, ScoreFacts } from '../../../services/advice/score/types.ts';
import type { Transport } from '../../../services/outbound/transport.ts';
import type { Catalogue, SetupRecord } from '../../../services/setup/types.ts';
import type { Office } from '../../compose.ts';
import { domainNamed } from '../domain-named.ts';
import { mailboxHost, openStoryWorld, publishStory, type StoryWorld, sendingHost, storyDomain } from './story-world.ts';

export type StateName = 'receiving' | 'spf' | 'dkim-dmarc' | 'service' | 'service-authenticated';

/** What the story acts on. */
export type StoryStage = {
  readonly folder: string;
  readonly timers: Timers;
  readonly resolver: Resolver;
  readonly hostAt: (address: string, ehloName: string) => Transport;
  readonly catalogue: Catalogue;
  /** The office that receives, and whose mailbox. */
  readonly office: Office;
  readonly friend: string;
};

export type StoryState = {
  readonly name: StateName;
  readonly ok: boolean;
  /** What was expected and did not happen. */
  readonly problems: readonly string[];
  /** The zone as it stands, and which of its records are new. */
  readonly records: readonly (SetupRecord & { readonly isNew: boolean })[];
  readonly sentBy: string;
  readonly mailFrom: string;
  readonly author: string;
  readonly folder: string;
  /** Header fields of the message as it arrived that tell who sent it, unfolded. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly verdicts: Readonly<Record<'spf' | 'dkim' | 'dmarc', string>>;
  readonly result: MessageScore;
};

type Chapter = {
  readonly name: StateName;
  readonly publishes: readonly SetupRecord[];
  readonly host: { readonly name: string; readonly address: string };
  readonly mailFrom: string;
  readonly key?: SigningKey;
  /** The same in the words of the table. */
  readonly facts: ScoreFacts;
  readonly points: number;
};

const author = `founder@${storyDomain}`;
const patienceMs = 20_000;

export async function* replayStory(stage: StoryStage): AsyncGenerator<StoryState> {
  const world = await openStoryWorld(stage.folder, stage.catalogue);
  const scorer = createScorer({ resolver: stage.resolver, catalogue: stage.catalogue });
  const zone: SetupRecord[] = [];
  for (const [at, chapter] of chapters(world).entries()) {
    const before = new Set(zone);
    zone.push(...chapter.publishes);
    publishStory(stage.folder, zone, at + 2);
    await untilServed(stage, at + 2);
    yield await tellChapter(stage, chapter, {
      records: zone.map((record) => ({ ...record, isNew: !before.has(record) })),
      scorer,
    });
  }
}

function chapters({ mailbox, service, mailboxKey, serviceKey, authenticatedKey }: StoryWorld): readonly Chapter[] {
  const of = ({ records }: typeof mailbox, ...purposes: readonly string[]): SetupRecord[] =>
    records.filter(({ purpose }) => purposes.includes(purpose)).map(({ name, type, value }) => ({ name, type, value }));
  const terms = mailbox.spf.flatMap(({ terms }) => terms);
  const spf: SetupRecord = { name: storyDomain, type: 'TXT', value: ['v=spf1', ...terms, '~all'].join(' ') };
  const dmarc: SetupRecord = {
    name: `_dmarc.${storyDomain}`,
    type: 'TXT',
    value: `v=DMARC1; p=none; rua=mailto:postmaster@${storyDomain}`,
  };
  const bySelf = { host: mailboxHost, mailFrom: author };
  const byService = (returnPath: string) => ({ host: sendingHost, mailFrom: `bounces+1234@${returnPath}` });
  const returnPath = service.records.find(({ purpose }) => purpose === 'return-path')?.name ?? '';
  return [
    { name: 'receiving', publishes: of(mailbox, 'verification', 'mx'), ...bySelf, facts: states.receiving, points: 2 },
    { name: 'spf', publishes: [spf], ...bySelf, facts: states.spf, points: 5.6 },
    {
      name: 'dkim-dmarc',
      publishes: [...of(mailbox, 'dkim'), dmarc],
      ...bySelf,
      key: mailboxKey,
      facts: states['dkim-dmarc'],
      points: 10,
    },
    {
      name: 'service',
      publishes: [],
      ...byService('sendgrid.net'),
      key: serviceKey,
      facts: states.service,
      points: 4.4,
    },
    {
      name: 'service-authenticated',
      publishes: of(service, 'dkim', 'return-path'),
      ...byService(returnPath),
      key: authenticatedKey,
      facts: states['service-authenticated'],
      points: 10,
    },
  ];
}

const signed = { result: 'pass', aligned: 'yes', weakKey: 'no' } as const;
const unsigned = { result: 'none', aligned: 'unknown', weakKey: 'unknown' } as const;
const known: ScoreFacts = { ...nothingKnown, author: 'yes', dmarc: 'none' };

const states: Readonly<Record<StateName, ScoreFacts>> = {
  receiving: { ...known, spf: { result: 'none', aligned: 'yes' }, dkim: unsigned, dmarc: 'missing' },
  spf: { ...known, spf: { result: 'pass', aligned: 'yes' }, dkim: unsigned, dmarc: 'missing' },
  'dkim-dmarc': { ...known, spf: { result: 'pass', aligned: 'yes' }, dkim: signed },
  service: { ...known, spf: { result: 'pass', aligned: 'no' }, dkim: { ...signed, aligned: 'no' } },
  'service-authenticated': { ...known, spf: { result: 'pass', aligned: 'yes' }, dkim: signed },
};

/** The zone is a file that the sandbox looks at again after some milliseconds. */
async function untilServed({ resolver, timers }: StoryStage, serial: number): Promise<void> {
  const endMs = timers.monotonicMs() + patienceMs;
  while (timers.monotonicMs() < endMs) {
    const answer = await resolver.lookup(storyDomain, 'SOA');
    if (answer.kind === 'found' && answer.records[0]?.serial === serial) return;
    await sleep(5);
  }
  throw new Fault('NOT_SERVED', `the sandbox does not serve what was published for ${storyDomain}`);
}

type Scene = {
  readonly records: StoryState['records'];
  readonly scorer: ReturnType<typeof createScorer>;
};

async function tellChapter(stage: StoryStage, chapter: Chapter, { records, scorer }: Scene): Promise<StoryState> {
  const messageId = `<${stage.office.ids.next('story')}@${storyDomain}>`;
  await send(stage, chapter, messageId);
  const { raw, folder } = await arrived(stage, messageId);
  const index = indexMessage(raw);
  const [received] = fieldsNamed(index, 'received').map((field) => readReceived(unfold(fieldBody(index, field))));
  const result = await scorer.scoreMessage(raw, {
    ...(received?.address !== undefined && { remoteAddress: received.address }),
    ...(received?.from !== undefined && { helo: received.from }),
    ...(received?.tls !== undefined && { tls: received.tls }),
    mailFrom: chapter.mailFrom,
  });
  const byTable = scoreOf(chapter.facts).score;
  const expected: readonly (readonly [string, boolean])[] = [
    [`the message that arrived scores ${chapter.points}, not ${result.score}`, result.score === chapter.points],
    [`the table alone gives ${chapter.points}, not ${byTable}`, byTable === chapter.points],
    [`it was handed over by ${chapter.host.address}`, received?.address === chapter.host.address],
  ];
  const problems = expected.filter(([, held]) => !held).map(([what]) => what);
  return {
    name: chapter.name,
    ok: problems.length === 0,
    problems,
    records,
    sentBy: `${chapter.host.name} at ${chapter.host.address}`,
    mailFrom: chapter.mailFrom,
    author,
    folder,
    fields: ['From', 'Return-Path', 'DKIM-Signature', 'Authentication-Results'].flatMap((name) => {
      const value = fieldText(index, name.toLowerCase());
      return value === undefined ? [] : [{ name, value: value.replaceAll(/\s+/g, ' ').trim() }];
    }),
    verdicts: {
      spf: result.report?.spf.result ?? 'unknown',
      dkim: result.report?.dkim[0]?.result ?? 'none',
      dmarc: result.report?.dmarc.result ?? 'unknown',
    },
    result,
  };
}

async function send(stage: StoryStage, { host, mailFrom, key }: Chapter, messageId: string): Promise<void> {
  const message = utf8(
    [
      `From: Founder <${author}>`,
      `To: <${stage.friend}>`,
      'Subject: Please confirm your address',
      `Date: ${formatDate(stage.timers.nowMs())}`,
      `Message-ID: ${messageId}`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Welcome. Please open the link in our application to confirm your address.',
      '',
    ].join('\r\n'),
  );
  const signature =
    key === undefined ? utf8('') : await signDkim(message, [key], { nowSeconds: stage.timers.nowMs() / 1_000 });
  const bytes = concat([signature, message]);
  const [attempt] = await stage.hostAt(host.address, host.name).deliver(
    {
      message: { size: bytes.length, chunks: () => once(bytes) },
      mailFrom,
      recipients: [{ address: stage.friend, internationalised: false }],
      needs: { smtpUtf8: false, eightBit: false },
      domain: domainNamed(stage.friend.split('@')[1] ?? ''),
    },
    { signal: AbortSignal.timeout(patienceMs), beforeFinalDot: async () => {} },
  );
  if (attempt?.kind !== 'delivered')
    throw new Fault('NOT_DELIVERED', `the story's message was not taken: ${attempt?.say}`);
}

async function arrived({ office }: StoryStage, messageId: string): Promise<{ raw: Uint8Array; folder: string }> {
  for (const mail of await office.mailbox.list({ limit: 10 })) {
    const raw = await office.mailbox.raw(mail.id);
    if (raw && fieldText(indexMessage(raw), 'message-id') === messageId) return { raw, folder: mail.folder };
  }
  throw new Fault('NOT_ARRIVED', 'a message of the story was taken and is in no mailbox');
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
