/**
 * One question to one name server: over UDP from a port of its own, over TCP when the answer was cut or looks forged.
 * Against forgers (RFC 5452): a random port and id per query, random letter case in the name, and an answer counts only from
 * the server's address with the same id and question. Answers what the server said, or undefined when it said nothing in time.
 */
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Datagrams, Endpoint, Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import { type DnsName, dnsNameKey, dnsNameText } from '../../format/dns-name.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import {
  classIn,
  type DnsMessage,
  type DnsQuestion,
  decodeMessage,
  ednsUdpOctets,
  emptyMessage,
  encodeMessage,
  framed,
  rcodes,
} from '../../protocol/dns/message-codec.ts';

export type AskDeps = { readonly net: Net; readonly timers: Timers; readonly random: Random };

export type AskLimits = {
  /** How long one server has for its answer, on UDP and once more on TCP. */
  readonly attemptMs: number;
  /** Datagrams that are no answer to the query, after which somebody is guessing and TCP is asked. */
  readonly strangeDatagramsMax: number;
};

/** A server's answer and how many octets it had. */
export type ServerReply = { readonly message: DnsMessage; readonly octets: number };

type Ask = {
  readonly server: Endpoint;
  readonly name: DnsName;
  readonly type: number;
  readonly signal: AbortSignal;
};

export async function askServer(deps: AskDeps, limits: AskLimits, ask: Ask): Promise<ServerReply | undefined> {
  const reply = await askOnce(deps, limits, ask, { edns: true });
  if (reply === undefined || reply.message.edns !== undefined) return reply;
  const { rcode } = reply.message;
  const knowsNoEdns = rcode === rcodes.formatError || rcode === rcodes.notImplemented; // RFC 6891 §7
  return knowsNoEdns ? askOnce(deps, limits, ask, { edns: false }) : reply;
}

type Shape = { readonly edns: boolean };

async function askOnce(deps: AskDeps, limits: AskLimits, ask: Ask, shape: Shape): Promise<ServerReply | undefined> {
  const query = makeQuery(deps.random, ask, shape);
  if (query === undefined) return undefined;
  const said = await within(deps.timers, limits.attemptMs, ask.signal, (signal) =>
    overUdp(deps, limits, { ...ask, query, signal }),
  );
  if (said === undefined) return undefined;
  if (said !== 'ask-by-tcp' && !said.message.truncated) return said;
  const again = makeQuery(deps.random, ask, shape);
  if (again === undefined) return undefined;
  return within(deps.timers, limits.attemptMs, ask.signal, (signal) => overTcp(deps, { ...ask, query: again, signal })); // RFC 7766 §5
}

/** Runs `work` with a signal that aborts with `outer` or after `ms`. */
async function within<T>(
  timers: Timers,
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (outer.aborted) return undefined;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const cancel = timers.after(ms, stop);
  outer.addEventListener('abort', stop, { once: true });
  try {
    return await work(controller.signal);
  } catch (error) {
    if (error instanceof Fault) return undefined; // no route, no descriptor, refused: this server has no answer
    throw error;
  } finally {
    cancel();
    outer.removeEventListener('abort', stop);
  }
}

// ---- the query ----

type Query = { readonly id: number; readonly question: DnsQuestion; readonly octets: Uint8Array };

function makeQuery(random: Random, ask: Ask, shape: Shape): Query | undefined {
  const [high = 0, low = 0] = random.bytes(2);
  const id = (high << 8) | low;
  const question = { name: mixedCase(random, ask.name), type: ask.type, class: classIn };
  const octets = encodeMessage({
    ...emptyMessage(id),
    recursionDesired: true,
    authenticData: true, // RFC 6840 §5.7: we understand AD in the answer
    questions: [question],
    ...(shape.edns ? { edns: { udpOctets: ednsUdpOctets, version: 0, dnssecOk: false, options: [] } } : {}),
  });
  return octets && { id, question, octets };
}

