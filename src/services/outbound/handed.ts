/** A message as it was handed in: whole in memory, or its header with the body where it lies. */
import { accept, type Outcome } from '../../base/outcome.ts';
import type { Spooled } from '../../base/port/blobs.ts';
import { createLineWatch, normaliseLineEnds } from '../../format/line-ends.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import { type LongBody, openLongMessage } from '../../protocol/long-message.ts';
import type { RawRequest, SendRequest } from './types.ts';

/** A whole message as it was handed in, or its header with the body where it lies. */
export type Handed = { readonly index: MessageIndex; readonly body?: StreamedBody };

/** Made of lines, without NUL. */
export type StreamedBody = LongBody & {
  readonly eightBit: boolean;
  /** It may leave as it is, whoever takes it: 7-bit, no line too long. */
  readonly isNarrow: boolean;
};

const lineMax = 998; // RFC 5322 §2.1.1
/** Undefined where only the whole can be judged: no end of its header near by, or line ends that are none. */
export async function openStreamed(body: Spooled): Promise<Handed | undefined> {
  const long = await openLongMessage(body);
  if (!long) return undefined;
  const watch = createLineWatch();
  for await (const piece of body.chunks()) watch.feed(piece);
  const { bareCrAt, bareLfAt, nulAt, eightBitAt, longestLine, endsWithCrlf } = watch.facts();
  if ((bareCrAt ?? bareLfAt ?? nulAt) !== undefined || !endsWithCrlf) return undefined;
  const eightBit = eightBitAt !== undefined;
  return { index: long.header, body: { ...long.body, eightBit, isNarrow: !eightBit && longestLine <= lineMax } };
}

/** What programs and people hand in by hand may end its lines with LF; SMTP has its own strict reader. */
export async function readWhole(request: RawRequest): Promise<Outcome<Uint8Array, 'bare-cr'>> {
  const bytes = await request.body.read();
  return request.entrance.kind === 'smtp' ? accept(bytes) : normaliseLineEnds(bytes);
}

/** What a request brings with it, as it lies in memory. */
export function octetsOf({ text = '', html = '', attachments }: SendRequest['content']): number {
  return attachments.reduce((sum, { content }) => sum + content.length, text.length + html.length);
}
