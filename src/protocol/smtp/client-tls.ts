/**
 * What TLS a host has to offer before it gets mail. The demand comes from policy (DANE, then MTA-STS, else opportunistic: one
 * place per MX host, `TlsPolicy`); here it becomes what the client machine and the handshake do. Pure.
 */
import type { DomainName } from '../../format/domain-name.ts';
import type { ClientOptions } from './client-state.ts';

/** Judges the certificates a host showed: DER, in the order they were sent. `code` is for reports, `why` for people. */
export type JudgeChain = (
  chain: readonly Uint8Array[],
) => { readonly ok: true } | { readonly ok: false; readonly code: string; readonly why: string };

/** What came of one connection as far as TLS is concerned; for whoever counts it. */
export type TlsOutcome = { readonly localAddress: string; readonly address: string } & (
  | { readonly kind: 'secured'; readonly certificateProblem?: string }
  /** No TLS was offered, or it was refused. */
  | { readonly kind: 'plain'; readonly why: string }
  | { readonly kind: 'failed'; readonly code?: string; readonly why: string }
);

type TlsWant =
  /** STARTTLS where offered, any certificate, in the clear where it fails. RFC 7435 */
  | { readonly policy: 'opportunistic' }
  /** TLS or nothing, any certificate (TLSA records of which none is usable, RFC 7672 §2.2). */
  | { readonly policy: 'encrypt'; readonly because: string }
  /** TLS with a certificate valid for the host's name, or nothing (MTA-STS enforce, RFC 8461 §5; relays with a login). */
  | { readonly policy: 'validate'; readonly because: string }
  /** TLS with certificates that are judged right, or nothing, whatever the system's authorities say (DANE, RFC 7672 §2.2). */
  | {
      readonly policy: 'dane';
      readonly because: string;
      /** RFC 7672 §8.1: the name the TLSA records stand under. */
      readonly serverName: string;
      readonly judge: JudgeChain;
      /** Connections proven by the same records and for the same names are alike. */
      readonly key: string;
    }
  /** Not this host at all: not named by the policy, or its TLSA lookup failed (RFC 7672 §2.1). */
  | { readonly policy: 'skip'; readonly because: string };

export type TlsDemand = TlsWant & {
  /** Told what came of each new connection made under this demand; of a host that is skipped, once its place was come to. */
  readonly told?: (outcome: TlsOutcome | 'skipped') => void;
};

type TlsQuestion = {
  readonly domain: DomainName;
  readonly host: string;
  readonly port: number;
  /** The MX answer was proven by DNSSEC. */
  readonly secure: boolean;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

export type TlsPolicy = (question: TlsQuestion) => TlsDemand | Promise<TlsDemand>;

export const opportunistic: TlsDemand = { policy: 'opportunistic' };

export type TlsPlan = {
  readonly startTls: ClientOptions['startTls'];
  readonly requireValid: boolean;
  readonly serverName?: string;
  readonly judge?: JudgeChain;
};

/** @param handshakeFailed with this host, just now: only where no policy speaks may mail go there in the clear */
export function planTls(demand: Exclude<TlsDemand, { policy: 'skip' }>, handshakeFailed: boolean): TlsPlan | 'give-up' {
  if (demand.policy !== 'opportunistic') {
    if (handshakeFailed) return 'give-up';
    const always = { startTls: 'always', requireValid: demand.policy === 'validate' } as const;
    return demand.policy === 'dane' ? { ...always, serverName: demand.serverName, judge: demand.judge } : always;
  }
  return { startTls: handshakeFailed ? 'never' : 'when-offered', requireValid: false };
}
