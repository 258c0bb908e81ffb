/** Looks a message over for what speaks of an indirect way: mailing lists, ARC, forwarders; and for loops. Pure. */
import { fieldBody, fieldsNamed, type MessageIndex, trimBlanks, unfold } from '../../format/message/message-index.ts';

/** Fields that lists and forwarders leave, with the words for them. RFC 2919, RFC 2369, RFC 8617, RFC 5322 §3.6.6 */
const traceFields = [
  ['list-id', 'List-Id'],
  ['list-post', 'List-Post'],
  ['list-unsubscribe', 'List-Unsubscribe'],
  ['list-help', 'List-Help'],
  ['list-archive', 'List-Archive'],
  ['arc-seal', 'an ARC set'],
  ['resent-from', 'Resent-From'],
  ['x-forwarded-to', 'X-Forwarded-To'],
  ['x-forwarded-for', 'X-Forwarded-For'],
  ['x-ms-exchange-inbox-rules-loop', 'a forwarding rule of Exchange'],
  ['delivered-to', 'Delivered-To of another host'],
] as const;

export function findIndirectTraces(index: MessageIndex): string[] {
  return traceFields.filter(([name]) => fieldsNamed(index, name).length > 0).map(([, words]) => words);
}

/** Received fields before a message counts as looping. RFC 5321 §6.3 */
const receivedFieldsMax = 100;

/** Our Delivered-To for a recipient is on it already, or it has passed too many hosts. */
export function isLooping(index: MessageIndex, recipients: readonly string[]): boolean {
  if (fieldsNamed(index, 'received').length > receivedFieldsMax) return true;
  const delivered = fieldsNamed(index, 'delivered-to').map((field) =>
    trimBlanks(unfold(fieldBody(index, field))).toLowerCase(),
  );
  return recipients.some((recipient) => delivered.includes(recipient.toLowerCase()));
}
