/**
 * Open connections between deliveries, and how many a site may see from us. A *site* is a set of MX hosts: many domains share
 * one. A delivery takes a *seat* at a site (or waits for one), uses one connection at a time, and leaves it for the next.
 *
 *   connection: opened -seat.keep-> idle -seat.takeIdle-> used ... idle -60 s, a word from the other side, no room-> closed
 */
import type { Timers } from '../../base/clock.ts';
import type { SmtpLink } from './smtp-link.ts';

export type PoolLimits = {
  readonly connectionsPerSite: number;
  readonly transactionsPerConnection: number;
  readonly idleMs: number;
  /** Idle connections of all sites together. */
  readonly idleMax: number;
};

export type Seat = {
  /** An open connection kept under this key. */
  readonly takeIdle: (key: string) => SmtpLink | undefined;
  readonly hasIdle: (key: string) => boolean;
  /** Before a new connection is opened: closes an idle one where the site's measure is full. */
  readonly makeRoom: () => void;
  /** Gives a connection back; it is kept while it is good for more. */
  readonly keep: (key: string, link: SmtpLink) => void;
  readonly leave: () => void;
};

type Idle = { readonly key: string; readonly link: SmtpLink; readonly drop: () => void };
type Waiting = { readonly resolve: (got: boolean) => void };
/** Sets keep the order in which their members came. */
type Site = { used: number; readonly waiting: Set<Waiting>; readonly idle: Set<Idle> };

export class LinkPool {
  readonly #timers: Timers;
  readonly #limits: PoolLimits;
  readonly #sites = new Map<string, Site>();
  /** Of all sites. */
  readonly #idle = new Set<Idle>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(timers: Timers, limits: PoolLimits) {
    this.#timers = timers;
    this.#limits = limits;
  }

  /** Waits for its turn; undefined when stopped meanwhile. First come, first served. */
  async takeSeat(name: string, signal: AbortSignal): Promise<Seat | undefined> {
    if (this.#closed || signal.aborted) return undefined;
    const site = this.#sites.get(name) ?? { used: 0, waiting: new Set(), idle: new Set() };
    this.#sites.set(name, site);
    if (site.used < this.#limits.connectionsPerSite) site.used++;
    else if (!(await this.#turn(site, signal))) return undefined;
    return this.#seat(name, site);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const site of this.#sites.values()) for (const waiting of site.waiting) waiting.resolve(false);
    for (const idle of this.#idle) this.#sendAway(idle);
    await Promise.all(this.#closing);
  }

  #turn(site: Site, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        resolve: (got) => {
          site.waiting.delete(waiting);
          signal.removeEventListener('abort', onAbort);
          resolve(got);
        },
      };
      const onAbort = () => waiting.resolve(false);
      signal.addEventListener('abort', onAbort, { once: true });
      site.waiting.add(waiting);
    });
  }

  #seat(name: string, site: Site): Seat {
    let left = false;
    const find = (key: string) => [...site.idle].findLast((idle) => idle.key === key);
    return {
      hasIdle: (key) => find(key) !== undefined,
      takeIdle: (key) => {
        const idle = find(key);
        idle?.drop();
        return idle?.link;
      },
      makeRoom: () => {
        const [oldest] = site.idle;
        if (oldest && site.used + site.idle.size > this.#limits.connectionsPerSite) this.#sendAway(oldest);
      },
      keep: (key, link) => this.#keep(name, site, { key, link }),
      leave: () => {
        if (left) return;
        left = true;
        this.#leave(name, site);
      },
    };
  }

  #leave(name: string, site: Site): void {
    const [next] = site.waiting;
    if (next)
      next.resolve(true); // the seat goes on to who waited longest
    else {
      site.used--;
      this.#forget(name, site);
    }
  }

  #forget(name: string, site: Site): void {
    if (site.used === 0 && site.idle.size === 0 && this.#sites.get(name) === site) this.#sites.delete(name);
  }

  #keep(name: string, site: Site, { key, link }: { readonly key: string; readonly link: SmtpLink }): void {
    const isDone = !link.isWorthKeeping || link.transactions >= this.#limits.transactionsPerConnection;
    if (!link.isReady) link.destroy();
    else if (this.#closed || isDone) this.#quit(link);
    else this.#rest(name, site, { key, link });
  }

  #rest(name: string, site: Site, { key, link }: { readonly key: string; readonly link: SmtpLink }): void {
    const cancel = this.#timers.after(this.#limits.idleMs, () => this.#sendAway(idle));
    const unwatch = link.watch(() => {
      idle.drop();
      link.destroy();
    });
    const idle: Idle = {
      key,
      link,
      drop: () => {
        cancel();
        unwatch();
        this.#idle.delete(idle);
        site.idle.delete(idle);
        this.#forget(name, site);
      },
    };
    this.#idle.add(idle);
    site.idle.add(idle);
    const [oldest] = this.#idle;
    if (oldest && this.#idle.size > this.#limits.idleMax) this.#sendAway(oldest);
  }

  #sendAway(idle: Idle): void {
    idle.drop();
    this.#quit(idle.link);
  }

  #quit(link: SmtpLink): void {
    const done = link
      .quit()
      .catch(() => link.destroy())
      .finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}
