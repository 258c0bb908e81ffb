/**
 * The three ways to say no (docs/HACKING.md):
 * a *verdict* is data of its own engine; a *refusal* is an `Outcome` with a code from a table; a *fault* throws.
 */

/** What a boundary answers: a value, or an expected no with a code and a sentence for people. */
export type Outcome<T, Code extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: Code; readonly say: string };

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse<Code extends string>(
  code: Code,
  say: string,
): { readonly ok: false; readonly code: Code; readonly say: string } {
  return { ok: false, code, say };
}

/** A mistake of ours: never caught except by the loop that owns the connection, job, request or command (exit 70). */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** The world failed us (disk, socket, database); `code` is the system's own word for it (`ENOSPC`, `ECONNRESET`). */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: string;
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The disk, or our share of it, is full: nothing was stored, and it may be later. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof Fault && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** States what the lines below rely on. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

export function unreachable(never: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(never)}`);
}
