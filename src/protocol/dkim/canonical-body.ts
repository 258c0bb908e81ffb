/**
 * The two canonical forms of a body, RFC 6376 §3.4.3 and §3.4.4, as streams: octets go in as they arrive, in chunks of any
 * size, the canonical octets come out as views of the chunks wherever they can. Same octets in any chunking, same octets out.
 *
 * relaxed = blanks squeezed, then simple's treatment of the end; an empty body stays empty instead of becoming CRLF.
 * Only SP and TAB are blanks and only CRLF ends a line: VT, NBSP, a lone CR and a lone LF are content (RFC 6376 §2.8).
 */
import { asBuffer, CR, LF } from '../../base/bytes.ts';

export type Canonicalization = 'simple' | 'relaxed';

export type OctetSink = (octets: Uint8Array) => void;

export interface CanonicalBody {
  readonly update: (chunk: Uint8Array) => void;
  /** The body is complete: what was held back for the sake of its end is decided. */
  readonly end: () => void;
}

const SPACE = 0x20;
const TAB = 0x09;

/** What is squeezed at a time: small enough that one odd line does not slow a whole message, large enough to be cheap. */
const sliceOctets = 16_384;

export function canonicalBody(form: Canonicalization, sink: OctetSink): CanonicalBody {
  const lines = new TrailingLines(sink, form === 'simple' ? 'line-end' : 'nothing');
  if (form === 'simple') return lines;
  return new SqueezedBlanks(lines);
}

/** Whether a body is known to be its own canonical form; larger ones are not looked at, since they would be looked at twice. */
export function isCanonicalBody(form: Canonicalization, body: Uint8Array): boolean {
  const end = body.length;
  if (end < 3 || end > sliceOctets || body[end - 1] !== LF || body[end - 2] !== CR) return false;
  if (body[end - 3] === LF) return false; // an empty line, or an LF for which to look closer is not worth it
  return form === 'simple' || isSqueezed(asBuffer(body));
}

/** Holds back empty lines until something follows them; whatever was there ends in exactly one CRLF. */
class TrailingLines implements CanonicalBody {
  readonly #sink: OctetSink;
  readonly #whenEmpty: 'line-end' | 'nothing';
  #heldLineEnds = 0;
  #heldCr = false;
  #hasContent = false;

  constructor(sink: OctetSink, whenEmpty: 'line-end' | 'nothing') {
    this.#sink = sink;
    this.#whenEmpty = whenEmpty;
  }

  update(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    let start = 0;
    if (this.#heldCr) {
      this.#heldCr = false;
      if (chunk[0] === LF) {
        this.#heldLineEnds++;
        start = 1;
      } else this.#content(loneCr);
    }
    let end = chunk.length;
    let lineEnds = 0;
    const endsInCr = end > start && chunk[end - 1] === CR;
    if (endsInCr) end--;
    for (; end - start >= 2 && chunk[end - 1] === LF && chunk[end - 2] === CR; end -= 2) lineEnds++;
    if (end > start) this.#content(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
    this.#heldLineEnds += lineEnds;
    this.#heldCr = endsInCr;
  }

