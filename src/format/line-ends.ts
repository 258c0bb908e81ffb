/**
 * Line ends of message bytes. What is written by hand, by programs and by `/raw` becomes CRLF before it is queued and
 * signed; what came by SMTP is watched, never repaired.
 */
import { CR, LF } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';

/** LF becomes CRLF, CRLF stays, a lone CR is refused: some receivers take it for a line end, others do not. */
export function normaliseLineEnds(bytes: Uint8Array): Outcome<Uint8Array, 'bare-cr'> {
  let bareLfs = 0;
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at] as number;
    if (octet > CR) continue;
    if (octet === LF) bareLfs++;
    else if (octet === CR) {
      if (bytes[at + 1] !== LF) return refuse('bare-cr', `octet ${at} is a CR without LF`);
      at++;
    }
  }
  return accept(bareLfs === 0 ? bytes : insertCrs(bytes, bareLfs, { afterCr: false }));
}

function insertCrs(bytes: Uint8Array, count: number, { afterCr }: { readonly afterCr: boolean }): Uint8Array {
  const out = Buffer.allocUnsafe(bytes.length + count);
  let written = 0;
  let before = afterCr ? CR : 0;
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at] as number;
    if (octet === LF && before !== CR) out[written++] = CR;
    out[written++] = octet;
    before = octet;
  }
  return out;
}

/** The same for bytes that stream past in chunks cut anywhere; and the last line gets its end. */
export class LineNormaliser {
  #offset = 0;
  #afterCr = false;
  #atLineStart = true;

  push(chunk: Uint8Array): Outcome<Uint8Array, 'bare-cr'> {
    const afterCr = this.#afterCr;
    let bareLfs = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#afterCr) {
        while (at < chunk.length && (chunk[at] as number) > CR) at++;
        if (at === chunk.length) break;
      }
      const octet = chunk[at];
      if (this.#afterCr && octet !== LF) return this.#bareCr(at - 1);
      if (octet === LF && !this.#afterCr) bareLfs++;
      this.#afterCr = octet === CR;
    }
    this.#offset += chunk.length;
    if (chunk.length > 0) this.#atLineStart = chunk[chunk.length - 1] === LF;
    return accept(bareLfs === 0 ? chunk : insertCrs(chunk, bareLfs, { afterCr }));
  }

  /** What is missing at the end. */
  finish(): Outcome<Uint8Array, 'bare-cr'> {
    if (this.#afterCr) return this.#bareCr(-1);
    return accept(this.#atLineStart ? new Uint8Array(0) : Uint8Array.of(CR, LF));
  }

  #bareCr(at: number): Outcome<never, 'bare-cr'> {
    return refuse('bare-cr', `octet ${this.#offset + at} is a CR without LF`);
  }
}

/** Any of CRLF, LF and CR becomes CRLF: for text that people type into an API field, where all three mean a new line. */
export function crlfText(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** What outgoing bytes hold that they must not, and how long their lines are. Offsets are of the first culprit. */
export type LineFacts = {
  readonly bareCrAt: number | undefined;
  readonly bareLfAt: number | undefined;
  readonly nulAt: number | undefined;
  readonly eightBitAt: number | undefined;
  /** Octets of the longest line without its CRLF; only CRLF ends a line. */
  readonly longestLine: number;
  readonly endsWithCrlf: boolean;
};

export interface LineWatch {
  readonly feed: (chunk: Uint8Array) => void;
  /** What was seen up to here, taken as the end of the bytes. */
  readonly facts: () => LineFacts;
}

function isOrdinary(octet: number): boolean {
  return octet > CR && octet < 0x80;
}

/** The highest bit of the first of four octets that is below 14 or above 127; others after it may be marked, too. 0: there is none. */
function oddOf(four: number): number {
  return (four | ((four - 0x0e0e0e0e) & ~four)) & 0x80808080;
}

/** Where the first octet from `from` on is that is not ordinary; near the end it may be where one could be. */
function nextOdd(octets: DataView, from: number): number {
  const last = octets.byteLength - 4;
  let at = from;
  for (; at <= last; at += 4) {
    const odd = oddOf(octets.getInt32(at, true));
    if (odd !== 0) return at + ((31 - Math.clz32(odd & -odd)) >> 3);
  }
  return at;
}

/** Watches bytes that stream past in chunks cut anywhere. */
export function createLineWatch(): LineWatch {
  let offset = 0; // of the chunk
  let line = 0; // offset of the line's first octet
  let longest = 0;
  let afterCr = false;
  let endsWithCrlf = false;
  let bareCrAt: number | undefined;
  let bareLfAt: number | undefined;
  let nulAt: number | undefined;
  let eightBitAt: number | undefined;
  /** Ordinary text goes by four octets, and whole line ends at once: 100 KB in 25 µs; octet by octet it took 130. */
  const feed = (chunk: Uint8Array) => {
    const octets = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    let lineAt = line - offset;
    let longestHere = longest;
    for (let i = 0; i < chunk.length; i++) {
      if (!afterCr && isOrdinary(chunk[i] as number)) i = nextOdd(octets, i + 1);
      if (i >= chunk.length) break;
      const octet = chunk[i] as number;
      if (!afterCr && octet === CR && chunk[i + 1] === LF) {
        longestHere = Math.max(longestHere, i - lineAt);
        lineAt = i + 2;
        i += 1;
      } else if (!afterCr && octet >= 0x80) {
        eightBitAt ??= offset + i;
        while ((chunk[i + 1] as number) >= 0x80) i++;
      } else if (afterCr || octet <= CR || octet >= 0x80) {
        const at = offset + i;
        if (octet === LF && afterCr) {
          longestHere = Math.max(longestHere, i - 1 - lineAt);
          lineAt = i + 1;
        } else if (octet === LF) bareLfAt ??= at;
        else if (afterCr) bareCrAt ??= at - 1;
        if (octet === 0) nulAt ??= at;
        if (octet >= 0x80) eightBitAt ??= at;
        afterCr = octet === CR;
      }
    }
    line = offset + lineAt;
    longest = longestHere;
    offset += chunk.length;
    if (chunk.length > 0) endsWithCrlf = line === offset;
  };
  const facts = (): LineFacts => ({
    bareCrAt: bareCrAt ?? (afterCr ? offset - 1 : undefined),
    bareLfAt,
    nulAt,
    eightBitAt,
    longestLine: Math.max(longest, offset - line),
    endsWithCrlf,
  });
  return { feed, facts };
}

/** The same for bytes at hand. */
export function watchLines(bytes: Uint8Array): LineFacts {
  const watch = createLineWatch();
  watch.feed(bytes);
  return watch.facts();
}

/** Offset of the first CR without LF or LF without CR. */
export function findBareLineEnd(bytes: Uint8Array): number | undefined {
  const { bareCrAt, bareLfAt } = watchLines(bytes);
  return bareCrAt === undefined ? bareLfAt : Math.min(bareCrAt, bareLfAt ?? bareCrAt);
}
