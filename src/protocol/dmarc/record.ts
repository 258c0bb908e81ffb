/**
 * The text of a DMARC policy record becomes what it says, with everything that was ignored listed beside it. RFC 9989 §4.7, §4.8.
 * Pure; the answer depends on the text alone.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { printable } from '../../base/printable.ts';
import { parseTagList, type TagList } from '../../format/tag-list.ts';
import { parseReportUris, type ReportUri } from './report-uri.ts';
import type { DmarcPolicy } from './types.ts';

export type AlignmentMode = 'relaxed' | 'strict';

type FailureOption = '0' | '1' | 'd' | 's';

export type DmarcRecord = {
  readonly text: string;
  /**
   * RFC 9989 §4.10.1: `as-none` = p is missing or wrong, or sp or np is wrong, but reports are wanted: taken as p=none.
   * `no` = the same without a report address: there is no DMARC for this domain.
   */
  readonly usable: 'yes' | 'as-none' | 'no';
  /** The same for receivers that do not know np. RFC 7489 §6.6.3 step 6 */
  readonly usableByOldRule: 'yes' | 'as-none' | 'no';
  readonly p?: DmarcPolicy;
  /** For subdomains that exist. */
  readonly sp?: DmarcPolicy;
  /** For subdomains that do not exist. */
  readonly np?: DmarcPolicy;
  readonly adkim: AlignmentMode;
  readonly aspf: AlignmentMode;
  /** y: a public suffix; n: an organizational domain; u: neither is said. */
  readonly psd: 'y' | 'n' | 'u';
  readonly testing: boolean;
  readonly rua: readonly ReportUri[];
  readonly ruf: readonly ReportUri[];
  readonly fo: readonly FailureOption[];
  /** How much of the failing mail RFC 7489 receivers treat by the policy; read and otherwise ignored. RFC 9989 App. A.6 */
  readonly pct?: number;
  /** Tags of RFC 7489 that mean nothing any more, as published: pct, rf, ri. RFC 9989 App. A.6 */
  readonly obsolete: readonly string[];
  /** What was ignored and why, a clause each. */
  readonly remarks: readonly string[];
};

export type DmarcRecordRefusal = 'not-dmarc' | 'duplicate-tag' | 'syntax';

/** RFC 9989 §4.8: `v` comes first, blanks around `=` are fine, and `DMARC1` is written exactly so. */
export function isDmarcRecord(text: string): boolean {
  return /^[vV][\t ]*=[\t ]*DMARC1[\t ]*(?:;|$)/.test(text);
}

/** Reads a text that `isDmarcRecord` accepts. */
export function parseDmarcRecord(text: string): Outcome<DmarcRecord, DmarcRecordRefusal> {
  if (!isDmarcRecord(text)) return refuse('not-dmarc', 'a DMARC record begins with "v=DMARC1"');
  // RFC 9989 §4.7: the tag-value syntax of DKIM, so names are lower case and a repeated tag spoils the list (RFC 6376 §3.2);
  // RFC 9989 §4.8: only `v` is written in any case, and syntax errors behind it are discarded.
  const list = parseTagList(text, { broken: 'skip' });
  if (!list.ok) return refuse(list.code === 'duplicate-tag' ? 'duplicate-tag' : 'syntax', list.say);
  return accept(readTags(text, list.value));
}

const knownTags = ['v', 'p', 'sp', 'np', 'adkim', 'aspf', 'psd', 't', 'rua', 'ruf', 'fo'];
const obsoleteTags = ['pct', 'rf', 'ri']; // RFC 9989 App. C.5

function readTags(text: string, tags: TagList): DmarcRecord {
  const remarks: string[] = [];
  const word = <Word extends string>(tag: string, words: readonly Word[]): Word | undefined => {
    const value = tags.get(tag)?.value;
    const found = value === undefined ? undefined : words.find((one) => one === value.toLowerCase());
    if (value !== undefined && found === undefined)
      remarks.push(`${tag}=${printable(value, 40)} is no value of this tag`);
    return found;
  };
  const policies = ['none', 'quarantine', 'reject'] as const;
  const p = word('p', policies);
  const sp = word('sp', policies);
  const np = word('np', policies);
  const rua = readUris('rua', tags, remarks);
  const isWholeByOldRule = p !== undefined && tags.has('sp') === (sp !== undefined);
  const isWhole = isWholeByOldRule && tags.has('np') === (np !== undefined);
  const otherwise = rua.length > 0 ? 'as-none' : 'no'; // RFC 9989 §4.10.1
  const pct = pctOf(tags);
  for (const [name] of tags) {
    if (knownTags.includes(name) || obsoleteTags.includes(name) || name === 'V') continue;
    const hint = knownTags.includes(name.toLowerCase()) ? ', tag names are lower case' : '';
    remarks.push(`${printable(name, 40)}= is not known${hint}`);
  }
  return {
    text,
    usable: isWhole ? 'yes' : otherwise,
    usableByOldRule: isWholeByOldRule ? 'yes' : otherwise,
    ...(p && { p }),
    ...(sp && { sp }),
    ...(np && { np }),
    adkim: word('adkim', ['r', 's']) === 's' ? 'strict' : 'relaxed',
    aspf: word('aspf', ['r', 's']) === 's' ? 'strict' : 'relaxed',
    psd: word('psd', ['y', 'n', 'u']) ?? 'u',
    testing: word('t', ['y', 'n']) === 'y',
    rua,
    ruf: readUris('ruf', tags, remarks),
    fo: readFailureOptions(tags, remarks),
    ...(pct !== undefined && { pct }),
    obsolete: obsoleteTags
      .filter((name) => tags.has(name))
      .map((name) => `${name}=${printable(tags.get(name)?.value ?? '', 40)}`),
    remarks,
  };
}

/** RFC 7489 §6.3: 0 to 100. */
function pctOf(tags: TagList): number | undefined {
  const value = tags.get('pct')?.value ?? '';
  return /^[0-9]{1,3}$/.test(value) && Number(value) <= 100 ? Number(value) : undefined;
}

function readUris(tag: 'rua' | 'ruf', tags: TagList, remarks: string[]): readonly ReportUri[] {
  const value = tags.get(tag)?.value;
  if (value === undefined) return [];
  const { uris, refused } = parseReportUris(value);
  for (const one of refused) remarks.push(`${tag}: "${printable(one, 80)}" is no report address`);
  for (const { uri, mailbox } of uris) {
    if (mailbox === undefined) remarks.push(`${tag}: nobody can mail to "${printable(uri, 80)}"`);
  }
  return uris;
}

/** RFC 9989 §4.7: any of 0, 1, d, s with colons between; 0 and 1 exclude each other; the default is 0. */
function readFailureOptions(tags: TagList, remarks: string[]): readonly FailureOption[] {
  const value = tags.get('fo')?.value;
  if (value === undefined) return ['0'];
  const options = value.split(':').map((option) => option.trim().toLowerCase());
  const isOption = (option: string): option is FailureOption => ['0', '1', 'd', 's'].includes(option);
  const isSet = new Set(options).size === options.length && !(options.includes('0') && options.includes('1'));
  if (isSet && options.every(isOption)) return options;
  remarks.push(`fo=${printable(value, 40)} is no value of this tag`);
  return ['0'];
}
