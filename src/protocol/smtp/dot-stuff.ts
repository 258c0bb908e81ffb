/**
 * Turns message octets into what may follow a 354: dots at line starts doubled, the end marked. It is also the last guard of
 * the house: whatever came in by API, IMAP or SMTP, no bare CR or LF, no NUL and no line over 998 octets gets past it. Such a
 * message is refused, never repaired: a repaired one would no longer be what was signed and judged.
 *
 *   line start -octet-> in line -CR-> after CR -LF-> line start          after CR -anything else-> unfit
 */
import { CR, LF } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';

const DOT = 0x2e;
const lineOctetsMax = 998; // RFC 5322 §2.1.1, RFC 5321 §4.5.3.1.6: 1000 with CRLF

/** Why a message may not leave, with the status its sender gets (RFC 3463 §3.7). */
export const unfitReasons = {
  'bare-cr': { enhanced: '5.6.0', say: 'the message holds a CR that is not followed by LF' },
  'bare-lf': { enhanced: '5.6.0', say: 'the message holds an LF without a CR before it' },
  nul: { enhanced: '5.6.0', say: 'the message holds a NUL octet' },
  'long-line': { enhanced: '5.6.0', say: `the message holds a line of more than ${lineOctetsMax} octets` },
  'eight-bit': { enhanced: '5.6.3', say: 'the message holds octets above 127 that were not announced' },
} as const satisfies Record<string, { readonly enhanced: string; readonly say: string }>;
export type Unfit = keyof typeof unfitReasons;

export type DotStuffing = { readonly allowEightBit: boolean };

/** One message on its way out. After a refusal nothing more may be sent: the end mark would deliver a torso. */
export class DotStuffer {
  readonly #allowEightBit: boolean;
  #lineOctets = 0;
  #afterCr = false;

  constructor(options: DotStuffing) {
    this.#allowEightBit = options.allowEightBit;
  }

  /** What to send for `chunk`. A CR at its very end is kept back until its LF is seen. */
  push(chunk: Uint8Array): Outcome<Uint8Array, Unfit> {
    const parts: Uint8Array[] = this.#afterCr && chunk.length > 0 ? [Uint8Array.of(CR)] : [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] as number;
      const unfit = this.#unfit(octet);
      if (unfit) return refuse(unfit, unfitReasons[unfit].say);
      if (octet === DOT && this.#lineOctets === 0) {
        parts.push(chunk.subarray(from, at + 1)); // RFC 5321 §4.5.2: this dot, and below it once more
        from = at;
      }
      this.#step(octet);
    }
    const to = this.#afterCr ? chunk.length - 1 : chunk.length;
    if (parts.length === 0) return accept(chunk.subarray(0, to));
    if (to > from) parts.push(chunk.subarray(from, to));
    return accept(Buffer.concat(parts));
  }

  /** The end mark. A message whose last line has no CRLF gets one: without it there is no end. RFC 5321 §4.1.1.4 */
  finish(): Outcome<Uint8Array, Unfit> {
    if (this.#afterCr) return refuse('bare-cr', unfitReasons['bare-cr'].say);
    return accept(Buffer.from(this.#lineOctets === 0 ? '.\r\n' : '\r\n.\r\n', 'latin1'));
  }

  #unfit(octet: number): Unfit | undefined {
    if (this.#afterCr) return octet === LF ? undefined : 'bare-cr'; // RFC 5321 §2.3.8
    if (octet === LF) return 'bare-lf';
    if (octet === 0) return 'nul';
    if (octet > 0x7f && !this.#allowEightBit) return 'eight-bit';
    return octet !== CR && this.#lineOctets >= lineOctetsMax ? 'long-line' : undefined;
  }

  #step(octet: number): void {
    if (octet === LF) this.#lineOctets = 0;
    else if (octet !== CR) this.#lineOctets++;
    this.#afterCr = octet === CR;
  }
}

/** Ends a DATA phase that must deliver nothing. RFC 2920 §3.1 */
export const loneDot: Uint8Array = Buffer.from('.\r\n', 'latin1');
