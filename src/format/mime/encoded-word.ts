/**
 * Encoded words (RFC 2047): text of any script in ASCII header fields. Decoding is for showing only: addresses, domains
 * and parameters are never judged by what an encoded word says.
 */
import { fromLatin1, utf8 } from '../../base/bytes.ts';
import { decodeCharset, decodeUnlabelled, showControls } from './charset.ts';

const wordMax = 75; // RFC 2047 §2
const frame = '=?UTF-8?Q??='.length;
/** Below this a first word on the field's own line is not worth its frame. */
const firstWordMin = frame + 12;

/**
 * The text as encoded words, to be written with one blank (or a fold) between them. `room` is what is left on the
 * first line; with too little of it the first word is as long as the others and needs a line of its own.
 */
export function encodeWords(text: string, { room = wordMax }: { readonly room?: number } = {}): string[] {
  const encoding = cheaperEncoding(text);
  const words: string[] = [];
  let max = room < firstWordMin ? wordMax : Math.min(room, wordMax);
  let held = '';
  let heldOctets = 0;
  let heldLength = 0;
  const flush = () => {
    words.push(`=?UTF-8?${encoding}?${encoding === 'B' ? Buffer.from(held).toString('base64') : encodeQ(held)}?=`);
    held = '';
    heldOctets = 0;
    heldLength = 0;
    max = wordMax;
  };
  // RFC 2047 §5: no character is split between words
  for (const character of text) {
    const octets = utf8(character).length;
    const length = encoding === 'B' ? 0 : encodeQ(character).length;
    const grown = encoding === 'B' ? Math.ceil((heldOctets + octets) / 3) * 4 : heldLength + length;
    if (frame + grown > max && held !== '') flush();
    held += character;
    heldOctets += octets;
    heldLength += length;
  }
  if (held !== '') flush();
  return words;
}

/** Q stays readable where most is ASCII, B is shorter elsewhere. */
function cheaperEncoding(text: string): 'B' | 'Q' {
  return encodeQ(text).length > Math.ceil(utf8(text).length / 3) * 4 ? 'B' : 'Q';
}

/** RFC 2047 §5 (3): the characters that are safe even in a phrase. */
function encodeQ(text: string): string {
  return text.replace(/[^A-Za-z0-9!*+/-]+/g, (run) => {
    let out = '';
    for (const octet of utf8(run)) {
      out += octet === 0x20 ? '_' : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return out;
  });
}

type EncodedRun = { charset: string; octets: Buffer[] };

/**
 * Unfolded text of a field (one character per octet) as people should see it: encoded words decoded, raw octets read
 * as UTF-8 where they are UTF-8. Words of unknown charset or broken coding stay as they are. Control characters
 * that hide in a word come out as U+FFFD, so that the text stays one line. Linear.
 */
export function decodeWords(text: string): string {
  if (!text.includes('=?') && /^[\x20-\x7e]*$/.test(text)) return text;
  // RFC 2047 §2, and as seen: blanks inside a word. The pattern never looks at an octet more than twice.
  const pattern = /=\?([^?\s=]{1,64})\?([BbQq])\?([^?\r\n]*)\?=/g;
  let out = '';
  let last = 0;
  let run: EncodedRun | undefined;
  const flushRun = () => {
    if (run !== undefined) out += decodeCharset(Buffer.concat(run.octets), run.charset) ?? '';
    run = undefined;
  };
  for (const match of text.matchAll(pattern)) {
    const charset = (match[1] as string).toLowerCase().replace(/\*.*/, ''); // RFC 2231 §5: language after the asterisk
    const octets = decodePayload(match[2] as string, match[3] as string);
    if (octets === undefined || decodeCharset(octets, charset) === undefined) continue;
    const between = text.slice(last, match.index);
    // RFC 2047 §6.2: blanks between two encoded words are not shown
    if (run === undefined || /[^\t ]/.test(between)) {
      flushRun();
      out += decodeUnlabelled(between);
    }
    if (run?.charset === charset) run.octets.push(octets);
    else {
      flushRun();
      run = { charset, octets: [octets] };
    }
    last = match.index + match[0].length;
  }
  flushRun();
  return showControls(out + decodeUnlabelled(text.slice(last)));
}

function decodePayload(encoding: string, payload: string): Buffer | undefined {
  if (encoding === 'B' || encoding === 'b') {
    return /^[A-Za-z0-9+/]*={0,2}$/.test(payload) ? Buffer.from(payload, 'base64') : undefined;
  }
  const raw = payload.replace(/_/g, ' ').replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return Buffer.from(fromLatin1(raw));
}
