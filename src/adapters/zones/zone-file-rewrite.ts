/**
 * A master file's text with some record sets changed and every other line as it was: order, comments, blanks. Lines that took
 * their name or TTL from a line that goes or comes before them are given their own. Pure; what it answers was read again, and
 * holds exactly the records it should.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { dnsNameKey, dnsNameText } from '../../format/dns-name.ts';
import { type DnsRecord, recordShapes, typeCodeOf, typeText } from '../../format/dns-record.ts';
import { recordsOfSet, recordValue } from '../../format/record-set.ts';
import {
  dataText,
  parseZoneText,
  recordText,
  type UnreadRecord,
  type ZoneRecord,
  type ZoneText,
} from '../../format/zone-file.ts';
import type { RecordSet, SetupType } from '../../services/setup/types.ts';

export type SetChange = { readonly name: string; readonly type: SetupType; readonly after?: RecordSet };

type Refused = 'bad-zone' | 'not-supported' | 'not-rewritten';
type Line = ZoneRecord | UnreadRecord;

/** What becomes of one entry of the old text: it stays, gets a TTL, gives way to other records, or has others behind it. */
type Fate = { readonly ttl?: number; readonly gone?: true; readonly instead?: DnsRecord; readonly behind: DnsRecord[] };

export function rewriteZone(text: string, changes: readonly SetChange[]): Outcome<string, Refused> {
  const zone = parseZoneText(text);
  if (!zone.ok) return zone;
  const entries = entriesOf(zone.value);
  const fates = new Map<Line, Fate>(entries.map((entry) => [entry, { behind: [] }]));
  const atEnd: DnsRecord[] = [];
  for (const change of changes) {
    const problem = decide(change, entries, fates, atEnd);
    if (problem !== undefined) return refuse('not-supported', problem);
  }
  const crowded = changes.find(({ name }) => isBesideAlias(name, entries, fates, atEnd));
  if (crowded !== undefined)
    return refuse('not-supported', `${crowded.name} would be an alias, and beside one there is nothing else.`);
  for (const entry of entries) raiseSerial(entry, changes, fates);
  const expected = [...entries.flatMap((entry) => expectedOf(entry, fates)), ...atEnd.map(spelled)];
  return write(text, { entries, fates, atEnd, expected });
}

function entriesOf({ records, unread }: ZoneText): readonly Line[] {
  return [...records, ...unread].sort((one, other) => one.line - other.line);
}

/** The sentence says what cannot be written. */
function decide(
  change: SetChange,
  entries: readonly Line[],
  fates: Map<Line, Fate>,
  atEnd: DnsRecord[],
): string | undefined {
  const { name, type, after } = change;
  const wanted = after === undefined ? [] : recordsOfSet(after);
  if (wanted === undefined) return `a value of ${name} ${type} is none of its type`;
  const here = entries.filter((entry) => dnsNameKey(entry.name) === name);
  const old = here.flatMap((entry) => (heldType(entry) === type ? [entry as ZoneRecord] : []));
  const kept = old.filter((entry) => wanted.some((record) => sameData(entry, record)));
  const added = wanted.filter((record) => !old.some((entry) => sameData(entry, record)));
  for (const entry of kept)
    if (after && entry.ttlSeconds !== after.ttl) fates.set(entry, { ttl: after.ttl, behind: [] });
  for (const entry of old.filter((one) => !kept.includes(one))) {
    const instead = added.shift();
    fates.set(entry, { ...(instead ? { instead } : { gone: true }), behind: [] });
  }
  const last = old.at(-1) ?? here.at(-1);
  (last === undefined ? atEnd : (fates.get(last)?.behind ?? atEnd)).push(...added);
  return undefined;
}

/** RFC 4034 §3, §4: what signs an alias, and what says that it is there, stand beside it. */
const besideAlias: ReadonlySet<number> = new Set([46, 47]);

