/**
 * The last guard of the house: whatever came in by API, IMAP or SMTP, and however it leaves (DATA or BDAT), no bare CR or LF,
 * no NUL and no line over 998 octets gets past it. Such a message is refused, never repaired: a repaired one would no longer be
 * what was signed and judged.
 *
 *   line start -octet-> in line -CR-> after CR -LF-> line start          after CR -anything else-> unfit
 */
import { CR, LF } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';

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

/** BODY=8BITMIME or SMTPUTF8 was said. */
export type GuardRules = { readonly allowEightBit: boolean };

/** One message on its way out. After a finding nothing more of it may be sent: the end would deliver a torso. */
export class MessageGuard {
  readonly #allowEightBit: boolean;
  #lineOctets = 0;
  #afterCr = false;

  constructor(rules: GuardRules) {
    this.#allowEightBit = rules.allowEightBit;
  }

  /** The last octet seen was a CR: unless an LF follows, it may not leave. */
  get isAfterCr(): boolean {
    return this.#afterCr;
  }

  get isAtLineStart(): boolean {
    return this.#lineOctets === 0 && !this.#afterCr;
  }

  /** Looks at the next octets of the message. */
  unfitIn(octets: Uint8Array): Unfit | undefined {
    for (let at = 0; at < octets.length; at++) {
      if (!this.#afterCr) {
        const plain = plainEnd(octets, at, lineOctetsMax - this.#lineOctets);
        this.#lineOctets += plain - at;
        at = plain;
        if (at === octets.length) break;
      }
      const octet = octets[at] as number;
      const unfit = this.#unfit(octet);
      if (unfit) return unfit;
      if (octet === LF) this.#lineOctets = 0;
      else if (octet !== CR) this.#lineOctets++;
      this.#afterCr = octet === CR;
    }
    return undefined;
  }

  /** Nothing follows. */
  unfitAtEnd(): Unfit | undefined {
    return this.#afterCr ? 'bare-cr' : undefined;
  }

  #unfit(octet: number): Unfit | undefined {
    if (this.#afterCr) return octet === LF ? undefined : 'bare-cr'; // RFC 5321 §2.3.8
    if (octet === LF) return 'bare-lf';
    if (octet === 0) return 'nul';
    if (octet > 0x7f && !this.#allowEightBit) return 'eight-bit';
    return octet !== CR && this.#lineOctets >= lineOctetsMax ? 'long-line' : undefined;
  }
}

/** Where the text that may always leave ends, after at most `most` octets: a loop of its own, for it runs over nearly every one. */
function plainEnd(octets: Uint8Array, from: number, most: number): number {
  const end = Math.min(octets.length, from + most);
  let at = from;
  while (at < end && (octets[at] as number) > CR && (octets[at] as number) < 0x80) at++;
  return at;
}

/** Makes octets of a message into octets on the wire. After a refusal nothing more may be sent. */
export interface MessageFraming {
  readonly push: (chunk: Uint8Array) => Outcome<Uint8Array, Unfit>;
  /** What ends the message. */
  readonly finish: () => Outcome<Uint8Array, Unfit>;
}

const nothing = new Uint8Array(0);

/** For BDAT (RFC 3030 §2): the octets as they are. A last line without CRLF stays so: it is counted, and text (RFC 5322 §3.5). */
export class CountedFraming implements MessageFraming {
  readonly #guard: MessageGuard;

  constructor(rules: GuardRules) {
    this.#guard = new MessageGuard(rules);
  }

  push(chunk: Uint8Array): Outcome<Uint8Array, Unfit> {
    const unfit = this.#guard.unfitIn(chunk);
    return unfit ? refuse(unfit, unfitReasons[unfit].say) : accept(chunk);
  }

  finish(): Outcome<Uint8Array, Unfit> {
    const unfit = this.#guard.unfitAtEnd();
    return unfit ? refuse(unfit, unfitReasons[unfit].say) : accept(nothing);
  }
}
