/**
 * The demonstration: sends a real message through the sandbox world, then a forged one, then one to nobody, and holds what happened
 * against what must happen. Every fact comes from the offices' own records; nothing is assumed. `narrate.ts` tells it.
 */

import { fromUtf8, utf8 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import { formatDate } from '../../format/date.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { fieldText, indexMessage } from '../../format/message/message-index.ts';
import { partContent, partTree } from '../../format/message/part-tree.ts';
import type { StoredMail } from '../../services/mailbox/types.ts';
import type { TimelineStep } from '../../services/outbound/outbound.ts';
import type { Attempt, Transport } from '../../services/outbound/transport.ts';
import type { MessageId, MessageView } from '../../services/outbound/types.ts';
import type { Office } from '../compose.ts';

/** What the demonstration acts on. */
export type Stage = {
  readonly timers: Timers;
  /** Your office, for example.com, and its API. */
  readonly yours: Office;
  readonly api: { readonly url: string; readonly key: string };
  /** The other one, for example.net. */
  readonly theirs: Office;
  readonly sender: string;
  readonly friend: string;
  readonly nobody: string;
  /** A host of the world that belongs to none of them. */
  readonly forger: { readonly address: string; readonly transport: Transport };
};

export type Step = {
  readonly name: 'start' | 'deliver' | 'forge' | 'bounce';
  readonly ok: boolean;
  /** What was expected and did not happen. */
  readonly problems: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
};

/** Generous: on a busy machine the first TLS handshake alone may take a second. */
const patienceMs = 20_000;

/** `[what must be so, whether it is]` */
type Expectation = readonly [string, boolean];

function step(name: Step['name'], facts: Step['facts'], expected: readonly Expectation[]): Step {
  const problems = expected.filter(([, held]) => !held).map(([what]) => what);
  return { name, ok: problems.length === 0, problems, facts };
}

export async function* demonstrate(stage: Stage): AsyncGenerator<Step> {
  yield await deliver(stage);
  yield await forge(stage);
  yield await bounce(stage);
}

async function deliver(stage: Stage): Promise<Step> {
  const startedMs = stage.timers.monotonicMs();
  const sent = await send(stage, stage.friend, 'Hello from the sandbox');
  const tookMs = Math.round(stage.timers.monotonicMs() - startedMs);
  const [recipient] = sent.view?.recipients ?? [];
  const mail = await findMail(stage, sent.view?.messageIdHeader);
  const raw = mail && (await stage.theirs.mailbox.raw(mail.id));
  const facts = {
    id: sent.view?.id,
    from: stage.sender,
    to: stage.friend,
    state: recipient?.state,
    reply: recipient?.reply,
    took_ms: tookMs,
    timeline: sent.timeline,
    arrived: mail && { folder: mail.folder, mailbox: mail.recipient, verdicts: mail.verdicts },
    authentication_results: raw && fieldText(indexMessage(raw), 'authentication-results'),
  };
  return step('deliver', facts, [
    ['the delivery ends as delivered', recipient?.state === 'delivered'],
    ['the receiver answers 250', recipient?.reply?.code === 250],
    ['two signatures were made', sent.timeline.filter(({ step: kind }) => kind === 'signed').length === 2],
    [
      'the connection was encrypted',
      sent.timeline.some(({ step: kind, say }) => kind === 'tls' && say.startsWith('TLSv1')),
    ],
    ['the message lies in the inbox', mail?.folder === 'INBOX'],
    ['SPF, DKIM and DMARC pass', ['spf', 'dkim', 'dmarc'].every((check) => mail?.verdicts[check] === 'pass')],
    ['the text arrived as it was sent', raw !== undefined && textOf(raw).trimEnd() === messageText],
  ]);
}

const messageText = 'It took the whole way: queue, DKIM, MX, TLS, and all checks on the other side.';

async function forge(stage: Stage): Promise<Step> {
  const plain = await forgeOne(stage, '');
  const listed = await forgeOne(
    stage,
    'List-Id: Friends <friends.example.org>\r\nList-Post: <mailto:friends@example.org>\r\n',
  );
  const inInbox = await findMail(stage, plain.messageId);
  const junked = await findMail(stage, listed.messageId);
  const facts = {
    from: stage.sender,
    to: stage.friend,
    remote_address: stage.forger.address,
    kind: plain.attempt?.kind,
    reply: plain.attempt?.reply,
    with_list_traces: {
      kind: listed.attempt?.kind,
      reply: listed.attempt?.reply,
      folder: junked?.folder,
      verdicts: junked?.verdicts,
    },
  };
  return step('forge', facts, [
    ['the forged message is refused', plain.attempt?.kind === 'refused'],
    ['with 550 5.7.26', plain.attempt?.reply?.code === 550 && plain.attempt.reply.enhanced === '5.7.26'],
    ['and is in no mailbox', inInbox === undefined],
    ['the same text with the traces of a list is taken', listed.attempt?.kind === 'delivered'],
    ['and lies in Junk', junked?.folder === 'Junk'],
  ]);
}

async function forgeOne(stage: Stage, traces: string): Promise<{ attempt: Attempt | undefined; messageId: string }> {
  const messageId = `<${stage.yours.ids.next('forged')}@example.com>`;
  const text = [
    `From: <${stage.sender}>`,
    `To: <${stage.friend}>`,
    'Subject: Please pay this bill today',
    `Date: ${formatDate(stage.timers.nowMs())}`,
    `Message-ID: ${messageId}`,
    `${traces}\r\nI am who I say I am. Trust me.\r\n`,
  ].join('\r\n');
  const bytes = utf8(text);
  const [attempt] = await stage.forger.transport.deliver(
    {
      message: { size: bytes.length, chunks: () => once(bytes) },
      mailFrom: stage.sender,
      recipients: [{ address: stage.friend, internationalised: false }],
      needs: { smtpUtf8: false, eightBit: false },
      domain: stage.friend.split('@')[1] as DomainName,
    },
    { signal: AbortSignal.timeout(patienceMs), beforeFinalDot: async () => {} },
  );
  return { attempt, messageId };
}

async function bounce(stage: Stage): Promise<Step> {
  const sent = await send(stage, stage.nobody, 'Is anybody there?');
  const [recipient] = sent.view?.recipients ?? [];
  const facts = {
    id: sent.view?.id,
    from: stage.sender,
    to: stage.nobody,
    state: recipient?.state,
    reply: recipient?.reply,
    host: recipient?.host,
    say: recipient?.say,
    timeline: sent.timeline,
  };
  return step('bounce', facts, [
    ['the delivery ends as bounced', recipient?.state === 'bounced'],
    ['with 550 5.1.1', recipient?.reply?.code === 550 && recipient.reply.enhanced === '5.1.1'],
    ['and the caller gets the receiver’s own words', recipient?.reply?.text.includes('No such mailbox here') === true],
    ['together with the host that said them', recipient?.host === stage.theirs.hostname],
  ]);
}

type Sent = { readonly view: MessageView | undefined; readonly timeline: readonly TimelineStep[] };

/** Through the API like any program, then reads what became of it. */
async function send(stage: Stage, to: string, subject: string): Promise<Sent> {
  const response = await fetch(`${stage.api.url}/v1/emails?wait=settled&timeout=20s`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ from: `Hello <${stage.sender}>`, to: [to], subject, text: `${messageText}\n` }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer = (await response.json()) as { readonly id?: MessageId; readonly detail?: string };
  if (answer.id === undefined)
    throw new Error(`the API answered ${response.status}: ${answer.detail ?? 'without an id'}`);
  const view = await stage.yours.outbound.settled(answer.id, AbortSignal.timeout(patienceMs));
  return { view, timeline: await stage.yours.outbound.timeline(answer.id) };
}

async function findMail(stage: Stage, messageId: string | undefined): Promise<StoredMail | undefined> {
  if (messageId === undefined) return undefined;
  for (const mail of await stage.theirs.mailbox.list({ limit: 10 })) {
    const raw = await stage.theirs.mailbox.raw(mail.id);
    if (raw && fieldText(indexMessage(raw), 'message-id') === messageId) return mail;
  }
  return undefined;
}

/** The decoded text of a message that is only text. */
function textOf(raw: Uint8Array): string {
  const index = indexMessage(raw);
  return fromUtf8(partContent(index, partTree(index).root));
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
