/**
 * The certificate an office shows: the operator's files, read again when they change, or one of its own, made at the first start
 * and kept in the data folder. A self-signed one is enough between servers (opportunistic TLS); people's programs want a real one.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timers } from '../base/clock.ts';
import type { TlsIdentity } from '../base/port/net.ts';
import type { Signals } from '../base/port/signals.ts';
import { ConfigMistakes } from './config.ts';
import type { SettingName } from './settings.ts';

/** Answers the identity of now; cheap enough to ask per handshake. */
export type TlsIdentitySource = () => TlsIdentity;

type Files = { readonly certificate: string; readonly key: string };

/** How often changed files are looked for. */
const lookEveryMs = 10_000;
const selfSignedDays = 3650;
const dayMs = 86_400_000;

/** Throws `ConfigMistakes` when the files cannot be used. */
export function identityFromFiles(
  files: Files,
  ports: { readonly timers: Timers; readonly signals: Signals },
): TlsIdentitySource {
  let identity = readIdentity(files);
  let lookedAtMs = ports.timers.monotonicMs();
  let version = versionOf(files);
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
      // The old one still works. Half-written files, and a certificate whose key is not there yet, are read again at the next look.
      ports.signals.emit('error', 'tls.certificate_unreadable', { file: files.certificate, error: String(error) });
    }
    return identity;
  };
}

function versionOf(files: Files): string {
  return [files.certificate, files.key].map((file) => statSync(file).mtimeMs).join(' ');
}

/** Both files, and proof that OpenSSL can work with them: what it cannot read would fail every handshake. */
function readIdentity(files: Files): TlsIdentity {
  const certificatePem = readSettingFile('tls.certificate', files.certificate);
  const privateKeyPem = readSettingFile('tls.key', files.key);
  const [certificate] = certificatesIn('tls.certificate', { file: files.certificate, text: certificatePem });
  const key = privateKeyIn(files.key, privateKeyPem);
  if (certificate && !certificate.checkPrivateKey(key))
    throw mistake('tls.key', `${files.key} is not the key of the certificate in ${files.certificate}`);
  return { certificatePem, privateKeyPem };
}

export function readSettingFile(setting: SettingName, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    throw mistake(setting, `${file} cannot be read (${code})`);
  }
}

/** Every certificate of a PEM file, at least one. */
export function certificatesIn(
  setting: SettingName,
  { file, text }: { readonly file: string; readonly text: string },
): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!blocks) throw mistake(setting, `${file} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw mistake(setting, `${file} holds a certificate that cannot be read: ${String(error)}`);
    }
  });
}

function privateKeyIn(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw mistake('tls.key', `${file} holds no private key in PEM form that opens without a passphrase`);
  }
}

function mistake(setting: SettingName, say: string): ConfigMistakes {
  return new ConfigMistakes([{ where: '', key: setting, say }]);
}

export async function ownIdentity(dataFolder: string, hostname: string, timers: Timers): Promise<TlsIdentitySource> {
  const files = { certificate: join(dataFolder, 'tls-certificate.pem'), key: join(dataFolder, 'tls-key.pem') };
  const identity = keptIdentity(files) ?? (await makeIdentity(files, hostname, timers));
  return () => identity;
}

/** The pair of an earlier start; undefined when there is none, or a death while it was written left it unusable. */
function keptIdentity(files: Files): TlsIdentity | undefined {
  if (!existsSync(files.certificate) || !existsSync(files.key)) return undefined;
  try {
    return readIdentity(files);
  } catch (error) {
    if (error instanceof ConfigMistakes) return undefined;
    throw error;
  }
}

async function makeIdentity(files: Files, hostname: string, timers: Timers): Promise<TlsIdentity> {
  const { makeSelfSigned } = await import('../adapters/certificates/certificate-authority.ts');
  const nowMs = timers.nowMs();
  const made = await makeSelfSigned({
    names: [hostname],
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + selfSignedDays * dayMs,
  });
  keepIdentity(files, made);
  return made;
}

/** Key first, readable by us only. */
export function keepIdentity(files: Files, identity: TlsIdentity): void {
  writeFileSync(files.key, identity.privateKeyPem, { mode: 0o600 });
  writeFileSync(files.certificate, identity.certificatePem, { mode: 0o644 });
}
