import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeBase64 } from './base64.ts';

test('RFC 4648 §4: what was encoded is decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (octets) => {
      assert.deepEqual(decodeBase64(Buffer.from(octets).toString('base64')), Buffer.from(octets));
    }),
  );
});

test('RFC 4648 §4: nothing but the alphabet and the right padding', () => {
  const exact = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
  const unit = fc.constantFrom('A', 'z', '9', '+', '/', '=', '==', '-', '_', ' ', '.', '\0', 'é', 'ab', 'abcd');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 10 }), (text) => {
      assert.equal(decodeBase64(text) !== undefined, exact.test(text), JSON.stringify(text));
    }),
    { numRuns: 1_000 },
  );
});
