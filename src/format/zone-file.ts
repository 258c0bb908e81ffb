/**
 * Zone text (RFC 1035 §5 master files) to records and back. One text may hold several domains; neither SOA nor `$ORIGIN` is
 * needed, and without `$ORIGIN` every name is absolute. Beyond the RFC: `;!SERVFAIL name` and `;!TIMEOUT name` name what shall
 * fail when looked up. Non-ASCII octets come as `\DDD` only. What the records mean together is `protocol/dns`'s business.
 */
import { fromLatin1 } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import { decodeData, encodeData, fitsField } from './dns-data.ts';
import { type DnsName, dnsNameText, isDnsName, parseDnsName, readOctet, rootName } from './dns-name.ts';
import {
  type DnsData,
  type DnsRecord,
  type FieldKind,
  type FieldValues,
  fieldsOf,
  fieldValues,
  type ShapedType,
  shapedData,
  shapedTypeOf,
  typeCodeOf,
  typeCodeOfText,
  typeText,
  type UnreadData,
} from './dns-record.ts';
import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from './ip-octets.ts';

/** Where a record stands: `lastLine` is another one where parentheses join lines. */
type Lines = { readonly line: number; readonly lastLine: number };
export type ZoneRecord = DnsRecord & Lines;

/** A line of a type whose text we do not read: its name exists, and that is all that is known. */
export type UnreadRecord = { readonly name: DnsName; readonly ttlSeconds: number; readonly data: UnreadData } & Lines;

export type FailingName = { readonly name: DnsName; readonly why: 'servfail' | 'timeout' };

export type ZoneText = {
  readonly records: readonly ZoneRecord[];
  readonly unread: readonly UnreadRecord[];
  readonly failing: readonly FailingName[];
};

/** For records whose line, `$TTL` and predecessors say nothing. (Our choice.) */
const ttlDefaultSeconds = 3600;

/** RFC 2181 §8 */
const ttlMaxSeconds = 0x7fff_ffff;

type No = { readonly ok: false; readonly code: 'bad-zone'; readonly say: string };
type Result<T> = Outcome<T, 'bad-zone'>;

function no(say: string): No {
  return refuse('bad-zone', say);
}

/** The refusal's sentence begins with the line: `line 3: ...`. */
export function parseZoneText(text: string): Outcome<ZoneText, 'bad-zone'> {
  const entries = splitEntries(text.startsWith('\ufeff') ? text.slice(1) : text);
  if (!entries.ok) return entries;
  const state: ReadingState = {
    origin: rootName,
    owner: undefined,
    ttlSeconds: undefined,
    lastTtlSeconds: undefined,
    records: [],
    unread: [],
    failing: [],
  };
  for (const entry of entries.value) {
    const problem = readEntry(state, entry);
    if (problem !== undefined) return no(`line ${entry.line}: ${problem.say}`);
  }
  return accept({ records: state.records, unread: state.unread, failing: state.failing });
}

// ---- from text to words ----

/** `raw` still has its escapes; quotes are gone. */
type Word = { readonly raw: string; readonly quoted: boolean };
type Entry =
  | ({ readonly kind: 'words'; readonly indented: boolean; readonly words: readonly Word[] } & Lines)
  | { readonly kind: 'failing'; readonly line: number; readonly why: FailingName['why']; readonly rest: string };

const failureMark = /^;!(SERVFAIL|TIMEOUT)(?![^ \t])/;

