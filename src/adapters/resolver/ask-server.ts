/**
 * One question to one name server: over UDP from a port of its own, over TCP when the answer was cut or looks forged.
 * Against forgers (RFC 5452): a random port and id per query, random letter case in the name, and an answer counts only from
 * the server's address with the same id and question. Answers what the server said, or undefined when it said nothing in time.
 */
import { Fault } from '../../base/outcome.ts';
import type { Connection, Endpoint, Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import type { DnsName } from '../../format/dns-name.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import { type DnsMessage, decodeMessage, framed, rcodes } from '../../protocol/dns/message-codec.ts';
import type { Deadlines } from './deadlines.ts';
import { makeQuery, matchOf, type Query } from './query.ts';
import type { QuestionSockets } from './question-sockets.ts';

export type AskDeps = {
  readonly net: Net;
  /** How long one server has for its answer, on UDP and once more on TCP. */
  readonly attempts: Deadlines;
  readonly random: Random;
  readonly sockets: QuestionSockets;
};

export type AskLimits = {
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
  if (query === undefined || ask.signal.aborted) return undefined;
  const said = await unlessFault(overUdp(deps, limits, { ...ask, query }));
  if (said === undefined) return undefined;
  if (said !== 'ask-by-tcp' && !said.message.truncated) return said;
  const again = makeQuery(deps.random, ask, shape);
  if (again === undefined || ask.signal.aborted) return undefined;
  const byTcp = within(deps.attempts, ask.signal, (signal) => overTcp(deps, { ...ask, query: again, signal }));
  return unlessFault(byTcp); // RFC 7766 §5
}

/** No route, no descriptor, refused: this server has no answer. */
async function unlessFault<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

// ---- UDP ----

type Exchange = { readonly server: Endpoint; readonly query: Query; readonly signal: AbortSignal };
type Said = ServerReply | 'ask-by-tcp' | undefined;

async function overUdp({ sockets, attempts }: AskDeps, limits: AskLimits, exchange: Exchange): Promise<Said> {
  const { server, query, signal } = exchange;
  const ear = new Ear(exchange, limits.strangeDatagramsMax);
  const stop = () => ear.stop();
  const disarm = attempts.add(stop);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const socket = await sockets.take({ server, id: query.id, hear: ear.hear });
    try {
      if (!signal.aborted) socket.send(query.octets);
      return await ear.said;
    } finally {
      sockets.giveBack(socket, ear.heardOnlyTheAnswer);
    }
  } finally {
    disarm();
    signal.removeEventListener('abort', stop);
  }
}

/** Waits for the one datagram that answers. */
class Ear {
  readonly #exchange: Exchange;
  readonly #strangeMax: number;
  readonly #said = Promise.withResolvers<Said>();
  #answers = 0;
  #strange = 0;
  #foreign = 0;

  constructor(exchange: Exchange, strangeMax: number) {
    this.#exchange = exchange;
    this.#strangeMax = strangeMax;
  }

  get said(): Promise<Said> {
    return this.#said.promise;
  }

  get heardOnlyTheAnswer(): boolean {
    return this.#answers === 1 && this.#strange + this.#foreign === 0;
  }

  readonly hear = (octets: Uint8Array, from: Endpoint): void => {
    const { server, query } = this.#exchange;
    if (from.address !== server.address || from.port !== server.port) {
      this.#foreign++;
      return;
    }
    const message = decodeMessage(octets);
    const match = message === undefined ? 'no' : matchOf(message, query);
    if (message !== undefined && match === 'exact') {
      this.#answers++;
      this.#said.resolve({ message, octets: octets.length });
      return;
    }
    this.#strange++;
    // The right id with other letter case is a server that does not keep it, or a lucky guess: TCP will tell.
    if (match === 'but-for-case' || this.#strange >= this.#strangeMax) this.#said.resolve('ask-by-tcp');
  };

  stop(): void {
    this.#said.resolve(undefined);
  }
}

// ---- TCP ----

/** Runs `work` with a signal that aborts with `outer` or when the attempt has lasted too long. */
async function within<T>(
  attempts: Deadlines,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (outer.aborted) return undefined;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const cancel = attempts.add(stop);
  outer.addEventListener('abort', stop, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    cancel();
    outer.removeEventListener('abort', stop);
  }
}

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
