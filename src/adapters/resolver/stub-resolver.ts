/**
 * The `Resolver` port over recursive (or our own authoritative) name servers: fail-over, cache, one query for many askers, and
 * a time limit over everything. It answers `none` only when a server said so; whatever goes wrong is `failed`.
 * How one server is asked is `ask-server.ts`, what a reply means is `protocol/dns/read-reply.ts`.
 */
import type { Timers } from '../../base/clock.ts';
import type { Endpoint, Net } from '../../base/port/net.ts';
import { type Signals, silentSignals } from '../../base/port/signals.ts';
import { drawnAhead, type Random } from '../../base/random.ts';
import { type DnsName, dnsNameOf, dnsNameText, lowerDnsName } from '../../format/dns-name.ts';
import type { QueryName } from '../../format/domain-name.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import { type Reading, readReply } from '../../protocol/dns/read-reply.ts';
import { recordCode } from '../../protocol/dns/record-data.ts';
import type { DnsAnswer, LookupOptions, RecordData, RecordType, Resolver } from '../../protocol/dns/types.ts';
import { cnameChainMax } from '../../protocol/dns/zone-resolver.ts';
import { AnswerCache, type AnyAnswer, type CacheLimits } from './answer-cache.ts';
import { type AskDeps, type AskLimits, askServer } from './ask-server.ts';
import { Deadlines } from './deadlines.ts';
import { QuestionSockets, type SocketLimits } from './question-sockets.ts';
import { Slots } from './slots.ts';

export type ResolverServer = Endpoint & {
  /** This server validates DNSSEC and the way to it is safe: its AD bit becomes `secure`. */
  readonly trustAd?: boolean;
};

export type StubResolverLimits = AskLimits &
  SocketLimits &
  CacheLimits & {
    /** How long one server has for its answer, on UDP and once more on TCP. */
    readonly attemptMs: number;
    /** How long one lookup may take in all, aliases and every server included. */
    readonly lookupMs: number;
    /** How often a server that does not answer is asked. */
    readonly rounds: number;
    /** A server that did not answer is asked last for so long. */
    readonly slowServerMs: number;
    /** Lookups under way at once; each holds a socket. */
    readonly lookupsMax: number;
    readonly waitingMax: number;
  };

/** Our choice where no source stands. */
const stubResolverLimits: StubResolverLimits = {
  attemptMs: 2_000,
  lookupMs: 9_000, // both rounds over two servers, and inside SPF's 20 s (RFC 7208 §4.6.4) a second lookup
  rounds: 2,
  slowServerMs: 30_000,
  strangeDatagramsMax: 8,
  questionsPerSocket: 1, // more is for who asks very many: a new socket costs three times what a question costs on an open one
  socketMs: 2_000,
  idleSocketMs: 200,
  lookupsMax: 200,
  waitingMax: 10_000,
  cacheEntriesMax: 20_000,
  cacheOctetsMax: 32 * 1024 * 1024,
  ttlMaxSeconds: 86_400, // RFC 8767 §4 suggests a cap of days to weeks; mail policies change faster
  negativeTtlMaxSeconds: 3_600, // RFC 2308 §5: one to three hours work well
  failureTtlSeconds: 1, // RFC 9520 §3.2: at least a second
};

export type StubResolverOptions = {
  readonly net: Net;
  readonly timers: Timers;
  readonly random: Random;
  /** In the order in which they are asked. */
  readonly servers: readonly ResolverServer[];
  readonly limits?: Partial<StubResolverLimits>;
  readonly signals?: Signals;
};

export function createStubResolver(options: StubResolverOptions): Resolver {
  const resolver = new StubResolver(options);
  return {
    lookup: (name, type, lookupOptions) => resolver.lookup(name, type, lookupOptions),
    atHand: (name, type) => resolver.atHand(name, type),
  };
}

/** One lookup under way, for everybody who asks for the same meanwhile. */
type Flight = { readonly answer: Promise<AnyAnswer>; readonly controller: AbortController; waiting: number };

