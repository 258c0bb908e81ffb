/**
 * The hashes of a body that signatures ask for, computed in one pass while the body streams by: one canonicalisation and one
 * SHA-256 per form, however many signatures there are; a signature with l= gets its digest from a copy of the running hash
 * taken at its octet. DKIM and ARC share one hasher per message.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import { type CanonicalBody, type Canonicalization, canonicalBody, isCanonicalBody } from './canonical-body.ts';

export type BodyHash = {
  /** As bh= says it; undefined when the canonical body has fewer octets than l= counts. */
  readonly base64: string | undefined;
  /** Octets of the whole canonical body. */
  readonly canonicalOctets: number;
};

/** Whether more may follow. */
export type BodyChunk = 'more' | 'whole';

export class BodyHasher {
  readonly #forms = new Map<Canonicalization, WantedForm>();

  /** Before the first octet: the body's hash in this form will be asked for, up to `octets` of the canonical body (l=). */
  want(form: Canonicalization, octets?: number): void {
    let wanted = this.#forms.get(form);
    if (wanted === undefined) {
      wanted = new WantedForm(form);
      this.#forms.set(form, wanted);
    }
    if (octets !== undefined) wanted.hash.mark(octets);
  }

  /**
   * The next octets of the body, in chunks of any size. Nothing is kept of them. A body that is there as a whole mostly is canonical as
   * it stands, and hashed in one call.
   */
  update(chunk: Uint8Array, which: BodyChunk = 'more'): void {
    for (const wanted of this.#forms.values()) {
      if (which === 'whole' && isCanonicalBody(wanted.form, chunk) && wanted.hash.takeWhole(chunk)) continue;
      wanted.body.update(chunk);
    }
  }

  end(): void {
    for (const wanted of this.#forms.values()) {
      if (wanted.hash.isDone) continue;
      wanted.body.end();
      wanted.hash.end();
    }
  }

  /** After `end`, for what was wanted. */
  result(form: Canonicalization, octets?: number): BodyHash {
    const wanted = this.#forms.get(form);
    return { base64: wanted?.hash.digestAt(octets), canonicalOctets: wanted?.hash.octets ?? 0 };
  }
}

class WantedForm {
  readonly form: Canonicalization;
  readonly hash = new MarkedHash();
  #body: CanonicalBody | undefined;

  constructor(form: Canonicalization) {
    this.form = form;
  }

  /** Made when needed: most bodies do without. */
  get body(): CanonicalBody {
    this.#body ??= canonicalBody(this.form, (canonical) => this.hash.update(canonical));
    return this.#body;
  }
}

/** A SHA-256 that also remembers its digest after certain numbers of octets. */
class MarkedHash {
  #made: Hash | undefined;
  readonly #digests = new Map<number, string>();
  /** Descending: the next one to reach is the last. */
  readonly #marks: number[] = [];
  #whole: string | undefined;
  #octets = 0;

  /** Made when needed: most bodies do without. */
  get #hash(): Hash {
    this.#made ??= createHash('sha256');
    return this.#made;
  }

  get octets(): number {
    return this.#octets;
  }

  get isDone(): boolean {
    return this.#whole !== undefined;
  }

  mark(octets: number): void {
    if (this.#marks.includes(octets)) return;
    this.#marks.push(octets);
    this.#marks.sort((a, b) => b - a);
  }

  /** False when digests on the way are asked for. */
  takeWhole(octets: Uint8Array): boolean {
    if (this.#marks.length > 0) return false;
    this.#whole = hash('sha256', octets, 'base64');
    this.#octets = octets.length;
    return true;
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
    this.#whole = this.#hash.digest('base64');
  }

  digestAt(octets: number | undefined): string | undefined {
    return octets === undefined ? this.#whole : this.#digests.get(octets);
  }

  #reached(mark: number): void {
    this.#digests.set(mark, this.#hash.copy().digest('base64'));
    this.#marks.pop();
  }
}
