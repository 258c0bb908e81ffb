/**
 * The part of `posthorn/authentication` that is about TLS to mail hosts: MTA-STS (RFC 8461), TLS-RPT (RFC 8460) and DANE (RFC 7672).
 * Names come in as text; nothing is fetched here, and nothing throws for what a stranger has written.
 */
import { utf8 } from '../../base/bytes.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { findTlsa } from '../../protocol/dane/find-tlsa.ts';
import { matchChain } from '../../protocol/dane/match-chain.ts';
import { usableTlsa } from '../../protocol/dane/tlsa.ts';
import type { DaneFinding, DaneMatch, Tlsa } from '../../protocol/dane/types.ts';
import type { LookupOptions, Resolver } from '../../protocol/dns/types.ts';
import { matchesMx, parseStsPolicy, policyText } from '../../protocol/mta-sts/policy.ts';
import type { StsMode, StsPolicy } from '../../protocol/mta-sts/types.ts';

export type { DaneFinding, DaneMatch, Tlsa } from '../../protocol/dane/types.ts';
export { parseStsRecord as parseMtaStsRecord, type StsRecord as MtaStsRecord } from '../../protocol/mta-sts/record.ts';
export { parseTlsRptRecord, type TlsRptRecord } from '../../protocol/tls-rpt/record.ts';

export type MtaStsPolicy = { readonly mode: StsMode; readonly mx: readonly string[]; readonly maxAgeSeconds: number };

/** The policy file; the reason when it is none. RFC 8461 §3.2 */
export function parseMtaStsPolicy(
  file: string | Uint8Array,
): { readonly ok: true; readonly policy: StsPolicy } | { readonly ok: false; readonly reason: string } {
  const policy = parseStsPolicy(typeof file === 'string' ? utf8(file) : file);
  return policy.ok ? { ok: true, policy: policy.value } : { ok: false, reason: policy.say };
}

/** The file to serve at `https://mta-sts.<domain>/.well-known/mta-sts.txt`, as text/plain. */
export function writeMtaStsPolicy(policy: MtaStsPolicy): string {
  return policyText(policy);
}

/** Whether the policy names this MX host. RFC 8461 §4.1 */
export function mtaStsNames(policy: Pick<MtaStsPolicy, 'mx'>, host: string): boolean {
  const name = parseDomainName(host);
  return name !== undefined && matchesMx(policy, name);
}

export type DaneQuestion = {
  /** An MX host. */
  readonly host: string;
  readonly port?: number;
  /** The MX answer that named the host was proven by DNSSEC. */
  readonly secure: boolean;
};

/** What DNS says of a mail host. The resolver's `secure` is believed: it has to come from one that validates. */
export async function findDane(
  { host, port = 25, secure }: DaneQuestion,
  { resolver, ...options }: LookupOptions & { readonly resolver: Resolver },
): Promise<DaneFinding> {
  const name = parseDomainName(host);
  return name === undefined
    ? { kind: 'none', why: 'it is no host name' }
    : findTlsa(resolver, { host: name, port, secure }, options);
}

/** Holds the certificates a host showed (DER, in the order they came) against its TLSA records. */
export function matchDane(
  records: readonly Tlsa[],
  chain: readonly Uint8Array[],
  { names, clock = systemClock }: { readonly names: readonly string[]; readonly clock?: Clock },
): DaneMatch {
  return matchChain(usableTlsa(records), chain, { names, nowMs: clock.nowMs() });
}
