/**
 * A message that is too long to be held: its header in memory, its body read in pieces from where it lies. All that is asked of a
 * header can be asked of the header alone; who needs the body takes the pieces as they come.
 */
import { asBuffer, CR, concat, LF } from '../base/bytes.ts';
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

/** The octets up to the first empty line, that one included. */
async function readHeader(source: MessageSource): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let octets: Uint8Array = new Uint8Array(0);
  for await (const piece of source.chunks()) {
    pieces.push(piece);
    octets = concat(pieces);
    const end = headerEnd(octets);
    if (end !== undefined) return new Uint8Array(octets.subarray(0, end)); // a copy: the piece may be large
    if (octets.length > headerLimits.headerBytesMax) return undefined;
  }
  return undefined;
}

function headerEnd(octets: Uint8Array): number | undefined {
  if (octets[0] === CR && octets[1] === LF) return 2; // a message may begin with its empty line
  const found = asBuffer(octets).indexOf('\r\n\r\n', 0, 'latin1');
  return found < 0 ? undefined : found + 4;
}
