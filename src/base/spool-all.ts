/** Puts what comes in one or more parts into a spool; where one of them cannot be had, nothing stays behind. */
import type { Blobs, Spooled } from './port/blobs.ts';

export async function spoolAll(
  blobs: Pick<Blobs, 'open'>,
  ...parts: readonly (Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]
): Promise<Spooled> {
  const writer = blobs.open();
  try {
    for (const part of parts) {
      if (part instanceof Uint8Array) await writer.write(part);
      else for await (const piece of part) await writer.write(piece);
    }
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
