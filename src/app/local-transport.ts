/**
 * The transport for this office's own domains: from the queue straight to `inbound`, never by MX lookup. A port of outbound wired
 * here, because outbound may not know inbound.
 */
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Blobs } from '../base/port/blobs.ts';
import { type Mailbox, parseMailbox } from '../format/address.ts';
import type { DomainName } from '../format/domain-name.ts';
import type { Reply } from '../protocol/smtp/reply.ts';
import type { Inbound } from '../services/inbound/inbound.ts';
import type { InboundEnvelope, Peer } from '../services/inbound/types.ts';
import type { Attempt, DeliveryContext, DeliveryJob, Transport } from '../services/outbound/transport.ts';

export type LocalTransportPorts = {
  readonly hostname: DomainName;
  readonly timers: Timers;
  readonly blobs: Blobs;
  readonly inbound: () => Inbound;
};

export function createLocalTransport(ports: LocalTransportPorts): Transport {
  const peer: Peer = { address: '127.0.0.1', helo: ports.hostname, tls: undefined, via: 'local' };
  return {
    name: 'local',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    close: async () => {},
    deliver: async (job, context) => {
      const attempts: Attempt[] = [];
      // One by one: a full mailbox or an unknown name concerns nobody else.
      for (const { address } of job.recipients) {
        const startedAtMs = ports.timers.nowMs();
        const answer = await handOver(ports, peer, job, address, context);
        attempts.push(attemptOf(answer, { address, host: ports.hostname, startedAtMs, nowMs: ports.timers.nowMs() }));
      }
      return attempts;
    },
  };
}

/** What inbound said, and when: to the recipient, or to the message. */
type Answer = { readonly reply: Reply; readonly stage: 'rcpt' | 'end-of-data' };

async function handOver(
  { inbound, blobs }: LocalTransportPorts,
  peer: Peer,
  job: DeliveryJob,
  address: string,
  context: DeliveryContext,
): Promise<Answer> {
  const recipient = parseMailbox(address);
  if (!recipient.ok) return { stage: 'rcpt', reply: { code: 550, enhanced: '5.1.3', text: recipient.say } };
  const mailFrom: Mailbox | undefined = parsedOrNull(job.mailFrom);
  const admission = await inbound().admit(peer, mailFrom, { kind: 'mailbox', mailbox: recipient.value, route: false });
  if (admission.kind === 'refuse') return { stage: 'rcpt', reply: admission.reply };
  const spool = blobs.open();
  for await (const chunk of job.message.chunks()) await spool.write(chunk);
  const body = await spool.finish();
  try {
    await context.beforeFinalDot();
    const envelope = { peer, mailFrom, destinations: [admission.destination], body, smtpUtf8: true };
    return { stage: 'end-of-data', reply: await receive(inbound(), envelope) };
  } finally {
    await body.discard();
  }
}

/** A fault means that nothing was stored: no message of the house is ever in doubt. */
async function receive(inbound: Inbound, envelope: InboundEnvelope): Promise<Reply> {
  try {
    return (await inbound.receive(envelope)).reply;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { code: 451, enhanced: '4.3.0', text: `Not stored: ${error.message}` };
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
