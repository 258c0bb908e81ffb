/** Sealing, and the key file's life. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { isFault } from '../../../test/contracts/db-contract.ts';
import { tempFolder } from '../../../test/support/temp-office.ts';
import { seededRandom, systemRandom } from '../../base/random.ts';
import { createSecrets, openFileSecrets } from './file-secrets.ts';

const plain = new TextEncoder().encode('a private key');

test('what was sealed opens with the same label, never with another', () => {
  const secrets = createSecrets(systemRandom.bytes(32), systemRandom);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uint8Array(), (label, other, bytes) => {
      const sealed = secrets.seal(label, bytes);
      assert.deepEqual([...secrets.open(label, sealed)], [...bytes]);
      if (other !== label) assert.throws(() => secrets.open(other, sealed), isFault('SECRET_UNREADABLE'));
    }),
    { numRuns: 200 },
  );
});

test('a changed, cut or foreign value does not open', () => {
  const secrets = createSecrets(systemRandom.bytes(32), systemRandom);
  const sealed = secrets.seal('label', plain);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => secrets.open('label', changed), isFault('SECRET_UNREADABLE'));
    assert.throws(() => secrets.open('label', sealed.subarray(0, at)), isFault('SECRET_UNREADABLE'));
  }
  const other = createSecrets(systemRandom.bytes(32), systemRandom);
  assert.throws(() => other.open('label', sealed), isFault('SECRET_UNREADABLE'));
});

test('the plain text is nowhere in the sealed value, and sealing twice gives two values', () => {
  const secrets = createSecrets(systemRandom.bytes(32), systemRandom);
  const [one, two] = [secrets.seal('label', plain), secrets.seal('label', plain)].map((sealed) => Buffer.from(sealed));
  assert.ok(one !== undefined && two !== undefined);
  assert.ok(!one.includes(plain));
  assert.ok(!one.equals(two));
});

test('derived secrets are lasting, and different by purpose and by office', () => {
  const key = seededRandom(1).bytes(32);
  const hex = (seed: Uint8Array, purpose: string) =>
    Buffer.from(createSecrets(seed, systemRandom).derive(purpose)).toString('hex');
  assert.equal(hex(key, 'return path'), hex(key, 'return path'));
  assert.notEqual(hex(key, 'return path'), hex(key, 'links'));
  assert.notEqual(hex(key, 'return path'), hex(seededRandom(2).bytes(32), 'return path'));
  assert.equal(createSecrets(key, systemRandom).derive('x').length, 32);
});

test('the key file is made once, for us alone, and no draft of it stays', (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'secret.key');
  const sealed = openFileSecrets(file, systemRandom).seal('label', plain);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['secret.key']);
  assert.deepEqual([...openFileSecrets(file, systemRandom).open('label', sealed)], [...plain]);
});

test('a file that is no key, or that everybody may read, is refused', (t) => {
  const file = join(tempFolder(t), 'secret.key');
  writeFileSync(file, 'not a key', { mode: 0o600 });
  assert.throws(() => openFileSecrets(file, systemRandom), isFault('SECRET_KEY_BAD'));
  writeFileSync(file, Buffer.alloc(32).toString('base64'));
  chmodSync(file, 0o644);
  assert.throws(() => openFileSecrets(file, systemRandom), isFault('SECRET_KEY_EXPOSED'));
});

test('a folder that does not exist is a fault with the system’s word', (t) => {
  assert.throws(() => openFileSecrets(join(tempFolder(t), 'no', 'secret.key'), systemRandom), isFault('ENOENT'));
});
