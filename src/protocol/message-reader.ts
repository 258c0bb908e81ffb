/**
 * Takes a message as it arrives, in chunks of any size: gathers the header, which is bounded, and passes the body on.
 * Memory does not grow with the message.
 */
import { asBuffer, concat } from '../base/bytes.ts';
import { headerLimits, indexMessage, type MessageIndex } from '../format/message/message-index.ts';
import type { BodyChunk } from './dkim/body-hasher.ts';

export interface BodyReader {
  readonly update: (chunk: Uint8Array, which?: BodyChunk) => void;
  readonly end: () => void;
}

/**
 * @param started the header is known, the body follows
 * @returns what `started` answered, after the whole message was read; fails only when the source does
 */
export async function readMessage<T extends BodyReader>(
  message: Uint8Array | AsyncIterable<Uint8Array>,
  started: (index: MessageIndex) => T,
): Promise<T> {
  if (message instanceof Uint8Array) return readWhole(message, started);
  const reader = await readChunks(message, started);
  reader.end();
  return reader;
}

/** The same for a message that is there, without waiting. */
export function readWhole<T extends BodyReader>(message: Uint8Array, started: (index: MessageIndex) => T): T {
  const reader = startReader(message, started, 'whole');
  reader.end();
  return reader;
}

async function readChunks<T extends BodyReader>(
  chunks: AsyncIterable<Uint8Array>,
  started: (index: MessageIndex) => T,
): Promise<T> {
  const header = new HeaderGatherer();
  let reader: T | undefined;
  for await (const chunk of chunks) {
    if (reader !== undefined) reader.update(chunk);
    else if (header.add(chunk)) reader = startReader(header.octets(), started);
  }
  return reader ?? startReader(header.octets(), started);
}

function startReader<T extends BodyReader>(
  octets: Uint8Array,
  started: (index: MessageIndex) => T,
  which: BodyChunk = 'more',
): T {
  const index = indexMessage(octets);
  const reader = started(index);
  reader.update(index.bytes.subarray(index.bodyStart), which);
  return reader;
}

/** Chunks up to the one with the empty line in it. */
class HeaderGatherer {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  /** The last octets seen, in case the empty line begins in one chunk and ends in the next. */
  #tail = Buffer.from('\r\n', 'latin1'); // a message may begin with its empty line

  /** True when the header is complete, or longer than it is ever read: the index says which. */
  add(chunk: Uint8Array): boolean {
    this.#chunks.push(Buffer.from(chunk)); // the source may fill the same memory again
    this.#length += chunk.length;
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, 3)]);
    const found = seam.includes('\r\n\r\n', 0, 'latin1') || asBuffer(chunk).includes('\r\n\r\n', 0, 'latin1');
    this.#tail = Buffer.from(Buffer.concat([this.#tail, chunk.subarray(-3)]).subarray(-3));
    return found || this.#length > headerLimits.headerBytesMax;
  }

  octets(): Uint8Array {
    return concat(this.#chunks);
  }
}
