import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedBody, referenceSimpleBody } from '../../../test/support/reference-dkim.ts';
import { BodyHasher } from './body-hasher.ts';

const sha256 = (text: string) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest('base64');

test('RFC 6376 §3.4.3, §3.4.4: the hashes of an empty body', () => {
  const hasher = new BodyHasher();
  hasher.want('simple');
  hasher.want('relaxed');
  hasher.end();
  assert.equal(hasher.result('simple').base64, 'frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=');
  assert.equal(hasher.result('relaxed').base64, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
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
        assert.equal(hasher.result(form).base64, sha256(canonical));
        assert.equal(hasher.result(form).canonicalOctets, canonical.length);
        for (const length of lengths) {
          const expected = length > canonical.length ? undefined : sha256(canonical.slice(0, length));
          assert.equal(hasher.result(form, length).base64, expected);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('RFC 6376 §3.4.4: what is squeezed is seen at every place of a body that is there as a whole', () => {
  const fillers = ['x', '!', '\x0c', '\xa0', '\x8d']; // one bit away from a blank or a CR
  const odd = ['  ', ' \r\n', '\t', ' \t', ' !', '! ', '\r ', '\xa0 ', ' \x0c'];
  for (const filler of fillers) {
    for (const piece of odd) {
      for (let start = 0; start < 4; start++) {
        for (let before = 0; before < 14; before++) {
          const text = ` ${filler.repeat(before)}${piece}${filler.repeat(9)}\r\n`;
          const octets = Buffer.from('>'.repeat(start) + text, 'latin1').subarray(start); // at any place of a word
          const hasher = new BodyHasher();
          hasher.want('relaxed');
          hasher.update(octets, 'whole');
          hasher.end();
          assert.equal(hasher.result('relaxed').base64, sha256(referenceRelaxedBody(text)), JSON.stringify(text));
        }
      }
    }
  }
});
