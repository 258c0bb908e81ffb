/** Looks at the certificates a mail host shows behind STARTTLS, and no mail. Judges nothing. */
import type { DomainName } from '../../format/domain-name.ts';
import type { TransportPorts } from './direct-mx.ts';
import { probeHost } from './probe-host.ts';

export type ProbeWish = {
  readonly host: DomainName;
  readonly port: number;
  /** Asked for in the handshake. */
  readonly serverName: string;
  /** What we call ourselves. */
  readonly ehloName: string;
  readonly signal: AbortSignal;
};

export type TlsProbe =
  | {
      readonly kind: 'seen';
      readonly address: string;
      readonly protocol: string;
      readonly cipher: string;
      readonly chain: readonly Uint8Array[];
    }
  | { readonly kind: 'failed'; readonly why: string };

export async function probeTls(ports: TransportPorts, wish: ProbeWish): Promise<TlsProbe> {
  // Private addresses too: a person at the keyboard asks for it.
  const sight = await probeHost(ports, { ...wish, recipients: [], allowPrivate: true });
  if (sight.kind === 'failed') return sight;
  const { address, tls, tlsProblem = 'offers no STARTTLS' } = sight;
  if (tls === undefined) return { kind: 'failed', why: `[${address}] ${tlsProblem}` };
  return { kind: 'seen', address, protocol: tls.protocol, cipher: tls.cipher, chain: tls.chain ?? [] };
}
