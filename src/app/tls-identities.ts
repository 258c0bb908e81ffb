/**
 * The certificate an office shows: the operator's files, read again when they change, or one of its own, made at the first start
 * and kept in the data folder. A self-signed one is enough between servers (opportunistic TLS); people's programs want a real one.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { TlsIdentity } from '../base/port/net.ts';
import type { Signals } from '../base/port/signals.ts';

/** Answers the identity of now; cheap enough to ask per handshake. */
export type TlsIdentitySource = () => TlsIdentity;

/** How often changed files are looked for. */
const lookEveryMs = 10_000;
const selfSignedDays = 3650;
const dayMs = 86_400_000;

export function identityFromFiles(
  files: { readonly certificate: string; readonly key: string },
  ports: { readonly timers: Timers; readonly signals: Signals },
): TlsIdentitySource {
  let lookedAtMs = ports.timers.monotonicMs();
  let version = versionOf(files);
  let identity = readIdentity(files);
  return () => {
    const nowMs = ports.timers.monotonicMs();
    if (nowMs - lookedAtMs < lookEveryMs) return identity;
    lookedAtMs = nowMs;
    try {
      const now = versionOf(files);
      if (now !== version) {
        identity = readIdentity(files);
        version = now;
        ports.signals.emit('info', 'tls.certificate_reloaded', { file: files.certificate });
      }
    } catch (error) {
      // The old one still works; half-written files are read again at the next look.
      ports.signals.emit('error', 'tls.certificate_unreadable', { file: files.certificate, error: String(error) });
    }
    return identity;
  };
}

function versionOf(files: { readonly certificate: string; readonly key: string }): string {
  return [files.certificate, files.key].map((file) => statSync(file).mtimeMs).join(' ');
}

function readIdentity(files: { readonly certificate: string; readonly key: string }): TlsIdentity {
  const read = (setting: string, file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
      throw new Fault('TLS_FILE', `${setting}: ${file} cannot be read (${code})`);
    }
  };
  return { certificatePem: read('tls.certificate', files.certificate), privateKeyPem: read('tls.key', files.key) };
}

export async function ownIdentity(dataFolder: string, hostname: string, timers: Timers): Promise<TlsIdentitySource> {
  const certificate = join(dataFolder, 'tls-certificate.pem');
  const key = join(dataFolder, 'tls-key.pem');
  if (!existsSync(certificate) || !existsSync(key)) {
    const { makeSelfSigned } = await import('../adapters/certificates/certificate-authority.ts');
    const nowMs = timers.nowMs();
    const made = await makeSelfSigned({
      names: [hostname],
      notBeforeMs: nowMs - dayMs,
      notAfterMs: nowMs + selfSignedDays * dayMs,
    });
    keepIdentity({ certificate, key }, made);
  }
  const identity = readIdentity({ certificate, key });
  return () => identity;
}

/** Key first, readable by us only. */
export function keepIdentity(
  files: { readonly certificate: string; readonly key: string },
  identity: TlsIdentity,
): void {
  writeFileSync(files.key, identity.privateKeyPem, { mode: 0o600 });
  writeFileSync(files.certificate, identity.certificatePem, { mode: 0o644 });
}
