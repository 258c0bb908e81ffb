/**
 * Finds the Authentication-Results fields of an incoming message that claim to be ours: they are forged, since ours are added
 * after this. RFC 8601 §5. What we cannot read with certainty goes as well, because some reader further on may read our name
 * in it; the fields that others wrote under their own name stay.
 */
import { parseDomainName } from '../../format/domain-name.ts';
import { fieldBody, fieldsNamed, type HeaderField, type MessageIndex } from '../../format/message/message-index.ts';
import { readHead } from './parse-auth-results.ts';
import { Scanner } from './scanner.ts';

/** @param ours every authserv-id of this office */
export function forgedResultsFields(index: MessageIndex, ours: readonly string[]): readonly HeaderField[] {
  const names = new Set(ours.map(comparable));
  return fieldsNamed(index, 'authentication-results').filter((field) => {
    const authservId = readHead(new Scanner(fieldBody(index, field)))?.authservId;
    return authservId === undefined || names.has(comparable(authservId));
  });
}

/** Case, a final dot, the spelling of an internationalised name, blanks and what nobody sees make no other office. */
function comparable(authservId: string): string {
  const visible = authservId.replace(/[\s\p{C}]/gu, '');
  return parseDomainName(visible) ?? visible.toLowerCase();
}
