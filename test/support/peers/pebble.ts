/** Pebble, the test authority of Let's Encrypt, in a process of its own: it asks the name server it is told, and an HTTP port of ours. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../../src/adapters/certificates/certificate-authority.ts';
import type { Endpoint } from '../../../src/base/port/net.ts';
import { ForeignProcess } from './foreign-process.ts';
import { ownPorts } from './own-ports.ts';

export type Pebble = AsyncDisposable & {
  readonly directoryUrl: string;
  /** PEM of who vouches for the directory itself. */
  readonly trust: string;
  /** PEM of the root of what it issues. */
  readonly root: () => Promise<string>;
  readonly log: () => string;
};

const dayMs = 86_400_000;

export async function startPebble(wish: { readonly dns: Endpoint; readonly httpPort: number }): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pebble-'));
  const [port = 0, management = 0, tlsPort = 0] = await ownPorts(3);
  const nowMs = Date.now();
  const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
  const authority = await makeAuthority('Test', validity);
  const own = await authority.issue({ names: ['localhost'], addresses: ['127.0.0.1'], ...validity });
  writeFileSync(join(folder, 'certificate.pem'), own.certificatePem);
  writeFileSync(join(folder, 'key.pem'), own.privateKeyPem, { mode: 0o600 });
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(folder, 'certificate.pem'),
    privateKey: join(folder, 'key.pem'),
    httpPort: wish.httpPort,
    tlsPort,
  };
  writeFileSync(join(folder, 'pebble.json'), JSON.stringify({ pebble }));
  const dns = `${wish.dns.address}:${wish.dns.port}`;
  const args = ['-config', join(folder, 'pebble.json'), '-dnsserver', dns, '-strict'];
  const running = await ForeignProcess.start('pebble', args, { environment: { PEBBLE_VA_NOSLEEP: '1' } });
  await running.shows('its directory', () => /ACME directory available/.test(running.words));
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    trust: authority.identity.certificatePem,
    root: () => fetchRoot(management, authority.identity.certificatePem),
    log: () => running.words,
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fetchRoot(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/roots/0', ca }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
