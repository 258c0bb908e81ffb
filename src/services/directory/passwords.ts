/**
 * Passwords chosen by people: argon2id, at most two at a time, as each takes 19 MiB and 80 ms of a thread that signing needs
 * too (MAIL_RULES 29). Stored in the PHC string format, so that parameters can grow without touching old ones.
 */
import { type Argon2Parameters, argon2 } from 'node:crypto';
import { equalConstantTime, hasControlCharacter, utf8 } from '../../base/bytes.ts';
import type { Random } from '../../base/random.ts';

export type HashCost = { readonly memoryKiB: number; readonly passes: number };

/** RFC 9106 with OWASP's smallest recommended figures. */
const hashCost: HashCost = { memoryKiB: 19_456, passes: 2 };

const hashesAtOnce = 2; // MAIL_RULES 29
const hashesWaitingMax = 32; // our choice: about 1.3 s of waiting; later ones are told to come back
const saltBytes = 16;
const hashBytes = 32;
const passwordOctetsMax = 1_024;

/** One composition (NFC), blanks of other scripts as the ASCII one: RFC 8265 §4.2.2. Undefined: not fit for a password. */
export function preparePassword(text: string): string | undefined {
  if (!text.isWellFormed() || hasControlCharacter(text)) return undefined;
  const prepared = text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  return prepared === '' || utf8(prepared).length > passwordOctetsMax ? undefined : prepared;
}

export class PasswordHasher {
  readonly #random: Random;
  readonly #cost: HashCost;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(random: Random, cost: HashCost = hashCost) {
    this.#random = random;
    this.#cost = cost;
  }

  /** Undefined: too many are waiting. */
  async hash(password: string): Promise<string | undefined> {
    const { memoryKiB, passes } = this.#cost;
    const salt = this.#random.bytes(saltBytes);
    const key = await this.#derive(password, salt, this.#cost);
    return key && `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$${base64(salt)}$${base64(key)}`;
  }

  /**
   * `stored` undefined: the same work for nothing, so that an unknown login takes as long as a known one.
   * Undefined: too many are waiting.
   */
  async verify(password: string, stored: string | undefined): Promise<boolean | undefined> {
    const parsed = stored === undefined ? undefined : parseStored(stored);
    const salt = parsed?.salt ?? new Uint8Array(saltBytes);
    const key = await this.#derive(password, salt, parsed?.cost ?? this.#cost);
    if (key === undefined) return undefined;
    return parsed !== undefined && equalConstantTime(key, parsed.key);
  }

  async #derive(password: string, salt: Uint8Array, cost: HashCost): Promise<Uint8Array | undefined> {
    if (this.#running >= hashesAtOnce) {
      if (this.#waiting.length >= hashesWaitingMax) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve)); // whoever finishes hands its place over
    } else this.#running++;
    try {
      return await argon2id({
        message: utf8(password),
        nonce: salt,
        parallelism: 1,
        tagLength: hashBytes,
        memory: cost.memoryKiB,
        passes: cost.passes,
      });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

function argon2id(parameters: Argon2Parameters): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    argon2('argon2id', parameters, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

function parseStored(
  text: string,
): { readonly cost: HashCost; readonly salt: Uint8Array; readonly key: Uint8Array } | undefined {
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=1\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{43})$/.exec(text);
  if (found === null) return undefined;
  const [, memory, passes, salt, key] = found;
  return {
    cost: { memoryKiB: Number(memory), passes: Number(passes) },
    salt: Buffer.from(salt ?? '', 'base64'),
    key: Buffer.from(key ?? '', 'base64'),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