/** Lines to entries: parentheses join lines, `;` begins a comment, quotes keep blanks. RFC 1035 §5.1 */
function splitEntries(text: string): Result<readonly Entry[]> {
  const entries: Entry[] = [];
  let open: { line: number; indented: boolean; words: Word[] } | undefined;
  let depth = 0;
  for (const [index, lineText] of text.split(/\r\n|\n/).entries()) {
    const line = index + 1;
    const failing = failureMark.exec(lineText.trimStart());
    if (failing !== null) {
      const why = failing[1] === 'TIMEOUT' ? 'timeout' : 'servfail';
      entries.push({ kind: 'failing', line, why, rest: lineText.trimStart().slice(failing[0].length) });
      continue;
    }
    const split = splitLine(lineText, depth);
    if (!split.ok) return no(`line ${line}: ${split.say}`);
    open ??= { line, indented: /^[ \t]/.test(lineText), words: [] };
    open.words.push(...split.value.words);
    depth = split.value.depth;
    if (depth > 0) continue;
    if (open.words.length > 0) entries.push({ kind: 'words', ...open, lastLine: line });
    open = undefined;
  }
  return depth > 0 ? no(`line ${open?.line ?? 1}: a parenthesis is never closed`) : accept(entries);
}

function splitLine(
  text: string,
  depthBefore: number,
): Result<{ readonly words: readonly Word[]; readonly depth: number }> {
  const words: Word[] = [];
  let depth = depthBefore;
  for (let at = 0; at < text.length; ) {
    const first = text.charAt(at);
    if (first === ';') break;
    if (first === ' ' || first === '\t') at++;
    else if (first === '(') {
      depth++;
      at++;
    } else if (first === ')') {
      if (--depth < 0) return no('a parenthesis is closed that was never opened');
      at++;
    } else {
      const end = wordEnd(text, at);
      if (!end.ok) return end;
      const quoted = first === '"';
      words.push({ raw: quoted ? text.slice(at + 1, end.value - 1) : text.slice(at, end.value), quoted });
      at = end.value;
    }
  }
  return accept({ words, depth });
}

function wordEnd(text: string, start: number): Result<number> {
  const quoted = text.charAt(start) === '"';
  for (let at = quoted ? start + 1 : start; at < text.length; ) {
    const here = text.charAt(at);
    if (quoted && here === '"') return accept(at + 1);
    if (!quoted && /[ \t();]/.test(here)) return accept(at);
    if (!quoted && here === '"') return no('a quotation mark in the middle of a word');
    const read = readOctet(text, at);
    if (read === undefined) return no(octetProblem(text, at));
    at = read.next;
  }
  return quoted ? no('a quotation mark is never closed') : accept(text.length);
}

function octetProblem(text: string, at: number): string {
  return text.charAt(at) === '\\'
    ? `${JSON.stringify(text.slice(at, at + 4)).replace(/[^\x20-\x7e]/g, '?')} is no escape: write \\DDD with three digits up to 255, or a backslash and the character`
    : `the character U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')} must be written as octets, \\DDD each`;
}

/** The octets a word stands for, one character each. */
function octetsOf(raw: string): string {
  let out = '';
  for (let at = 0; at < raw.length; ) {
    const read = readOctet(raw, at);
    if (read === undefined) break; // cannot be: `wordEnd` has read the same characters
    out += read.octet;
    at = read.next;
  }
  return out;
}

// ---- from words to records ----

type ReadingState = {
  origin: DnsName;
  owner: DnsName | undefined;
  /** By `$TTL`. */
  ttlSeconds: number | undefined;
  /** By the last line that stated one. */
  lastTtlSeconds: number | undefined;
  readonly records: ZoneRecord[];
  readonly unread: UnreadRecord[];
  readonly failing: FailingName[];
};

function readEntry(state: ReadingState, entry: Entry): No | undefined {
  if (entry.kind === 'failing') return readFailing(state, entry);
  const first = entry.words[0];
  if (first !== undefined && !first.quoted && first.raw.startsWith('$')) return readDirective(state, entry.words);
  return readRecord(state, entry);
}

function readFailing(state: ReadingState, entry: Entry & { kind: 'failing' }): No | undefined {
  const [text = '', ...others] = entry.rest
    .split(';', 1)
    .join('')
    .trim()
    .split(/[ \t]+/);
  const name = text === '' || others.length > 0 ? undefined : parseDnsName(text, state.origin);
  if (name === undefined) return no(`;!${entry.why.toUpperCase()} needs one name`);
  state.failing.push({ name, why: entry.why });
  return undefined;
}

