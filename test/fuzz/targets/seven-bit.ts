/** The last change before a signature: what leaves is safe for every hop where it can be made so, and a second pass changes nothing. */
import assert from 'node:assert/strict';
import { watchLines } from '../../../src/format/line-ends.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { partBody, partTree } from '../../../src/format/message/part-tree.ts';
import { toSevenBit } from '../../../src/format/mime/seven-bit.ts';
import { assertTiled } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';
import { mimeMessages, mimeWords } from './mime-messages.ts';

export const sevenBit: FuzzTarget = {
  name: 'seven-bit',
  octetsMax: 32_768,
  seeds: mimeMessages,
  dictionary: mimeWords,
  separators: ['\r\n', '\r\n\r\n', '--', ';'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const out = toSevenBit(input);
  // quoted-printable: three octets for one and a soft break every 25, a label for each part
  assert.ok(out.length <= 4 * input.length + 200, `${input.length} octets became ${out.length}`);
  if (out === input) return 'as it was';
  const index = indexMessage(out);
  assertTiled(index);
  const tree = partTree(index);
  assert.ok(Buffer.from(toSevenBit(out)).equals(out), 'a second pass changes it again');
  const unsafe = tree.parts.filter((part) => part.kind === 'leaf' && !isSafe(partBody(index, part)));
  const isHeld = tree.parts.some(({ contentType }) => /^multipart\/|^message\//.test(contentType.value));
  assert.ok(unsafe.length === 0 || isHeld, 'an octet above 127 or a long line is left in a plain body');
  return `changed ${Math.min(tree.parts.length, 5)} ${unsafe.length > 0}`;
}

function isSafe(octets: Uint8Array): boolean {
  const { eightBitAt, nulAt, bareCrAt, bareLfAt, longestLine } = watchLines(octets);
  return (eightBitAt ?? nulAt ?? bareCrAt ?? bareLfAt) === undefined && longestLine <= 998;
}
