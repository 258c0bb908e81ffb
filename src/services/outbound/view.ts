/** Rows to the views that API, CLI and SDK show. Pure. */
import type { DeliveryRow, LastAttempt, MessageRow } from './outbound-store.ts';
import type { MessageView, RecipientView } from './types.ts';

export function viewOf(message: MessageRow, deliveries: readonly DeliveryRow[]): MessageView {
  return {
    id: message.id,
    createdAtMs: message.created_at_ms,
    account: message.account,
    from: message.author,
    mailFrom: message.mail_from,
    subject: message.subject,
    messageIdHeader: message.message_id_header,
    sizeBytes: message.size_bytes,
    tags: JSON.parse(message.tags) as string[],
    metadata: JSON.parse(message.metadata) as Record<string, string>,
    settled: deliveries.every((delivery) => delivery.settled_at_ms !== null),
    recipients: deliveries.map(recipientOf),
  };
}

function recipientOf(delivery: DeliveryRow): RecipientView {
  const last = JSON.parse(delivery.last) as LastAttempt;
  return {
    deliveryId: delivery.id,
    address: delivery.recipient,
    state: delivery.state,
    tries: delivery.tries,
    say: last.say,
    ...(delivery.settled_at_ms === null ? {} : { settledAtMs: delivery.settled_at_ms }),
    ...(delivery.settled_at_ms === null && delivery.leased === 0 && delivery.due_at_ms !== null
      ? { nextTryAtMs: delivery.due_at_ms }
      : {}),
    ...(last.reply ? { reply: last.reply } : {}),
    ...(last.host ? { host: last.host } : {}),
  };
}
