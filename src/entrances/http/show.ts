/** What the services know, as the API spells it. Pure; the types are those of the schemas. */
import { explainBounce } from '../../services/advice/advice.ts';
import type { ApiKeyRecord, UserRecord } from '../../services/directory/types.ts';
import type { EventRecord } from '../../services/events/types.ts';
import type { StoredMail } from '../../services/mailbox/types.ts';
import type { TimelineStep as Step } from '../../services/outbound/outbound.ts';
import type { MessageView, RecipientView, RemoteReply } from '../../services/outbound/types.ts';
import type { Email, Recipient, Refusal, TimelineStep } from './schemas/emails.ts';
import type { Event } from './schemas/events.ts';
import type { ReceivedEmail } from './schemas/inbox.ts';
import type { Key, User } from './schemas/office.ts';

export function showEmail(view: MessageView): Email {
  return {
    object: 'email',
    id: view.id,
    created_at: iso(view.createdAtMs),
    account: view.account,
    from: view.from,
    mail_from: view.mailFrom,
    subject: view.subject,
    message_id: view.messageIdHeader,
    size: view.sizeBytes,
    tags: [...view.tags],
    metadata: view.metadata,
    settled: view.settled,
    recipients: view.recipients.map((recipient) => showRecipient(recipient, domainOf(view.from))),
  };
}

function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at < 0 ? undefined : address.slice(at + 1);
}

/** @param domain the author's */
function showRecipient(view: RecipientView, domain: string | undefined): Recipient {
  const { nextTryAtMs, settledAtMs, host, reply } = view;
  return {
    delivery_id: view.deliveryId,
    address: view.address,
    state: view.state,
    tries: view.tries,
    ...(nextTryAtMs === undefined ? {} : { next_try_at: iso(nextTryAtMs) }),
    ...(settledAtMs === undefined ? {} : { settled_at: iso(settledAtMs) }),
    ...(host === undefined ? {} : { host }),
    ...(reply === undefined ? {} : { reply: { ...reply } }),
    ...(reply !== undefined && refused.has(view.state) && { refusal: showRefusal(view, reply, domain) }),
    say: view.say,
  };
}

/** Where a reply is the reason of how it stands. */
const refused: ReadonlySet<RecipientView['state']> = new Set(['bounced', 'failed', 'delayed']);

function showRefusal({ host }: RecipientView, reply: RemoteReply, domain: string | undefined): Refusal {
  const told = {
    ...(reply.code > 0 && { code: reply.code }),
    ...(reply.enhanced !== undefined && { enhanced: reply.enhanced }),
    ...(host !== undefined && { host }),
    text: reply.text,
  };
  const { receiver, kind, meaning, steps, checks, again } = explainBounce(told, domain === undefined ? {} : { domain });
  return { ...(receiver !== undefined && { receiver }), kind, meaning, steps: [...steps], checks: [...checks], again };
}

export function showStep(step: Step): TimelineStep {
  const { recipient } = step;
  return { at: iso(step.atMs), step: step.step, ...(recipient === undefined ? {} : { recipient }), say: step.say };
}

export function showEvent(event: EventRecord): Event {
  return {
    object: 'event',
    id: event.id,
    type: event.type,
    at: iso(event.atMs),
    subject: event.subject,
    data: { ...event.data },
  };
}

export function showReceived(mail: StoredMail): ReceivedEmail {
  return {
    object: 'received_email',
    id: mail.id,
    mailbox_id: mail.mailbox,
    folder: mail.folder,
    uid: mail.uid,
    received_at: iso(mail.receivedAtMs),
    mail_from: mail.envelopeFrom,
    recipient: mail.recipient,
    from: mail.headerFrom,
    subject: mail.subject,
    size: mail.sizeBytes,
    verdicts: mail.verdicts,
  };
}

export function showKey(key: ApiKeyRecord): Key {
  const { domains, lastUsedAtMs, revokedAtMs } = key;
  return {
    object: 'key',
    id: key.id,
    name: key.name,
    mode: key.mode,
    scopes: [...key.scopes],
    ...(domains === undefined ? {} : { domains: [...domains] }),
    created_at: iso(key.createdAtMs),
    ...(lastUsedAtMs === undefined ? {} : { last_used_at: iso(lastUsedAtMs) }),
    ...(revokedAtMs === undefined ? {} : { revoked_at: iso(revokedAtMs) }),
  };
}

export function showUser(user: UserRecord): User {
  return {
    object: 'user',
    id: user.id,
    login: user.login,
    domains: [...user.domains],
    created_at: iso(user.createdAtMs),
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
