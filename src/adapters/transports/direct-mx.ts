/**
 * The transport straight to the recipients' own mail hosts: MX lookup, TLS as the policy of each host asks, connections kept and
 * reused per site. A fixed `[routes]` host takes the place of the MX where the operator set one.
 */
import type { Timers } from '../../base/clock.ts';
import type { Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { type ClientPatience, defaultPatience } from '../../protocol/smtp/client-stages.ts';
import type { ClientOptions } from '../../protocol/smtp/client-state.ts';
import { opportunistic, type TlsPolicy } from '../../protocol/smtp/client-tls.ts';
import type { Transport } from '../../services/outbound/transport.ts';
import { findMx, fixedWay } from './find-way.ts';
import { HandOver } from './hand-over.ts';
import { LinkPool, type PoolLimits } from './link-pool.ts';

export type TransportPorts = {
  readonly net: Net;
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly random: Random;
};

const directLimits = {
  /** MX hosts looked at in one delivery. */
  hosts: 10,
  /** Addresses dialled in one delivery. */
  addresses: 20,
} as const;

export const poolLimits: PoolLimits = {
  /** What large receivers take from one client without frowning. */
  connectionsPerSite: 10,
  transactionsPerConnection: 100,
  idleMs: 60_000,
  idleMax: 200,
};

export type DirectMxOptions = {
  /** What we call ourselves in EHLO; an MX of this name is this office. */
  readonly ehloName: string;
  /** Further names of this office. */
  readonly ownNames?: readonly string[];
  readonly port?: number;
  /** Deliver to MX hosts on loopback or private addresses. For tests. */
  readonly allowLoopbackMx?: boolean;
  readonly source?: { readonly address4?: string; readonly address6?: string };
  /** PEM of certificate authorities besides the system's. */
  readonly trust?: readonly string[];
  /** What TLS each MX host has to offer; opportunistic where nothing is said. */
  readonly tlsPolicy?: TlsPolicy;
  /** BDAT where it is offered, unless `never`. RFC 3030 */
  readonly chunking?: ClientOptions['chunking'];
  readonly patience?: ClientPatience;
  readonly pool?: Partial<PoolLimits>;
};

export function createDirectMx(ports: TransportPorts, options: DirectMxOptions): Transport {
  const pool = new LinkPool(ports.timers, { ...poolLimits, ...options.pool });
  const rules = {
    ehloName: options.ehloName,
    source: options.source,
    allowPrivate: options.allowLoopbackMx ?? false,
    tlsPolicy: options.tlsPolicy ?? (() => opportunistic),
    implicitTls: false,
    login: undefined,
    trust: options.trust,
    chunking: options.chunking ?? 'when-offered',
    patience: options.patience ?? defaultPatience,
    addressesMax: directLimits.addresses,
  };
  const mxContext = {
    ownNames: [options.ehloName, ...(options.ownNames ?? [])],
    random: ports.random,
    hostsMax: directLimits.hosts,
    port: options.port ?? 25,
  };
  return {
    name: 'direct-mx',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    deliver: (job, context) =>
      new HandOver({ ports, rules, pool }, job, context).run(async () =>
        job.route
          ? fixedWay(job.route, 'route')
          : findMx(ports.resolver, job.domain, { ...mxContext, signal: context.signal }),
      ),
    close: () => pool.close(),
  };
}
