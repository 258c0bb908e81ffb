/** The certificates of the sandbox world: one authority and a certificate per host, made once and kept in the data folder. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { keepIdentity } from '../tls-identities.ts';

const dayMs = 86_400_000;
const validDays = 3_650;

export type SandboxCertificates = {
  readonly authorityPem: string;
  readonly authorityFile: string;
  readonly files: (hostname: string) => { readonly certificate: string; readonly key: string };
};

export async function sandboxCertificates(
  dataFolder: string,
  hostnames: readonly string[],
): Promise<SandboxCertificates> {
  const folder = join(dataFolder, 'sandbox-tls');
  const files = (host: string) => ({ certificate: join(folder, `${host}.pem`), key: join(folder, `${host}.key`) });
  const authority = files('authority');
  if (
    ![authority, ...hostnames.map(files)].every(({ certificate, key }) => existsSync(certificate) && existsSync(key))
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await makeAll(
      authority,
      hostnames.map((host) => ({ host, ...files(host) })),
    );
  }
  return { authorityPem: readFileSync(authority.certificate, 'utf8'), authorityFile: authority.certificate, files };
}

type Files = { readonly certificate: string; readonly key: string };

async function makeAll(authorityFiles: Files, hosts: readonly (Files & { readonly host: string })[]): Promise<void> {
  const { makeAuthority } = await import('../../adapters/certificates/certificate-authority.ts');
  const nowMs = systemClock.nowMs();
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + validDays * dayMs };
  const authority = await makeAuthority('Posthorn sandbox authority', validity);
  // Programs on this machine reach the hosts by loopback, so the certificates hold these names too.
  const local = { names: ['localhost'], addresses: ['127.0.0.1', '::1'] };
  for (const { host, ...files } of hosts) {
    keepIdentity(
      files,
      await authority.issue({ names: [host, ...local.names], addresses: local.addresses, ...validity }),
    );
  }
  keepIdentity(authorityFiles, authority.identity);
}
