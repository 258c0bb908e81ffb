/**
 * The hashes of a body that signatures ask for, computed in one pass while the body streams by: one canonicalisation and one
 * SHA-256 per form, however many signatures there are; a signature with l= gets its digest from a copy of the running hash
 * taken at its octet. DKIM and ARC share one hasher per message.
 */
import { createHash, type Hash } from 'node:crypto';
import { type CanonicalBody, type Canonicalization, canonicalBody } from './canonical-body.ts';

export type BodyHash = {
  /** Undefined when the canonical body has fewer octets than l= counts. */
  readonly hash: Uint8Array | undefined;
  /** Octets of the whole canonical body. */
  readonly canonicalOctets: number;
};

export class BodyHasher {
  readonly #forms = new Map<Canonicalization, { readonly body: CanonicalBody; readonly hash: MarkedHash }>();

  /** Before the first octet: the body's hash in this form will be asked for, up to `octets` of the canonical body (l=). */
  want(form: Canonicalization, octets?: number): void {
    let wanted = this.#forms.get(form);
    if (wanted === undefined) {
      const hash = new MarkedHash();
      wanted = { hash, body: canonicalBody(form, (canonical) => hash.update(canonical)) };
      this.#forms.set(form, wanted);
    }
    if (octets !== undefined) wanted.hash.mark(octets);
  }

  /** The next octets of the body, in chunks of any size. Nothing is kept of them. */
  update(chunk: Uint8Array): void {
    for (const { body } of this.#forms.values()) body.update(chunk);
  }

  end(): void {
    for (const { body, hash } of this.#forms.values()) {
      body.end();
      hash.end();
    }
  }

  /** After `end`, for what was wanted. */
  result(form: Canonicalization, octets?: number): BodyHash {
    const wanted = this.#forms.get(form);
    return { hash: wanted?.hash.digestAt(octets), canonicalOctets: wanted?.hash.octets ?? 0 };
  }
}

/** A SHA-256 that also remembers its digest after certain numbers of octets. */
class MarkedHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #digests = new Map<number, Uint8Array>();
  /** Descending: the next one to reach is the last. */
  readonly #marks: number[] = [];
  #whole: Uint8Array | undefined;
  #octets = 0;

  get octets(): number {
    return this.#octets;
  }

  mark(octets: number): void {
    if (this.#marks.includes(octets)) return;
    this.#marks.push(octets);
    this.#marks.sort((a, b) => b - a);
  }

  update(chunk: Uint8Array): void {
    let rest = chunk;
    for (;;) {
      const mark = this.#marks.at(-1);
      if (mark === undefined || mark > this.#octets + rest.length) break;
      const before = mark - this.#octets;
      this.#hash.update(rest.subarray(0, before));
      this.#octets = mark;
      this.#reached(mark);
      rest = rest.subarray(before);
    }
    this.#hash.update(rest);
    this.#octets += rest.length;
  }

  end(): void {
    if (this.#marks.at(-1) === this.#octets) this.#reached(this.#octets); // l=0 over an empty body
    this.#whole = this.#hash.digest();
  }

  digestAt(octets: number | undefined): Uint8Array | undefined {
    return octets === undefined ? this.#whole : this.#digests.get(octets);
  }

  #reached(mark: number): void {
    this.#digests.set(mark, this.#hash.copy().digest());
    this.#marks.pop();
  }
}
