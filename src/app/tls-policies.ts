/** The TLS policies of other domains for an office: DANE over its resolver, MTA-STS over the guarded HTTP client. */
import { stsPolicyFetcher } from '../adapters/http/fetch-sts-policy.ts';
import { createGuardedHttp } from '../adapters/http/guarded-http.ts';
import { createStsPolicies, type StsStore } from '../protocol/mta-sts/sts-policies.ts';
import { createOutboundTls } from '../protocol/outbound-tls.ts';
import type { TlsPolicy } from '../protocol/smtp/client-tls.ts';
import type { TlsSession } from '../protocol/tls-rpt/types.ts';
import type { World } from './compose.ts';

/** @param allowLoopback policy hosts on loopback and private addresses too, as for MX hosts: for tests */
export function openTlsPolicies(
  world: Pick<World, 'resolver' | 'timers' | 'trust'>,
  options: { readonly store: StsStore; readonly allowLoopback: boolean; readonly count: (session: TlsSession) => void },
): TlsPolicy {
  const { resolver, timers, trust } = world;
  const test = options.allowLoopback ? { test: { port: 443 } } : {};
  const http = createGuardedHttp({ resolver, timers, trust, ...test });
  const sts = createStsPolicies({ resolver, clock: timers, fetchFile: stsPolicyFetcher(http), store: options.store });
  return createOutboundTls({ resolver, clock: timers, sts, count: options.count });
}
