/**
 * What a DKIM-Signature field says (RFC 6376 §3.5), or an ARC-Message-Signature, which is one without v= and with a number
 * for i= (RFC 8617 §4.1.2). Parsing needs no DNS and no body: everything that can be wrong in the field itself is found here.
 */
import { asBuffer, latin1 } from '../../base/bytes.ts';
import { type DomainName, isEqualOrBelow, parseDomainName, type QueryName } from '../../format/domain-name.ts';
import { fieldBody, type HeaderField, type MessageIndex } from '../../format/message/message-index.ts';
import { parseTagList, type TagList, withoutBlanks } from '../../format/tag-list.ts';
import { decodeBase64 } from './base64.ts';
import type { Canonicalization } from './canonical-body.ts';
import type { DkimProblem } from './problems.ts';
import type { DkimResult, OctetRange, SigningAlgorithm } from './types.ts';

/** Who signs with which key: what every one of these fields has, an ARC-Seal too. */
export type SignedBy = {
  readonly algorithm: SigningAlgorithm;
  readonly domain: DomainName;
  readonly selector: string;
  /** Where the key is published. */
  readonly keyName: QueryName;
  readonly signature: Uint8Array;
  /** b= without its blanks. */
  readonly base64: string;
  /** The value of b= with all blanks around it, as octets of the message. RFC 6376 §3.7 */
  readonly emptied: OctetRange;
};

export type Signature = SignedBy & {
  /** bh= as base64 is written: without blanks, and without stray bits in its last character. */
  readonly bodyHash: string;
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  /** Lower case, in order; an empty name picks nothing. */
  readonly fieldNames: readonly string[];
  /** i=, only where the field has one. */
  readonly identity?: { readonly local: string; readonly domain: DomainName } | undefined;
  /** l= */
  readonly bodyOctets?: number | undefined;
  readonly signedAtSeconds?: number | undefined;
  readonly expiresAtSeconds?: number | undefined;
};

/** Which signature we speak of: the part of `SignedBy` that can often be read even where the field is in error. */
export type Named = Pick<DkimResult, 'domain' | 'selector' | 'algorithm'> & Pick<SignedBy, 'base64'>;

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: DkimProblem; readonly named: Named };

const unnamed: Named = { domain: '', selector: '', algorithm: '', base64: '' };
const algorithms = ['rsa-sha256', 'ed25519-sha256', 'rsa-sha1'] as const;
const sha256Octets = 32;

/** @param readNames reads h=; most messages of a sender list the same names, so a verifier remembers what it read */
export function readSignature(
  index: MessageIndex,
  field: HeaderField,
  kind: 'dkim' | 'arc',
  readNames: ReadFieldNames = readFieldNames,
): Reading<Signature> {
  const tags = readTags(index, field);
  if (tags === undefined) return { ok: false, problem: 'tags-unreadable', named: unnamed };
  const value = signatureOf(tags, field, kind, readNames);
  return typeof value === 'string' ? { ok: false, problem: value, named: nameOf(tags) } : { ok: true, value };
}

/** The tags of the field; undefined when they are no tag list. Shared with the ARC-Seal. */
export function readTags(index: MessageIndex, field: HeaderField): TagList | undefined {
  const tags = parseTagList(latin1(fieldBody(index, field)));
  return tags.ok ? tags.value : undefined;
}

function nameOf(tags: TagList): Named {
  const domain = domainOf(text(tags, 'd'));
  const selector = selectorOf(text(tags, 's'), domain)?.selector;
  const algorithm = algorithms.find((known) => known === text(tags, 'a'));
  const base64 = withoutBlanks(text(tags, 'b') ?? '');
  return {
    domain: domain ?? '',
    selector: selector ?? '',
    algorithm: algorithm ?? '',
    base64: /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? base64 : '',
  };
}

