/**
 * Octets that come in pieces and are wanted as one in the end. A piece takes some 600 octets of memory beside its own, and who sends
 * octet by octet could make 160 MB of 256 KB: so small ones are joined as they come.
 */
import { concat } from './bytes.ts';

const smallPiecesMax = 128;
const smallOctetsMax = 65_536;

export class Pieces {
  #joined: Uint8Array[] = [];
  /** Behind those that are joined. */
  #small: Uint8Array[] = [];
  #smallOctets = 0;

  add(piece: Uint8Array): void {
    this.#small.push(piece);
    this.#smallOctets += piece.length;
    if (this.#small.length < smallPiecesMax && this.#smallOctets < smallOctetsMax) return;
    this.#joined.push(concat(this.#small));
    this.#small = [];
    this.#smallOctets = 0;
  }

  /** All of them; nothing is held from then on. */
  take(): Uint8Array {
    const all = concat([...this.#joined, ...this.#small]);
    this.#joined = [];
    this.#small = [];
    this.#smallOctets = 0;
    return all;
  }
}
