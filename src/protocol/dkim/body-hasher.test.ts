import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedBody, referenceSimpleBody } from '../../../test/support/reference-dkim.ts';
import { BodyHasher } from './body-hasher.ts';

const sha256 = (text: string) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');
const hex = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString('hex');

test('RFC 6376 §3.4.3, §3.4.4: the hashes of an empty body', () => {
  const hasher = new BodyHasher();
  hasher.want('simple');
  hasher.want('relaxed');
  hasher.end();
  assert.equal(
    Buffer.from(hasher.result('simple').hash ?? []).toString('base64'),
    'frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=',
  );
  assert.equal(
    Buffer.from(hasher.result('relaxed').hash ?? []).toString('base64'),
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  );
});

test('RFC 6376 §3.5 (l=): digests at any octets of both forms come out of one pass', () => {
  const body = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r\n', '\r', 'longer '), maxLength: 40 });
  const marks = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(body, marks, fc.integer({ min: 1, max: 9 }), (text, lengths, size) => {
      const hasher = new BodyHasher();
      const forms = { simple: referenceSimpleBody(text), relaxed: referenceRelaxedBody(text) } as const;
      for (const form of ['simple', 'relaxed'] as const) {
        hasher.want(form);
        for (const length of lengths) hasher.want(form, length);
      }
      const octets = Buffer.from(text, 'latin1');
      for (let at = 0; at < octets.length; at += size) hasher.update(octets.subarray(at, at + size));
      hasher.end();
      for (const form of ['simple', 'relaxed'] as const) {
        const canonical = forms[form];
        assert.equal(hex(hasher.result(form).hash), sha256(canonical));
        assert.equal(hasher.result(form).canonicalOctets, canonical.length);
        for (const length of lengths) {
          const expected = length > canonical.length ? undefined : sha256(canonical.slice(0, length));
          assert.equal(hex(hasher.result(form, length).hash), expected);
        }
      }
    }),
    { numRuns: 300 },
  );
});
