/**
 * The MIME parts of a message as byte ranges over the raw buffer: RFC 2045 and 2046 read in one pass over the lines,
 * without recursion, linear in the octets whatever they hold. It never throws; what it cannot read stays a leaf and
 * is named in `problems`.
 *
 * Decisions:
 * - A delimiter is the whole line `--boundary`, blanks after it allowed. RFC 2046 §5.1.1 deviates: comparing only the
 *   beginning of the line would let the boundary `a` end a part at the line `--ab` of an inner multipart.
 * - A multipart whose boundary is already open above it (a message that includes itself) is a leaf: its lines belong to
 *   the outer one.
 * - A delimiter of an outer multipart ends all inner ones, closed or not.
 * - The inside of message/rfc822 and message/global is a part too, unless a transfer encoding hides it.
 */
import { asBuffer, CR, LF } from '../../base/bytes.ts';
import { type Parameterised, parseContentType, parseParameterised } from '../mime/content-type.ts';
import { decodeTransferEncoding, isIdentityEncoding, transferEncodingToken } from '../mime/transfer-encoding.ts';
import { fieldText, indexHeader, type MessageIndex, trimBlanks } from './message-index.ts';

export type Part = {
  /** Offset of the first octet of the part's header. */
  readonly start: number;
  /** Offset of the first octet of its body. */
  readonly bodyStart: number;
  /** Offset after its last octet; the CRLF before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). */
  readonly end: number;
  /** Index of the part's own header; its offsets count from `start`. */
  readonly header: MessageIndex;
  readonly kind: 'leaf' | 'multipart' | 'message';
  /** `type/subtype` with its parameters; the default of its place when there is none. */
  readonly contentType: Parameterised;
  /** Token of Content-Transfer-Encoding; `7bit` when there is none. */
  readonly transferEncoding: string;
  /** 0 for the message itself. */
  readonly depth: number;
  /** Children of a multipart; the one inner message of a `message`; none for a leaf. */
  readonly parts: readonly Part[];
  /** Multipart only: where the first delimiter line starts, and where what follows the closing one begins. */
  readonly preambleEnd: number;
  readonly epilogueStart: number;
};

const partProblems = {
  'no-boundary': 'a multipart has no boundary',
  'bad-boundary': 'a boundary is longer than any mail program reads',
  'repeated-boundary': 'a multipart uses the boundary of one that encloses it',
  'not-closed': 'a multipart lacks its closing delimiter',
  'too-deep': 'parts are nested deeper than we read',
  'too-many-parts': 'the message has more parts than we read',
} as const satisfies Record<string, string>;

type PartProblem = { readonly code: keyof typeof partProblems; readonly at: number };

export type PartTree = {
  readonly root: Part;
  /** Every part, parents before their children, in order of the bytes. */
  readonly parts: readonly Part[];
  readonly problems: readonly PartProblem[];
  /** False when a limit cut the reading: some parts are not in the tree. */
  readonly complete: boolean;
};

export type PartLimits = { readonly depthMax: number; readonly partsMax: number };

/** Postfix's depth is 100. */
const partLimits: PartLimits = { depthMax: 100, partsMax: 10_000 };

/** RFC 2046 §5.1.1 allows 70; longer ones are seen. */
const boundaryMax = 200;
const crlf = Buffer.from('\r\n');
const crlfDashes = Buffer.from('\r\n--');

/** Part tree of an indexed message. */
export function partTree(index: MessageIndex, limits: PartLimits = partLimits): PartTree {
  return new TreeReader(index, limits).read();
}

/** The part's body as it stands in the message: transfer encoding not undone. A view. */
export function partBody(index: MessageIndex, part: Part): Uint8Array {
  return index.bytes.subarray(part.bodyStart, part.end);
}

/** The content of a leaf with its transfer encoding undone; the body as it is when the encoding is unknown. */
export function partContent(index: MessageIndex, part: Part): Uint8Array {
  const body = partBody(index, part);
  return decodeTransferEncoding(body, part.transferEncoding) ?? body;
}

/** Content-Disposition with its parameters; undefined when there is none. */
export function partDisposition(part: Part): Parameterised | undefined {
  const text = fieldText(part.header, 'content-disposition');
  return text === undefined ? undefined : parseParameterised(text);
}

