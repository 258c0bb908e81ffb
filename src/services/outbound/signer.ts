/** Puts a domain's DKIM signatures on a message: once, when it is queued, never per recipient or retry. */

import { concat } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import { signDkim } from '../../protocol/dkim/sign-dkim.ts';
import type { Directory } from '../directory/directory.ts';

export type Signature = { readonly domain: string; readonly selector: string; readonly algorithm: string };

export class Signer {
  readonly #directory: Directory;
  readonly #clock: Clock;

  constructor(directory: Directory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  isOurs(domain: DomainName): Promise<boolean> {
    return this.#directory.ownsDomain(domain);
  }

  /** The message with a signature field per active key of `domain` on top (RSA first, RFC 8463 §3); unchanged when it has none. */
  async sign(
    message: Uint8Array | MessageIndex,
    domain: DomainName,
  ): Promise<{ readonly bytes: Uint8Array; readonly signatures: readonly Signature[] }> {
    const bytes = message instanceof Uint8Array ? message : message.bytes;
    const keys = await this.#directory.activeSigners(domain);
    if (keys.length === 0) return { bytes, signatures: [] };
    const fields = await signDkim(message, keys, { nowSeconds: Math.floor(this.#clock.nowMs() / 1000) });
    return {
      bytes: concat([fields, bytes]),
      signatures: keys.map(({ selector, algorithm }) => ({ domain, selector, algorithm })),
    };
  }
}
