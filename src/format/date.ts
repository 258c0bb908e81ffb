/** Dates of header fields (RFC 5322 §3.3): written in one form, read in every form the RFC knows, obsolete ones included. */
import { invariant } from '../base/outcome.ts';

export type MessageDate = {
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly ms: number;
  /** East of UTC; undefined when the writer did not tell its own zone (`-0000`, military letters). */
  readonly offsetMinutes: number | undefined;
  /** False for the obsolete forms of RFC 5322 §4.3 and for a day of the week that contradicts the date. */
  readonly isCurrentForm: boolean;
};

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** RFC 5322 §4.3. Every other name of a zone, the military letters included, says nothing reliable and counts as -0000. */
const namedZones: ReadonlyMap<string, string> = new Map([
  ['UT', '+0000'],
  ['GMT', '+0000'],
  ['EST', '-0500'],
  ['EDT', '-0400'],
  ['CST', '-0600'],
  ['CDT', '-0500'],
  ['MST', '-0700'],
  ['MDT', '-0600'],
  ['PST', '-0800'],
  ['PDT', '-0700'],
]);

/** Real ones end at about 60 characters, with the zone's name as a comment. */
const textMax = 256;

/** `Sun, 22 Nov 2026 09:55:06 +0000`. @param offset four digits with a sign: the zone the date is told in */
export function formatDate(ms: number, offset = '+0000'): string {
  const offsetMinutes = parseOffset(offset);
  invariant(offsetMinutes !== undefined, `not a zone offset: ${offset}`);
  const local = new Date(ms + offsetMinutes * 60_000);
  const year = local.getUTCFullYear();
  invariant(year >= 1900 && year <= 9999, `no date for a header field: ${ms}`); // RFC 5322 §3.3
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(twoDigits).join(':');
  const month = months[local.getUTCMonth()];
  return `${weekdays[local.getUTCDay()]}, ${local.getUTCDate()} ${month} ${year} ${time} ${offset}`;
}

/** @param text an unfolded field body, or what follows the last `;` of a Received field */
export function parseDate(text: string): MessageDate | undefined {
  const bare = text.length <= textMax ? withoutComments(text) : undefined;
  if (bare === undefined) return undefined;
  const parts = datePattern.exec(bare.replace(/[\t\r\n ]+/g, ' ').trim());
  if (!parts) return undefined;
  const [, weekday, day = '', monthName = '', yearText = '', hour = '', minute = '', second = '0', zone = ''] = parts;
  const month = months.findIndex((name) => name.toLowerCase() === monthName.toLowerCase());
  const year = fullYear(yearText);
  const offset = /^[+-]/.test(zone) ? zone : (namedZones.get(zone.toUpperCase()) ?? '-0000');
  const offsetMinutes = parseOffset(offset);
  const localMs = momentOf({ year, month, day: +day, hour: +hour, minute: +minute, second: +second });
  if (localMs === undefined || offsetMinutes === undefined) return undefined;
  const isRightWeekday = weekday === undefined || weekday.toLowerCase() === weekdayOf(localMs);
  return {
    ms: localMs - offsetMinutes * 60_000,
    offsetMinutes: offset === '-0000' ? undefined : offsetMinutes, // RFC 5322 §3.3
    isCurrentForm: isRightWeekday && yearText.length === 4 && offset === zone,
  };
}

/** Blanks come as one space each. Where the current form wants none, the obsolete form may have one. */
const datePattern =
  /^(?:(mon|tue|wed|thu|fri|sat|sun) ?, ?)?(\d{1,2}) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) (\d{2,4}) (\d{2}) ?: ?(\d{2})(?: ?: ?(\d{2}))? ?([+-]\d{4}|(?<= )[a-z]{1,5})$/i;

type Moment = { year: number; month: number; day: number; hour: number; minute: number; second: number };

function momentOf({ year, month, day, hour, minute, second }: Moment): number | undefined {
  if (year < 1900 || hour > 23 || minute > 59 || second > 60) return undefined; // second 60: a leap second, RFC 5322 §3.3
  const midnight = Date.UTC(year, month, day);
  if (new Date(midnight).getUTCDate() !== day) return undefined; // 31 Feb
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** RFC 5322 §4.3: two digits below 50 are of this century, other two and three digits count from 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  return text.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}

function weekdayOf(ms: number): string | undefined {
  return weekdays[new Date(ms).getUTCDay()]?.toLowerCase();
}

/** Minutes of `+hhmm` or `-hhmm`. RFC 5322 §3.3: the last two digits are at most 59. */
function parseOffset(text: string): number | undefined {
  const parts = /^([+-])(\d{2})([0-5]\d)$/.exec(text);
  if (!parts) return undefined;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return parts[1] === '-' && minutes > 0 ? -minutes : minutes;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** Comments become a blank; undefined when a parenthesis has no partner. */
function withoutComments(text: string): string | undefined {
  let depth = 0;
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(') depth++;
    else if (character === ')') {
      if (--depth < 0) return undefined;
      out += ' ';
    } else if (depth === 0) out += character;
    else if (character === '\\') at++;
  }
  return depth === 0 ? out : undefined;
}
