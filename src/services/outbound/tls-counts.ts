/**
 * Counts what came of TLS with other servers and writes it down as events, hourly and at the end, so that TLS reports (RFC 8460) can be made from the log.
 * Domains without a policy are counted for operators alone: an event per hour and domain of the world would bury the others. A
 * process that dies takes at most an hour's counts along; they are statistics, not mail.
 */
import type { Timers } from '../../base/clock.ts';
import type { Db } from '../../base/port/db.ts';
import type { Signals } from '../../base/port/signals.ts';
import { createTlsTally, type PolicyCount } from '../../protocol/tls-rpt/tally.ts';
import type { TlsSession } from '../../protocol/tls-rpt/types.ts';
import type { Events } from '../events/events.ts';

export type TlsCountsPorts = {
  readonly db: Pick<Db, 'write'>;
  readonly events: Pick<Events, 'append'>;
  readonly timers: Timers;
  readonly signals: Signals;
};

const writeEveryMs = 3_600_000;

export class TlsCounts {
  readonly #ports: TlsCountsPorts;
  #tally = createTlsTally();
  #fromMs: number;
  #cancel: () => void = () => {};

  constructor(ports: TlsCountsPorts) {
    this.#ports = ports;
    this.#fromMs = ports.timers.nowMs();
  }

  count(session: TlsSession): void {
    this.#tally.count(session);
    const { domain, policy, failure } = session;
    this.#ports.signals.emit(failure && policy.type !== 'no-policy-found' ? 'warn' : 'debug', 'tls.session', {
      domain,
      policy: policy.type,
      result: failure?.result ?? 'successful',
      ...(failure?.receivingHost ? { host: failure.receivingHost } : {}),
      ...(failure?.reason ? { reason: failure.reason } : {}),
    });
  }

  /** Since the last time it was written down. */
  of(domain: string): readonly PolicyCount[] {
    return this.#tally.of(domain);
  }

  start(): void {
    this.#cancel = this.#ports.timers.after(writeEveryMs, () => {
      this.start();
      void this.#writeDown();
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#writeDown();
  }

  async #writeDown(): Promise<void> {
    try {
      await this.#store();
    } catch (error) {
      this.#ports.signals.emit('error', 'tls.counts_not_stored', { error: String(error) }); // nobody's mail depends on it
    }
  }

  /** What could not be stored is gone: it must not pile up in memory while the disk is full. */
  async #store(): Promise<void> {
    const counted = this.#tally;
    const [fromMs, toMs] = [this.#fromMs, this.#ports.timers.nowMs()];
    this.#tally = createTlsTally();
    this.#fromMs = toMs;
    const events = counted.domains().flatMap((domain) => {
      const policies = counted.of(domain).filter(({ policy }) => policy.type !== 'no-policy-found');
      const data = { domain, from_ms: fromMs, to_ms: toMs, policies: policies.map(shown) };
      return policies.length === 0 ? [] : [{ type: 'tls.counted', subject: domain, data } as const];
    });
    if (events.length === 0) return;
    await this.#ports.db.write(async (tx) => {
      for (const event of events) await this.#ports.events.append(tx, event);
    });
  }
}

function shown({ policy, successful, failed, failures }: PolicyCount): object {
  return {
    type: policy.type,
    domain: policy.domain,
    strings: policy.strings,
    mx_hosts: policy.mxHosts,
    successful,
    failed,
    failures: failures.map(({ result, sessions, sendingAddress, receivingHost, receivingAddress, reason }) => ({
      result,
      sessions,
      ...(sendingAddress === undefined ? {} : { sending_address: sendingAddress }),
      ...(receivingHost === undefined ? {} : { receiving_host: receivingHost }),
      ...(receivingAddress === undefined ? {} : { receiving_address: receivingAddress }),
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}