  end(): void {
    if (this.#heldCr) this.#content(loneCr);
    // RFC 6376 §3.4.3: an empty simple body is one CRLF. RFC 6376 §3.4.4: an empty relaxed body is nothing.
    if (this.#hasContent || this.#whenEmpty === 'line-end') this.#sink(lineEnd);
  }

  #content(octets: Uint8Array): void {
    while (this.#heldLineEnds > 0) {
      const count = Math.min(this.#heldLineEnds, lineEndsMax);
      this.#sink(manyLineEnds.subarray(0, 2 * count));
      this.#heldLineEnds -= count;
    }
    this.#hasContent = true;
    this.#sink(octets);
  }
}

const lineEndsMax = 2_048;
const manyLineEnds = Buffer.from('\r\n'.repeat(lineEndsMax), 'latin1');
const lineEnd = manyLineEnds.subarray(0, 2);
const loneCr = manyLineEnds.subarray(0, 1);

/** Turns each run of blanks into one SP and drops the one before a CRLF. RFC 6376 §3.4.4 (a) */
class SqueezedBlanks implements CanonicalBody {
  readonly #next: CanonicalBody;
  /** What the octets so far end with and the next ones decide: a run of blanks, or such a run and a CR. */
  #held: 'nothing' | 'blanks' | 'blanks-and-cr' = 'nothing';
  #scratch: Buffer | undefined;

  constructor(next: CanonicalBody) {
    this.#next = next;
  }

  update(chunk: Uint8Array): void {
    if (chunk.length === 0) return; // decides nothing about what is held
    const octets = asBuffer(chunk);
    if (octets.length <= sliceOctets) this.#slice(octets);
    else for (let at = 0; at < octets.length; at += sliceOctets) this.#slice(octets.subarray(at, at + sliceOctets));
  }

  end(): void {
    if (this.#held === 'blanks-and-cr') this.#next.update(blankAndCr);
    this.#next.end();
  }

  #slice(octets: Buffer): void {
    if (this.#held === 'blanks' && !isBlankOrCr(octets[0])) {
      this.#next.update(oneBlank); // no line ends here: the blanks count
      this.#held = 'nothing';
    }
    if (this.#held === 'nothing' && isSqueezed(octets)) this.#asItIs(octets);
    else this.#squeeze(octets);
  }

  /** The fast way: the chunk itself is canonical; only a final SP waits for what follows it. */
  #asItIs(octets: Buffer): void {
    const endsInBlank = octets[octets.length - 1] === SPACE;
    if (endsInBlank) this.#held = 'blanks';
    this.#next.update(endsInBlank ? octets.subarray(0, -1) : octets);
  }

  #squeeze(octets: Buffer): void {
    this.#scratch ??= Buffer.allocUnsafe(sliceOctets + 2);
    const out = this.#scratch;
    const end = octets.length;
    let length = 0;
    let held = this.#held;
    let at = 0;
    while (at < end) {
      if (held !== 'nothing') {
        const octet = octets[at];
        if (held === 'blanks' && isBlankOrCr(octet)) {
          if (octet === CR) held = 'blanks-and-cr';
          at++;
          continue;
        }
        if (held === 'blanks' || octet !== LF) out[length++] = SPACE;
        if (held === 'blanks-and-cr') out[length++] = CR;
        held = 'nothing';
      }
      for (; at < end; at++) {
        const octet = octets[at] as number;
        if (octet === SPACE || octet === TAB) break;
        out[length++] = octet;
      }
      if (at < end) held = 'blanks';
      at++;
    }
    this.#held = held;
    if (length > 0) this.#next.update(out.subarray(0, length));
  }
}

function isBlankOrCr(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB || octet === CR;
}

const oneBlank = Buffer.from(' ', 'latin1');
const blankAndCr = Buffer.from(' \r', 'latin1');

/**
 * No TAB, no two blanks in a row, no blank before a CR. Base64 has no blank at all, which two native searches tell at the speed of
 * memory. Elsewhere four octets are looked at in one go, and nothing is decided between them, since no processor can guess where the
 * next blank stands: 9 us per 16 KB of text; every second octet with a decision took 11, a plain loop 56, a pattern 23.
 */
function isSqueezed(octets: Buffer): boolean {
  if (octets.indexOf(TAB) >= 0) return false;
  const firstBlank = octets.indexOf(SPACE);
  if (firstBlank < 0) return true;
  const four = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let at = firstBlank;
  let blanks = 0;
  let found = 0;
  for (; at + 4 <= octets.length; at += 4) {
    const word = four.getInt32(at, true);
    const before = blanks >>> 24; // whether the last octet of the four before was a blank
    blanks = placesOf(word ^ fourBlanks);
    found |= ((blanks << 8) | before) & (blanks | placesOf(word ^ fourCrs));
  }
  if (found !== 0) return false;
  for (at -= 1; at + 1 < octets.length; at++) {
    if (octets[at] === SPACE && isBlankOrCr(octets[at + 1])) return false;
  }
  return true;
}

const fourBlanks = 0x20202020;
const fourCrs = 0x0d0d0d0d;
const sevenBits = 0x7f7f7f7f;

/** The highest bit of each octet that is 0; of the others none. */
function placesOf(word: number): number {
  return ~(((word & sevenBits) + sevenBits) | word | sevenBits);
}
