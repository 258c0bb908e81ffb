/**
 * By what a request is recognised when it comes again: the key that its client gave it, or, where the 250 was lost, what it says. Pure.
 */
import { hash } from 'node:crypto';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { formatAddrSpec, type Mailbox } from '../../format/address.ts';
import { fieldsNamed, fieldText, type MessageIndex } from '../../format/message/message-index.ts';
import type { OutboundRefusal, RawRequest, SendRequest } from './types.ts';

/** An idempotency key with the hash of what it stands for. */
export type RequestKey = { readonly key: string; readonly sha256: string; readonly forMs: number };

/** Keys are remembered this long; the same key later is a new request. */
export const idempotencyMs = 24 * 3_600_000;
/** How long a repeat of a submission whose 250 was lost is recognised. */
const repeatMs = 10 * 60_000;
/** A program may name its request in a field, which is removed before sending. */
export const idempotencyField = 'posthorn-idempotency-key';
/** As the HTTP header of the API. */
const idempotencyShape = /^[ -~]{1,256}$/;

export function idempotencyKeyIn(index: MessageIndex): Outcome<string | undefined, OutboundRefusal> {
  const key = fieldText(index, idempotencyField);
  const isOne = fieldsNamed(index, idempotencyField).length === 1;
  if (key === undefined || (isOne && idempotencyShape.test(key))) return accept(key);
  return refuse(
    'message-malformed',
    'Posthorn-Idempotency-Key must stand there once, with 1 to 256 printable ASCII characters.',
  );
}

export function requestKey(key: string, content: string): RequestKey {
  return { key, sha256: hash('sha256', content), forMs: idempotencyMs };
}

/** The request as text in which equal requests are equal: attachments by their hash. */
export function describeRequest(request: SendRequest): string {
  const { idempotencyKey: _, content, ...rest } = request;
  const attachments = content.attachments.map((each) => ({
    ...each,
    content: hash('sha256', each.content),
  }));
  return JSON.stringify({ ...rest, content: { ...content, attachments } });
}

export function repeatKey(request: RawRequest, recipients: readonly Mailbox[]): RequestKey {
  const parts = [
    request.mailFrom ? formatAddrSpec(request.mailFrom) : '',
    ...recipients.map(formatAddrSpec).sort(),
    request.body.sha256,
  ];
  const sha256 = hash('sha256', JSON.stringify(parts));
  return { key: `repeat:${sha256}`, sha256, forMs: repeatMs };
}
