/**
 * What TLS a host has to offer before it gets mail. The demand comes from policy (DANE, then MTA-STS, else opportunistic: one
 * place per MX host, `TlsPolicy`); here it becomes what the client machine and the handshake do. Pure.
 */
import type { DomainName } from '../../format/domain-name.ts';
import type { ClientOptions } from './client-state.ts';

export type TlsDemand =
  /** STARTTLS where offered, any certificate, in the clear where it fails. RFC 7435 */
  | { readonly policy: 'opportunistic' }
  /** TLS or nothing, any certificate (TLSA records of which none is usable, RFC 7672 §2.2). */
  | { readonly policy: 'encrypt'; readonly because: string }
  /** TLS with a certificate valid for the host's name, or nothing (MTA-STS enforce, RFC 8461 §5; relays with a login). */
  | { readonly policy: 'validate'; readonly because: string }
  /** Not this host at all: not named by the policy, or its TLSA lookup failed (RFC 7672 §2.1). */
  | { readonly policy: 'skip'; readonly because: string };

type TlsQuestion = {
  readonly domain: DomainName;
  readonly host: string;
  readonly port: number;
  /** The MX answer was proven by DNSSEC. */
  readonly secure: boolean;
};

export type TlsPolicy = (question: TlsQuestion) => TlsDemand | Promise<TlsDemand>;

export const opportunistic: TlsDemand = { policy: 'opportunistic' };

export type TlsPlan = { readonly startTls: ClientOptions['startTls']; readonly requireValid: boolean };

/** @param handshakeFailed with this host, just now: only where no policy speaks may mail go there in the clear */
export function planTls(demand: Exclude<TlsDemand, { policy: 'skip' }>, handshakeFailed: boolean): TlsPlan | 'give-up' {
  if (demand.policy !== 'opportunistic')
    return handshakeFailed ? 'give-up' : { startTls: 'always', requireValid: demand.policy === 'validate' };
  return { startTls: handshakeFailed ? 'never' : 'when-offered', requireValid: false };
}
