/**
 * Tells a message's life from its events, step by step and in words for people: accepted, signed, MX chosen and why, TLS, the
 * receiver's reply, settled. Pure; CLI, API, sandbox and dashboard print the same steps.
 */
import type { EventRecord } from '../events/types.ts';
import type { ConnectionFacts, RouteFacts } from './transport.ts';
import type { RemoteReply } from './types.ts';

export type TimelineStep = {
  readonly atMs: number;
  readonly step: 'accepted' | 'signed' | 'route' | 'connected' | 'tls' | 'reply' | 'settled' | 'retry' | 'bounce';
  readonly recipient?: string;
  readonly say: string;
};

type AcceptedData = {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly via: string;
  readonly signatures: readonly { readonly domain: string; readonly selector: string; readonly algorithm: string }[];
};
type AttemptData = {
  readonly recipient: string;
  readonly tries: number;
  readonly say: string;
  readonly reply?: RemoteReply;
  readonly route: RouteFacts;
  readonly via?: ConnectionFacts;
  readonly next_try_at_ms?: number;
  readonly transcript?: readonly { readonly step: string; readonly atMs: number }[];
};

export function tellTimeline(events: readonly EventRecord[]): TimelineStep[] {
  return events.flatMap((event) => (event.type === 'email.accepted' ? tellAccepted(event) : tellEnd(event)));
}

function tellAccepted(event: EventRecord): TimelineStep[] {
  const data = event.data as unknown as AcceptedData;
  const signed = data.signatures.map((signature) => ({
    atMs: event.atMs,
    step: 'signed' as const,
    say: `DKIM ${signature.algorithm}, d=${signature.domain} s=${signature.selector}`,
  }));
  const to = data.recipients.length === 1 ? data.recipients[0] : `${data.recipients.length} recipients`;
  const unsigned = {
    atMs: event.atMs,
    step: 'signed' as const,
    say: 'not signed: the From domain is not one of this office',
  };
  return [
    { atMs: event.atMs, step: 'accepted', say: `from ${data.from || '<>'} to ${to} by ${data.via}, stored on disk` },
    ...(signed.length > 0 ? signed : [unsigned]),
  ];
}

function tellEnd(event: EventRecord): TimelineStep[] {
  const data = event.data as unknown as AttemptData;
  const at = { atMs: event.atMs, ...(data.recipient ? { recipient: data.recipient } : {}) };
  if (!data.route) return [{ ...at, step: event.type === 'email.bounced' ? 'bounce' : 'settled', say: data.say }];
  const steps: TimelineStep[] = [];
  // Without a source and without a host that was looked at, nobody looked for a way: a test key, or trouble of our own.
  const wasSought = data.route.source !== 'none' || data.route.passedOver.length > 0;
  // The event says when the attempt ended; the dialogue says when each step of it happened.
  const timed = (step: string) => ({
    ...at,
    atMs: data.transcript?.find((noted) => noted.step === step)?.atMs ?? event.atMs,
  });
  if (wasSought) steps.push({ ...timed('route'), step: 'route', say: tellRoute(data.route, data.via) });
  if (data.via && data.route.source !== 'local') {
    steps.push(...tellConnection(data.via, { connected: timed('connected'), tls: timed('tls') }));
  }
  if (data.reply) {
    const topic = topics[data.reply.stage] ?? '';
    const words = [data.reply.code || '', data.reply.enhanced, data.reply.text].filter(Boolean).join(' ');
    steps.push({
      ...at,
      step: 'reply',
      say: `${data.via?.host ?? 'the other side'} said${topic}: ${words}`,
    });
  }
  const state = event.type.slice('email.'.length);
  if (data.next_try_at_ms !== undefined) {
    steps.push({
      ...at,
      step: 'retry',
      say: `${data.say} Try ${data.tries + 1} at ${new Date(data.next_try_at_ms).toISOString()}`,
    });
  } else steps.push({ ...at, step: 'settled', say: data.reply ? state : `${state}: ${data.say}` });
  return steps;
}

/** What a reply is about, by the stage at which it came. */
const topics: Readonly<Record<string, string>> = {
  greeting: ' as greeting',
  ehlo: ' to our name',
  starttls: ' to STARTTLS',
  auth: ' to the login',
  mail: ' of the sender',
  rcpt: ' of the recipient',
  data: ' to DATA',
  'end-of-data': ' of the message',
};

function tellRoute(route: RouteFacts, via: ConnectionFacts | undefined): string {
  const list = route.candidates.map(({ host, preference }) => `${preference} ${host}`).join(', ');
  const chosen = via ? ` -> ${via.host} (${via.why})` : '';
  const passed = route.passedOver.map(({ host, why }) => `; ${host} left out: ${why}`).join('');
  switch (route.source) {
    case 'local':
      return `a domain of this office: handed over inside the house`;
    case 'mx':
      return `MX ${list}${chosen}${passed}`;
    case 'address':
      return `no MX, the domain's own address${chosen}${passed}`;
    case 'route':
      return `fixed route ${list}${chosen}${passed}`;
    case 'relay':
      return `relay ${list}${chosen}${passed}`;
    default:
      return `no way found${passed}`;
  }
}

type Moment = { readonly atMs: number; readonly recipient?: string };

function tellConnection(
  via: ConnectionFacts,
  at: { readonly connected: Moment; readonly tls: Moment },
): TimelineStep[] {
  const connected = `${via.localAddress} -> ${via.address} port ${via.port}${via.reused ? ', on an open connection' : ''}`;
  return [
    { ...at.connected, step: 'connected', say: connected },
    { ...at.tls, step: 'tls', say: tellTls(via) },
  ];
}

function tellTls({ tls, plainBecause }: ConnectionFacts): string {
  if (!tls) return `none: ${plainBecause ?? 'not offered'}`;
  const certificate = tls.certificateValid
    ? `certificate ${tls.policy === 'dane' ? 'proven by DANE' : 'valid'}`
    : `certificate not proven (${tls.certificateProblem ?? 'unknown'}), which ${tls.policy} TLS allows`;
  return `${tls.protocol}, ${tls.cipher}, ${certificate}`;
}