/** a=, b=, d=, s=: which key signed. */
export function signedByOf(tags: TagList, field: OctetRange & { readonly bodyStart: number }): SignedBy | DkimProblem {
  const [a, b, d, s] = [tags.get('a'), tags.get('b'), tags.get('d'), tags.get('s')];
  if (a === undefined || b === undefined || d === undefined || s === undefined) return 'tag-missing';
  if (a.value === 'rsa-sha1') return 'algorithm-retired'; // RFC 8301 §3.1
  if (a.value !== 'rsa-sha256' && a.value !== 'ed25519-sha256') return 'algorithm-unknown';
  const base64 = withoutBlanks(b.value);
  const signature = decodeBase64(base64);
  if (signature === undefined) return 'signature-unreadable';
  const domain = domainOf(d.value);
  if (domain === undefined) return 'domain-invalid';
  const selected = selectorOf(s.value, domain);
  if (selected === undefined) return 'selector-invalid';
  const emptied = { start: field.bodyStart + b.start, end: field.bodyStart + b.end };
  const { selector, keyName } = selected;
  return { algorithm: a.value, domain, selector, keyName, signature, base64, emptied };
}

/** t= of any of these fields: undefined when absent, a problem when it is no time. RFC 6376 §3.5: at most 12 digits */
export function timeOf(tags: TagList, name: 't' | 'x'): number | undefined | DkimProblem {
  const value = text(tags, name);
  if (value === undefined) return undefined;
  return /^[0-9]{1,12}$/.test(value) ? Number(value) : 'time-unreadable';
}

function signatureOf(
  tags: TagList,
  field: HeaderField,
  kind: 'dkim' | 'arc',
  readNames: ReadFieldNames,
): Signature | DkimProblem {
  // RFC 6376 §6.1.1: a signature of another version is not ours to judge.
  if (kind === 'dkim' && text(tags, 'v') !== '1') return 'version-unknown';
  if (kind === 'arc' && tags.has('v')) return 'version-in-arc'; // RFC 8617 §4.1.2
  if (!tags.has('bh') || !tags.has('h')) return 'tag-missing';
  const signedBy = signedByOf(tags, field);
  if (typeof signedBy === 'string') return signedBy;
  const bodyHash = bodyHashOf(text(tags, 'bh') ?? '');
  if (bodyHash === undefined) return 'body-hash-unreadable';
  const forms = formsOf(text(tags, 'c'));
  if (forms === undefined) return 'canonicalization-unknown';
  const fieldNames = readNames(text(tags, 'h') ?? '');
  if (fieldNames === undefined) return 'fields-unreadable';
  if (!fieldNames.includes('from')) return 'from-unsigned'; // RFC 6376 §6.1.1
  if (kind === 'arc' && fieldNames.includes('arc-seal')) return 'seal-signed'; // RFC 8617 §4.1.2
  const bodyOctets = bodyOctetsOf(text(tags, 'l'));
  if (typeof bodyOctets === 'string') return bodyOctets;
  if (!offersDnsTxt(text(tags, 'q'))) return 'query-method-unknown';
  const times = timesOf(tags);
  if (typeof times === 'string') return times;
  const identity = kind === 'dkim' ? identityOf(text(tags, 'i'), signedBy.domain) : undefined;
  if (typeof identity === 'string') return identity;
  const { headerForm, bodyForm } = forms;
  const { signedAtSeconds, expiresAtSeconds } = times;
  return {
    ...signedBy,
    bodyHash,
    headerForm,
    bodyForm,
    fieldNames,
    identity,
    bodyOctets,
    signedAtSeconds,
    expiresAtSeconds,
  };
}

/** Exactly as a SHA-256 is written, as nearly all are, it need not be decoded. */
const sha256Base64 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

function bodyHashOf(value: string): string | undefined {
  if (sha256Base64.test(value)) return value;
  const octets = decodeBase64(withoutBlanks(value));
  return octets?.length === sha256Octets ? asBuffer(octets).toString('base64') : undefined;
}

function text(tags: TagList, name: string): string | undefined {
  return tags.get(name)?.value;
}

/** Octets of a header are UTF-8 where they are not ASCII (RFC 6532 §3.1), so d=, s= and i= may hold U-labels (RFC 8616 §5). */
function unicodeOf(octets: string): string | undefined {
  if (/^[\x00-\x7f]*$/.test(octets)) return octets;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(octets, 'latin1'));
  } catch {
    return undefined;
  }
}

/** RFC 6376 §3.5: the grammar of d= has no final dot. */
function domainOf(value: string | undefined): DomainName | undefined {
  const name = unicodeOf(value ?? '');
  return name === undefined || name.endsWith('.') ? undefined : parseDomainName(name);
}

