/**
 * Certificates for the names at which MTA-STS policies are fetched: one for each, so that a name that leads elsewhere holds up none of
 * the others. Asked for as soon as the name leads to this office, and no sooner: an authority counts tries that fail.
 */
import type { Timers } from '../base/clock.ts';
import type { Db } from '../base/port/db.ts';
import type { TlsIdentity } from '../base/port/net.ts';
import type { Signals } from '../base/port/signals.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import type { Resolver } from '../protocol/dns/types.ts';
import { type Directory, directoryChannel } from '../services/directory/directory.ts';
import type { CertificateKeeper } from './certificate-keeper.ts';

export type PolicyHostsPorts = {
  readonly hostname: DomainName;
  readonly directory: Pick<Directory, 'domains'>;
  readonly db: Pick<Db, 'onNotify'>;
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly signals: Signals;
  readonly keep: (name: DomainName) => CertificateKeeper;
};

export type PolicyHosts = {
  readonly identityOf: (name: string) => TlsIdentity | undefined;
  readonly stop: () => Promise<void>;
};

/** People create their records when they like. */
const roundMs = 10 * 60_000;

export function keepPolicyHosts(ports: PolicyHostsPorts): PolicyHosts {
  const hosts = new Hosts(ports);
  hosts.start();
  return { identityOf: (name) => hosts.identityOf(name), stop: () => hosts.stop() };
}

class Hosts {
  readonly #ports: PolicyHostsPorts;
  readonly #keepers = new Map<string, CertificateKeeper>();
  readonly #over = new AbortController();
  #cancel: () => void = () => {};
  #forget: () => void = () => {};
  #round: Promise<void> = Promise.resolve();

  constructor(ports: PolicyHostsPorts) {
    this.#ports = ports;
  }

  identityOf(name: string): TlsIdentity | undefined {
    return this.#keepers.get(name.toLowerCase())?.identity();
  }

  start(): void {
    this.#forget = this.#ports.db.onNotify(directoryChannel, () => this.#after(1_000));
    this.#after(0);
  }

  async stop(): Promise<void> {
    this.#over.abort();
    this.#forget();
    this.#cancel();
    await this.#round;
    for (const keeper of this.#keepers.values()) keeper.stop();
  }

  #after(ms: number): void {
    this.#cancel();
    this.#cancel = this.#ports.timers.after(ms, () => {
      this.#round = this.#round.then(() => this.#go());
    });
  }

  async #go(): Promise<void> {
    if (this.#over.signal.aborted) return;
    try {
      await this.#look();
    } catch (error) {
      this.#ports.signals.emit('error', 'tls.policy_hosts_failed', { error: String(error) });
    }
    if (!this.#over.signal.aborted) this.#after(roundMs);
  }

  async #look(): Promise<void> {
    const domains = await this.#ports.directory.domains();
    const wanted = new Set<string>();
    for (const { name, receives, verified } of domains) {
      const host = receives && verified ? parseDomainName(`mta-sts.${name}`) : undefined;
      if (host === undefined) continue;
      if (this.#over.signal.aborted) return;
      wanted.add(host);
      if (!this.#keepers.has(host) && (await this.#leadsHere(host))) this.#keepers.set(host, this.#ports.keep(host));
    }
    for (const [name, keeper] of this.#keepers)
      if (!wanted.has(name)) {
        keeper.stop();
        this.#keepers.delete(name);
      }
  }

  /** By its alias: an address alone may be that of somebody's proxy, which has a certificate of its own. */
  async #leadsHere(host: DomainName): Promise<boolean> {
    const { resolver, hostname } = this.#ports;
    for (const type of ['A', 'AAAA'] as const) {
      const found = await resolver.lookup(host, type, { signal: this.#over.signal });
      if (found.kind === 'found' && found.canonicalName === hostname) return true;
    }
    return false;
  }
}
