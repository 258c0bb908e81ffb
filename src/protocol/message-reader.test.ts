import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { headerLimits, indexMessage, type MessageIndex } from '../format/message/message-index.ts';
import { readMessage } from './message-reader.ts';

class Recorder {
  readonly index: MessageIndex;
  readonly #body: Buffer[] = [];
  ended = 0;
  constructor(index: MessageIndex) {
    this.index = index;
  }
  get body(): string {
    return Buffer.concat(this.#body).toString('latin1');
  }
  update(chunk: Uint8Array): void {
    this.#body.push(Buffer.from(chunk));
  }
  end(): void {
    this.ended++;
  }
}

async function* inChunks(octets: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < octets.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield octets.subarray(at, at + size);
    at += size;
  }
}

test('any message in any chunks is the same header and the same body', async () => {
  const unit = fc.constantFrom('a: b', '\r\n', '\r\n\r\n', '\r', '\n', ' ', 'From: x', '\0', '\xff');
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 20 }), sizes, async (text, chunks) => {
      const octets = Buffer.from(text, 'latin1');
      const whole = indexMessage(octets);
      for (const source of [octets, inChunks(octets, chunks)]) {
        const read = await readMessage(source, (index) => new Recorder(index));
        assert.deepEqual(read.index.fields, whole.fields);
        assert.equal(read.body, text.slice(whole.bodyStart));
        assert.equal(read.ended, 1);
      }
    }),
    { numRuns: 300 },
  );
});

test('a source may fill the same memory again for each chunk', async () => {
  async function* reusing(text: string): AsyncGenerator<Uint8Array> {
    const memory = Buffer.alloc(5);
    for (let at = 0; at < text.length; at += 5)
      yield memory.subarray(0, memory.write(text.slice(at, at + 5), 'latin1'));
  }
  const text = 'From: a@b.test\r\nTo: c@d.test\r\n\r\nbody and more';
  const read = await readMessage(reusing(text), (index) => new Recorder(index));
  assert.deepEqual(read.index.fields, indexMessage(Buffer.from(text)).fields);
  assert.equal(read.body, 'body and more');
});

test('a header without end is not gathered for ever', async () => {
  const read = await readMessage(inChunks(Buffer.alloc(2_000_000, 0x61), [65_536]), (index) => new Recorder(index));
  assert.equal(read.index.complete, false);
  assert.ok(read.index.bytes.length <= headerLimits.headerBytesMax + 65_536);
});

test('a source that fails, fails the reading', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('From: a\r\n');
    throw new Error('disk');
  }
  await assert.rejects(
    readMessage(failing(), (index) => new Recorder(index)),
    /disk/,
  );
});
