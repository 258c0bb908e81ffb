import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { DotStuffer } from './dot-stuff.ts';
import { CountedFraming, type GuardRules, type MessageFraming, type Unfit } from './message-guard.ts';

/** What goes over the wire, or why nothing may. */
function frame(framing: MessageFraming, pieces: readonly string[]): string | { readonly unfit: Unfit } {
  let out = '';
  for (const piece of pieces) {
    const pushed = framing.push(fromLatin1(piece));
    if (!pushed.ok) return { unfit: pushed.code };
    out += latin1(pushed.value);
  }
  const end = framing.finish();
  return end.ok ? out + latin1(end.value) : { unfit: end.code };
}

const counted = (text: string, rules: GuardRules = { allowEightBit: false }) =>
  frame(new CountedFraming(rules), [text]);

test('RFC 3030 §2: counted octets leave as they are, dots and open last line included', () => {
  for (const text of ['', '.', '.\r\n', 'a\r\n.\r\n..\r\n', 'a', 'a\r\n\r\nb']) assert.equal(counted(text), text);
  assert.equal(counted('\xe4\r\n', { allowEightBit: true }), '\xe4\r\n');
});

test('what may not leave by DATA may not leave by BDAT', () => {
  for (const [unfit, text] of [
    ['bare-lf', 'a\nb\r\n'],
    ['bare-cr', 'a\rb\r\n'],
    ['bare-cr', 'a\r'],
    ['nul', 'a\0\r\n'],
    ['eight-bit', '\xe4\r\n'],
    ['long-line', `${'x'.repeat(999)}\r\n`],
  ] as const)
    assert.deepEqual(counted(text), { unfit }, JSON.stringify(text.slice(0, 9)));
});

const piece = fc.constantFrom('\r\n', '.', '\r\n.\r\n', '\r', '\n', '\0', '\xff', 'a', 'x'.repeat(500));
const pieces = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom('\r\n', '.', 'a') }, piece), {
  maxLength: 12,
});

test('property: both framings find the same fault in the same message, however it is cut', () => {
  fc.assert(
    fc.property(pieces, fc.boolean(), (cut, allowEightBit) => {
      const text = cut.join('');
      const byCount = frame(new CountedFraming({ allowEightBit }), cut);
      const byDot = frame(new DotStuffer({ allowEightBit }), [text]);
      if (typeof byDot === 'string') assert.equal(byCount, text);
      else assert.deepEqual(byCount, byDot);
    }),
    { numRuns: 500 },
  );
});