/** The file name a part suggests, for showing only: never a path of ours. */
export function partFilename(part: Part): string | undefined {
  return partDisposition(part)?.parameters.get('filename') ?? part.contentType.parameters.get('name');
}

type OpenPart = {
  readonly part: { -readonly [Key in keyof Part]: Part[Key] } & { parts: Part[] };
  readonly boundary: string | undefined;
  closed: boolean;
};

type Delimiter = {
  readonly lineStart: number;
  readonly lineEnd: number;
  readonly owner: OpenPart;
  readonly closing: boolean;
};

/** State of one reading; `open` is the path from the message to the part being read. */
class TreeReader {
  readonly #bytes: Buffer;
  readonly #root: MessageIndex;
  readonly #limits: PartLimits;
  readonly #open: OpenPart[] = [];
  /** Multiparts on the path whose closing delimiter has not been seen. */
  readonly #boundaries = new Map<string, OpenPart>();
  readonly #parts: Part[] = [];
  readonly #problems: PartProblem[] = [];
  #complete = true;

  constructor(root: MessageIndex, limits: PartLimits) {
    this.#bytes = asBuffer(root.bytes);
    this.#root = root;
    this.#limits = limits;
  }

  read(): PartTree {
    let at = this.#enter(0, this.#root, 'text/plain');
    for (;;) {
      const delimiter = this.#nextDelimiter(at);
      if (delimiter === undefined) break;
      this.#leaveAbove(delimiter.owner, delimiter.lineStart);
      const { owner } = delimiter;
      if (owner.part.parts.length === 0) owner.part.preambleEnd = delimiter.lineStart;
      if (delimiter.closing) {
        this.#close(owner, delimiter.lineEnd);
        at = delimiter.lineEnd;
      } else if (this.#parts.length >= this.#limits.partsMax) {
        this.#giveUp(owner, delimiter.lineStart);
        break;
      } else {
        at = this.#enterChild(owner, delimiter.lineEnd);
      }
    }
    this.#leaveAbove(undefined, this.#bytes.length);
    return {
      root: this.#parts[0] as Part,
      parts: this.#parts,
      problems: this.#problems,
      complete: this.#complete,
    };
  }

