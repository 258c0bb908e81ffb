/** A message that is ready to be queued, as rows and as its first event. Pure. */
import type { BlobId } from '../../base/port/blobs.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { MessageWishes, RecipientWishes } from '../../protocol/dsn/dsn-wishes.ts';
import type { NewEvent } from '../events/types.ts';
import type { DeliveryRow, MessageRow } from './outbound-store.ts';
import type { Signature } from './signer.ts';
import { messageWishColumns, recipientWishColumns } from './stored-wishes.ts';
import type { DeliveryId, MessageId } from './types.ts';

export type QueuedMessage = {
  readonly id: MessageId;
  readonly createdAtMs: number;
  readonly account: string;
  readonly origin: 'api' | 'raw' | 'submission' | 'relay' | 'report' | 'last-report';
  readonly author: string;
  readonly mailFrom: string;
  readonly reportTo: string;
  readonly subject: string;
  readonly messageIdHeader: string;
  readonly sizeBytes: number;
  readonly needsSmtpUtf8: boolean;
  readonly eightBit: boolean;
  readonly test: boolean;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly wishes?: MessageWishes;
  readonly recipients: readonly QueuedRecipient[];
  readonly signatures: readonly Signature[];
  /** Named by the message. */
  readonly stream?: string;
  /** Where its stream has a lowest one; null when it could not be told. */
  readonly scoreTenths?: number | null;
  /** The entrance in words, for the timeline: `the API`, `submission with a login`. */
  readonly via: string;
};

type QueuedRecipient = {
  readonly id: DeliveryId;
  readonly address: string;
  readonly domain: DomainName;
  readonly returnPath: string;
  readonly wishes?: RecipientWishes;
};

export function queueRows(
  queued: QueuedMessage,
  blobId: BlobId,
): { message: MessageRow; deliveries: DeliveryRow[]; event: NewEvent } {
  return {
    message: {
      id: queued.id,
      created_at_ms: queued.createdAtMs,
      account: queued.account,
      origin: queued.origin,
      author: queued.author,
      mail_from: queued.mailFrom,
      report_to: queued.reportTo,
      subject: queued.subject,
      message_id_header: queued.messageIdHeader,
      size_bytes: queued.sizeBytes,
      blob_id: blobId,
      needs_smtp_utf8: Number(queued.needsSmtpUtf8),
      eight_bit: Number(queued.eightBit),
      test: Number(queued.test),
      tags: JSON.stringify(queued.tags),
      metadata: JSON.stringify(queued.metadata),
      ...messageWishColumns(queued.wishes ?? {}),
      delay_told: 0,
    },
    deliveries: queued.recipients.map((recipient) => ({
      id: recipient.id,
      message_id: queued.id,
      recipient: recipient.address,
      lane: queued.account,
      domain: recipient.domain,
      return_path: recipient.returnPath,
      state: 'queued',
      ready: 1,
      due_at_ms: null,
      leased: 0,
      fence: 0,
      tries: 0,
      unsure: 0,
      unsure_ends: 0,
      accepted_at_ms: queued.createdAtMs,
      settled_at_ms: null,
      last: JSON.stringify({ say: 'Waiting for its first try.' }),
      ...recipientWishColumns(recipient.wishes ?? {}),
      success_told: 0,
    })),
    event: {
      type: 'email.accepted',
      subject: queued.id,
      data: {
        from: queued.author || queued.mailFrom,
        recipients: queued.recipients.map((recipient) => recipient.address),
        via: queued.via,
        account: queued.account,
        message_id: queued.messageIdHeader,
        size: queued.sizeBytes,
        tags: queued.tags,
        ...(queued.stream !== undefined && { stream: queued.stream }),
        ...(queued.scoreTenths !== undefined && { score: queued.scoreTenths && queued.scoreTenths / 10 }),
        signatures: queued.signatures,
      },
    },
  };
}
