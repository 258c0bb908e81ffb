/**
 * A message that is too long to be held: its header in memory, its body read in pieces from where it lies. All that is asked of a
 * header can be asked of the header alone; who needs the body takes the pieces as they come.
 */
import { asBuffer, concat, fromLatin1 } from '../base/bytes.ts';
import { headerLimits, indexMessage, type MessageIndex } from '../format/message/message-index.ts';

/** Where a message lies. */
export type MessageSource = {
  readonly size: number;
  /** @param from octets at the start that are left out */
  readonly chunks: (from?: number) => AsyncIterable<Uint8Array>;
};

/** What is not in memory of a message: everything behind its header. */
export type LongBody = { readonly size: number; readonly chunks: () => AsyncIterable<Uint8Array> };

export type LongMessage = {
  /** Of the header and the empty line that ends it; no body is in it. */
  readonly header: MessageIndex;
  readonly body: LongBody;
};

/** Undefined where no header of bounded size ends with an empty line: such a message is read as a whole, or not at all. */
export async function openLongMessage(source: MessageSource): Promise<LongMessage | undefined> {
  const octets = await readHeader(source);
  if (octets === undefined) return undefined;
  const header = indexMessage(octets);
  if (!header.complete) return undefined;
  return {
    header,
    body: { size: source.size - octets.length, chunks: () => source.chunks(octets.length) },
  };
}

/** The octets up to the first empty line, that one included. Linear, however small the pieces are. */
async function readHeader(source: MessageSource): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let tail: Uint8Array = fromLatin1('\r\n'); // before the first octet: a message may begin with its empty line
  for await (const piece of source.chunks()) {
    pieces.push(piece);
    const seen = concat([tail, piece]);
    const found = asBuffer(seen).indexOf('\r\n\r\n', 0, 'latin1');
    if (found >= 0) return Uint8Array.from(concat(pieces).subarray(0, length - tail.length + found + 4)); // the piece may be large
    length += piece.length;
    if (length > headerLimits.headerBytesMax) return undefined;
    tail = Uint8Array.from(seen.subarray(-3));
  }
  return undefined;
}
