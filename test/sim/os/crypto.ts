/** In the place of `node:crypto`: what the thread pool would do is done at once, and its answer comes in virtual time. */
import { type Argon2Parameters, hash as digest, sign as signNow, verify as verifyNow } from 'node:crypto';
import { later } from './pool.ts';

export * from 'node:crypto';

type Done<T> = (error: Error | null, result: T) => void;
type SignArguments = Parameters<typeof signNow>;
type VerifyArguments = Parameters<typeof verifyNow>;

/** What an RSA signature takes, and a password. */
const signingMs = 1;
const hashingMs = 80;

export function sign(...args: [...SignArguments, Done<Buffer>?]): Buffer | undefined {
  const [algorithm, data, key, done] = args as unknown as [...SignArguments, Done<Buffer>?];
  const signature = signNow(algorithm, data, key);
  if (typeof done !== 'function') return signature;
  later(signingMs, () => done(null, signature));
  return undefined;
}

export function verify(...args: [...VerifyArguments, Done<boolean>?]): boolean | undefined {
  const [algorithm, data, key, signature, done] = args as unknown as [...VerifyArguments, Done<boolean>?];
  const fits = verifyNow(algorithm, data, key, signature);
  if (typeof done !== 'function') return fits;
  later(signingMs, () => done(null, fits));
  return undefined;
}

/** The passwords of a simulation need no protection. */
export function argon2(_algorithm: string, { message, nonce }: Argon2Parameters, done: Done<Buffer>): void {
  const key = digest('sha256', Buffer.concat([bytesOf(message), bytesOf(nonce)]), 'buffer');
  later(hashingMs, () => done(null, key));
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(String(value));
}
