import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedBody, referenceSimpleBody } from '../../../test/support/reference-dkim.ts';
import { type Canonicalization, canonicalBody } from './canonical-body.ts';

/** One character per octet in and out; `sizes` are the chunks' lengths, repeated. */
function canonical(form: Canonicalization, body: string, sizes: readonly number[] = [1_000_000]): string {
  const out: Buffer[] = [];
  const stream = canonicalBody(form, (octets) => out.push(Buffer.from(octets)));
  const octets = Buffer.from(body, 'latin1');
  for (let at = 0, turn = 0; at < octets.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    stream.update(octets.subarray(at, at + size));
    at += size;
  }
  stream.end();
  return Buffer.concat(out).toString('latin1');
}

const cases: readonly [about: string, body: string, simple: string, relaxed: string][] = [
  ['RFC 6376 §3.4.5: the example', ' C \r\nD \t E\r\n\r\n\r\n', ' C \r\nD \t E\r\n', ' C\r\nD E\r\n'],
  ['RFC 6376 §3.4.3, §3.4.4: an empty body', '', '\r\n', ''],
  ['RFC 6376 §3.4.4: a body of empty lines', '\r\n\r\n', '\r\n', ''],
  ['RFC 6376 §3.4.4: a body of blanks', ' \t\r\n \r\n', ' \t\r\n \r\n', ''],
  ['RFC 6376 §3.4.3: a missing last CRLF is added', 'a', 'a\r\n', 'a\r\n'],
  ['RFC 6376 §3.4.4: blanks at the very end without CRLF', 'a \t', 'a \t\r\n', 'a\r\n'],
  ['RFC 6376 §3.4.4: a last line of blanks without CRLF', 'a\r\n \t', 'a\r\n \t\r\n', 'a\r\n'],
  ['RFC 6376 §3.4.4: leading blanks shrink to one, they stay', '\t \ta\r\n', '\t \ta\r\n', ' a\r\n'],
  ['RFC 6376 §3.4.4: empty lines in between stay', 'a\r\n \r\n\r\nb\r\n', 'a\r\n \r\n\r\nb\r\n', 'a\r\n\r\n\r\nb\r\n'],
  ['RFC 6376 §2.8: a lone CR is content', 'a \rb\r', 'a \rb\r\r\n', 'a \rb\r\r\n'],
  ['RFC 6376 §2.8: CR CR LF', 'a\r\r\n', 'a\r\r\n', 'a\r\r\n'],
  ['RFC 6376 §2.8: a lone LF is content', 'a \nb\n', 'a \nb\n\r\n', 'a \nb\n\r\n'],
  ['RFC 6376 §2.8: VT, FF and NBSP are content', 'a \v\f\xa0 \r\n', 'a \v\f\xa0 \r\n', 'a \v\f\xa0\r\n'],
  ['RFC 6376 §2.8: blanks before a CR that ends no line', 'a \t\r b', 'a \t\r b\r\n', 'a \r b\r\n'],
];

for (const [about, body, simple, relaxed] of cases) {
  test(about, () => {
    assert.equal(canonical('simple', body), simple);
    assert.equal(canonical('relaxed', body), relaxed);
    assert.equal(canonical('simple', body, [1]), simple);
    assert.equal(canonical('relaxed', body, [1]), relaxed);
  });
}

const tricky = fc.string({
  unit: fc.constantFrom('\r\n', '\r', '\n', ' ', '\t', '  ', 'a', 'bc', '.', '\xe9', '\0', '\r\n\r\n'),
  maxLength: 60,
});
/** Empty chunks among them. */
const sizes = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 8 }).map((list) => [...list, 3]);

test('RFC 6376 §3.4: any body in any chunking is what the letter of the RFC gives', () => {
  fc.assert(
    fc.property(tricky, sizes, (body, chunks) => {
      assert.equal(canonical('simple', body, chunks), referenceSimpleBody(body));
      assert.equal(canonical('relaxed', body, chunks), referenceRelaxedBody(body));
    }),
    { numRuns: 500 },
  );
});

test('RFC 6376 §3.4: bodies longer than what is looked at in one piece', () => {
  const line = 'plain text with a blank here and there, as it is written\r\n';
  for (const odd of ['', '\t', '  ', ' \r\n', '\r']) {
    for (const before of [16_383, 16_384, 16_385]) {
      const body = `${line.repeat(400).slice(0, before)}${odd}${line.repeat(300)}\r\n\r\n`;
      assert.equal(canonical('relaxed', body), referenceRelaxedBody(body));
      assert.equal(canonical('simple', body, [9_999]), referenceSimpleBody(body));
    }
  }
});

test('RFC 6376 §3.4.3: empty lines are counted, not kept', () => {
  const body = `${'\r\n'.repeat(5_000)}x${'\r\n'.repeat(5_000)}`;
  assert.equal(canonical('simple', body, [333]), `${'\r\n'.repeat(5_000)}x\r\n`);
});
