/**
 * One delivery: the hosts in order, each host's addresses, transactions on each connection, until every recipient has its answer
 * or nobody is left to ask. What an answer means is decided by `protocol/smtp/client-ending.ts` and kept by `attempt-book.ts`.
 */
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import type { IpAddress } from '../../format/ip-address.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { isPathText } from '../../protocol/smtp/client-command.ts';
import { describeEnding, type Ending, isTooManyRecipients } from '../../protocol/smtp/client-ending.ts';
import type { ClientPatience } from '../../protocol/smtp/client-stages.ts';
import type { ClientOptions, Envelope, Login } from '../../protocol/smtp/client-state.ts';
import {
  opportunistic,
  planTls,
  type TlsDemand,
  type TlsOutcome,
  type TlsPlan,
  type TlsPolicy,
} from '../../protocol/smtp/client-tls.ts';
import type { Attempt, ConnectionFacts, DeliveryContext, DeliveryJob } from '../../services/outbound/transport.ts';
import { AttemptBook } from './attempt-book.ts';
import { findAddresses, type HostAddresses, type Way, type WayHost } from './find-way.ts';
import type { LinkPool, Seat } from './link-pool.ts';
import {
  reasonOfEnding,
  reasonOfLoop,
  reasonOfNoAddress,
  reasonOfNoConnection,
  reasonOfNoWay,
  reasonOfOurFault,
  reasonOfPath,
  reasonOfSkip,
} from './reasons.ts';
import { type LinkContext, type Note, SmtpLink } from './smtp-link.ts';

export type HandOverPorts = {
  readonly net: Net;
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly random: Random;
};

export type HandOverRules = {
  readonly ehloName: string;
  /** Local addresses to dial from. Where any is given, a family without one is not used. */
  readonly source: { readonly address4?: string; readonly address6?: string } | undefined;
  /** Deliver to loopback and private addresses that a stranger's DNS names. */
  readonly allowPrivate: boolean;
  readonly tlsPolicy: TlsPolicy;
  readonly implicitTls: boolean;
  readonly login: Login | undefined;
  readonly trust: readonly string[] | undefined;
  readonly chunking: ClientOptions['chunking'];
  readonly patience: ClientPatience;
  /** Addresses tried in one delivery. */
  readonly addressesMax: number;
};

/** One pipelined group: fits any pair of socket buffers, and every server must take as many. RFC 5321 §4.5.3.1.8 */
const recipientsPerTransaction = 100;

type Hosts = Way & { kind: 'hosts' };
type Demand = Exclude<TlsDemand, { policy: 'skip' }>;
type Target = WayHost & { readonly demand: Demand; readonly key: string; readonly why: string };

export class HandOver {
  readonly #ports: HandOverPorts;
  readonly #rules: HandOverRules;
  readonly #pool: LinkPool;
  readonly #job: DeliveryJob;
  readonly #context: DeliveryContext;
  readonly #book: AttemptBook;
  #addressesTried = 0;
  readonly #skipped: NonNullable<TlsDemand['told']>[] = [];
  /** Off for the rest of the delivery once a host offered it and did not mean it. */
  #chunking: ClientOptions['chunking'];

  constructor(
    parts: { readonly ports: HandOverPorts; readonly rules: HandOverRules; readonly pool: LinkPool },
    job: DeliveryJob,
    context: DeliveryContext,
  ) {
    this.#ports = parts.ports;
    this.#rules = parts.rules;
    this.#chunking = parts.rules.chunking;
    this.#pool = parts.pool;
    this.#job = job;
    this.#context = context;
    this.#book = new AttemptBook(parts.ports.timers, job.recipients);
  }

  async run(findWay: () => Promise<Way>): Promise<readonly Attempt[]> {
    this.#refuseUnwritable();
    try {
      if (this.#goesOn()) await this.#follow(await findWay());
    } catch (error) {
      // Whoever has his answer already keeps it: forgotten, he would get the message once more.
      if (!(error instanceof Fault) || !this.#book.hasSettled) throw error;
      this.#book.learnForAll(reasonOfOurFault(error));
    }
    return this.#book.close();
  }

  #goesOn(): boolean {
    return this.#book.open.length > 0 && !this.#context.signal.aborted;
  }

  readonly #note: Note = (step) => this.#context.note?.({ atMs: this.#ports.timers.nowMs(), ...step });

  #linkContext(): LinkContext {
    return { signal: this.#context.signal, note: this.#note };
  }

  #passOver(what: { readonly host: string; readonly address?: string; readonly why: string }): void {
    this.#book.passOver(what);
    this.#note({ step: 'passed-over', ...what });
  }