/** RFC 1034 §3.6.2: servers load no such zone, or drop what they like of it. */
function isBesideAlias(
  name: string,
  entries: readonly Line[],
  fates: ReadonlyMap<Line, Fate>,
  atEnd: readonly DnsRecord[],
): boolean {
  const left = entries.flatMap((entry): readonly (Line | DnsRecord)[] => {
    const { gone, instead, behind } = fates.get(entry) ?? { behind: [] };
    return [...(gone ? [] : [instead ?? entry]), ...behind];
  });
  const codes = [...left, ...atEnd]
    .filter((one) => dnsNameKey(one.name) === name)
    .map(({ data }) => typeCodeOf(data))
    .filter((code) => !besideAlias.has(code));
  return codes.includes(recordShapes.CNAME.code) && codes.length > 1;
}

function heldType(entry: Line): SetupType | undefined {
  return entry.data.type === 'unread' ? undefined : recordValue(entry.data)?.type;
}

function sameData(one: ZoneRecord, other: DnsRecord): boolean {
  return recordValue(one.data)?.value === recordValue(other.data)?.value;
}

/** RFC 1035 §3.3.13: whoever loads the file sees by the serial that it is another one. */
function raiseSerial(entry: Line, changes: readonly SetChange[], fates: Map<Line, Fate>): void {
  const { data, name, ttlSeconds } = entry;
  if (data.type !== 'SOA' || !changes.some((change) => isWithin(change.name, dnsNameKey(name)))) return;
  const serial = data.serial === 0xffff_ffff ? 1 : data.serial + 1; // RFC 1982 §3.1; 0 means "none" to some tools
  const behind = fates.get(entry)?.behind ?? [];
  fates.set(entry, { instead: { name, ttlSeconds, data: { ...data, serial } }, behind });
}

function isWithin(name: string, apex: string): boolean {
  return name === apex || apex === '' || name.endsWith(`.${apex}`);
}

// ---- what the new text has to say

/** A record in one spelling, to compare. */
function spelled(record: DnsRecord | Line): string {
  if (record.data.type !== 'unread') return recordText({ ...record, data: record.data, name: lower(record) });
  return `${dnsNameKey(record.name)} ${record.ttlSeconds} ${record.data.code} ${record.data.text}`;
}

function lower({ name }: { readonly name: readonly string[] }): readonly string[] {
  return name.map((label) => label.toLowerCase());
}

function expectedOf(entry: Line, fates: ReadonlyMap<Line, Fate>): readonly string[] {
  const { gone, instead, ttl = entry.ttlSeconds, behind } = fates.get(entry) ?? { behind: [] };
  const own = gone ? [] : [spelled(instead ?? { ...entry, ttlSeconds: ttl })];
  return [...own, ...behind.map(spelled)];
}

// ---- writing

type Rewrite = {
  readonly entries: readonly Line[];
  readonly fates: Map<Line, Fate>;
  readonly atEnd: readonly DnsRecord[];
  readonly expected: readonly string[];
};

/** Reads what it wrote; a kept line that now says something else gets its own name and TTL, and the rest is written again. */
function write(text: string, rewrite: Rewrite): Outcome<string, Refused> {
  const explicit = new Set<Line>();
  for (;;) {
    const written = lay(text, rewrite, explicit);
    const read = parseZoneText(written);
    const found = read.ok ? entriesOf(read.value).map(spelled) : [];
    if (read.ok && sameList(found, rewrite.expected)) return accept(written);
    const strayed = strayedIn(rewrite, found).filter((entry) => !explicit.has(entry));
    if (strayed.length === 0)
      return refuse('not-rewritten', 'The file cannot be changed without changing something else in it.');
    for (const entry of strayed) explicit.add(entry);
  }
}

/** Kept entries that say something else than they should; of neighbours only the first, as the others may take after it. */
function strayedIn({ entries, fates }: Rewrite, found: readonly string[]): readonly Line[] {
  const strayed: Line[] = [];
  let place = 0;
  let isBehind = false;
  for (const entry of entries) {
    const expected = expectedOf(entry, fates);
    const isAstray = !fates.get(entry)?.gone && expected[0] !== found[place];
    if (isAstray && !isBehind) strayed.push(entry);
    isBehind = isAstray;
    place += expected.length;
  }
  return strayed;
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at]);
}

