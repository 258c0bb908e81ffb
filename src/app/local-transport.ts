/**
 * The transport for this office's own domains: from the queue straight to `inbound`, never by MX lookup. A port of outbound wired
 * here, because outbound may not know inbound.
 */
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Blobs } from '../base/port/blobs.ts';
import type { Signals } from '../base/port/signals.ts';
import { spoolAll } from '../base/spool-all.ts';
import { type Mailbox, parseMailbox } from '../format/address.ts';
import type { DomainName } from '../format/domain-name.ts';
import type { Reply } from '../protocol/smtp/reply.ts';
import type { Inbound } from '../services/inbound/inbound.ts';
import type { Destination, InboundEnvelope, Peer } from '../services/inbound/types.ts';
import type { Attempt, DeliveryContext, DeliveryJob, Transport } from '../services/outbound/transport.ts';

export type LocalTransportPorts = {
  readonly hostname: DomainName;
  readonly timers: Timers;
  readonly blobs: Blobs;
  readonly signals: Signals;
  readonly inbound: () => Inbound;
};

export function createLocalTransport(ports: LocalTransportPorts): Transport {
  const peer: Peer = { address: '127.0.0.1', helo: ports.hostname, extended: true, tls: undefined, via: 'local' };
  return {
    name: 'local',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    close: async () => {},
    deliver: async (job, context) => {
      const startedAtMs = ports.timers.nowMs();
      const attempt = (answer: Answer, place: number) =>
        attemptOf(answer, {
          address: job.recipients[place]?.address ?? '',
          host: ports.hostname,
          startedAtMs,
          nowMs: ports.timers.nowMs(),
        });
      const answers = await handOver(ports, peer, job, context, attempt);
      return job.recipients.map((_, place) => attempt(answers[place] ?? nobodyAnswered, place));
    },
  };
}

/** What inbound said, and when: to the recipient, or to the message. */
type Answer = { readonly reply: Reply; readonly stage: 'rcpt' | 'end-of-data' };

const nobodyAnswered: Answer = { stage: 'rcpt', reply: { code: 451, enhanced: '4.3.0', text: 'Not stored' } };

/**
 * Each recipient is admitted alone; those who are get the message in one transaction, all or none, and the queue notes it in the same
 * one: no death makes any of it anew.
 */
async function handOver(
  ports: LocalTransportPorts,
  peer: Peer,
  job: DeliveryJob,
  context: DeliveryContext,
  attempt: (answer: Answer, place: number) => Attempt,
): Promise<readonly Answer[]> {
  const mailFrom: Mailbox | undefined = parsedOrNull(job.mailFrom);
  const admitted: (Answer | Destination)[] = [];
  for (const { address } of job.recipients) admitted.push(await admit(ports, peer, mailFrom, address));
  const destinations = admitted.filter((each) => 'kind' in each);
  if (destinations.length === 0) return admitted.filter((each) => 'reply' in each);
  const { recordWithin } = context;
  const attemptsAfter = (reply: Reply) =>
    admitted.map((each, place) => ('reply' in each ? undefined : attempt({ stage: 'end-of-data', reply }, place)));
  const prepareNote = recordWithin && ((reply: Reply) => recordWithin(attemptsAfter(reply)));
  const reply = await receive(ports, job, context, {
    peer,
    mailFrom,
    destinations,
    smtpUtf8: true,
    ...(prepareNote ? { prepareNote } : {}),
  });
  return admitted.map((each) => ('reply' in each ? each : { stage: 'end-of-data', reply }));
}

async function admit(
  { inbound }: LocalTransportPorts,
  peer: Peer,
  mailFrom: Mailbox | undefined,
  address: string,
): Promise<Answer | Destination> {
  const mailbox = parseMailbox(address);
  if (!mailbox.ok) return { stage: 'rcpt', reply: { code: 550, enhanced: '5.1.3', text: mailbox.say } };
  const admission = await inbound().admit(peer, mailFrom, { kind: 'mailbox', mailbox: mailbox.value, route: false });
  return admission.kind === 'refuse' ? { stage: 'rcpt', reply: admission.reply } : admission.destination;
}

async function receive(
  { inbound, blobs, signals }: LocalTransportPorts,
  job: DeliveryJob,
  context: DeliveryContext,
  envelope: Omit<InboundEnvelope, 'body'>,
): Promise<Reply> {
  const body = await spoolAll(blobs, job.message.chunks());
  try {
    // Who notes the end together with the message is never in doubt.
    if (!context.recordWithin) await context.beforeFinalDot();
    return await replyOf(inbound(), { ...envelope, body }, signals);
  } finally {
    await body.discard();
  }
}

/** What is thrown, fault or mistake of ours, means that nothing was stored: no message of the house is ever in doubt. */
async function replyOf(inbound: Inbound, envelope: InboundEnvelope, signals: Signals): Promise<Reply> {
  try {
    return (await inbound.receive(envelope)).reply;
  } catch (error) {
    signals.emit('error', 'inbound.local_failed', { error: String(error) });
    const why = error instanceof Fault ? error.message : 'a mistake of ours; the log says more';
    return { code: 451, enhanced: '4.3.0', text: `Not stored: ${why}` };
  }
}

function parsedOrNull(address: string): Mailbox | undefined {
  const parsed = address === '' ? undefined : parseMailbox(address);
  return parsed?.ok ? parsed.value : undefined;
}

function attemptOf(
  { reply, stage }: Answer,
  about: { readonly address: string; readonly host: string; readonly startedAtMs: number; readonly nowMs: number },
): Attempt {
  const kind = reply.code < 300 ? 'delivered' : reply.code < 500 ? 'deferred' : 'refused';
  return {
    recipient: about.address,
    kind,
    scope: scopeOf(kind, stage),
    enhanced: reply.enhanced ?? (kind === 'delivered' ? '2.0.0' : '4.0.0'),
    reply: {
      code: reply.code,
      ...(reply.enhanced ? { enhanced: reply.enhanced } : {}),
      text: reply.text,
      stage,
    },
    afterFinalDot: false,
    route: { source: 'local', candidates: [], passedOver: [] },
    startedAtMs: about.startedAtMs,
    tookMs: about.nowMs - about.startedAtMs,
    say:
      kind === 'delivered'
        ? `Stored in a mailbox of ${about.host}.`
        : `${about.host} said: ${reply.code} ${reply.text}`,
  };
}

function scopeOf(kind: Attempt['kind'], stage: Answer['stage']): Attempt['scope'] {
  if (kind === 'deferred') return 'infrastructure';
  return kind === 'refused' && stage === 'end-of-data' ? 'message' : 'recipient';
}
