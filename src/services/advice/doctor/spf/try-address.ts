/** One address at one name, judged by the engine that judges incoming mail. */
import type { QueryName } from '../../../../format/domain-name.ts';
import type { Resolver } from '../../../../protocol/dns/types.ts';
import { evaluateSpf } from '../../../../protocol/spf/evaluate-spf.ts';
import type { SpfReason, SpfResult } from '../../../../protocol/spf/types.ts';

export type TriedAddress = {
  readonly address: string;
  readonly result: SpfResult['result'];
  /** The term that decided. */
  readonly matched?: string;
  readonly reason?: SpfReason;
};

export async function tryAddress(resolver: Resolver, at: QueryName, address: string): Promise<TriedAddress> {
  const session = { remoteAddress: address, helo: at, mailFrom: `postmaster@${at}` };
  const { result, matched, reason } = await evaluateSpf(resolver, session);
  return { address, result, ...(matched !== undefined && { matched }), ...(reason !== undefined && { reason }) };
}

/** Addresses that nobody can have: whoever lets both pass lets everybody pass. RFC 6676 §2, RFC 1112 §4 */
const strangers = ['233.252.0.77', '240.0.0.77'];

/** What the record says of somebody it cannot mean. */
export async function tryStrangers(resolver: Resolver, at: QueryName): Promise<readonly TriedAddress[]> {
  return Promise.all(strangers.map((address) => tryAddress(resolver, at, address)));
}
