/**
 * Who wrote this message, by its header: the one author that DMARC judges and everything that shows mail shows. What another
 * reader might see differently is nobody's: no author is named rather than perhaps the wrong one. RFC 9989 §5.3.1, §11.5
 */
import { latin1 } from '../base/bytes.ts';
import { type Author, parseFromFields } from '../format/address.ts';
import { mailboxesOf, readAddressList } from '../format/address-list.ts';
import type { DomainName } from '../format/domain-name.ts';
import {
  fieldBody,
  fieldsNamed,
  type HeaderProblemCode,
  headerBytes,
  headerProblems,
  type MessageIndex,
} from '../format/message/message-index.ts';

/** Readers differ on whether such a field is a From at all, or on where it ends. A long line is no ambiguity. */
const ambiguous: readonly HeaderProblemCode[] = [
  'blank-before-name',
  'blank-before-colon',
  'folded-name',
  'bad-name',
  'bare-cr',
  'bare-lf',
  'nul',
];

/** `Fr\0om` is a From to readers that skip what does not belong into a name. */
function isFrom(name: string): boolean {
  return name.replaceAll(/[^!-9;-~]/g, '') === 'from'; // RFC 5322 §3.6.8
}

/** Octets of one line that such readers skip. */
const foreign = '[^!-~\\r\\n]*';

/** For readers that end lines at a lone CR or LF this starts a From field, for us it is inside another one. */
const hiddenFrom = new RegExp(`(?:\\r(?!\\n)|(?<!\\r)\\n)${foreign}${[...'from'].join(foreign)}${foreign}:`, 'i');

export function readAuthor(index: MessageIndex): Author {
  if (!index.complete) return unclear('the header is larger than we read');
  const problem = index.problems.find(({ code, name }) => ambiguous.includes(code) && isFrom(name));
  if (problem !== undefined) return unclear(`From: ${headerProblems[problem.code]}`);
  const hasLoneLineEnd = index.problems.some(({ code }) => code === 'bare-cr' || code === 'bare-lf');
  if (hasLoneLineEnd && hiddenFrom.test(latin1(headerBytes(index)))) {
    return unclear('a From may be hidden behind a lone CR or LF');
  }
  return parseFromFields(fieldsNamed(index, 'from').map((field) => fieldBody(index, field)));
}

/** Fields that many readers show beside the author, or instead: "on behalf of", "resent by". RFC 5322 §3.6.2, §3.6.6 */
const besideFrom = ['sender', 'resent-from', 'resent-sender'];

export type SenderBeside = {
  /** In lower case. */
  readonly field: string;
  /** Undefined: it cannot be read with certainty. */
  readonly domains: readonly DomainName[] | undefined;
};

/** Nobody is sent on behalf of more: whoever names them wants something else. */
const besideMax = 10;

export function readSendersBeside(index: MessageIndex): readonly SenderBeside[] {
  return besideFrom.flatMap((name) =>
    fieldsNamed(index, name).map((field) => ({ field: name, domains: domainsIn(fieldBody(index, field)) })),
  );
}

function domainsIn(body: Uint8Array): readonly DomainName[] | undefined {
  const list = readAddressList(body);
  if (!list.ok) return undefined;
  const domains = [...new Set(mailboxesOf(list.value.entries).map(({ domain }) => domain))];
  return domains.length > besideMax ? undefined : domains;
}

function unclear(why: string): Author {
  return { kind: 'none-or-unclear', why };
}
