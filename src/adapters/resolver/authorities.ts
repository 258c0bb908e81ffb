/**
 * The `Authorities` port over the network: finds the zone of a name and its servers through a resolver, then asks every server
 * itself. A server that does not answer with authority is no witness. Aliases that leave the zone are followed to the servers of theirs.
 */
import type { Timers } from '../../base/clock.ts';
import type { Endpoint, Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import { dnsNameOf, dnsNameText } from '../../format/dns-name.ts';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import type { Authorities, AuthoritiesAnswer, ServerAnswer } from '../../protocol/dns/authorities.ts';
import { readReply } from '../../protocol/dns/read-reply.ts';
import { recordCode } from '../../protocol/dns/record-data.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../protocol/dns/types.ts';
import { type AskDeps, askServer } from './ask-server.ts';
import { Deadlines } from './deadlines.ts';
import { QuestionSockets } from './question-sockets.ts';

export type AuthoritiesOptions = {
  readonly net: Net;
  readonly timers: Timers;
  readonly random: Random;
  /** Finds the servers and their addresses. */
  readonly resolver: Resolver;
  /** Where the server at an address really listens: a world of its own has other places. Default: port 53 there. */
  readonly placeOf?: (address: string) => Endpoint;
};

const attemptMs = 3_000;
const limits = { strangeDatagramsMax: 8 };
const oneQuestion = { questionsPerSocket: 1, socketMs: 0, idleSocketMs: 0 };
/** RFC 1035 sets none; the root has 13, and who lists more has mistakes in his zone. */
const serversMax = 13;
const addressesMax = 3;
/** Zones that an alias may lead through: the domain's own, the service's, and that of the service's DNS host. */
const zonesMax = 3;
const patienceMs = 30_000;
const dnsPort = 53;

export function createAuthorities(options: AuthoritiesOptions): Authorities {
  const asker = new Asker(options);
  return {
    lookup: async (name, type, { signal } = {}) => {
      const over = new AbortController();
      const disarm = options.timers.after(patienceMs, () => over.abort());
      const until = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
      try {
        return await asker.lookup(name, type, { signal: until, zonesLeft: zonesMax });
      } finally {
        disarm();
      }
    },
  };
}

type Bounds = { readonly signal: AbortSignal; readonly zonesLeft: number };
type Zone = { readonly name: string; readonly servers: readonly string[] };
type Said<T> = DnsAnswer<T> | { readonly kind: 'alias'; readonly to: QueryName };

const lame = { kind: 'failed', why: 'servfail' } as const;
const silent = { kind: 'failed', why: 'timeout' } as const;

class Asker {
  readonly #options: AuthoritiesOptions;
  readonly #asking: AskDeps;

  constructor(options: AuthoritiesOptions) {
    this.#options = options;
    const { net, timers, random } = options;
    const attempts = new Deadlines(timers, attemptMs);
    this.#asking = { net, attempts, random, sockets: new QuestionSockets(options, oneQuestion) };
  }

  async lookup<T extends RecordType>(
    name: QueryName,
    type: T,
    bounds: Bounds,
  ): Promise<AuthoritiesAnswer<RecordData[T]>> {
    const zone = await this.#zoneOf(name, bounds.signal);
    if (typeof zone === 'string') return { kind: 'failed', say: zone };
    const answers = await Promise.all(zone.servers.map((server) => this.#witness(server, { name, type }, bounds)));
    return { kind: 'asked', zone: zone.name, answers: answers.flat() };
  }

  /** The nearest name at or above that has servers; otherwise a sentence. */
  async #zoneOf(name: QueryName, signal: AbortSignal): Promise<Zone | string> {
    const labels = name.split('.');
    let problem: string | undefined;
    for (let above = 0; above < labels.length; above++) {
      const apex = labels.slice(above).join('.') as QueryName; // of a name that is one
      // Some servers fail on names below a zone that are none; whether one above answers is seen there, but not at the top.
      if (problem !== undefined && above === labels.length - 1) return problem;
      const found = await this.#options.resolver.lookup(apex, 'NS', { signal });
      if (found.kind === 'failed') problem ??= `the name servers of ${apex} could not be found (${found.why})`;
      // A name that is an alias has the servers of another one's zone.
      if (found.kind === 'found' && found.canonicalName === undefined && found.records.length > 0)
        return { name: apex, servers: [...new Set(found.records)].sort().slice(0, serversMax) };
    }
    return problem ?? `${name} lies in no zone`;
  }

  async #witness<T extends RecordType>(
    server: string,
    asked: { readonly name: QueryName; readonly type: T },
    bounds: Bounds,
  ): Promise<ServerAnswer<RecordData[T]>[]> {
    const said = await this.#ask(server, asked, bounds.signal);
    if (said.kind !== 'alias') return [{ server, answer: said }];
    if (bounds.zonesLeft <= 1) return [{ server, answer: lame }];
    const beyond = await this.lookup(said.to, asked.type, { ...bounds, zonesLeft: bounds.zonesLeft - 1 });
    if (beyond.kind === 'failed') return [{ server, answer: lame }];
    return beyond.answers.map((each) => ({ ...each, server: `${server} > ${each.server}` }));
  }

  async #ask<T extends RecordType>(
    server: string,
    { name, type }: { readonly name: QueryName; readonly type: T },
    signal: AbortSignal,
  ): Promise<Said<RecordData[T]>> {
    const { placeOf = (address: string) => ({ address, port: dnsPort }) } = this.#options;
    for (const address of await this.#addressesOf(server, signal)) {
      const ask = { server: placeOf(address), name: dnsNameOf(name), type: recordCode(type), signal };
      const reply = await askServer(this.#asking, limits, ask);
      if (signal.aborted) return silent;
      if (reply === undefined) continue;
      if (!reply.message.authoritative) return lame;
      const reading = readReply(reply.message, { name: dnsNameOf(name), type }, { trustAd: false });
      if (reading.kind === 'failed') return reading;
      if (reading.kind === 'answer') return reading.answer;
      const to = parseQueryName(dnsNameText(reading.to));
      return to === undefined ? lame : { kind: 'alias', to };
    }
    return silent;
  }

  /** IPv4 first: many offices have no IPv6. */
  async #addressesOf(server: string, signal: AbortSignal): Promise<readonly string[]> {
    const name = parseQueryName(server);
    if (name === undefined) return [];
    const [four, six] = await Promise.all([
      this.#options.resolver.lookup(name, 'A', { signal }),
      this.#options.resolver.lookup(name, 'AAAA', { signal }),
    ]);
    const all = [four, six].flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
    return all.slice(0, addressesMax);
  }
}
