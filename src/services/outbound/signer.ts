/** Puts a domain's DKIM signatures on a message: once, when it is queued, never per recipient or retry. */

import { concat } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { createRsaSigner, type RsaSigner } from '../../protocol/dkim/rsa-signer.ts';
import {
  createDkimSigner,
  type SignDkim,
  type SigningKey,
  type SigningTime,
  signDkim,
} from '../../protocol/dkim/sign-dkim.ts';
import type { LongBody } from '../../protocol/long-message.ts';
import type { Directory } from '../directory/directory.ts';

export type Signature = { readonly domain: string; readonly selector: string; readonly algorithm: string };

export class Signer {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #signRsa = createRsaSigner();
  readonly #signWhole: SignDkim;

  /** @param signWhole absent: signed here */
  constructor(directory: Directory, clock: Clock, signWhole?: SignDkim) {
    this.#directory = directory;
    this.#clock = clock;
    this.#signWhole = signWhole ?? ((message, keys, time) => signDkim(message, keys, time, this.#signRsa));
  }

  isOurs(domain: DomainName): Promise<boolean> {
    return this.#directory.maySendFor(domain);
  }

  /**
   * The message with a signature field per active key of `domain` on top (RSA first, RFC 8463 §3); unchanged when it has none.
   * @param body what is not in `message`, which then is the header alone
   */
  async sign(
    message: Uint8Array | MessageIndex,
    domain: DomainName,
    body?: Pick<LongBody, 'chunks'>,
  ): Promise<{ readonly bytes: Uint8Array; readonly signatures: readonly Signature[] }> {
    const bytes = message instanceof Uint8Array ? message : message.bytes;
    const keys = await this.#directory.activeSigners(domain);
    if (keys.length === 0) return { bytes, signatures: [] };
    const time = { nowSeconds: Math.floor(this.#clock.nowMs() / 1000) };
    const fields = body
      ? await signPieces(message, body, keys, time, this.#signRsa)
      : await this.#signWhole(message, keys, time);
    return {
      bytes: concat([fields, bytes]),
      signatures: keys.map(({ selector, algorithm }) => ({ domain, selector, algorithm })),
    };
  }
}

async function signPieces(
  header: Uint8Array | MessageIndex,
  body: Pick<LongBody, 'chunks'>,
  keys: readonly SigningKey[],
  time: SigningTime,
  signRsa: RsaSigner,
): Promise<Uint8Array> {
  const signer = createDkimSigner(header instanceof Uint8Array ? indexMessage(header) : header, keys, time, signRsa);
  for await (const piece of body.chunks()) signer.update(piece);
  return signer.finish();
}
