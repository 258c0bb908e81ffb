/**
 * Who wrote a message: its From fields come in, one author domain or a plain reason why there is none comes out.
 * DMARC judges this answer and everything that shows a message shows it. RFC 9989 §5.3.1
 *
 * Decisions where the standards leave room:
 * - Two From fields, an empty place in the list, or anything `readAddressList` refuses: unclear.
 * - Several mailboxes of one domain are one author domain; the first is shown. Of several domains: unclear, although RFC
 *   9989 §11.5 would let a receiver go on with each, because a reader sees one of them only.
 * - Groups (RFC 6854): the name of a group is display text; the mailboxes in it are authors like others. A group without
 *   mailboxes names nobody.
 */
import { addressFaults } from './address-lexer.ts';
import { mailboxesOf, readAddressList } from './address-list.ts';
import type { DomainName } from './domain-name.ts';
import type { Mailbox } from './mailbox.ts';

export type Author =
  | {
      readonly kind: 'one';
      /** At least one, all of the same domain. */
      readonly mailboxes: readonly Mailbox[];
      readonly domain: DomainName;
      readonly first: Mailbox;
    }
  /** `why` is a clause for people and logs; it repeats nothing of the message. */
  | { readonly kind: 'none-or-unclear'; readonly why: string };

/** @param bodies the raw bodies of all From fields, folds as they are, each without the CRLF that ends it */
export function parseFromFields(bodies: readonly Uint8Array[]): Author {
  const [body, ...more] = bodies;
  if (body === undefined) return unclear('there is no From field');
  if (more.length > 0) return unclear('there is more than one From field'); // RFC 5322 §3.6
  const list = readAddressList(body);
  if (!list.ok) return unclear(`From: ${list.say}`);
  if (list.value.emptyPlaces) return unclear(`From: ${addressFaults['empty-place']}`);
  const mailboxes = mailboxesOf(list.value.entries);
  const [first] = mailboxes;
  if (first === undefined) return unclear('From names no mailbox');
  if (mailboxes.some(({ domain }) => domain !== first.domain))
    return unclear('From names authors of different domains');
  return { kind: 'one', mailboxes, domain: first.domain, first };
}

function unclear(why: string): Author {
  return { kind: 'none-or-unclear', why };
}
