/** The MIME parts of a message: ranges inside ranges, in order, within the limits, whatever boundaries say. */
import assert from 'node:assert/strict';
import { indexMessage, type MessageIndex } from '../../../src/format/message/message-index.ts';
import { type Part, partBody, partContent, partFilename, partTree } from '../../../src/format/message/part-tree.ts';
import { assertOneLine, assertTiled } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';
import { mimeMessages, mimeWords } from './mime-messages.ts';

export const partTreeTarget: FuzzTarget = {
  name: 'part-tree',
  seeds: mimeMessages,
  dictionary: mimeWords,
  separators: ['\r\n', '\r\n\r\n', '--', ';'],
  open: () => ({ run }),
};

/** Deeper and more than these nobody reads. */
const limits = { depthMax: 100, partsMax: 10_000 };

function run(input: Uint8Array): Outcome {
  const index = indexMessage(input);
  const tree = partTree(index);
  assert.equal(tree.parts[0], tree.root);
  assert.ok(tree.parts.length <= limits.partsMax);
  assert.deepEqual([tree.root.start, tree.root.end], [0, input.length]);
  for (const part of tree.parts) assertPart(index, part);
  assert.equal(1 + tree.parts.reduce((sum, { parts }) => sum + parts.length, 0), tree.parts.length);
  const small = partTree(index, { depthMax: 2, partsMax: 3 });
  assert.ok(small.parts.length <= 3 && small.parts.every(({ depth }) => depth <= 2));
  const kinds = tree.parts.slice(0, 6).map(({ kind, depth }) => `${kind[1]}${Math.min(depth, 4)}`);
  return `${kinds.join('')} ${[...new Set(tree.problems.map(({ code }) => code))].sort().join(' ')}`;
}

function assertPart(index: MessageIndex, part: Part): void {
  const { start, bodyStart, end, parts, preambleEnd, epilogueStart, depth } = part;
  assert.ok(start <= bodyStart && bodyStart <= end && end <= index.bytes.length, 'a part lies outside the message');
  assert.ok(bodyStart <= preambleEnd && preambleEnd <= end, 'the preamble ends outside its part');
  assert.ok(epilogueStart <= end, 'the epilogue starts outside its part');
  assert.ok(depth <= limits.depthMax);
  assertTiled(part.header);
  assertOneLine(partFilename(part) ?? '', 'the file name');
  if (part.kind === 'leaf') {
    assert.equal(parts.length, 0);
    assert.ok(partContent(index, part).length <= partBody(index, part).length, 'content grows by decoding');
  }
  let at = bodyStart;
  for (const child of parts) {
    assert.ok(child.start >= at && child.end <= end, 'children overlap or leave their parent');
    assert.equal(child.depth, depth + 1);
    at = child.end;
  }
}
