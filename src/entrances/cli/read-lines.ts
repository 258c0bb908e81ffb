/** Lines out of a stream of octets. A line that is longer than allowed comes as `undefined`, and the next one is read as usual. */
import { LF } from '../../base/bytes.ts';

export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  lineMaxBytes: number,
): AsyncGenerator<Uint8Array | undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let isTooLong = false;
  const take = (piece: Uint8Array) => {
    heldBytes += piece.length;
    isTooLong ||= heldBytes > lineMaxBytes;
    if (isTooLong) held = [];
    else if (piece.length > 0) held.push(piece);
  };
  const line = () => {
    const whole = isTooLong ? undefined : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    isTooLong = false;
    return whole;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      take(chunk.subarray(from, at));
      yield line();
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (heldBytes > 0) yield line(); // a last line without its end
}
