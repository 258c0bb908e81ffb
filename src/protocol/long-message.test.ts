import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { headerLimits, indexMessage } from '../format/message/message-index.ts';
import { type MessageSource, openLongMessage } from './long-message.ts';

/** The octets, cut into pieces of these sizes in turn. */
function cut(octets: Buffer, sizes: readonly number[]): MessageSource {
  return {
    size: octets.length,
    chunks: async function* (from = 0) {
      for (let at = from, turn = 0; at < octets.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        yield octets.subarray(at, at + size);
        at += size;
      }
    },
  };
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += Buffer.from(piece).toString('latin1');
  return text;
}

test('however it is cut, header and body are those of the whole message', async () => {
  const unit = fc.constantFrom('a: b', '\r\n', '\r\n\r\n', '\r', '\n', ' ', 'From: x', '\0', '\xff');
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 20 }), sizes, async (text, pieces) => {
      const octets = Buffer.from(text, 'latin1');
      const whole = indexMessage(octets);
      const long = await openLongMessage(cut(octets, pieces));
      const hasEnd = !whole.problems.some(({ code }) => code === 'no-blank-line');
      assert.equal(long !== undefined, hasEnd);
      if (!long) return;
      const { bytes, byName: _, ...header } = long.header;
      const { bytes: __, byName: ___, ...expected } = whole;
      assert.deepEqual(header, expected);
      assert.equal(Buffer.from(bytes).toString('latin1'), text.slice(0, whole.bodyStart));
      assert.equal(await textOf(long.body.chunks()), text.slice(whole.bodyStart));
      assert.equal(long.body.size, text.length - whole.bodyStart);
    }),
  );
});

test('a header beyond what is read, or with more fields than are read, is no header in memory', async () => {
  const field = `X-Long: ${'y'.repeat(60)}\r\n`;
  const longest = field.repeat(Math.floor(headerLimits.headerBytesMax / field.length));
  const message = (header: string) => cut(Buffer.from(`${header}\r\nbody`, 'latin1'), [65_536]);
  assert.equal(await openLongMessage(message(longest + field)), undefined);
  assert.equal(await openLongMessage(message('X: y\r\n'.repeat(headerLimits.fieldsMax + 1))), undefined);
  assert.ok(await openLongMessage(message('X: y\r\n'.repeat(headerLimits.fieldsMax))));
});

test('of what never ends no more is read than a header may have', async () => {
  let pieces = 0;
  const endless: MessageSource = {
    size: Number.MAX_SAFE_INTEGER,
    chunks: async function* () {
      for (;;) {
        pieces++;
        yield Buffer.alloc(65_536, 'x');
      }
    },
  };
  assert.equal(await openLongMessage(endless), undefined);
  assert.equal(pieces, 5);
});