function readDirective(state: ReadingState, words: readonly Word[]): No | undefined {
  const [directive, value, ...others] = words.map((word) => word.raw);
  if (value === undefined || others.length > 0) return no(`${directive} needs one value`);
  switch (directive?.toUpperCase()) {
    case '$ORIGIN': {
      const origin = parseDnsName(value, state.origin);
      if (origin === undefined) return no(`${JSON.stringify(value)} is not a name`);
      state.origin = origin;
      return undefined;
    }
    case '$TTL': {
      const ttl = parsePeriod(value); // RFC 2308 §4
      if (ttl === undefined || ttl > ttlMaxSeconds) return no(`${JSON.stringify(value)} is not a TTL`);
      state.ttlSeconds = ttl;
      return undefined;
    }
    default: // RFC 1035 §5.1 deviates: `$INCLUDE` is refused, because reading zone text opens no other files
      return no(`${directive} is not supported`);
  }
}

function readRecord(state: ReadingState, entry: Entry & { kind: 'words' }): No | undefined {
  const words = [...entry.words];
  if (!entry.indented) {
    const text = words.shift();
    const owner = text === undefined || text.quoted ? undefined : parseDnsName(text.raw, state.origin);
    if (owner === undefined) return no(`${JSON.stringify(text?.raw)} is not a name`);
    state.owner = owner;
  }
  if (state.owner === undefined) return no('a line that begins with a blank needs a name on a line before it');
  const head = readHead(words);
  if (!head.ok) return head;
  const { code, ttlSeconds } = head.value;
  if (ttlSeconds !== undefined) state.lastTtlSeconds = ttlSeconds;
  const data = readData(state, code, words);
  if (!data.ok) return data;
  const ttl = ttlSeconds ?? state.ttlSeconds ?? state.lastTtlSeconds ?? ttlDefaultSeconds; // RFC 2308 §4, RFC 1035 §5.1
  const record = { name: state.owner, ttlSeconds: ttl, line: entry.line, lastLine: entry.lastLine };
  if (data.value.type === 'unread') state.unread.push({ ...record, data: data.value });
  else state.records.push({ ...record, data: data.value });
  return undefined;
}

/** `[TTL] [class] type` or `[class] [TTL] type`; takes the words it reads. RFC 1035 §5.1 */
function readHead(words: Word[]): Result<{ readonly code: number; readonly ttlSeconds: number | undefined }> {
  let ttlSeconds: number | undefined;
  let hasClass = false;
  for (let word = words.shift(); word !== undefined && !word.quoted; word = words.shift()) {
    if (!hasClass && /^(?:IN|CH|HS|CS|CLASS[0-9]+)$/i.test(word.raw)) {
      if (!/^(?:IN|CLASS1)$/i.test(word.raw)) return no(`only the class IN is supported, not ${word.raw}`);
      hasClass = true;
    } else if (ttlSeconds === undefined && /^[0-9]/.test(word.raw)) {
      ttlSeconds = parsePeriod(word.raw);
      if (ttlSeconds === undefined || ttlSeconds > ttlMaxSeconds) return no(`${JSON.stringify(word.raw)} is not a TTL`);
    } else {
      const code = typeCodeOfText(word.raw);
      return code === undefined ? no(`${JSON.stringify(word.raw)} is not a record type`) : accept({ code, ttlSeconds });
    }
  }
  return no('a record type is missing');
}

function readData(state: ReadingState, code: number, words: readonly Word[]): Result<DnsData | UnreadData> {
  if (words[0]?.raw === '\\#' && !words[0].quoted) return readOpaque(code, words.slice(1));
  const type = shapedTypeOf(code);
  if (type !== undefined) return readShaped(type, words, state.origin);
  if (/^TYPE/.test(typeText(code))) return no(`data of ${typeText(code)} must be written as \\# LENGTH HEX`);
  return accept({ type: 'unread', code, text: words.map((word) => word.raw).join(' ') });
}

