/**
 * The transport for this office's own domains: from the queue straight to `inbound`, never by MX lookup. A port of outbound wired
 * here, because outbound may not know inbound.
 */
import type { Timers } from '../base/clock.ts';
import type { Blobs } from '../base/port/blobs.ts';
import { type Mailbox, parseMailbox } from '../format/address.ts';
import type { DomainName } from '../format/domain-name.ts';
import type { Reply } from '../protocol/smtp/reply.ts';
import type { Inbound } from '../services/inbound/inbound.ts';
import type { Peer } from '../services/inbound/types.ts';
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
        const reply = await handOver(ports, peer, job, address, context);
        attempts.push(attemptOf(reply, { address, host: ports.hostname, startedAtMs, nowMs: ports.timers.nowMs() }));
      }
      return attempts;
    },
  };
}

async function handOver(
  { inbound, blobs }: LocalTransportPorts,
  peer: Peer,
  job: DeliveryJob,
  address: string,
  context: DeliveryContext,
): Promise<Reply> {
  const recipient = parseMailbox(address);
  if (!recipient.ok) return { code: 550, enhanced: '5.1.3', text: recipient.say };
  const mailFrom: Mailbox | undefined = parsedOrNull(job.mailFrom);
  const admission = await inbound().admit(peer, mailFrom, { kind: 'mailbox', mailbox: recipient.value, route: false });
  if (admission.kind === 'refuse') return admission.reply;
  const spool = blobs.open();
  for await (const chunk of job.message.chunks()) await spool.write(chunk);
  const body = await spool.finish();
  await context.beforeFinalDot();
  const received = await inbound().receive({
    peer,
    mailFrom,
    destinations: [admission.destination],
    body,
    smtpUtf8: true,
  });
  if (received.disposition === 'later' || received.disposition === 'reject') await body.discard();
  return received.reply;
}

function parsedOrNull(address: string): Mailbox | undefined {
  const parsed = address === '' ? undefined : parseMailbox(address);
  return parsed?.ok ? parsed.value : undefined;
}

function attemptOf(
  reply: Reply,
  about: { readonly address: string; readonly host: string; readonly startedAtMs: number; readonly nowMs: number },
): Attempt {
  const kind = reply.code < 300 ? 'delivered' : reply.code < 500 ? 'deferred' : 'refused';
  return {
    recipient: about.address,
    kind,
    scope: 'recipient',
    enhanced: reply.enhanced ?? (kind === 'delivered' ? '2.0.0' : '4.0.0'),
    reply: {
      code: reply.code,
      ...(reply.enhanced ? { enhanced: reply.enhanced } : {}),
      text: reply.text,
      stage: 'end-of-data',
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
