/** Decides where an address of this office leads. Pure: `directory.ts` looks the facts up. */
import type { Mailbox } from '../../format/address.ts';
import type { DomainRecord } from './types.ts';

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

/** Whose mailbox an address of that domain leads to: the operator's, or its owner's where it has one. */
export function decideRecipient(
  { local }: Pick<Mailbox, 'local'>,
  domain: DomainRecord | undefined,
): 'not-ours' | 'operator' | 'owner' {
  if (!isReceived(domain)) return 'not-ours';
  return isOperatorsAddress(local) ? 'operator' : 'owner';
}
