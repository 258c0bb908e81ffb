/** A transaction whose message goes out: from a login, or from a network that may relay. Outbound decides when it has the whole. */

import type { Blobs, Spooled } from '../../base/port/blobs.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { DataFacts } from '../../protocol/smtp/data-reader.ts';
import { type Reply, replyOf } from '../../protocol/smtp/reply.ts';
import type { MailCommand, RcptCommand } from '../../protocol/smtp/server-session.ts';
import type { Outbound } from '../../services/outbound/outbound.ts';
import {
  type Entrance,
  type MessageId,
  outboundRefusals,
  type RawRecipient,
  type RawRequest,
  type Sender,
} from '../../services/outbound/types.ts';
import type { SmtpClient, SmtpFacts, SmtpTransaction } from './smtp-policy.ts';

export type SubmitPorts = {
  readonly outbound: Pick<Outbound, 'submitWhole' | 'rememberUnansweredSubmission'>;
  readonly blobs: Pick<Blobs, 'open'>;
  /** Where a bare `<Postmaster>` is at home. */
  readonly hostname: DomainName;
};

export type SubmitFacts = { readonly sender: Sender; readonly entrance: Entrance; readonly mail: MailCommand };

/** How a message came in, from what the session and MAIL have shown. */
export function entranceOf(
  client: SmtpClient,
  facts: SmtpFacts & Pick<MailCommand, 'smtpUtf8'> & { readonly authenticated: boolean },
): Entrance {
  const { helo, extended, smtpUtf8, tls, authenticated } = facts;
  const clientAddress = client.address.text;
  return { kind: 'smtp', clientAddress, helo, extended, smtpUtf8, authenticated, ...(tls ? { tls } : {}) };
}

const recipientNoted = replyOf('250 2.1.5', 'Recipient noted');
/** RFC 5321 §4.1.1.4 lets mail hold NUL, but what we send on may not (RFC 5322 §3.5, RFC 2045 §2.7, §2.8). */
const holdsNul = replyOf(outboundRefusals['message-malformed'].smtp, 'The message holds NUL octets');

export function submitTransaction(ports: SubmitPorts, facts: SubmitFacts): SmtpTransaction {
  const recipients: RawRecipient[] = [];
  let accepted: { readonly request: RawRequest; readonly id: MessageId } | undefined;
  return {
    rcpt: async ({ path, wishes }: RcptCommand) => {
      const mailbox = path.kind === 'postmaster' ? { local: 'postmaster', domain: ports.hostname } : path.mailbox;
      recipients.push({ ...mailbox, wishes });
      return recipientNoted;
    },
    openBody: () => ports.blobs.open(),
    finish: async (body: Spooled, { nuls }: DataFacts) => {
      if (nuls > 0) return holdsNul;
      const request = requestOf(facts, recipients, body);
      const outcome = await ports.outbound.submitWhole(facts.sender, request);
      if (!outcome.ok) return refusalOf(outcome);
      accepted = { request, id: outcome.value.id };
      return replyOf('250 2.0.0', `Queued as ${outcome.value.id}`);
    },
    unanswered: async () => {
      if (accepted) await ports.outbound.rememberUnansweredSubmission(facts.sender, accepted.request, accepted.id);
    },
  };
}

function requestOf({ entrance, mail }: SubmitFacts, recipients: readonly RawRecipient[], body: Spooled): RawRequest {
  const mailFrom = mail.path.kind === 'mailbox' ? mail.path.mailbox : undefined;
  return { entrance, mailFrom, recipients, wishes: mail.wishes, body, grouping: 'per-message' }; // MAIL_RULES 2
}

function refusalOf(refusal: { readonly code: keyof typeof outboundRefusals; readonly say: string }): Reply {
  return replyOf(outboundRefusals[refusal.code].smtp, refusal.say);
}
