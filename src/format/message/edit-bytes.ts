/** Changes to a message as replacements of byte ranges: what no edit names stays octet for octet. */
import { invariant } from '../../base/outcome.ts';

/** Octets from `start` up to `end` become `text`; with `start` = `end` it is put there. */
export type Edit = { readonly start: number; readonly end: number; readonly text: Uint8Array };

/** Edits may come in any order but must not overlap; those for one place happen in the order given. */
export function editBytes(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    invariant(edit.start >= at && edit.end >= edit.start && edit.end <= bytes.length, 'edits overlap');
    pieces.push(bytes.subarray(at, edit.start), edit.text);
    at = edit.end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
