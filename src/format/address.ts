/**
 * Addresses, the front of their family: header fields (`address-list.ts`), the author of a message (`from-author.ts`), SMTP
 * paths (`smtp-path.ts`), and one address typed by a person or a program (here). All give the same `Mailbox`.
 */
import { utf8 } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import { addressFaults } from './address-lexer.ts';
import { readAddressList } from './address-list.ts';
import { localPartOctetsMax, type Mailbox } from './mailbox.ts';

export { mailboxesOf, parseAddressList } from './address-list.ts';
export { type Author, parseFromFields } from './from-author.ts';
export { formatAddrSpec, type Group, isInternationalised, type Mailbox, sameMailbox } from './mailbox.ts';
export { type Path, type PathRefusal, parsePath } from './smtp-path.ts';

const commaHint = 'a name with a comma needs quotation marks';

/** One address as people type it into a form or a program: `a@b.example` or `Name <a@b.example>`. */
export function parseMailbox(text: string): Outcome<Mailbox, 'bad-address'> {
  if (/\p{Cc}/u.test(text)) return refuse('bad-address', addressFaults['control-character']);
  // What is typed is meant literally; an encoded word in it would be decoded by the reader only.
  if (text.includes('=?') && text.includes('?=')) return refuse('bad-address', 'the text holds an encoded word');
  const list = readAddressList(text);
  if (!list.ok) {
    const hint = list.code === 'no-address' && text.includes(',') ? `; ${commaHint}` : '';
    return refuse('bad-address', `${list.say}${hint}`);
  }
  const [entry, ...more] = list.value.entries;
  if (entry === undefined) return refuse('bad-address', 'there is no address');
  if (more.length > 0 || list.value.emptyPlaces || 'mailboxes' in entry) {
    return refuse('bad-address', `one address is wanted; ${commaHint}`);
  }
  if (utf8(entry.local).length > localPartOctetsMax) return refuse('bad-address', addressFaults['too-long']);
  return accept(entry);
}
