import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { framed } from './message-codec.ts';

test('however the stream is cut, the messages are the same', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 40 }), (sent, size) => {
      const stream = Buffer.concat(sent.map(framed));
      const reader = new FrameReader();
      const received: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) received.push(...reader.push(stream.subarray(at, at + size)));
      assert.deepEqual(
        received.map((message) => Uint8Array.from(message)),
        sent,
      );
    }),
  );
});