type Server = ResolverServer & { slowUntilMs: number };

const timedOut = { kind: 'failed', why: 'timeout' } as const;
const failed = { kind: 'failed', why: 'servfail' } as const;

class StubResolver {
  readonly #options: StubResolverOptions;
  readonly #limits: StubResolverLimits;
  readonly #signals: Signals;
  readonly #asking: AskDeps;
  readonly #servers: readonly Server[];
  readonly #cache: AnswerCache;
  readonly #slots: Slots;
  readonly #lookups: Deadlines;
  readonly #flights = new Map<string, Flight>();

  constructor(options: StubResolverOptions) {
    this.#options = options;
    this.#limits = { ...stubResolverLimits, ...options.limits };
    const { net, timers } = options;
    this.#lookups = new Deadlines(timers, this.#limits.lookupMs);
    this.#asking = {
      net,
      attempts: new Deadlines(timers, this.#limits.attemptMs),
      random: drawnAhead(options.random),
      sockets: new QuestionSockets(options, this.#limits),
    };
    this.#signals = options.signals ?? silentSignals;
    this.#servers = options.servers.map((server) => ({ ...server, address: spelled(server.address), slowUntilMs: 0 }));
    this.#cache = new AnswerCache(options.timers, this.#limits);
    this.#slots = new Slots(this.#limits.lookupsMax, this.#limits.waitingMax);
  }

  async lookup<T extends RecordType>(
    name: QueryName,
    type: T,
    options: LookupOptions = {},
  ): Promise<DnsAnswer<RecordData[T]>> {
    if (options.signal?.aborted) return timedOut;
    const key = `${type} ${name}`;
    const answer = this.#cache.get(key) ?? (await this.#join(this.#flightFor(key, name, type), key, options.signal));
    return answer as DnsAnswer<RecordData[T]>; // the key holds the type
  }

  /** What the cache holds. */
  atHand<T extends RecordType>(name: QueryName, type: T): DnsAnswer<RecordData[T]> | undefined {
    return this.#cache.get(`${type} ${name}`) as DnsAnswer<RecordData[T]> | undefined; // the key holds the type
  }

  #flightFor(key: string, name: QueryName, type: RecordType): Flight {
    const under = this.#flights.get(key);
    if (under !== undefined) return under;
    const controller = new AbortController();
    const cancel = this.#lookups.add(() => controller.abort());
    const { signal } = controller;
    const work = this.#slots.run(signal, () => this.#resolve(key, dnsNameOf(name), type, signal));
    const answer = work
      .then((resolved) => resolved ?? timedOut)
      .finally(() => {
        cancel();
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      });
    const flight: Flight = { answer, controller, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  /** Waits with the others; when the last one leaves, the lookup is given up. */
  async #join(flight: Flight, key: string, signal: AbortSignal | undefined): Promise<AnyAnswer> {
    if (signal === undefined) {
      flight.waiting++;
      return flight.answer;
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        resolve(timedOut);
        if (--flight.waiting > 0) return;
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.controller.abort();
      };
      flight.waiting++;
      signal.addEventListener('abort', leave, { once: true });
      const stay = () => signal.removeEventListener('abort', leave);
      flight.answer.finally(stay).then(resolve, reject);
    });
  }

  async #resolve(key: string, asked: DnsName, type: RecordType, signal: AbortSignal): Promise<AnyAnswer> {
    const { answer, octets } = await this.#follow(asked, type, signal);
    if (signal.aborted) return timedOut; // says something about the asker, nothing about the name
    if (answer.kind === 'failed') this.#signals.emit('debug', 'dns.lookup_failed', { lookup: key, why: answer.why });
    this.#cache.put(key, answer, octets);
    return answer;
  }

  /** Follows aliases over several replies where a server does not do it itself. */
  async #follow(asked: DnsName, type: RecordType, signal: AbortSignal): Promise<{ answer: AnyAnswer; octets: number }> {
    let chain: Chain = { name: asked, followed: 0, ttlSeconds: Number.POSITIVE_INFINITY, secure: true };
    let octets = 0;
    while (chain.followed <= cnameChainMax) {
      const said = await this.#askServers(chain.name, type, signal);
      octets += said.octets;
      const { reading } = said;
      if (reading.kind === 'failed') return { answer: reading, octets };
      const followed = chain.followed + reading.followed;
      if (reading.kind === 'answer') {
        return { answer: followed > cnameChainMax ? failed : joined(reading.answer, chain), octets };
      }
      const ttlSeconds = Math.min(chain.ttlSeconds, reading.ttlSeconds);
      chain = { name: reading.to, followed, ttlSeconds, secure: chain.secure && reading.secure };
    }
    return { answer: failed, octets };
  }

  /** Server after server, round after round, until one has an answer. */
  async #askServers(name: DnsName, type: RecordType, signal: AbortSignal): Promise<Said> {
    let pending = this.#inOrder();
    let why: 'timeout' | 'servfail' = 'timeout';
    let onlyTrusted = false;
    for (let round = 0; round < this.#limits.rounds; round++) {
      const silent: Server[] = [];
      for (const server of pending) {
        if (onlyTrusted && !server.trustAd) continue;
        const said = await this.#askOne(server, name, type, signal);
        if (signal.aborted) return { reading: timedOut, octets: 0 };
        if (said === undefined) silent.push(server);
        else if (said.reading.kind !== 'failed' || said.reading.why === 'bogus') return said;
        else why = 'servfail';
        // Whom we trust to validate may have found something wrong; somebody who does not look would not see it.
        if (said?.reading.kind === 'failed') onlyTrusted ||= server.trustAd ?? false;
      }
      pending = silent;
    }
    return { reading: { kind: 'failed', why }, octets: 0 };
  }

  /** As configured, those that lately did not answer last. */
  #inOrder(): readonly Server[] {
    const now = this.#options.timers.monotonicMs();
    const slow = (server: Server) => server.slowUntilMs > now;
    return [...this.#servers.filter((server) => !slow(server)), ...this.#servers.filter(slow)];
  }

  async #askOne(server: Server, name: DnsName, type: RecordType, signal: AbortSignal): Promise<Said | undefined> {
    const reply = await askServer(this.#asking, this.#limits, { server, name, type: recordCode(type), signal });
    if (reply === undefined) {
      if (!signal.aborted) this.#noteSlow(server);
      return undefined;
    }
    server.slowUntilMs = 0;
    const reading = readReply(reply.message, { name, type }, { trustAd: server.trustAd ?? false });
    return { reading, octets: reply.octets };
  }

  #noteSlow(server: Server): void {
    server.slowUntilMs = this.#options.timers.monotonicMs() + this.#limits.slowServerMs;
    this.#signals.emit('debug', 'dns.server_silent', { server: server.address, port: server.port });
  }
}

/** The aliases followed so far, over all replies. */
type Chain = {
  readonly name: DnsName;
  readonly followed: number;
  readonly ttlSeconds: number;
  readonly secure: boolean;
};

type Said = {
  readonly reading:
    | Reading<RecordData[RecordType]>
    | { readonly kind: 'failed'; readonly why: 'timeout' | 'servfail' | 'bogus' };
  readonly octets: number;
};

/** The last reply's answer as the answer to the first question. */
function joined(answer: Exclude<AnyAnswer, { readonly kind: 'failed' }>, before: Chain): AnyAnswer {
  const ttlSeconds = Math.min(answer.ttlSeconds, before.ttlSeconds);
  const secure = answer.secure && before.secure;
  if (answer.kind === 'none' || before.followed === 0) return { ...answer, ttlSeconds, secure };
  return { canonicalName: dnsNameText(lowerDnsName(before.name)), ...answer, ttlSeconds, secure };
}

/** The one spelling in which the source of a datagram is compared; scoped addresses (`fe80::1%eth0`) stay as they are. */
function spelled(address: string): string {
  return parseIpAddress(address)?.text ?? address;
}