function lay(text: string, { entries, fates, atEnd }: Rewrite, explicit: ReadonlySet<Line>): string {
  const lines = text.split('\n');
  const end = text.includes('\r\n') ? '\r' : '';
  const byLine = new Map(entries.map((entry) => [entry.line, entry]));
  const out: string[] = [];
  for (let at = 1; at <= lines.length; at++) {
    const entry = byLine.get(at);
    const here = lines.slice(at - 1, entry?.lastLine ?? at);
    if (entry === undefined) {
      out.push(...here);
      continue;
    }
    at = entry.lastLine;
    const fate = fates.get(entry) ?? { behind: [] };
    out.push(...entryLines(entry, fate, here, explicit.has(entry)), ...fate.behind.map((one) => recordText(one) + end));
  }
  return withAtEnd(
    out,
    atEnd.map((record) => recordText(record) + end),
  ).join('\n');
}

function entryLines(entry: Line, fate: Fate, here: readonly string[], isExplicit: boolean): readonly string[] {
  const [first = '', ...rest] = here;
  if (fate.gone) return [];
  if (fate.instead?.data.type === 'SOA') {
    const serial = entry.data.type === 'SOA' ? String(entry.data.serial) : '';
    const raised = String(fate.instead.data.serial);
    const body = withToken(here.join('\n'), serial, raised);
    return isExplicit ? [recordText(fate.instead) + commentsIn(here)] : body.split('\n');
  }
  if (fate.instead !== undefined) return [recordText(fate.instead) + commentsIn(here)];
  if (fate.ttl === undefined && !isExplicit) return here;
  const head = `${dnsNameText(entry.name)}. ${fate.ttl ?? entry.ttlSeconds} IN ${typeText(typeCodeOf(entry.data))} `;
  const data = dataPart(first, typeText(typeCodeOf(entry.data)));
  if (data !== undefined) return [head + data, ...rest];
  return entry.data.type === 'unread' ? here : [head + dataText(entry.data) + commentsIn(here)];
}

/** What stands behind the type's word, when that is on the entry's first line in plain sight. */
function dataPart(line: string, type: string): string | undefined {
  const head = /^(?:[^\s"();]+)?(?:[ \t]+(?:IN|[0-9][0-9smhdw]*))*[ \t]+([A-Z0-9-]+)[ \t]+(?=\S)/i.exec(line);
  return head?.[1]?.toUpperCase() === type ? line.slice(head[0].length) : undefined;
}

/** The last word that is this number and no part of a comment: an SOA's serial stands behind its names. */
function withToken(body: string, from: string, to: string): string {
  const code = body.replace(/;[^\n]*/g, (comment) => ' '.repeat(comment.length));
  const found = [...code.matchAll(new RegExp(`(?<=[\\s(])${from}(?=[\\s)]|$)`, 'g'))];
  const at = found.find(
    ({ index }) =>
      code
        .slice(0, index)
        .trim()
        .split(/[\s(]+/).length >= 4,
  )?.index;
  return at === undefined ? body : body.slice(0, at) + to + body.slice(at + from.length);
}

/** The comments of an entry behind its new form, on one line; the carriage return that ended it stays. */
function commentsIn(lines: readonly string[]): string {
  const comments = lines.map(commentOf).filter((comment) => comment !== '');
  const end = lines.at(-1)?.endsWith('\r') ? '\r' : '';
  return (comments.length === 0 ? '' : ` ${comments.join(' ')}`) + end;
}

function commentOf(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const here = line.charAt(at);
    if (here === '\\') at++;
    else if (here === '"') quoted = !quoted;
    else if (here === ';' && !quoted) return line.slice(at).trimEnd();
  }
  return '';
}

/** Before the blank lines at the end of the file. */
function withAtEnd(lines: readonly string[], added: readonly string[]): readonly string[] {
  if (added.length === 0) return lines;
  let end = lines.length;
  while (end > 0 && lines[end - 1]?.trim() === '') end--;
  const rest = lines.slice(end);
  const [last = '', ...others] = lines.slice(0, end).reverse();
  const kept = end === 0 ? [] : [...others.reverse(), rest.length === 0 ? withReturn(last, added[0]) : last];
  return [...kept, ...added, ...(rest.length === 0 ? [''] : rest)];
}

/** A last line without an end gets one of the file's own kind. */
function withReturn(line: string, like = ''): string {
  return like.endsWith('\r') && !line.endsWith('\r') ? `${line}\r` : line;
}