/** RFC 3597 §5: `\# LENGTH HEX`, for known types too. */
function readOpaque(code: number, words: readonly Word[]): Result<DnsData> {
  const [length, ...rest] = words.map((word) => word.raw);
  const hex = rest.join('');
  const bad = no('after \\# come a length and as many octets in hexadecimal');
  if (length === undefined || !/^[0-9]{1,5}$/.test(length) || Number(length) > 0xffff) return bad;
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex) || hex.length !== 2 * Number(length)) return bad;
  const octets = Uint8Array.from(Buffer.from(hex, 'hex'));
  const data = decodeData(code, octets, { from: 0, to: octets.length }, readPlainName);
  return data === undefined ? no(`these octets are no ${typeText(code)} data`) : accept(data);
}

/** A name as it stands in data outside a message: without compression. RFC 3597 §4 */
function readPlainName(
  octets: Uint8Array,
  from: number,
): { readonly name: DnsName; readonly next: number } | undefined {
  const labels: string[] = [];
  for (let at = from; ; ) {
    const length = octets[at];
    if (length === undefined || length > 63 || at + 1 + length > octets.length) return undefined;
    at += 1 + length;
    if (length === 0) return isDnsName(labels) ? { name: labels, next: at } : undefined;
    labels.push(Buffer.from(octets.subarray(at - length, at)).toString('latin1'));
    if (labels.length > 127) return undefined; // RFC 1035 §2.3.4: no more fit into 255 octets
  }
}

function readShaped(type: ShapedType, words: readonly Word[], origin: DnsName): Result<DnsData> {
  const values: FieldValues[FieldKind][] = [];
  let left = words;
  for (const [field, kind] of fieldsOf(type)) {
    const takes = takesAllWords(kind) ? left.length : 1;
    const value = readField(kind, left.slice(0, takes), origin);
    if (value === undefined)
      return no(`${type}: ${field} is ${left.length === 0 ? 'missing' : `not right: ${left[0]?.raw}`}`);
    values.push(value);
    left = left.slice(takes);
  }
  if (left.length > 0) return no(`${type}: ${JSON.stringify(left[0]?.raw)} is one word too many`);
  return accept(shapedData(type, values));
}

function takesAllWords(kind: FieldKind): boolean {
  return kind === 'strings' || kind === 'hex' || kind === 'base64';
}

function takesQuotes(kind: FieldKind): boolean {
  return kind === 'string' || kind === 'word' || kind === 'strings' || kind === 'rest';
}

function readField(kind: FieldKind, words: readonly Word[], origin: DnsName): FieldValues[FieldKind] | undefined {
  const raw = words[0]?.raw;
  if (raw === undefined || (words[0]?.quoted && !takesQuotes(kind))) return undefined;
  switch (kind) {
    case 'u8':
    case 'u16':
    case 'u32':
      return /^[0-9]{1,10}$/.test(raw) && fitsField(kind, Number(raw)) ? Number(raw) : undefined;
    case 'period':
      return parsePeriod(raw);
    case 'ipv4': {
      const octets = ipv4Octets(raw);
      return octets && ipv4Text(octets);
    }
    case 'ipv6': {
      const octets = ipv6Octets(raw);
      return octets && ipv6Text(octets);
    }
    case 'name':
      return parseDnsName(raw, origin);
    case 'string':
    case 'word':
    case 'rest': {
      const text = octetsOf(raw);
      return fitsField(kind, text) ? text : undefined;
    }
    case 'strings':
      return words.flatMap((word) => stringsOf(octetsOf(word.raw)));
    case 'hex': {
      const hex = words.map((word) => word.raw).join('');
      return /^(?:[0-9a-f]{2})+$/i.test(hex) ? Uint8Array.from(Buffer.from(hex, 'hex')) : undefined;
    }
    case 'base64': {
      const text = words.map((word) => word.raw).join('');
      const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
      return isBase64 ? Uint8Array.from(Buffer.from(text, 'base64')) : undefined;
    }
  }
}

