/** Addresses: from header text, API fields and SMTP paths to mailboxes. (Signatures first; the bodies follow.) */
import type { Outcome } from '../base/outcome.ts';
import type { DomainName } from './domain-name.ts';
import type { Group, Mailbox } from './mailbox.ts';

export { formatAddrSpec, type Group, isInternationalised, type Mailbox, sameMailbox } from './mailbox.ts';

export type Author =
  | {
      readonly kind: 'one';
      readonly mailboxes: readonly Mailbox[];
      readonly domain: DomainName;
      readonly first: Mailbox;
    }
  | { readonly kind: 'none-or-unclear'; readonly why: string };

export type Path =
  | { readonly kind: 'null' }
  | { readonly kind: 'postmaster' }
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox; readonly route: boolean };

export type PathRefusal = 'bad-path' | 'address-literal' | 'too-long';

export declare function parsePath(text: string): Outcome<Path, PathRefusal>;
export declare function parseMailbox(text: string): Outcome<Mailbox, 'bad-address'>;
export declare function parseFromFields(bodies: readonly Uint8Array[]): Author;
export declare function parseAddressList(
  text: string | Uint8Array,
): Outcome<readonly (Mailbox | Group)[], 'bad-address-list'>;
