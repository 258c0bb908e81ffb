/** One DKIM2-Signature field: who handed the message on, to whom, and the signatures that say so. dkim2-spec-03 §8 */
import { latin1 } from '../../base/bytes.ts';
import { type DomainName, parseDomainName, type QueryName } from '../../format/domain-name.ts';
import type { HeaderField, MessageIndex } from '../../format/message/message-index.ts';
import type { TagList } from '../../format/tag-list.ts';
import type { OctetRange, SigningAlgorithm } from '../dkim/types.ts';
import {
  base64Of,
  isTextString,
  itemsOf,
  ordinalOf,
  type Reading,
  readDkim2Tags,
  withoutOuterBlanks,
} from './dkim2-field.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2ProblemCode, problem } from './problems.ts';
import { type RecordedPath, readRecordedPath } from './recorded-path.ts';

/** Where the message went: an envelope, or only the domain that signs next. */
type Route =
  | { readonly kind: 'envelope'; readonly mailFrom: RecordedPath; readonly rcptTo: readonly RecordedPath[] }
  | { readonly kind: 'next-domain'; readonly domain: DomainName };

export type SignatureSet = {
  readonly selector: string;
  readonly keyName: QueryName;
  /** '' where it is none that is known here. */
  readonly algorithm: SigningAlgorithm | '';
  readonly signature: Uint8Array;
};

export type Dkim2Signature = {
  readonly field: HeaderField;
  /** i= */
  readonly sequence: number;
  /** m= */
  readonly instance: number;
  readonly signedAtSeconds: number;
  readonly domain: DomainName;
  readonly route: Route;
  readonly sets: readonly SignatureSet[];
  readonly flags: readonly string[];
  /** Octets of the message that hold the signatures themselves: cut out of what is signed. */
  readonly emptied: readonly OctetRange[];
};

export function readDkim2Signature(index: MessageIndex, field: HeaderField): Reading<Dkim2Signature> {
  const tags = readDkim2Tags(index, field);
  const at = ordinalOf(tags?.get('i')?.value);
  const no = (code: Dkim2ProblemCode, tag = '') => ({ ok: false, problem: problem(code, { at, tag }) }) as const;
  if (tags === undefined) return no('signature-syntax');
  const tag = misplacedTag(tags);
  if (tag !== undefined) return no(tag.code, tag.name);
  const own = singleValues(tags);
  const route = own && routeOf(tags);
  if (own === undefined || route === undefined) return no('signature-syntax');
  if (own.sequence > dkim2Limits.signaturesMax) return no('too-many-fields');
  const signed = setsOf(index, field, tags, own.domain);
  if (signed === undefined) return no('signature-syntax');
  if (new Set(signed.sets.map(({ keyName }) => keyName)).size < signed.sets.length) return no('selector-twice');
  return { ok: true, value: { field, ...own, route, ...signed } };
}

/** dkim2-spec-03 §8: i=, m=, t=, d=, s=, and either nd= or both of mf= and rt=. */
function misplacedTag(tags: TagList): { readonly code: Dkim2ProblemCode; readonly name: string } | undefined {
  const needed = ['i', 'm', 't', 'd', 's', ...(tags.has('nd') ? [] : ['mf', 'rt'])];
  const missing = needed.find((name) => !tags.has(name));
  if (missing !== undefined) return { code: 'signature-tag-missing', name: missing };
  const unexpected = tags.has('nd') ? ['mf', 'rt'].find((name) => tags.has(name)) : undefined;
  return unexpected === undefined ? undefined : { code: 'signature-tag-unexpected', name: unexpected };
}

