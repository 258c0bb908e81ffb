import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, utf8 } from '../../base/bytes.ts';
import { type Heard, type NonsenseReason, ReplyReader, replyLimits } from './read-reply.ts';

/** Everything that is heard in these octets, up to nonsense. */
function hear(octets: Uint8Array, cuts: readonly number[] = []): Heard[] {
  const reader = new ReplyReader();
  const heard: Heard[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => Math.min(at, octets.length)).toSorted((a, b) => a - b), octets.length]) {
    reader.push(octets.subarray(from, cut));
    from = cut;
    for (let next = reader.next(); next; next = reader.next()) {
      heard.push(next);
      if (next.kind === 'nonsense') return heard;
    }
  }
  return heard;
}
const heardIn = (text: string) => hear(fromLatin1(text));

test('a reply of one line', () => {
  assert.deepEqual(heardIn('250 ok\r\n'), [{ kind: 'reply', reply: { code: 250, text: 'ok', lines: ['ok'] } }]);
});

test('RFC 5321 §4.2: a reply may have no text at all', () => {
  for (const text of ['250\r\n', '250 \r\n', '250-\r\n250\r\n'])
    assert.partialDeepStrictEqual(heardIn(text), [{ kind: 'reply', reply: { code: 250, text: '' } }]);
});

test('RFC 5321 §4.2.1: lines with a dash go on', () => {
  assert.deepEqual(heardIn('250-mx.test\r\n250-SIZE 1000\r\n250 PIPELINING\r\n'), [
    {
      kind: 'reply',
      reply: { code: 250, text: 'mx.test SIZE 1000 PIPELINING', lines: ['mx.test', 'SIZE 1000', 'PIPELINING'] },
    },
  ]);
});

test('RFC 2034 §4: the enhanced code is taken out of every line of the text', () => {
  assert.partialDeepStrictEqual(heardIn('550-5.1.1 no such user\r\n550 5.1.1 try another\r\n'), [
    { reply: { code: 550, enhanced: '5.1.1', text: 'no such user try another' } },
  ]);
  assert.partialDeepStrictEqual(heardIn('550-5.7.1 blocked,\r\n550 see example.net\r\n'), [
    { reply: { enhanced: '5.7.1', text: 'blocked, see example.net' } },
  ]);
  assert.partialDeepStrictEqual(heardIn('452 4.5.3\r\n'), [{ reply: { enhanced: '4.5.3', text: '' } }]);
});

test('an enhanced code of another class, or something that only looks like one, is text', () => {
  for (const text of ['4.1.1 what now', '5.1.1.2 no', '5.1 no', '5.1.1no', '192.0.2.1 is listed']) {
    const [heard] = heardIn(`550 ${text}\r\n`);
    assert.ok(heard?.kind === 'reply');
    assert.equal(heard.reply.enhanced, undefined, text);
    assert.equal(heard.reply.text, text);
  }
});

test('RFC 5321 §4.3.2: an unknown code with a known first digit is a reply', () => {
  for (const code of [299, 399, 499, 599])
    assert.partialDeepStrictEqual(heardIn(`${code} x\r\n`), [{ reply: { code } }]);
});

test('RFC 6531 §3.7.4.2: UTF-8 text is read as such', () => {
  assert.partialDeepStrictEqual(hear(utf8('250 grüße\r\n')), [{ reply: { text: 'grüße' } }]);
});

