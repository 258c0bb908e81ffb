import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { createRsaSigner, createRsaSignerInPlace } from './rsa-signer.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });

test('more than may be signed at once wait their turn, whatever becomes of the others', async () => {
  const signRsa = createRsaSigner(2);
  const octets = Array.from({ length: 9 }, (_, at) => Buffer.from(`message ${at}`));
  const results = await Promise.allSettled(
    octets.map((one, at) => signRsa(one, at % 3 === 1 ? publicKey : privateKey)), // a public key cannot sign
  );
  for (const [at, one] of results.entries()) {
    if (at % 3 === 1) assert.equal(one.status, 'rejected');
    else assert.ok(one.status === 'fulfilled' && verify('sha256', octets[at] as Buffer, publicKey, one.value), `${at}`);
  }
  assert.equal((await signRsa(Buffer.from('after'), privateKey)).length, 128);
});

test('in place up to 2048 bits; larger keys go to the pool, and what cannot sign is told', async () => {
  const pooled: number[] = [];
  const inPool = createRsaSigner();
  const signRsa = createRsaSignerInPlace((octets, key) => {
    pooled.push(key.asymmetricKeyDetails?.modulusLength ?? 0);
    return inPool(octets, key);
  });
  const octets = Buffer.from('a message');
  assert.ok(verify('sha256', octets, publicKey, await signRsa(octets, privateKey)));
  assert.deepEqual(pooled, []);
  const larger = generateKeyPairSync('rsa', { modulusLength: 2056 });
  assert.ok(verify('sha256', octets, larger.publicKey, await signRsa(octets, larger.privateKey)));
  assert.deepEqual(pooled, [2056]);
  await assert.rejects(signRsa(octets, publicKey));
});