  #enterChild(owner: OpenPart, start: number): number {
    // RFC 2046 §5.1.5
    const fallback = owner.part.contentType.value === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    return this.#enter(start, indexHeader(this.#bytes.subarray(start, this.#headerBlockEnd(start))), fallback);
  }

  /** Opens the part at `start` and every message that begins with its body; answers where to look for delimiters. */
  #enter(start: number, header: MessageIndex, fallback: string): number {
    let at = start;
    let index = header;
    let type = fallback;
    for (;;) {
      const opened = this.#openPart(at, index, type);
      at = opened.part.bodyStart;
      if (opened.part.kind !== 'message') return at;
      if (this.#parts.length >= this.#limits.partsMax) {
        this.#giveUp(opened, at);
        return at;
      }
      index = indexHeader(this.#bytes.subarray(at, this.#headerBlockEnd(at)));
      type = 'text/plain';
    }
  }

  #openPart(start: number, header: MessageIndex, fallback: string): OpenPart {
    const parent = this.#open.at(-1);
    const depth = this.#open.length;
    const contentType = parseContentType(fieldText(header, 'content-type'), fallback);
    const transferEncoding = transferEncodingToken(fieldText(header, 'content-transfer-encoding'));
    const bodyStart = start + header.bodyStart;
    const boundary = trimBlanks(contentType.parameters.get('boundary') ?? '');
    const kind = this.#kindOf({ type: contentType.value, boundary, transferEncoding, depth, at: start });
    const end = this.#bytes.length;
    const part = {
      start,
      bodyStart,
      end,
      header,
      kind,
      contentType,
      transferEncoding,
      depth,
      parts: [],
      preambleEnd: kind === 'multipart' ? end : bodyStart,
      epilogueStart: end,
    };
    const opened: OpenPart = { part, boundary: kind === 'multipart' ? boundary : undefined, closed: false };
    if (opened.boundary !== undefined) this.#boundaries.set(opened.boundary, opened);
    parent?.part.parts.push(part);
    this.#open.push(opened);
    this.#parts.push(part);
    return opened;
  }

  #kindOf(given: {
    type: string;
    boundary: string;
    transferEncoding: string;
    depth: number;
    at: number;
  }): Part['kind'] {
    const { type, boundary, at } = given;
    const isMessage = type === 'message/rfc822' || type === 'message/global';
    if (isMessage ? !isIdentityEncoding(given.transferEncoding) : !type.startsWith('multipart/')) return 'leaf';
    if (given.depth >= this.#limits.depthMax) {
      this.#complete = false;
      return this.#leafBecause('too-deep', at);
    }
    if (isMessage) return 'message';
    if (boundary === '') return this.#leafBecause('no-boundary', at);
    if (boundary.length > boundaryMax) return this.#leafBecause('bad-boundary', at);
    return this.#boundaries.has(boundary) ? this.#leafBecause('repeated-boundary', at) : 'multipart';
  }

  #leafBecause(code: PartProblem['code'], at: number): 'leaf' {
    this.#problems.push({ code, at });
    return 'leaf';
  }

  #giveUp(owner: OpenPart, at: number): void {
    this.#complete = false;
    this.#problems.push({ code: 'too-many-parts', at });
    owner.part.epilogueStart = at;
    for (const open of this.#open) open.closed = true;
    this.#boundaries.clear();
  }

  #close(owner: OpenPart, at: number): void {
    owner.closed = true;
    owner.part.epilogueStart = at;
    if (owner.boundary !== undefined) this.#boundaries.delete(owner.boundary);
  }

  /** Ends every part inside `owner` at the delimiter line; without owner everything that is open ends. */
  #leaveAbove(owner: OpenPart | undefined, lineStart: number): void {
    while (this.#open.length > 0 && this.#open.at(-1) !== owner) {
      const { part, boundary, closed } = this.#open.pop() as OpenPart;
      // the CRLF before the delimiter is the delimiter's, except where it ends the last header line inside
      const headersEnd = Math.max(part.start + part.header.headerEnd, part.parts.at(-1)?.end ?? 0);
      const end = owner === undefined ? lineStart : Math.max(lineStart - 2, headersEnd);
      part.end = end;
      part.bodyStart = Math.min(part.bodyStart, end);
      part.preambleEnd = Math.min(part.preambleEnd, end);
      part.epilogueStart = Math.min(part.epilogueStart, end);
      if (boundary === undefined || closed) continue;
      this.#boundaries.delete(boundary);
      this.#problems.push({ code: 'not-closed', at: part.start });
    }
  }

  /** Offset after the empty line that ends the header at `start`, or where a delimiter cuts it short. */
  #headerBlockEnd(start: number): number {
    let line = start;
    while (line < this.#bytes.length) {
      if (this.#bytes[line] === CR && this.#bytes[line + 1] === LF) return line + 2;
      if (this.#delimiterAt(line) !== undefined) return line;
      const end = this.#bytes.indexOf(crlf, line);
      if (end < 0) break;
      line = end + 2;
    }
    return this.#bytes.length;
  }

  /** The first delimiter line at or after the start of line `from`. */
  #nextDelimiter(from: number): Delimiter | undefined {
    if (this.#boundaries.size === 0) return undefined;
    let line = from;
    for (;;) {
      const delimiter = this.#delimiterAt(line);
      if (delimiter !== undefined) return delimiter;
      const next = this.#bytes.indexOf(crlfDashes, line);
      if (next < 0) return undefined;
      line = next + 2;
    }
  }

  #delimiterAt(lineStart: number): Delimiter | undefined {
    const bytes = this.#bytes;
    if (bytes[lineStart] !== 0x2d || bytes[lineStart + 1] !== 0x2d || this.#boundaries.size === 0) return undefined;
    const lineBreak = bytes.indexOf(crlf, lineStart);
    let textEnd = lineBreak < 0 ? bytes.length : lineBreak;
    const lineEnd = lineBreak < 0 ? bytes.length : lineBreak + 2;
    while (bytes[textEnd - 1] === 0x20 || bytes[textEnd - 1] === 0x09) textEnd--;
    if (textEnd - lineStart > boundaryMax + 4) return undefined;
    const text = bytes.toString('latin1', lineStart + 2, textEnd);
    const opening = this.#boundaries.get(text);
    if (opening !== undefined) return { lineStart, lineEnd, owner: opening, closing: false };
    const closing = text.endsWith('--') ? this.#boundaries.get(text.slice(0, -2)) : undefined;
    return closing && { lineStart, lineEnd, owner: closing, closing: true };
  }
}
