/**
 * What a server answers, and the one writer of it. Texts are ours: printable ASCII, whatever was put in; nothing a peer said
 * can end a line early or colour a terminal.
 */
import { invariant } from '../../base/outcome.ts';

export type Reply = {
  /** 200 to 599, RFC 5321 §4.2. */
  readonly code: number;
  /** RFC 3463 status like `5.7.1`, of the same class as the code. Absent in the banner, in the reply to EHLO and in 3yz. */
  readonly enhanced?: string;
  readonly text: string;
  /** Further lines (EHLO's keywords, HELP). */
  readonly more?: readonly string[];
};

const lineOctetsMax = 512; // RFC 5321 §4.5.3.1.5, CRLF included
/** Room for `550-5.7.999 ` and CRLF. */
const textMax = lineOctetsMax - 16;
/** Nobody reads more; keeps a reply bounded whatever went into its text. */
const textTotalMax = 4 * textMax;

/** The reply as it goes over the wire; long texts are continued on further lines. RFC 5321 §4.2.1 */
export function writeReply(reply: Reply): string {
  invariant(reply.code >= 200 && reply.code <= 599, `no reply code: ${reply.code}`);
  const status = reply.enhanced === undefined ? '' : `${reply.enhanced} `;
  // RFC 2034 §4: the status stands on every line, and its class is the code's
  invariant(status === '' || status[0] === String(reply.code)[0], `${reply.code} does not go with ${reply.enhanced}`);
  if (reply.more === undefined && isPlain(reply.text)) return `${reply.code} ${status}${reply.text}\r\n`;
  const texts = reply.more === undefined ? [reply.text] : [reply.text, ...reply.more];
  const lines = texts.every(isPlain) ? texts : texts.flatMap((line) => fold(printable(line)));
  const last = lines.pop() ?? '';
  const start = `${reply.code}-${status}`;
  // joined: sums of strings are trees in memory, 6 KB for each EHLO
  const before = lines.length === 0 ? '' : `${start}${lines.join(`\r\n${start}`)}\r\n`;
  return `${before}${reply.code} ${status}${last}\r\n`;
}

/** One line as it is: nearly every reply. */
function isPlain(text: string): boolean {
  return text.length <= textMax && !/[^\x20-\x7e]/.test(text);
}

/** Everything but printable ASCII becomes a question mark. RFC 6531 §3.7.4.2: no UTF-8 unless the client asked for it. */
function printable(text: string): string {
  return text.slice(0, textTotalMax).replace(/[^\x20-\x7e]/g, '?');
}

function fold(line: string): string[] {
  if (line.length <= textMax) return [line];
  const blank = line.lastIndexOf(' ', textMax);
  const cut = blank > 0 ? blank : textMax;
  return [line.slice(0, cut), ...fold(line.slice(blank > 0 ? cut + 1 : cut))];
}

/** 2yz: done. */
export function isPositive(reply: Reply): boolean {
  return reply.code < 300;
}

/** 5yz: do not come back with the same. */
export function isFinalNo(reply: Reply): boolean {
  return reply.code >= 500;
}

/** RFC 3463 §3.4: what is short or broken is ours, and may be there later. */
export function isOurTrouble(reply: Reply): boolean {
  return reply.code >= 400 && reply.code < 500 && reply.enhanced?.startsWith('4.3.') === true;
}

/** A reply from a table entry like `550 5.7.1`. */
export function replyOf(status: string, text: string): Reply {
  const [code = '', enhanced] = status.split(' ');
  return { code: Number(code), ...(enhanced === undefined ? {} : { enhanced }), text };
}
