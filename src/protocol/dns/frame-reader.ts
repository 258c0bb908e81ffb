/** Cuts a stream into the messages that stand behind their lengths on it. RFC 1035 §4.2.2, RFC 7766 §8 */

const emptyMessage = new Uint8Array();

export class FrameReader {
  /** Kept for every length, because messages of no octets cost their sender two. */
  readonly #length = Buffer.alloc(2);
  /** First the two octets of the length, then as many as they say. */
  #wanted = this.#length;
  #filled = 0;
  #inMessage = false;

  /** The messages that these octets complete, in their order. */
  push(octets: Uint8Array): readonly Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let at = 0; at < octets.length; ) {
      const piece = octets.subarray(at, at + this.#wanted.length - this.#filled);
      this.#wanted.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#wanted.length) this.#turn(messages);
    }
    return messages;
  }

  #turn(messages: Uint8Array[]): void {
    const length = this.#inMessage ? 0 : this.#wanted.readUInt16BE(0);
    if (this.#inMessage) messages.push(this.#wanted);
    else if (length === 0) messages.push(emptyMessage);
    this.#inMessage = length > 0;
    this.#wanted = this.#inMessage ? Buffer.alloc(length) : this.#length;
    this.#filled = 0;
  }
}
