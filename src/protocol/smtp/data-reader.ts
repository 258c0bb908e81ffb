/**
 * Reads message data: after 354 it finds the end and takes the stuffed dots out, in BDAT chunks (RFC 3030 §2) octets were
 * counted and a dot is a dot; in both it watches the line ends. In come octets as the network cut them, out come the message's;
 * nothing is repaired and nothing is held back.
 *
 * line-start --"."--> dot --CR--> dot-cr --LF--> the end          RFC 5321 §4.1.1.4: only CRLF . CRLF ends the data
 *   ^   |other         |other (the dot was stuffed: §4.5.2)
 *   |   v              v
 *   |  inside <--------+       a CR followed by anything but LF, a LF not after CR: refused
 *   |   |CR
 *   +-- cr                     normalize only: inside --LF--> soft-line-start, behind which no dot can end the data
 *
 * Data begins at a line start: the CRLF of the DATA command is the first CRLF (§4.1.1.4), so a lone dot is an empty message.
 *
 * Chunks know no `dot` and no `dot-cr`. A line may go on in the next chunk; one that is not finished in the last gets the CRLF
 * which DATA would have had to send: it is text still (RFC 5322 §3.5), no signature changes by it (RFC 6376 §3.4.3), and every
 * message in the house is made of whole lines.
 *
 * NUL: RFC 5321 §4.1.1.4 lets mail data hold any ASCII code and RFC 5322 §4 obliges readers to accept it; RFC 2045 §2.7, §2.8
 * forbid it in MIME bodies, and we may not send it on. So it is counted here and the policy judges: an MX keeps the text
 * whole, a submission server refuses what it could not send.
 */
import { isAscii } from 'node:buffer';
import { CR, LF } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import type { BareNewline } from './line-reader.ts';

/** Who says where the data end: a lone dot (DATA), or the count of octets (BDAT). */
export type Framing = 'dot' | 'count';

const DOT = 0x2e;
const crlf = Uint8Array.of(CR, LF);

type State = 'line-start' | 'soft-line-start' | 'inside' | 'cr' | 'dot' | 'dot-cr';

/** What one octet turned out to be. */
type Met = 'text' | 'line-end' | 'soft-line-end' | 'not-text' | 'end' | 'bare-newline';

export type DataFacts = {
  /** Octets of the message so far: dots unstuffed, the ending dot and its CRLF not counted. */
  readonly size: number;
  /** Longest line, CRLF included. RFC 5321 §4.5.3.1.6 says 1,000; longer ones are kept and noted. */
  readonly longestLine: number;
  readonly nuls: number;
  /** Whether an octet above 127 is among them. */
  readonly eightBit: boolean;
};

export type DataStep =
  /** `octets`: the message's next ones, in order. */
  | { readonly kind: 'more'; readonly octets: readonly Uint8Array[] }
  /** `rest`: what the client sent behind the end of data. */
  | { readonly kind: 'end'; readonly octets: readonly Uint8Array[]; readonly rest: Uint8Array }
  /** A CR or LF without the other: where these data end is a matter of opinion, so they have no end for us. */
  | { readonly kind: 'bare-newline' };

/** Where the plain text that begins at `from` ends: a loop of its own, for it runs over nearly every octet. */
function textEnd(chunk: Uint8Array, from: number): number {
  let i = from;
  while (i < chunk.length && (chunk[i] as number) > CR) i++;
  return i;
}

export class DataReader {
  readonly #bareNewline: BareNewline;
  readonly #framing: Framing;
  #state: State = 'line-start';
  #size = 0;
  #lineBegan = 0;
  #longestLine = 0;
  #nuls = 0;
  #eightBit = false;

  /** @param bareNewline `normalize`: a LF alone becomes CRLF in the text, but never ends the data; a CR alone is refused still */
  constructor(bareNewline: BareNewline = 'refuse', framing: Framing = 'dot') {
    this.#bareNewline = bareNewline;
    this.#framing = framing;
  }

  get facts(): DataFacts {
    return { size: this.#size, longestLine: this.#longestLine, nuls: this.#nuls, eightBit: this.#eightBit };
  }

  push(chunk: Uint8Array): DataStep {
    const octets: Uint8Array[] = [];
    let from = 0; // text of this chunk from here on is not yet handed out
    for (let i = 0; i < chunk.length; i++) {
      if (this.#state === 'inside') i = textEnd(chunk, i);
      if (i === chunk.length) break;
      const met = this.#meet(chunk[i] as number);
      if (met === 'text') continue;
      if (met === 'bare-newline') return { kind: 'bare-newline' };
      if (met === 'line-end') {
        this.#endLine(this.#size + i + 1 - from);
        continue;
      }
      this.#hand(octets, chunk.subarray(from, i));
      from = i + 1;
      if (met === 'end') return { kind: 'end', octets, rest: chunk.subarray(from) };
      if (met === 'soft-line-end') {
        this.#hand(octets, crlf);
        this.#endLine(this.#size);
      }
    }
    this.#hand(octets, chunk.subarray(from));
    return { kind: 'more', octets };
  }

  /** No chunk follows. What is left to hand out, or `bare-newline` when the last octet is a CR. */
  finish(): Exclude<DataStep, { kind: 'end' }> {
    invariant(this.#framing === 'count', 'only a dot ends data that were not counted');
    if (this.#state === 'cr') return { kind: 'bare-newline' };
    const octets: Uint8Array[] = [];
    if (this.#state === 'inside') {
      this.#hand(octets, crlf);
      this.#endLine(this.#size);
      this.#state = 'line-start';
    }
    return { kind: 'more', octets };
  }

  #meet(octet: number): Met {
    switch (this.#state) {
      case 'cr':
        this.#state = 'line-start';
        return octet === LF ? 'line-end' : 'bare-newline';
      case 'dot-cr':
        return octet === LF ? 'end' : 'bare-newline';
      case 'dot':
        if (octet !== CR) return this.#meetText(octet);
        this.#state = 'dot-cr';
        return 'not-text';
      case 'line-start':
      case 'soft-line-start':
        if (octet !== DOT || this.#framing === 'count') return this.#meetText(octet);
        this.#state = this.#state === 'line-start' ? 'dot' : 'inside';
        return 'not-text'; // RFC 5321 §4.5.2: a dot at a line's start is never text, whatever follows
      case 'inside':
        return this.#meetText(octet);
    }
  }

  #meetText(octet: number): Met {
    if (octet === LF) {
      if (this.#bareNewline === 'refuse') return 'bare-newline';
      this.#state = 'soft-line-start';
      return 'soft-line-end';
    }
    this.#state = octet === CR ? 'cr' : 'inside';
    if (octet === 0) this.#nuls++;
    return 'text';
  }

  #hand(octets: Uint8Array[], part: Uint8Array): void {
    if (part.length === 0) return;
    octets.push(part);
    this.#size += part.length;
    this.#eightBit ||= !isAscii(part);
  }

  #endLine(at: number): void {
    this.#longestLine = Math.max(this.#longestLine, at - this.#lineBegan);
    this.#lineBegan = at;
  }
}