/** RFC 6376 §3.6.2.1: the key stands at s._domainkey.d; the name as a whole must be one that may be asked for. */
function selectorOf(
  value: string | undefined,
  domain: DomainName | undefined,
): { selector: string; keyName: QueryName } | undefined {
  const selector = unicodeOf(value ?? '');
  if (selector === undefined || domain === undefined) return undefined;
  const keyName = parseDomainName(`${selector}._domainkey.${domain}`);
  return keyName && { keyName, selector: keyName.slice(0, -`._domainkey.${domain}`.length) };
}

/** RFC 6376 §3.5: absent is simple/simple, a single word leaves simple for the body. */
function formsOf(value: string | undefined): { headerForm: Canonicalization; bodyForm: Canonicalization } | undefined {
  const forms = /^(simple|relaxed)(?:\/(simple|relaxed))?$/.exec(value ?? 'simple/simple');
  if (forms === null) return undefined;
  const formNamed = (name: string | undefined) => (name === 'relaxed' ? 'relaxed' : 'simple');
  return { headerForm: formNamed(forms[1]), bodyForm: formNamed(forms[2]) };
}

/** What h= lists: names in lower case, or undefined. An empty one is the name of no field and picks nothing, as one that is absent does. */
export type ReadFieldNames = (value: string) => readonly string[] | undefined;

export const readFieldNames: ReadFieldNames = (value) => {
  const names = itemsOf(value.toLowerCase());
  return names.every((name) => /^[!-9;-~]*$/.test(name)) ? names : undefined;
};

/** Folding white space is allowed around the colons only: an item with a blank inside keeps it. */
function itemsOf(list: string): string[] {
  return list.split(':').map(withoutOuterBlanks);
}

function withoutOuterBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** CR and LF stand in folds only, or the tag list would not have been read. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

/** RFC 6376 §3.5: up to 76 digits; what no body can have is more than the body. */
function bodyOctetsOf(value: string | undefined): number | undefined | DkimProblem {
  if (value === undefined) return undefined;
  return /^[0-9]{1,76}$/.test(value) ? Math.min(Number(value), Number.MAX_SAFE_INTEGER) : 'length-unreadable';
}

function offersDnsTxt(value: string | undefined): boolean {
  return value === undefined || itemsOf(value).includes('dns/txt'); // RFC 6376 §3.5 (q=)
}

function timesOf(tags: TagList): Pick<Signature, 'signedAtSeconds' | 'expiresAtSeconds'> | DkimProblem {
  const signedAtSeconds = timeOf(tags, 't');
  if (typeof signedAtSeconds === 'string') return signedAtSeconds;
  const expiresAtSeconds = timeOf(tags, 'x');
  if (typeof expiresAtSeconds === 'string') return expiresAtSeconds;
  // RFC 6376 §3.5: x= "MUST be greater than the value of the t= tag if both are present".
  if (signedAtSeconds !== undefined && expiresAtSeconds !== undefined && expiresAtSeconds <= signedAtSeconds) {
    return 'expiry-before-signing';
  }
  return { signedAtSeconds, expiresAtSeconds };
}

/** RFC 6376 §3.5 (i=): dkim-quoted-printable, an optional local part, @, a domain at or below d=. */
function identityOf(
  value: string | undefined,
  domain: DomainName,
): { local: string; domain: DomainName } | undefined | DkimProblem {
  if (value === undefined) return undefined;
  const decoded = decodeQuotedPrintable(value);
  const at = decoded?.lastIndexOf('@') ?? -1;
  if (decoded === undefined || at < 0) return 'identity-invalid';
  const identityDomain = domainOf(decoded.slice(at + 1));
  const local = unicodeOf(decoded.slice(0, at));
  if (identityDomain === undefined || local === undefined) return 'identity-invalid';
  if (!isEqualOrBelow(identityDomain, domain)) return 'identity-foreign'; // RFC 6376 §6.1.1
  return { local, domain: identityDomain };
}

/** RFC 6376 §2.11: blanks mean nothing, `=` and two upper-case hexadecimal digits are an octet. */
function decodeQuotedPrintable(value: string): string | undefined {
  const plain = withoutBlanks(value);
  if (/=(?![0-9A-F]{2})/.test(plain)) return undefined;
  return plain.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
