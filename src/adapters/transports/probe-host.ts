/**
 * Looks at a mail host as senders meet it: greeting, EHLO, STARTTLS and what it shows there, and whether it would take given
 * recipients from the null sender (RCPT, then RSET). No message is ever sent. Judges nothing; bounded in time.
 */
import { Fault } from '../../base/outcome.ts';
import type { Connection, TlsFacts } from '../../base/port/net.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { describeEnding, type Ending } from '../../protocol/smtp/client-ending.ts';
import { type ClientPatience, defaultPatience, type ReplyStage } from '../../protocol/smtp/client-stages.ts';
import type { TransportPorts } from './direct-mx.ts';
import { findAddresses } from './find-way.ts';
import { type Note, SmtpLink } from './smtp-link.ts';

export type HostWish = {
  readonly host: DomainName;
  readonly port: number;
  /** Asked for in the handshake, instead of the host's own name. */
  readonly serverName?: string;
  /** What we call ourselves. */
  readonly ehloName: string;
  /** Whole addresses that RCPT is tried for. */
  readonly recipients: readonly string[];
  /** Addresses on loopback and in private networks too. */
  readonly allowPrivate: boolean;
  /** Trust anchors besides the system's. */
  readonly trust?: readonly string[];
  readonly signal: AbortSignal;
};

export type HostSight =
  | {
      readonly kind: 'seen';
      readonly address: string;
      readonly greeting: string;
      readonly offersStartTls: boolean;
      /** Of a handshake that came to its end. */
      readonly tls?: TlsFacts;
      readonly tlsProblem?: string;
      /** In the order of the wish, as far as it came: the whole reply to RCPT. */
      readonly replies: readonly string[];
    }
  | { readonly kind: 'failed'; readonly why: string };

/** Addresses of a host that are tried. (As `guarded-http`.) */
const addressesMax = 4;
/** A person waits. Greylisting hosts greet late, hardly any later than this. (Our choice.) */
const replyMs = 20_000;
export const connectMs = 8_000;

const patience: ClientPatience = {
  replyMs: Object.fromEntries(
    Object.entries(defaultPatience.replyMs).map(([stage, ms]) => [stage, Math.min(ms, replyMs)]),
  ) as Record<ReplyStage, number>,
  connectMs,
  handshakeMs: replyMs,
  dataBlockMs: replyMs,
};

export async function probeHost(ports: TransportPorts, wish: HostWish): Promise<HostSight> {
  const dialled = await dialHost(ports, wish);
  return 'kind' in dialled ? dialled : talk(ports, wish, dialled);
}

export type Dialled = { readonly connection: Connection; readonly address: string };
export type NotDialled = {
  readonly kind: 'failed';
  readonly why: string;
  /** The system's word for why the last address was not reached. */
  readonly code?: string;
};

export type DialWish = Pick<HostWish, 'host' | 'port' | 'allowPrivate' | 'signal'>;

/** The first of its addresses that answers. */
export async function dialHost(ports: TransportPorts, wish: DialWish): Promise<Dialled | NotDialled> {
  const { host, port, allowPrivate, signal } = wish;
  const rules = { random: ports.random, allowPrivate, families: [4, 6], signal } as const;
  const found = await findAddresses(ports.resolver, host, rules);
  if (found.kind === 'failed') return failed(`the address of ${host} could not be looked up (${found.why})`);
  if (found.kind === 'none') return failed(`${host} has no address`);
  if (found.loops) return failed(`${host} leads to no public address`);
  let last = failed(`${host} has no address`);
  for (const { text: address } of found.addresses.slice(0, addressesMax)) {
    if (signal.aborted) break;
    const connection = await dial(ports, { address, port }, signal);
    if (typeof connection !== 'string') return { connection, address };
    last = { ...failed(`[${address}] could not be reached on port ${port} (${connection})`), code: connection };
  }
  return last;
}

function failed(why: string): NotDialled {
  return { kind: 'failed', why };
}

async function dial(
  ports: TransportPorts,
  to: { address: string; port: number },
  signal: AbortSignal,
): Promise<Connection | string> {
  const late = new AbortController();
  const tooLong = () => late.abort(new DOMException('no connection in time', 'TimeoutError'));
  const cancel = ports.timers.after(connectMs, tooLong);
  try {
    return await ports.net.dial(to, { signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return late.signal.aborted ? 'ETIMEDOUT' : error.code;
  } finally {
    cancel();
  }
}

/** What was noted of the dialogue. */
type Heard = { greeting: string; saidStartTls: boolean; tls?: TlsFacts };

async function talk(ports: TransportPorts, wish: HostWish, { connection, address }: Dialled): Promise<HostSight> {
  const heard: Heard = { greeting: '', saidStartTls: false };
  const note: Note = (step) => {
    if (step.step === 'said' && step.line === 'STARTTLS') heard.saidStartTls = true;
    if (step.step === 'heard' && step.stage === 'greeting') heard.greeting = replyText(step);
  };
  const link = linkTo(ports, wish, { connection, address, note, heard });
  const notOpened = await link.open();
  if (notOpened && !heard.saidStartTls) {
    link.destroy();
    return { kind: 'failed', why: `[${address}] ${describeEnding(notOpened)}` };
  }
  const replies = notOpened ? [] : await ask(link, wish, note);
  if (link.isReady) await link.quit();
  else link.destroy();
  const { greeting, saidStartTls: offersStartTls, tls } = heard;
  const problem = tls ? undefined : notOpened ? describeEnding(notOpened) : offersStartTls && link.plainBecause;
  return {
    kind: 'seen',
    address,
    greeting,
    offersStartTls,
    ...(tls && { tls }),
    ...(problem ? { tlsProblem: problem } : {}),
    replies,
  };
}

function linkTo(
  { timers }: TransportPorts,
  { host, port, serverName = host, ehloName, trust, signal }: HostWish,
  { connection, address, note, heard }: Dialled & { readonly note: Note; readonly heard: Heard },
): SmtpLink {
  const options = {
    at: { host, address, port },
    ehloName,
    startTls: 'when-offered',
    chunking: 'never',
    requireValid: false,
    policy: 'opportunistic',
    implicitTls: false,
    serverName,
    ...(trust && { trust }),
    onTls: (facts: TlsFacts) => {
      heard.tls = facts;
    },
  } as const;
  return new SmtpLink(connection, options, { timers, patience }, { signal, note });
}

async function ask(link: SmtpLink, { recipients, signal }: HostWish, note: Note): Promise<readonly string[]> {
  if (recipients.length === 0) return [];
  const endings = await link.ask(recipients, { signal, note });
  const replies = endings.map(replyIn);
  const missing = replies.indexOf(undefined);
  return (missing < 0 ? replies : replies.slice(0, missing)).filter((reply) => reply !== undefined);
}

function replyIn(ending: Ending): string | undefined {
  return ending.kind === 'answered' ? replyText(ending.reply) : undefined;
}

/** What of a reply is kept: the other side decides how long it is. */
const textMax = 400;

function replyText({ code, enhanced, text }: { code: number; enhanced?: string; text: string }): string {
  return [code, enhanced, text]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
    .slice(0, textMax);
}
