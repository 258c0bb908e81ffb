/** Mail hosts and files as a doctor's scene has them: what a probe would have seen, without a socket. */
import type { HostProbe, Probes } from '../../src/services/advice/doctor/types.ts';
import { makeCertificate, type TestCertificate } from './test-chain.ts';

export type SeenHost = Extract<HostProbe, { kind: 'seen' }>;

const root = await makeCertificate({ name: 'Root', isAuthority: true });

/** Of an authority that the scene takes for a public one. */
export function certificateFor(...names: readonly string[]): Promise<TestCertificate> {
  return makeCertificate({ name: names[0] ?? 'nobody', issuer: root, names });
}

/** A host in good order, with what the scene has otherwise. */
export function hostShowing(
  certificate: TestCertificate,
  otherwise: Partial<SeenHost> & { readonly certificateProblem?: string } = {},
): SeenHost {
  const { certificateProblem, ...rest } = otherwise;
  const chain = [certificate, root].map(({ der }) => Buffer.from(der).toString('base64'));
  return {
    kind: 'seen',
    address: '192.0.2.25',
    greeting: '220 mx ESMTP',
    offersStartTls: true,
    tls: {
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      chain,
      ...(certificateProblem !== undefined && { certificateProblem }),
    },
    accepts: { postmaster: '250 2.1.5 ok', abuse: '250 2.1.5 ok' },
    ...rest,
  };
}

/** A host that offers no encryption. */
export function plainHost(): SeenHost {
  const accepts = { postmaster: '250 2.1.5 ok', abuse: '250 2.1.5 ok' };
  return { kind: 'seen', address: '192.0.2.25', greeting: '220 mx ESMTP', offersStartTls: false, accepts };
}

/** By host name; whoever is not listed does not answer. */
export function mailHostsOf(hosts: Readonly<Record<string, HostProbe>>): NonNullable<Probes['mailHost']> {
  return async ({ host }) => hosts[host] ?? { kind: 'failed', why: `[192.0.2.25] could not be reached (ETIMEDOUT)` };
}

export function policyFileOf(text: string | { readonly code: 'fetch-error' | 'certificate'; readonly say: string }) {
  const answer =
    typeof text === 'string' ? ({ ok: true, octets: Buffer.from(text) } as const) : ({ ok: false, ...text } as const);
  return async () => answer;
}