const nonsense: readonly (readonly [NonsenseReason, string])[] = [
  ['bad-code', '000 ok\r\n'],
  ['bad-code', '999 ok\r\n'],
  ['bad-code', '150 ok\r\n'],
  ['bad-code', '600 ok\r\n'],
  ['no-code', '\r\n'],
  ['no-code', 'ok\r\n'],
  ['no-code', '25 ok\r\n'],
  ['no-code', '2500 ok\r\n'],
  ['no-code', '250ok\r\n'],
  ['no-code', '250_ok\r\n'],
  ['no-code', '250\tok\r\n'],
  ['no-code', ' 250 ok\r\n'],
  ['no-code', '250-more\r\nok\r\n'],
  ['no-code', 'HTTP/1.1 200 OK\r\n'],
  ['mixed-codes', '250-ok\r\n550 no\r\n'],
  ['mixed-codes', '550-no\r\n250 ok\r\n'],
  ['nul', '250 o\0k\r\n'],
  ['nul', '\x00250 ok\r\n'],
  ['bare-newline', '250 ok\n'],
  ['bare-newline', '250-ok\n250 ok\r\n'],
  ['bare-newline', '250 ok\r250 ok\r\n'],
  ['bare-newline', '\n250 ok\r\n'],
  ['eight-bit', '250 \xff\xfe\r\n'],
  ['eight-bit', '250 gr\xfc\xdfe\r\n'],
  ['too-many-lines', `${'250-x\r\n'.repeat(replyLimits.lines + 1)}250 x\r\n`],
  ['too-long', `250 ${'x'.repeat(replyLimits.octets)}\r\n`],
  ['too-long', `250-${'x'.repeat(40_000)}\r\n250 ${'x'.repeat(40_000)}\r\n`],
];
for (const [why, text] of nonsense) {
  test(`nonsense (${why}): ${JSON.stringify(text.slice(0, 30))}`, () => {
    const heard = heardIn(text);
    assert.partialDeepStrictEqual(heard.at(-1), { kind: 'nonsense', nonsense: { why } });
    assert.ok(heard.every((one, at) => one.kind === 'nonsense' || at < heard.length - 1));
  });
}

test('an endless line is nonsense before it ends, and what is kept of it stays small', () => {
  const reader = new ReplyReader();
  for (let octets = 0; octets <= replyLimits.octets; octets += 8_192) reader.push(new Uint8Array(8_192).fill(0x32));
  const heard = reader.next();
  assert.ok(heard?.kind === 'nonsense' && heard.nonsense.why === 'too-long');
  assert.ok(heard.nonsense.heard.length <= 200);
});

test('the largest reply that is allowed', () => {
  assert.partialDeepStrictEqual(heardIn(`250 ${'x'.repeat(replyLimits.octets - 6)}\r\n`), [{ kind: 'reply' }]);
  const lines = `${'250-x\r\n'.repeat(replyLimits.lines - 1)}250 x\r\n`;
  assert.partialDeepStrictEqual(heardIn(lines), [{ kind: 'reply' }]);
});

test('a reader is empty between replies, and forgets on demand', () => {
  const reader = new ReplyReader();
  reader.push(utf8('250-ok\r\n'));
  assert.equal(reader.next(), undefined);
  assert.equal(reader.isEmpty, false);
  reader.clear();
  assert.equal(reader.isEmpty, true);
  reader.push(utf8('354 go\r\n250 injected\r\n'));
  assert.partialDeepStrictEqual(reader.next(), { reply: { code: 354 } });
  assert.equal(reader.isEmpty, false);
});

const code = fc.integer({ min: 200, max: 599 });
const text = fc.string({ unit: fc.constantFrom(...'abc XYZ.019-<>@:'), maxLength: 40 });

test('property: what is written as a reply is read as that reply, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(code, fc.array(text, { minLength: 1, maxLength: 5 })), { maxLength: 4 }),
      fc.array(fc.nat(300)),
      (replies, cuts) => {
        const written = replies
          .map(([number, lines]) =>
            lines.map((line, at) => `${number}${at < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''),
          )
          .join('');
        const heard = hear(fromLatin1(written), cuts);
        assert.deepEqual(
          heard.map((one) => (one.kind === 'reply' ? [one.reply.code, one.reply.lines] : one)),
          replies,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('property: octets at random never throw, and cutting them differently changes nothing', () => {
  const octet = fc.oneof(
    fc.constantFrom(...'2345 -\r\n'.split('').map((c) => c.charCodeAt(0))),
    fc.integer({ min: 0, max: 255 }),
  );
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 80 }), fc.array(fc.nat(80)), (octets, cuts) => {
      const bytes = Uint8Array.from(octets);
      const whole = hear(bytes);
      const kinds = (heard: readonly Heard[]) =>
        heard.map((one) => (one.kind === 'reply' ? one.reply : one.nonsense.why));
      assert.deepEqual(kinds(hear(bytes, cuts)), kinds(whole));
      for (const one of whole) if (one.kind === 'reply') assert.ok(one.reply.code >= 200 && one.reply.code <= 599);
    }),
    { numRuns: 500 },
  );
});
