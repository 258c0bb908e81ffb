/**
 * Turns message octets into what may follow a 354: dots at line starts doubled, the end marked, and nothing in between that
 * `message-guard.ts` does not let pass.
 */
import { asBuffer, CR } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { type GuardRules, type MessageFraming, MessageGuard, type Unfit, unfitReasons } from './message-guard.ts';

const DOT = 0x2e;
/** A dot at the start of a line, and the end of the line before. */
const newLineDot = Buffer.from('\n.', 'latin1');

/** One message on its way out. After a refusal nothing more may be sent: the end mark would deliver a torso. */
export class DotStuffer implements MessageFraming {
  readonly #guard: MessageGuard;

  constructor(rules: GuardRules) {
    this.#guard = new MessageGuard(rules);
  }

  /** What to send for `chunk`. A CR at its very end is kept back until its LF is seen. */
  push(chunk: Uint8Array): Outcome<Uint8Array, Unfit> {
    const { isAfterCr, isAtLineStart } = this.#guard;
    const unfit = this.#guard.unfitIn(chunk);
    if (unfit) return refuse(unfit, unfitReasons[unfit].say);
    const end = this.#guard.isAfterCr ? chunk.length - 1 : chunk.length;
    const parts: Uint8Array[] = isAfterCr && chunk.length > 0 ? [Uint8Array.of(CR)] : [];
    let from = 0;
    for (let dot = firstDot(chunk, isAtLineStart); dot >= 0; dot = nextDot(chunk, dot)) {
      parts.push(chunk.subarray(from, dot + 1)); // RFC 5321 §4.5.2: this dot, and below it once more
      from = dot;
    }
    if (parts.length === 0) return accept(chunk.subarray(0, end));
    if (end > from) parts.push(chunk.subarray(from, end));
    return accept(Buffer.concat(parts));
  }

  /** The end mark. A message whose last line has no CRLF gets one: without it there is no end. RFC 5321 §4.1.1.4 */
  finish(): Outcome<Uint8Array, Unfit> {
    const unfit = this.#guard.unfitAtEnd();
    if (unfit) return refuse(unfit, unfitReasons[unfit].say);
    return accept(Buffer.from(this.#guard.isAtLineStart ? '.\r\n' : '\r\n.\r\n', 'latin1'));
  }
}

function firstDot(chunk: Uint8Array, isAtLineStart: boolean): number {
  return isAtLineStart && chunk[0] === DOT ? 0 : nextDot(chunk, 0);
}

/** Where the guard let the octets pass, each LF ends a line. */
function nextDot(chunk: Uint8Array, from: number): number {
  const at = asBuffer(chunk).indexOf(newLineDot, from);
  return at < 0 ? -1 : at + 1;
}

/** Ends a DATA phase that must deliver nothing. RFC 2920 §3.1 */
export const loneDot: Uint8Array = Buffer.from('.\r\n', 'latin1');
