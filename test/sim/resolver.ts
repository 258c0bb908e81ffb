/** Simulated DNS: the zones of the simulated world, with answers that come late, or not, or as failures. */
import type { Random } from '../../src/base/random.ts';
import type { DnsAnswer, Resolver } from '../../src/protocol/dns/types.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { type Life, never } from './machine.ts';
import type { Schedule } from './schedule.ts';

/** `failing`: share of single questions; `state` is about all of them. */
export type DnsTroubles = { failing: number; state: 'fine' | 'silent' | 'servfail' };

const silenceMs = 10_000;

export class SimDns {
  readonly troubles: DnsTroubles = { failing: 0, state: 'fine' };
  readonly #zone: Resolver;
  readonly #schedule: Schedule;
  readonly #random: Random;

  constructor(zone: string, parts: { readonly schedule: Schedule; readonly random: Random }) {
    this.#zone = resolverFromZone(zone);
    this.#schedule = parts.schedule;
    this.#random = parts.random;
  }

  portOf(life: Life): Resolver {
    return {
      lookup: async (name, type, options) => {
        life.call('ask DNS');
        if (life.dead) return never;
        const { state, failing } = this.troubles;
        const fails = state !== 'fine' || this.#random.float() < failing;
        const why = state === 'silent' || (state === 'fine' && this.#random.float() < 0.5) ? 'timeout' : 'servfail';
        const answer: DnsAnswer<never> | undefined = fails ? { kind: 'failed', why } : undefined;
        await this.#wait(fails && why === 'timeout' ? silenceMs : 0.3 + this.#random.float() * 20, options?.signal);
        if (life.dead) return never;
        return answer ?? this.#zone.lookup(name, type);
      },
    };
  }

  #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#schedule.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}