/** RFC 1035 §3.3 deviates: a text over 255 octets is taken and cut into several strings, as the forms of DNS hosts do it. */
function stringsOf(text: string): readonly string[] {
  const strings: string[] = [];
  for (let at = 0; at < text.length || at === 0; at += 255) strings.push(text.slice(at, at + 255));
  return strings;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds, or the `1h30m` that name servers write. */
function parsePeriod(text: string): number | undefined {
  if (!/^(?:[0-9]{1,10}|(?:[0-9]{1,10}[smhdw])+)$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit = 's'] of text.matchAll(/([0-9]+)([smhdw]?)/gi)) {
    seconds += Number(digits) * (unitSeconds[unit.toLowerCase() || 's'] ?? 1);
  }
  return fitsField('period', seconds) ? seconds : undefined;
}

// ---- from records to text ----

/** One line per record, absolute names; what `parseZoneText` reads back as the same records. */
export function zoneText(records: readonly DnsRecord[]): string {
  return records.map((record) => `${recordText(record)}\n`).join('');
}

export function recordText(record: DnsRecord): string {
  const type = typeText(typeCodeOf(record.data));
  return `${nameText(record.name)} ${record.ttlSeconds} IN ${type} ${dataText(record.data)}`;
}

/** Absolute; what zone text gives a meaning of its own is escaped as well. */
function nameText(name: DnsName): string {
  const escaped = dnsNameText(name).replace(/["();@$]/g, (octet) => `\\0${octet.charCodeAt(0)}`);
  return `${escaped}.`;
}

/** The data as zone text, absolute names: `10 mx.example.com.` */
export function dataText(data: DnsData): string {
  if (data.type === 'opaque') return genericText(data);
  const values = fieldValues(data);
  const fields = fieldsOf(data.type).map(([, kind], index) => ({
    kind,
    value: values[index] as FieldValues[FieldKind],
  }));
  if (fields.some(({ kind, value }) => !hasText(kind, value))) return genericText(data);
  return fields.map(({ kind, value }) => fieldText(kind, value)).join(' ');
}

/** No text form has words for a digest of no octets, nor for a tag that is more than letters and digits. */
function hasText(kind: FieldKind, value: FieldValues[FieldKind]): boolean {
  if (kind === 'word') return /^[A-Za-z0-9]+$/.test(value as string); // RFC 8659 §4.1
  return !(value instanceof Uint8Array) || value.length > 0;
}

/** RFC 3597 §5: for types without a form of their own, and for what theirs has no words for. */
function genericText(data: DnsData): string {
  const parts: Uint8Array[] = [];
  const name = (labels: DnsName) => {
    for (const label of [...labels, '']) parts.push(Uint8Array.of(label.length), fromLatin1(label));
  };
  encodeData(data, { octets: (octets) => parts.push(octets), name });
  const octets = Buffer.concat(parts);
  return `\\# ${octets.length} ${octets.toString('hex')}`.trimEnd();
}

function fieldText(kind: FieldKind, value: FieldValues[FieldKind]): string {
  switch (kind) {
    case 'name':
      return nameText(value as DnsName);
    case 'string':
    case 'rest':
      return quotedText(value as string);
    case 'strings':
      return (value as readonly string[]).map(quotedText).join(' ');
    case 'hex':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'base64':
      return Buffer.from(value as Uint8Array).toString('base64');
    default:
      return String(value); // numbers, addresses, words
  }
}

function quotedText(octets: string): string {
  const escaped = octets.replace(/[^\x20-\x7e]|["\\]/g, (octet) =>
    octet === '"' || octet === '\\' ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}
