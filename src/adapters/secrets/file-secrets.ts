/**
 * The `Secrets` port with a key that lies in a file beside the database (DATA/secret.key, 0600): a stolen database or a backup
 * without that file tells nothing. AES-256-GCM; a sealed value is version (1 octet), nonce (12), ciphertext, tag (16).
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { concat, utf8 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import type { Secrets } from '../../base/port/secrets.ts';
import type { Random } from '../../base/random.ts';

const version = 1;
const keyBytes = 32;
const nonceBytes = 12; // NIST SP 800-38D §8.2: random nonces for up to 2^32 values per key, far above what an office seals
const tagBytes = 16;

export function createSecrets(key: Uint8Array, random: Random): Secrets {
  if (key.length !== keyBytes) throw new Fault('SECRET_KEY_BAD', `a secret key has ${keyBytes} octets`);
  const derive = (purpose: string) => new Uint8Array(hkdfSync('sha256', key, '', `posthorn ${purpose}`, keyBytes));
  const sealingKey = derive('seal v1');
  return {
    derive: (purpose) => derive(`derive ${purpose}`),
    seal: (label, plain) => {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: tagBytes });
      cipher.setAAD(utf8(label));
      return concat([Uint8Array.of(version), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: (label, sealed) => {
      try {
        return unseal(sealingKey, label, sealed);
      } catch (error) {
        throw new Fault('SECRET_UNREADABLE', `the sealed value "${label}" cannot be opened with this secret.key`, {
          cause: error,
        });
      }
    },
  };
}

function unseal(key: Uint8Array, label: string, sealed: Uint8Array): Uint8Array {
  if (sealed[0] !== version || sealed.length < 1 + nonceBytes + tagBytes) throw new Error('not a sealed value');
  const nonce = sealed.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(utf8(label));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  return concat([decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes)), decipher.final()]);
}

/**
 * Opens with the key in `file`; makes one (durable before it is used) when there is none.
 * Throws a `Fault`: `SECRET_KEY_BAD` for a file that is not a key, `SECRET_KEY_EXPOSED` when everybody on the machine may read it.
 */
export function openFileSecrets(file: string, random: Random): Secrets {
  const made = makeKey(file, random);
  return createSecrets(made ?? readKey(file), random);
}

/**
 * Answers undefined when the file exists already. Written under another name first, so that neither a kill nor a second
 * process starting at this moment ever sees half a key.
 */
function makeKey(file: string, random: Random): Uint8Array | undefined {
  if (existsSync(file)) return undefined;
  const key = random.bytes(keyBytes);
  const draft = `${file}.${Buffer.from(random.bytes(8)).toString('hex')}`;
  try {
    writeSynced(draft, `${Buffer.from(key).toString('base64')}\n`);
    linkSync(draft, file); // unlike rename, fails when another process was first
    syncFolder(dirname(file));
    return key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw keyFault(error, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeSynced(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readKey(file: string): Uint8Array {
  let text: string;
  let mode: number;
  try {
    const descriptor = openSync(file, 'r');
    try {
      mode = fstatSync(descriptor).mode;
      text = readFileSync(descriptor, 'latin1').trim();
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw keyFault(error, file);
  }
  if ((mode & 0o007) !== 0 && process.platform !== 'win32')
    throw new Fault('SECRET_KEY_EXPOSED', `${file} can be read by everybody: chmod 600 ${file}`);
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    throw new Fault('SECRET_KEY_BAD', `${file} is not a secret key; restore it from where the backup's key is kept`);
  return Buffer.from(text, 'base64');
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function keyFault(error: unknown, file: string): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'SECRET_KEY_BAD';
  return new Fault(code, `the secret key ${file} cannot be read or made`, { cause: error });
}
