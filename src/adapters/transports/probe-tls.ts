/** Looks at the certificates a mail host shows behind STARTTLS: greeting, EHLO, handshake, QUIT, and no mail. Judges nothing. */

import { Fault } from '../../base/outcome.ts';
import type { Connection } from '../../base/port/net.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { describeEnding } from '../../protocol/smtp/client-ending.ts';
import { defaultPatience } from '../../protocol/smtp/client-stages.ts';
import type { TransportPorts } from './direct-mx.ts';
import { findAddresses, type HostAddresses } from './find-way.ts';
import { SmtpLink } from './smtp-link.ts';

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
  const { host, signal } = wish;
  const found: HostAddresses = await findAddresses(ports.resolver, host, {
    random: ports.random,
    allowPrivate: true, // a person at the keyboard asks for it
    families: [4, 6],
    signal,
  });
  if (found.kind !== 'found')
    return failed(
      found.kind === 'none' ? `${host} has no address` : `the address of ${host} could not be looked up (${found.why})`,
    );
  let why = `${host} has no address`;
  for (const address of found.addresses) {
    const connection = await dial(ports, { address: address.text, port: wish.port }, signal);
    if (typeof connection !== 'string') return shakeHands(ports, wish, { connection, address: address.text });
    why = `[${address.text}] could not be reached on port ${wish.port} (${connection})`;
  }
  return failed(why);
}

function failed(why: string): TlsProbe {
  return { kind: 'failed', why };
}

async function dial(
  ports: TransportPorts,
  to: { address: string; port: number },
  signal: AbortSignal,
): Promise<Connection | string> {
  try {
    return await ports.net.dial(to, { signal });
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

async function shakeHands(
  ports: TransportPorts,
  { host, port, serverName, ehloName, signal }: ProbeWish,
  { connection, address }: { readonly connection: Connection; readonly address: string },
): Promise<TlsProbe> {
  let chain: readonly Uint8Array[] = [];
  const options = {
    at: { host, address, port },
    ehloName,
    startTls: 'always',
    chunking: 'never',
    requireValid: false,
    policy: 'encrypt',
    implicitTls: false,
    serverName,
    judge: (shown: readonly Uint8Array[]) => {
      chain = shown;
      return { ok: true } as const;
    },
  } as const;
  const link = new SmtpLink(
    connection,
    options,
    { timers: ports.timers, patience: defaultPatience },
    { signal, note: () => {} },
  );
  const ending = await link.open();
  const { tls } = link;
  if (tls === undefined) {
    link.destroy();
    return failed(`[${address}] ${ending ? describeEnding(ending) : 'was not encrypted'}`);
  }
  if (!ending) await link.quit();
  return { kind: 'seen', address, protocol: tls.protocol, cipher: tls.cipher, chain };
}
