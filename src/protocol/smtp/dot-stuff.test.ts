import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { DotStuffer } from './dot-stuff.ts';
import type { Unfit } from './message-guard.ts';

/** What goes over the wire, or why nothing may. */
function stuff(
  text: string,
  options: { cuts?: readonly number[]; allowEightBit?: boolean } = {},
): string | { unfit: Unfit; sent: string } {
  const stuffer = new DotStuffer({ allowEightBit: options.allowEightBit ?? false });
  const out: Uint8Array[] = [];
  let from = 0;
  for (const cut of [
    ...(options.cuts ?? []).map((at) => Math.min(at, text.length)).toSorted((a, b) => a - b),
    text.length,
  ]) {
    const pushed = stuffer.push(fromLatin1(text.slice(from, cut)));
    from = cut;
    if (!pushed.ok) return { unfit: pushed.code, sent: latin1(concat(out)) };
    out.push(pushed.value);
  }
  const end = stuffer.finish();
  return end.ok ? latin1(concat([...out, end.value])) : { unfit: end.code, sent: latin1(concat(out)) };
}

test('RFC 5321 §4.5.2: a dot at the beginning of a line is doubled, others are not', () => {
  assert.equal(stuff('a\r\n.b\r\n..\r\n.\r\nc.d\r\n'), 'a\r\n..b\r\n...\r\n..\r\nc.d\r\n.\r\n');
  assert.equal(stuff('.first\r\n'), '..first\r\n.\r\n');
});

test('RFC 5321 §4.1.1.4: a last line without CRLF gets one; an empty message is only its end', () => {
  assert.equal(stuff('a'), 'a\r\n.\r\n');
  assert.equal(stuff(''), '.\r\n');
  assert.equal(stuff('.'), '..\r\n.\r\n');
});

const unfit: readonly (readonly [Unfit, string])[] = [
  ['bare-lf', 'a\nb\r\n'],
  ['bare-lf', '\n'],
  ['bare-lf', 'a\r\n\n.\r\n'],
  ['bare-cr', 'a\rb\r\n'],
  ['bare-cr', 'a\r\r\n'],
  ['bare-cr', 'a\r'],
  ['bare-cr', '\r.\r\n'],
  ['nul', 'a\0b\r\n'],
  ['eight-bit', 'a\xe4\r\n'],
  ['long-line', `${'x'.repeat(999)}\r\n`],
];
for (const [why, text] of unfit) {
  test(`a message with ${why} does not leave: ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.partialDeepStrictEqual(stuff(text), { unfit: why });
  });
}

test('look-alikes of the end never leave: no bare CR or LF goes out before the refusal', () => {
  for (const end of [
    '\n.\n',
    '\n.\r\n',
    '\r\n.\n',
    '\r.\r',
    '\r.\n',
    '\n.\r',
    '\r.\r\n',
    '\r\n.\r',
    '\r\n.\r\r\n',
    '\r\r\n.\r\r\n',
  ]) {
    const result = stuff(`a${end}MAIL FROM:<x@y.test>\r\n`);
    assert.ok(typeof result === 'object', JSON.stringify(end));
    assert.doesNotMatch(result.sent, /(?<!\r)\n|\r(?!\n)/);
  }
});

test('RFC 5322 §2.1.1: 998 octets are a line, with 8-bit octets counted as octets', () => {
  assert.equal(stuff(`${'x'.repeat(998)}\r\n`), `${'x'.repeat(998)}\r\n.\r\n`);
  assert.partialDeepStrictEqual(stuff(`${'\xe4'.repeat(999)}\r\n`, { allowEightBit: true }), { unfit: 'long-line' });
});

test('8-bit octets leave where they were announced', () => {
  assert.equal(stuff('\xe4\r\n', { allowEightBit: true }), '\xe4\r\n.\r\n');
});

const piece = fc.oneof(fc.constantFrom('\r\n', '.', '\r\n.', '..', 'a'), fc.string({ maxLength: 5 }));
const anyText = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('').replace(/[^\x00-\xff]/g, '?'));

test('property: cutting changes nothing; what leaves ends once, at its end, and unstuffs to the message', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(60)), (text, cuts) => {
      const whole = stuff(text, { allowEightBit: true });
      const cut = stuff(text, { allowEightBit: true, cuts });
      if (typeof whole === 'object') {
        assert.ok(typeof cut === 'object');
        assert.equal(cut.unfit, whole.unfit);
        assert.doesNotMatch(cut.sent, /(?<!\r)\n|\r(?!\n)|\0/);
        return;
      }
      assert.equal(cut, whole);
      const lines = whole.split('\r\n');
      assert.deepEqual(lines.slice(-2), ['.', '']);
      assert.equal(lines.indexOf('.'), lines.length - 2);
      const back = lines
        .slice(0, -2)
        .map((line) => line.replace(/^\./, ''))
        .join('\r\n');
      assert.equal(back, text.replace(/\r\n$/, ''));
    }),
    { numRuns: 500 },
  );
});
