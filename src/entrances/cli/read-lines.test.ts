import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../base/bytes.ts';
import { readLines } from './read-lines.ts';
import { readServerSentEvents } from './server-sent-events.ts';

async function* from(chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield utf8(chunk);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

async function lines(chunks: readonly string[], most = 100): Promise<(string | undefined)[]> {
  return (await collect(readLines(from(chunks), most))).map((line) => line && Buffer.from(line).toString());
}

test('lines end where they end, however the octets come', async () => {
  assert.deepEqual(await lines([]), []);
  assert.deepEqual(await lines(['']), []);
  assert.deepEqual(await lines(['a\nb', 'c\n', '\nd']), ['a', 'bc', '', 'd']);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'bc', '\n', '\n\n', 'd\ne')), async (chunks) => {
      const text = chunks.join('');
      const expected = text === '' ? [] : text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined);
      assert.deepEqual(await lines(chunks), expected);
    }),
    { numRuns: 200 },
  );
});

test('a line that is too long is left out, and the next one is read', async () => {
  assert.deepEqual(await lines(['12345\n123', '456\n12345'], 5), ['12345', undefined, '12345']);
});

test('server-sent events: data lines joined, comments and names left out', async () => {
  const stream = [
    'retry: 2000\n\n: still here\n\nid: 1\nevent: x\nda',
    'ta: {"a":\r\ndata:1}\n\n',
    'data: {}\n\ndata: cut off',
  ];
  assert.deepEqual(await collect(readServerSentEvents(from(stream))), ['{"a":\n1}', '{}']);
});