  /** Every entrance has parsed its addresses; this guards against mistakes between there and here. */
  #refuseUnwritable(): void {
    const { mailFrom, recipients } = this.#job;
    if (mailFrom !== '' && !isPathText(mailFrom)) this.#book.learnForAll(reasonOfPath('sender'));
    for (const [place, { address }] of recipients.entries())
      if (!isPathText(address)) this.#book.learn(place, reasonOfPath('recipient'));
  }

  async #follow(way: Way): Promise<void> {
    for (const leftOut of way.leftOut) this.#passOver(leftOut);
    if (way.kind === 'no-way') return this.#book.learnForAll(reasonOfNoWay(way));
    const { source, hosts, site } = way;
    const route = { source, candidates: hosts.map(({ host, preference }) => ({ host, preference })) };
    this.#book.route(route);
    this.#note({ step: 'route', ...route });
    const seat = await this.#pool.takeSeat(site, this.#context.signal);
    if (!seat) return;
    try {
      const targets = await this.#targets(way, seat);
      for (const target of targets) if (this.#goesOn()) await this.#tryHost(way, target, seat);
      // What was skipped counts where it was missed: another host might have done as well.
      if (this.#goesOn()) for (const tell of this.#skipped) tell('skipped');
    } finally {
      seat.leave();
    }
  }

  /** Among the hosts of the lowest preference one with an open connection comes first: it is as good as the others. */
  async #targets(way: Hosts, seat: Seat): Promise<readonly Target[]> {
    const demands = await Promise.all(way.hosts.map((host) => this.#demandOf(way, host)));
    const targets: Target[] = [];
    for (const [place, host] of way.hosts.entries()) {
      const demand = demands[place];
      if (!demand) continue;
      if (demand.policy === 'skip') {
        if (demand.told) this.#skipped.push(demand.told);
        this.#passOver({ host: host.host, why: demand.because });
        this.#book.learnForAll(reasonOfSkip(host.host, demand.because));
      } else {
        const key = `${host.host}:${host.port}/${demand.policy === 'dane' ? demand.key : demand.policy}`;
        targets.push({ ...host, demand, key, why: whyThisHost(way, place) });
      }
    }
    const ready = targets.findIndex(
      ({ preference, key }) => preference === targets[0]?.preference && seat.hasIdle(key),
    );
    const first = targets[ready];
    return first ? [first, ...targets.toSpliced(ready, 1)] : targets;
  }

  /** A policy speaks of a domain's own hosts, not of one the operator put in their place. */
  async #demandOf(way: Hosts, { host, port }: WayHost): Promise<TlsDemand> {
    if (way.source === 'route') return opportunistic;
    return this.#rules.tlsPolicy({
      domain: this.#job.domain,
      host,
      port,
      secure: way.secure,
      signal: this.#context.signal,
    });
  }

  async #tryHost(way: Hosts, target: Target, seat: Seat): Promise<void> {
    const idle = seat.takeIdle(target.key);
    if (idle) {
      const via = connectionFacts(idle, { why: 'an open connection to it was free', reused: true });
      this.#noteConnection(via);
      const left = await this.#use(idle, { via, target, seat, waiting: this.#book.open });
      if (left.length === 0) return;
    }
    const { host } = target;
    const found = await findAddresses(this.#ports.resolver, host, {
      random: this.#ports.random,
      allowPrivate: way.trusted || this.#rules.allowPrivate,
      families: familiesOf(this.#rules.source),
      signal: this.#context.signal,
    });
    if (found.kind !== 'found') return this.#learnNoAddress(way, host, found);
    for (const { address, why } of found.leftOut) this.#passOver({ host, address, why });
    if (found.loops) return this.#book.learnForAll(reasonOfLoop(host));
    if (found.addresses.length === 0)
      return this.#learnNoAddress(way, host, { kind: 'failed', why: 'no source address' });
    for (const address of found.addresses) {
      if (!this.#goesOn()) return;
      if (this.#addressesTried++ >= this.#rules.addressesMax)
        return this.#passOver({ host, address: address.text, why: `more than ${this.#rules.addressesMax} addresses` });
      await this.#tryAddress(target, address, seat);
    }
  }

  #learnNoAddress(way: Hosts, host: string, found: Exclude<HostAddresses, { kind: 'found' }>): void {
    const failed = found.kind === 'failed' ? found.why : undefined;
    this.#passOver({ host, why: failed === undefined ? 'it has no address' : `no address to use (${failed})` });
    this.#book.learnForAll(
      reasonOfNoAddress(host, { implicit: way.source === 'address', ...(failed === undefined ? {} : { failed }) }),
    );
  }

  /**
   * Connections to one address, one after the other. In the clear only after a failed handshake and only where no policy speaks
   * (RFC 7435 §3); a further one where the last could not take all. Each of these has fewer recipients, or does without chunks.
   */
  async #tryAddress(target: Target, address: IpAddress, seat: Seat): Promise<void> {
    let waiting = this.#book.open;
    let handshakeFailed = false;
    while (waiting.length > 0 && this.#goesOn()) {
      const plan = planTls(target.demand, handshakeFailed);
      if (plan === 'give-up') return;
      seat.makeRoom();
      const connection = await this.#dial(target, address);
      if (!connection) return;
      const link = this.#link(connection, { target, address, plan });
      const ending = await link.open();
      const via = connectionFacts(link, { why: target.why, reused: false });
      const outcome = tlsOutcome(via, ending);
      if (outcome) target.demand.told?.(outcome);
      if (!ending) {
        waiting = await this.#use(link, { via, target, seat, waiting });
        continue;
      }
      this.#learnFrom(ending, via);
      if (handshakeFailed || ending.kind !== 'trouble' || ending.trouble.what !== 'tls') return;
      handshakeFailed = true;
    }
  }

  async #dial(target: Target, address: IpAddress): Promise<Connection | undefined> {
    const { source, patience } = this.#rules;
    const localAddress = address.family === 4 ? source?.address4 : source?.address6;
    const late = new AbortController();
    const tooLate = () => late.abort(new DOMException('no answer', 'TimeoutError'));
    const cancel = this.#ports.timers.after(patience.connectMs, tooLate);
    try {
      return await this.#ports.net.dial(
        { address: address.text, port: target.port },
        {
          signal: AbortSignal.any([this.#context.signal, late.signal]),
          ...(localAddress === undefined ? {} : { localAddress }),
        },
      );
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (this.#context.signal.aborted) return undefined;
      const at = { host: target.host, address: address.text };
      const say = `could not be reached on port ${target.port} (${error.code})`;
      this.#passOver({ ...at, why: say });
      this.#book.learnForAll(reasonOfNoConnection({ what: 'lost', say }, at));
      return undefined;
    } finally {
      cancel();
    }
  }

  #link(
    connection: Connection,
    to: { readonly target: Target; readonly address: IpAddress; readonly plan: TlsPlan },
  ): SmtpLink {
    const { ehloName, login, trust, implicitTls, patience } = this.#rules;
    const { host, port, demand, why } = to.target;
    const at = { host, address: to.address.text, port };
    this.#note({ step: 'connected', ...at, localAddress: connection.local.address, why, reused: false });
    return new SmtpLink(
      connection,
      {
        ...to.plan,
        at,
        ehloName,
        implicitTls,
        chunking: this.#chunking,
        policy: demand.policy,
        ...(login ? { login } : {}),
        ...(trust ? { trust } : {}),
      },
      { timers: this.#ports.timers, patience },
      this.#linkContext(),
    );
  }

  /**
   * Transactions on one connection, until it or the recipients are used up. Answers those whom the same host may take on another
   * connection: all, where this was a kept one and had died meanwhile, which says nothing about the host; the rest, where the
   * host takes only so many messages on each (RFC 9422 §4.1); those who met a host that offers chunks and does not know them.
   */
  async #use(
    link: SmtpLink,
    on: {
      readonly via: ConnectionFacts;
      readonly target: Target;
      readonly seat: Seat;
      readonly waiting: readonly number[];
    },
  ): Promise<readonly number[]> {
    const { via } = on;
    const { message, recipients } = this.#job;
    const content = { message, beforeFinalDot: this.#context.beforeFinalDot };
    let waiting = on.waiting;
    let isFirst = via.reused;
    while (waiting.length > 0 && !link.isSpent) {
      const group = waiting.slice(0, Math.min(recipientsPerTransaction, link.recipientsMax));
      const envelope = this.#envelope(group.flatMap((place) => recipients[place] ?? []));
      const endings = await link.transact(envelope, content, this.#linkContext());
      if (isFirst && endings.every(isOfDeadConnection)) {
        link.destroy();
        return waiting;
      }
      isFirst = false;
      const again = this.#learnTransaction({ group, endings, via, mayFollow: link.isReady });
      if (link.chunkRefused) {
        this.#chunking = 'never';
        const open = new Set(this.#book.open);
        return waiting.filter((place) => open.has(place));
      }
      waiting = link.isReady ? [...again, ...waiting.slice(group.length)] : [];
    }
    on.seat.keep(on.target.key, link);
    return waiting;
  }

  /**
   * Answers the recipients that were too many at once and may follow in a further transaction; each has one taken before it,
   * so the next one is shorter. RFC 5321 §4.5.3.1.10
   */
  #learnTransaction(told: {
    readonly group: readonly number[];
    readonly endings: readonly Ending[];
    readonly via: ConnectionFacts;
    readonly mayFollow: boolean;
  }): readonly number[] {
    const again: number[] = [];
    let why: string | undefined;
    for (const [at, ending] of told.endings.entries()) {
      const place = told.group[at];
      if (place === undefined) continue;
      if (told.mayFollow && isTooManyRecipients(ending)) again.push(place);
      else {
        const isSettled = this.#book.learn(place, reasonOfEnding(ending, told.via));
        if (!isSettled) why = describeEnding(ending);
      }
    }
    if (why !== undefined) this.#passOver({ host: told.via.host, address: told.via.address, why });
    return again;
  }

  #envelope(recipients: Envelope['recipients']): Envelope {
    const { mailFrom, message, needs, wishes } = this.#job;
    const { smtpUtf8, eightBit } = needs;
    return { mailFrom, recipients, size: message.size, smtpUtf8, eightBit, ...(wishes ? { wishes } : {}) };
  }

  /** What ended a connection before any mail was spoken of. */
  #learnFrom(ending: Ending, via: ConnectionFacts): void {
    this.#passOver({ host: via.host, address: via.address, why: describeEnding(ending) });
    this.#book.learnForAll(reasonOfEnding(ending, via));
  }

  #noteConnection({ tls, plainBecause: _, dsn: __, ...facts }: ConnectionFacts): void {
    this.#note({ step: 'connected', ...facts });
    if (tls) this.#note({ step: 'tls', ...tls });
  }
}

