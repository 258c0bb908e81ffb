/** The TLS policies of other domains for an office: DANE over its resolver, MTA-STS over the guarded HTTP client, both counted. */
import { stsPolicyFetcher } from '../adapters/http/fetch-sts-policy.ts';
import { createGuardedHttp } from '../adapters/http/guarded-http.ts';
import { createStsPolicies, type StsStore } from '../protocol/mta-sts/sts-policies.ts';
import { createOutboundTls } from '../protocol/outbound-tls.ts';
import type { TlsPolicy } from '../protocol/smtp/client-tls.ts';
import { createTlsTally, type TlsTally } from '../protocol/tls-rpt/tally.ts';
import type { TlsSession } from '../protocol/tls-rpt/types.ts';
import type { World } from './compose.ts';

export type TlsPolicies = {
  readonly tlsPolicy: TlsPolicy;
  /** Sessions with other servers since the office was opened, as TLS reports want them. */
  readonly tally: TlsTally;
};

/** @param allowLoopback policy hosts on loopback and private addresses too, as for MX hosts: for tests */
export function openTlsPolicies(
  world: Pick<World, 'resolver' | 'timers' | 'signals' | 'trust'>,
  options: { readonly store: StsStore; readonly allowLoopback: boolean },
): TlsPolicies {
  const { resolver, timers, signals, trust } = world;
  const test = options.allowLoopback ? { test: { port: 443 } } : {};
  const http = createGuardedHttp({ resolver, timers, trust, ...test });
  const sts = createStsPolicies({ resolver, clock: timers, fetchFile: stsPolicyFetcher(http), store: options.store });
  const tally = createTlsTally();
  const count = (session: TlsSession) => {
    tally.count(session);
    const { domain, policy, failure } = session;
    const level = failure && policy.type !== 'no-policy-found' ? 'warn' : 'debug';
    signals.emit(level, 'tls.session', {
      domain,
      policy: policy.type,
      result: failure?.result ?? 'successful',
      ...(failure?.receivingHost ? { host: failure.receivingHost } : {}),
      ...(failure?.reason ? { reason: failure.reason } : {}),
    });
  };
  return { tlsPolicy: createOutboundTls({ resolver, clock: timers, sts, count }), tally };
}
