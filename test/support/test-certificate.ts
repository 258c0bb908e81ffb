/** Certificates for tests, from the authority that the sandbox world has: P-256, made on the spot. */
import { makeAuthority } from '../../src/adapters/certificates/certificate-authority.ts';
import type { TlsIdentity } from '../../src/base/port/net.ts';

export type TestAuthority = {
  /** What a client trusts (`TlsClientOptions.trust`). */
  readonly certificatePem: string;
  readonly issue: (what: CertificateWish) => Promise<TlsIdentity>;
};

type CertificateWish = {
  /** DNS names of the certificate; the first is its subject too. */
  readonly names: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
};

const dayMs = 86_400_000;

export async function makeTestAuthority(name = 'Test Authority'): Promise<TestAuthority> {
  const nowMs = Date.now();
  const authority = await makeAuthority(name, { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + 30 * dayMs });
  return {
    certificatePem: authority.identity.certificatePem,
    issue: ({ names, addresses = [], notBefore, notAfter }) =>
      authority.issue({
        names,
        addresses,
        notBeforeMs: notBefore?.getTime() ?? nowMs - dayMs,
        notAfterMs: notAfter?.getTime() ?? nowMs + 10 * dayMs,
      }),
  };
}