/** Each letter's case is one more bit a forger has to guess; servers copy the question as it is. */
function mixedCase(random: Random, name: DnsName): DnsName {
  const bits = random.bytes(name.reduce((sum, label) => sum + label.length, 0)); // at once: each call costs more than its octets
  let at = 0;
  return name.map((label) => {
    let mixed = '';
    for (const octet of label) {
      const isUpper = ((bits[at++] ?? 0) & 1) === 1 && octet >= 'a' && octet <= 'z';
      mixed += isUpper ? octet.toUpperCase() : octet;
    }
    return mixed;
  });
}

/** Whether this answers the query: `exact` when even the letter case is ours. RFC 5452 §9.1 */
function matchOf(message: DnsMessage, query: Query): 'exact' | 'but-for-case' | 'no' {
  if (!message.isResponse || message.id !== query.id || message.opcode !== 0) return 'no';
  const [question, ...others] = message.questions;
  // A server that did not understand the query may not repeat it; all it can say is that it failed.
  if (question === undefined)
    return message.rcode === rcodes.noError || message.rcode === rcodes.nameError ? 'no' : 'exact';
  const { name, type } = query.question;
  if (others.length > 0 || question.type !== type || question.class !== classIn) return 'no';
  if (dnsNameText(question.name) === dnsNameText(name)) return 'exact';
  return dnsNameKey(question.name) === dnsNameKey(name) ? 'but-for-case' : 'no';
}

// ---- UDP ----

type Exchange = { readonly server: Endpoint; readonly query: Query; readonly signal: AbortSignal };

async function overUdp(
  deps: AskDeps,
  limits: AskLimits,
  { server, query, signal }: Exchange,
): Promise<ServerReply | 'ask-by-tcp' | undefined> {
  const answered = Promise.withResolvers<ServerReply | 'ask-by-tcp' | undefined>();
  let strange = 0;
  const onDatagram = (octets: Uint8Array, from: Endpoint) => {
    if (from.address !== server.address || from.port !== server.port) return;
    const message = decodeMessage(octets);
    const match = message === undefined ? 'no' : matchOf(message, query);
    if (message !== undefined && match === 'exact') answered.resolve({ message, octets: octets.length });
    // The right id with other letter case is a server that does not keep it, or a lucky guess: TCP will tell.
    else if (match === 'but-for-case' || ++strange >= limits.strangeDatagramsMax) answered.resolve('ask-by-tcp');
  };
  // Port 0: the kernel picks a random free port, new for every query. RFC 5452 §9.2
  const anywhere = { address: server.address.includes(':') ? '::' : '0.0.0.0', port: 0 };
  const datagrams: Datagrams = await deps.net.openDatagrams(anywhere, onDatagram);
  const stop = () => answered.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) return undefined;
    datagrams.send(query.octets, server);
    return await answered.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    await datagrams.close();
  }
}

// ---- TCP ----

async function overTcp(deps: AskDeps, { server, query, signal }: Exchange): Promise<ServerReply | undefined> {
  const connection = await deps.net.dial(server, { signal });
  const stop = () => connection.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) return undefined;
    await connection.write(framed(query.octets));
    const octets = await readMessage(connection);
    const message = octets && decodeMessage(octets);
    if (octets === undefined || message === undefined || message.truncated) return undefined;
    return matchOf(message, query) === 'no' ? undefined : { message, octets: octets.length };
  } finally {
    signal.removeEventListener('abort', stop);
    connection.destroy();
  }
}

/** The first message on the stream, or undefined when it ends before. */
async function readMessage(connection: Connection): Promise<Uint8Array | undefined> {
  const reader = new FrameReader();
  for (let octets = await connection.read(); octets !== undefined; octets = await connection.read()) {
    const [first] = reader.push(octets);
    if (first !== undefined) return first;
  }
  return undefined;
}
