/**
 * Decides whether a message may be accepted for sending: whose name is on it, and may this account use that name?
 * Pure: `outbound.ts` gathers the facts and stores the message.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Author } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SenderBeside } from '../../protocol/read-author.ts';
import type { DomainStanding } from '../directory/types.ts';
import type { OutboundRefusal, Sender } from './types.ts';

export type AcceptanceFacts = {
  readonly sender: Sender;
  readonly author: Author;
  /** Domain of the envelope sender; undefined for the null sender. */
  readonly mailFromDomain: DomainName | undefined;
  /** Whom the message names as its sender beside the author. */
  readonly beside: readonly SenderBeside[];
  /** The office's own domains among those named: verified or not. */
  readonly domains: ReadonlyMap<DomainName, DomainStanding>;
  readonly recipientCount: number;
  readonly sizeBytes: number;
  readonly receivedFields: number;
};

export type AcceptanceLimits = { readonly recipientsMax: number; readonly sizeMaxBytes: number };

/** Received fields before a message counts as looping. RFC 5321 §6.3 */
const receivedFieldsMax = 100;

/** Answers the author's domain: the one that signs and owns the return path; undefined when it is not ours (relayed mail). */
export function decideAcceptance(
  facts: AcceptanceFacts,
  limits: AcceptanceLimits,
): Outcome<{ readonly domain: DomainName | undefined }, OutboundRefusal> {
  if (facts.recipientCount === 0) return refuse('no-recipients', 'Name at least one recipient.');
  if (facts.recipientCount > limits.recipientsMax) {
    return refuse(
      'too-many-recipients',
      `At most ${limits.recipientsMax} recipients per message; this one has ${facts.recipientCount}.`,
    );
  }
  if (facts.sizeBytes > limits.sizeMaxBytes) {
    return refuse(
      'message-too-large',
      `The message has ${facts.sizeBytes} octets; the limit is ${limits.sizeMaxBytes}.`,
    );
  }
  if (facts.receivedFields > receivedFieldsMax) {
    return refuse(
      'mail-loop',
      `The message has ${facts.receivedFields} Received fields: it is going round in circles.`,
    );
  }
  return facts.sender.kind === 'relay' || facts.sender.kind === 'office' ? relayed(facts) : ofAccount(facts);
}

/** A relay network may pass on anybody's mail; only what is ours gets our signature and return path. */
function relayed(facts: AcceptanceFacts): Outcome<{ readonly domain: DomainName | undefined }, OutboundRefusal> {
  const domain = facts.author.kind === 'one' ? facts.author.domain : undefined;
  return accept({ domain: domain !== undefined && facts.domains.get(domain)?.verified ? domain : undefined });
}

function ofAccount(facts: AcceptanceFacts): Outcome<{ readonly domain: DomainName | undefined }, OutboundRefusal> {
  if (facts.author.kind !== 'one')
    return refuse('from-unclear', `The From field does not name exactly one author: ${facts.author.why}.`);
  const { domain } = facts.author;
  const from = mayUse(domain, facts);
  if (!from.ok) return from;
  if (facts.mailFromDomain !== undefined && facts.mailFromDomain !== domain) {
    const envelope = mayUse(facts.mailFromDomain, facts);
    if (!envelope.ok)
      return refuse('sender-not-allowed', `The envelope sender is at ${facts.mailFromDomain}. ${envelope.say}`);
  }
  for (const { field, domains } of facts.beside) {
    if (domains === undefined) return refuse('sender-not-allowed', `The ${field} field cannot be read with certainty.`);
    for (const named of domains) {
      const beside = mayUse(named, facts);
      if (!beside.ok)
        return refuse('sender-not-allowed', `The ${field} field names somebody at ${named}. ${beside.say}`);
    }
  }
  return accept({ domain });
}

function mayUse(domain: DomainName, facts: AcceptanceFacts): Outcome<undefined, OutboundRefusal> {
  const known = facts.domains.get(domain);
  const allowed = facts.sender.kind === 'key' || facts.sender.kind === 'login' ? facts.sender.domains : undefined;
  // First what concerns the account itself: a login cannot add domains.
  if (allowed && !allowed.includes(domain))
    return refuse('from-not-allowed', `This account may send only as ${allowed.join(', ')}, not as ${domain}.`);
  if (!known)
    return refuse(
      'domain-unknown',
      `${domain} is not a domain of this office. Add it first: posthorn domains add ${domain}`,
    );
  if (known.lapsed)
    return refuse(
      'domain-unverified',
      `${domain} is not verified any more: its TXT record ${known.lapsed.record} is gone since ${dayOf(known.lapsed.sinceMs)}. Publish it again, and sending goes on by itself. See: posthorn domains show ${domain}`,
    );
  if (!known.verified)
    return refuse('domain-unverified', `${domain} is not verified yet. See: posthorn domains show ${domain}`);
  return accept(undefined);
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