function singleValues(
  tags: TagList,
): Pick<Dkim2Signature, 'sequence' | 'instance' | 'signedAtSeconds' | 'domain' | 'flags'> | undefined {
  const text = (name: string) => tags.get(name)?.value ?? '';
  const sequence = ordinalOf(text('i'));
  const instance = ordinalOf(text('m'));
  const domain = domainOf(text('d'));
  const flags = flagsOf(tags.get('f')?.value);
  // dkim2-spec-03 §8.4: an unsigned number of seconds, as long as it likes within what we hold exactly.
  if (!/^[0-9]+$/.test(text('t')) || text('t').length > dkim2Limits.timeDigitsMax) return undefined;
  // dkim2-spec-03 §8.3: printable ASCII without blanks, at most 64 characters.
  if (!/^[!-~]*$/.test(text('n')) || text('n').length > dkim2Limits.nonceMax) return undefined;
  if (sequence === undefined || instance === undefined || domain === undefined || flags === undefined) return undefined;
  return { sequence, instance, domain, flags, signedAtSeconds: Number(text('t')) };
}

/** RFC 5321 §4.1.2: a domain has no final dot. */
function domainOf(text: string): DomainName | undefined {
  return text.endsWith('.') ? undefined : parseDomainName(text);
}

/** dkim2-spec-03 §8.10: words with commas between, folds around them; unknown ones mean nothing. */
function flagsOf(value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return [];
  const flags = itemsOf(value, ',').map(({ text }) => withoutOuterBlanks(text));
  return flags.every(isTextString) ? flags : undefined;
}

function routeOf(tags: TagList): Route | undefined {
  const next = tags.get('nd');
  if (next !== undefined) {
    const domain = domainOf(next.value);
    return domain && { kind: 'next-domain', domain };
  }
  const mailFrom = pathOf(tags.get('mf')?.value ?? '');
  const lists = itemsOf(tags.get('rt')?.value ?? '', ',');
  if (mailFrom === undefined || lists.length > dkim2Limits.recipientsMax) return undefined;
  const rcptTo: RecordedPath[] = [];
  for (const { text } of lists) {
    const path = pathOf(text);
    if (path === undefined || path.text === '') return undefined; // RFC 5321 §4.1.2: a Forward-path names somebody
    rcptTo.push(path);
  }
  return { kind: 'envelope', mailFrom, rcptTo };
}

function pathOf(base64: string): RecordedPath | undefined {
  const octets = base64Of(base64);
  return octets && readRecordedPath(octets);
}

/** dkim2-spec-03 §8.9: selector, algorithm, signature; several with commas between. */
function setsOf(
  index: MessageIndex,
  field: HeaderField,
  tags: TagList,
  domain: DomainName,
): Pick<Dkim2Signature, 'sets' | 'emptied'> | undefined {
  const tag = tags.get('s');
  if (tag === undefined) return undefined;
  const from = field.bodyStart + tag.start;
  const items = itemsOf(latin1(index.bytes.subarray(from, field.bodyStart + tag.end)), ',');
  if (items.length > dkim2Limits.setsMax) return undefined;
  const sets: SignatureSet[] = [];
  const emptied: OctetRange[] = [];
  for (const { text, start } of items) {
    const [selector, algorithm, base64, ...more] = itemsOf(text, ':');
    if (selector === undefined || algorithm === undefined || base64 === undefined || more.length > 0) return undefined;
    const set = setOf(withoutOuterBlanks(selector.text), withoutOuterBlanks(algorithm.text), base64.text, domain);
    if (set === undefined) return undefined;
    sets.push(set);
    const value = from + start + base64.start;
    emptied.push({ start: value, end: value + base64.text.length });
  }
  return { sets, emptied };
}

function setOf(selectorText: string, algorithm: string, base64: string, domain: DomainName): SignatureSet | undefined {
  // dkim2-spec-03 §3.6: the key stands at selector._domainkey.domain; the name as a whole must be one that may be asked for.
  const keyName = parseDomainName(`${selectorText}._domainkey.${domain}`);
  const signature = base64Of(base64);
  if (keyName === undefined || signature === undefined || !isTextString(algorithm)) return undefined;
  const known = (['rsa-sha256', 'ed25519-sha256'] as const).find((name) => name === algorithm);
  const selector = keyName.slice(0, -`._domainkey.${domain}`.length);
  return { selector, keyName, algorithm: known ?? '', signature };
}
