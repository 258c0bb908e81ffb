/** What targets say must hold, beyond `node:assert`: about texts, addresses and header fields. */
import assert from 'node:assert/strict';
import { hasControlCharacter, isWellFormed } from '../../src/base/bytes.ts';
import { formatAddrSpec, type Mailbox, mailboxesOf, parseAddressList, sameMailbox } from '../../src/format/address.ts';
import { parseDomainName } from '../../src/format/domain-name.ts';
import { fieldBody, indexHeader, type MessageIndex } from '../../src/format/message/message-index.ts';
import { isPathText } from '../../src/protocol/smtp/client-command.ts';

/** Text that may be shown, logged and put into a header: one well-formed line. */
export function isOneLine(text: string): boolean {
  return isWellFormed(text) && !hasControlCharacter(text);
}

export function assertOneLine(text: string, what: string): void {
  assert.ok(isOneLine(text), `${what} is no line of text: ${JSON.stringify(text)}`);
}

/** Without any of `blanks` at its ends. A scan: a pattern for the end is quadratic on runs of blanks. */
export function trimmed(text: string, blanks: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && blanks.includes(text.charAt(from))) from++;
  while (to > from && blanks.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** A sentence of ours: it repeats nothing of the input, or only what was made printable. */
export function assertSentence(text: string, most = 300): void {
  assert.match(text, /^[\x20-\x7e]+$/);
  assert.ok(text.length <= most, `a sentence of ${text.length} characters`);
}

/** A mailbox means one thing: written down and read again it is the same. */
export function assertMailbox(mailbox: Mailbox): void {
  assert.equal(parseDomainName(mailbox.domain), mailbox.domain);
  assertOneLine(mailbox.local, 'the local part');
  assertOneLine(mailbox.display ?? '', 'the display name');
  const [again, ...more] = readBack(formatAddrSpec(mailbox));
  assert.ok(again !== undefined && more.length === 0, `${formatAddrSpec(mailbox)} is not read back`);
  assert.ok(sameMailbox(again, mailbox));
  assert.ok(isPathText(formatAddrSpec(mailbox)), `${formatAddrSpec(mailbox)} is an address and cannot be sent to`);
  assert.equal(again.local, mailbox.local);
}

function readBack(text: string): readonly Mailbox[] {
  const list = parseAddressList(text);
  assert.ok(list.ok, `${text} is not read back`);
  return mailboxesOf(list.value);
}

/** The octets are exactly one header field, within the limits of RFC 5322 §2.1.1; answers its body. */
export function assertOneField(octets: Uint8Array, name: string): Uint8Array {
  const index = indexHeader(octets);
  const [field, ...more] = index.fields;
  assert.ok(field !== undefined && more.length === 0, `${index.fields.length} fields were written for one`);
  assert.equal(field.name, name.toLowerCase());
  assert.deepEqual(index.problems, []);
  assert.equal(index.bodyStart, octets.length);
  return fieldBody(index, field);
}

/** Fields lie end to end from the first octet to the end of the header, and everything about them lies inside. */
export function assertTiled(index: MessageIndex): void {
  let at = 0;
  for (const field of index.fields) {
    assert.equal(field.start, at);
    assert.ok(field.start <= field.nameEnd && field.nameEnd <= field.bodyStart, 'the name ends after the body starts');
    assert.ok(field.bodyStart <= field.end && field.end > field.start, 'a field without octets');
    at = field.end;
  }
  assert.equal(index.headerEnd, at);
  assert.ok(index.bodyStart >= at && index.bodyStart <= index.bytes.length, 'the body starts outside');
  assert.ok(index.bodyStart === at || index.bodyStart === at + 2 || index.bodyStart === index.bytes.length);
  for (const problem of index.problems) assert.ok(problem.at >= 0 && problem.at <= index.bytes.length);
  const named = [...index.byName].flatMap(([name, fields]) => fields.filter((field) => field.name === name));
  assert.equal(named.length, index.fields.length);
}
