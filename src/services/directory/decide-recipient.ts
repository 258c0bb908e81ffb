/** Decides where an address of this office leads. Pure: `directory.ts` looks the facts up. */
import type { Mailbox } from '../../format/address.ts';
import type { DomainRecord, LocalMailbox, RecipientAnswer } from './types.ts';

/** MAIL_RULES 5: they exist for every domain from the start and lead to the operator. RFC 5321 §4.5.1, RFC 2142 §2 */
const operatorsLocalParts = ['postmaster', 'abuse'];

/**
 * The key under which an address is found: one composition, no difference of case. RFC 5321 §2.4 leaves the meaning of a local
 * part to its own host, and that is us.
 */
export function foldLocal(local: string): string {
  return local.normalize('NFC').toLowerCase();
}

export function isOperatorsAddress(local: string): boolean {
  return operatorsLocalParts.includes(foldLocal(local));
}

/** A domain nobody has vouched for could be anybody's: taking its mail would mean stealing it from the world. */
export function isReceived(domain: DomainRecord | undefined): boolean {
  return domain?.verified !== undefined && domain.receives;
}

export function decideRecipient(
  address: Pick<Mailbox, 'local'>,
  facts: {
    readonly domain: DomainRecord | undefined;
    readonly operator: LocalMailbox | undefined;
    readonly owner: LocalMailbox | undefined;
  },
): RecipientAnswer {
  if (!isReceived(facts.domain)) return { kind: 'not-ours' };
  const mailbox = isOperatorsAddress(address.local) ? facts.operator : facts.owner;
  return mailbox === undefined ? { kind: 'unknown' } : { kind: 'mailbox', mailbox };
}
