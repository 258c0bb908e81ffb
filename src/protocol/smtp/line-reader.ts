/**
 * Cuts the octets of a connection into lines: the one reader of commands and replies. Only CR LF ends a line. A CR or LF
 * without the other is reported, never repaired, and what follows it can no longer be trusted to be a line (RFC 5321 §2.3.8).
 * Clients we chose to trust may end commands with LF alone (`normalize`). Memory is bounded by twice the longest line allowed plus one chunk.
 */
import { CR, LF } from '../../base/bytes.ts';

export type Line =
  /** Without its CRLF. */
  | { readonly kind: 'line'; readonly octets: Uint8Array }
  /** Told once, as soon as it is known; the rest of the line is swallowed. */
  | { readonly kind: 'too-long' }
  /** Told for every further `swallowStep` octets of such a line: somebody sends without end. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'bare-newline' };

/** `normalize`: LF alone is a line end too; a CR alone never is. */
export type BareNewline = 'refuse' | 'normalize';

/** What of an over-long line counts as one more offence. */
const swallowStep = 65_536;

const nothing = new Uint8Array(0);

export class LineReader {
  #held: Uint8Array = nothing;
  /** Free octets behind the held ones. Lines handed out are never written to again: they lie before. */
  #room: Uint8Array = nothing;
  /** Octets of the over-long line that were swallowed since it was last reported; undefined = not swallowing. */
  #swallowed: number | undefined;
  /** Where the search for LF goes on: no octet is looked at twice. */
  #searched = 0;

  /** Octets that wait to become lines. */
  get unread(): Uint8Array {
    return this.#held;
  }

  push(chunk: Uint8Array): void {
    const length = this.#held.length + chunk.length;
    if (this.#held.length === 0) {
      this.#held = chunk;
      this.#room = nothing;
      return;
    }
    // Twice as much at a time: of a line that trickles in no octet is copied more than twice, not all of them for each.
    if (this.#room.length < chunk.length) this.#grow(2 * length);
    this.#room.set(chunk);
    this.#held = new Uint8Array(this.#held.buffer, this.#held.byteOffset, length);
    this.#room = this.#room.subarray(chunk.length);
  }

  #grow(octets: number): void {
    const larger = new Uint8Array(octets);
    larger.set(this.#held);
    this.#room = larger.subarray(this.#held.length);
    this.#held = larger.subarray(0, this.#held.length);
  }

  /** The next line, or undefined when more octets are needed. @param octetsMax longest line, CRLF included */
  next(octetsMax: number, bareNewline: BareNewline = 'refuse'): Line | undefined {
    if (this.#swallowed !== undefined) return this.#swallow(octetsMax, bareNewline);
    const at = this.#held.indexOf(LF, this.#searched);
    const length = at < 0 ? this.#held.length : at + 1;
    if (length > octetsMax) {
      this.#swallowed = 0;
      return { kind: 'too-long' };
    }
    this.#searched = length;
    if (at < 0) return undefined;
    const strict = this.#held[at - 1] === CR;
    const octets = this.#held.subarray(0, strict ? at - 1 : at);
    if ((!strict && bareNewline === 'refuse') || octets.includes(CR)) return { kind: 'bare-newline' };
    this.#drop(length);
    return { kind: 'line', octets };
  }

  /** Takes what is unread away, for whoever reads something else than lines now (message data). */
  takeRest(): Uint8Array {
    const rest = this.#held;
    this.#held = nothing;
    this.#room = nothing;
    this.#searched = 0;
    this.#swallowed = undefined;
    return rest;
  }

  #swallow(octetsMax: number, bareNewline: BareNewline): Line | undefined {
    const at = this.#held.indexOf(LF);
    if (at >= 0) {
      this.#swallowed = undefined;
      this.#drop(at + 1);
      return this.next(octetsMax, bareNewline);
    }
    this.#swallowed = (this.#swallowed ?? 0) + this.#held.length;
    this.#drop(this.#held.length);
    if (this.#swallowed < swallowStep) return undefined;
    this.#swallowed -= swallowStep;
    return { kind: 'endless' };
  }

  #drop(count: number): void {
    // An empty view would keep the whole chunk in memory, for as long as the client is silent.
    if (count === this.#held.length) this.#held = this.#room = nothing;
    else this.#held = this.#held.subarray(count);
    this.#searched = 0;
  }
}