/** A kept connection that answers MAIL with 421, out of turn, or not at all, had ended before we came. RFC 5321 §3.8 */
function isOfDeadConnection(ending: Ending): boolean {
  if (ending.kind === 'answered') return ending.stage === 'mail' && ending.reply.code === 421;
  return ending.kind === 'trouble' && ending.stage === 'mail' && ending.trouble.what !== 'cancelled';
}

function connectionFacts(
  link: SmtpLink,
  { why, reused }: { readonly why: string; readonly reused: boolean },
): ConnectionFacts {
  const { tls, plainBecause, offersDsn } = link;
  return {
    ...link.at,
    localAddress: link.connection.local.address,
    why,
    reused,
    ...(tls ? { tls } : {}),
    ...(plainBecause === undefined ? {} : { plainBecause }),
    ...(offersDsn ? { dsn: true } : {}),
  };
}

function tlsOutcome(
  { localAddress, address, tls, plainBecause }: ConnectionFacts,
  ending: Ending | undefined,
): TlsOutcome | undefined {
  const at = { localAddress, address };
  if (tls)
    return {
      ...at,
      kind: 'secured',
      ...(tls.certificateProblem ? { certificateProblem: tls.certificateProblem } : {}),
    };
  const trouble = ending?.kind === 'trouble' ? ending.trouble : undefined;
  if (trouble?.what === 'tls')
    return { ...at, kind: 'failed', why: trouble.say, ...(trouble.code ? { code: trouble.code } : {}) };
  if (plainBecause !== undefined) return { ...at, kind: 'plain', why: plainBecause };
  const isAboutTls =
    ending &&
    (ending.kind === 'lacking'
      ? ending.what === 'starttls'
      : ending.kind === 'answered' && ending.stage === 'starttls');
  return isAboutTls ? { ...at, kind: 'plain', why: describeEnding(ending) } : undefined; // else it never came to that
}

function familiesOf(source: HandOverRules['source']): readonly (4 | 6)[] {
  if (source?.address4 === undefined && source?.address6 === undefined) return [6, 4];
  return [
    ...(source.address6 === undefined ? [] : [6 as const]),
    ...(source.address4 === undefined ? [] : [4 as const]),
  ];
}

function whyThisHost({ source, hosts }: Hosts, place: number): string {
  const host = hosts[place];
  const before = hosts[place - 1];
  if (source === 'route') return 'the route set for this domain';
  if (source === 'relay') return 'the relay all mail goes through';
  if (source === 'address') return 'the domain has no MX, so its own address';
  if (!host || hosts.length === 1) return 'the only MX host';
  if (before && before.preference < host.preference)
    return `next preference (${host.preference}), after ${before.host}`;
  const alike = hosts.filter(({ preference }) => preference === host.preference).length;
  if (alike > 1) return `one of ${alike} MX hosts with preference ${host.preference}, in random order`;
  return `lowest preference (${host.preference}) of ${hosts.length} MX hosts`;
}
