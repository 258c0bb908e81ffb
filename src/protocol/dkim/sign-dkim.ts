/**
 * Signs a message: header and body in, the DKIM-Signature fields to put above it out. relaxed/relaxed, never l=; every key
 * signs on its own and RSA comes first, because a verifier without Ed25519 should meet what it knows (RFC 8463 §3).
 * The message must be as it will leave: CRLF line ends, Date set, 7-bit where it shall be.
 */
import { concat } from '../../base/bytes.ts';
import { indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { type BodyChunk, BodyHasher } from './body-hasher.ts';
import { coveredHeader, pickFields } from './canonical-header.ts';
import type { RsaSigner } from './rsa-signer.ts';
import { fieldNameWords, type SigningKey, signedField, wordsOf } from './signed-field.ts';
import type { OctetRange } from './types.ts';

export type { SigningKey } from './signed-field.ts';

export type SigningTime = {
  /** t= */
  readonly nowSeconds: number;
  /** x= that much later; none by default, since a queue may hold the message for days. */
  readonly expiresAfterSeconds?: number;
};

export interface DkimSigner {
  /** The next octets of the body, in chunks of any size. */
  readonly update: (chunk: Uint8Array, which?: BodyChunk) => void;
  /** After the last octet: the fields, each ending in CRLF. */
  readonly finish: () => Promise<Uint8Array>;
}

/** Covered once more often than present, so that nobody can add one, or a second one. RFC 6376 §8.15 */
const oversigned = ['from', 'subject', 'date', 'to', 'cc', 'message-id', 'mime-version', 'content-type'];

/** The same when present. A list may add them where we had none. RFC 8058 §4 wants the last two covered. */
const oversignedWhenPresent = ['reply-to', 'list-unsubscribe', 'list-unsubscribe-post'];

/** Covered as often as present. RFC 6376 §5.4.1; TLS reports: RFC 8460 §5.3; Feedback-ID: senders' reputation at Gmail. */
const signedWhenPresent =
  /^(?:sender|in-reply-to|references|content-transfer-encoding|auto-submitted|feedback-id|resent-.+|list-.+|tls-report-.+)$/;

const nothing: OctetRange = { start: -1, end: -1 };

/**
 * Why no signature can be put above these octets, in words for whoever brought them; undefined when one can. Above an empty line the
 * signature would become the header, above a blank it would swallow the line. RFC 5322 §2.2.3
 */
export function unsignable(index: MessageIndex): string | undefined {
  if (index.headerEnd === 0) return 'it has no header: a message begins with its fields, not with an empty line';
  const isBlank = index.bytes[0] === 0x20 || index.bytes[0] === 0x09;
  return isBlank ? 'its first line begins with a blank, as if it went on with a field above it' : undefined;
}

/** The fields for a whole message, made here or by somebody else. */
export type SignDkim = (
  message: Uint8Array | MessageIndex,
  keys: readonly SigningKey[],
  time: SigningTime,
) => Promise<Uint8Array>;

/** Whole message in memory. */
export async function signDkim(
  message: Uint8Array | MessageIndex,
  keys: readonly SigningKey[],
  time: SigningTime,
  signRsa?: RsaSigner,
): Promise<Uint8Array> {
  const index = message instanceof Uint8Array ? indexMessage(message) : message;
  const signer = createDkimSigner(index, keys, time, signRsa);
  signer.update(index.bytes.subarray(index.bodyStart), 'whole');
  return signer.finish();
}

/**
 * For a body that comes from a file: the header alone is needed to start.
 * @param signRsa shared by those who sign many messages at once
 */
export function createDkimSigner(
  index: MessageIndex,
  keys: readonly SigningKey[],
  time: SigningTime,
  signRsa?: RsaSigner,
): DkimSigner {
  const body = new BodyHasher();
  body.want('relaxed');
  return {
    update: (chunk, which) => body.update(chunk, which),
    finish: async () => {
      body.end();
      const bodyHash = body.result('relaxed').base64 ?? '';
      const names = namesToSign(index);
      const covered = pickFields(index, names, nothing).map((field) => ({ field }));
      const header = coveredHeader(index.bytes, covered, 'relaxed');
      const rsaFirst = keys.toSorted((a, b) => rank(a) - rank(b));
      const contents = { names, bodyHash, signRsa, ...time };
      return concat(await Promise.all(rsaFirst.map((key) => signWith(key, header, contents))));
    },
  };
}

function rank(key: SigningKey): number {
  return key.algorithm === 'rsa-sha256' ? 0 : 1;
}

/** What `h=` lists: every field that gives the message its meaning, and none that is added or changed on the way. */
export function namesToSign(index: MessageIndex): string[] {
  const names: string[] = [];
  const add = (name: string, extra: 0 | 1) => {
    const present = index.byName.get(name)?.length ?? 0;
    for (let count = present + extra; count > 0; count--) names.push(name);
  };
  for (const name of oversigned) add(name, 1);
  for (const name of oversignedWhenPresent) if (index.byName.has(name)) add(name, 1);
  for (const name of index.byName.keys()) {
    if (signedWhenPresent.test(name) && !oversignedWhenPresent.includes(name) && /^[!-9<-~]+$/.test(name)) add(name, 0);
  }
  return names;
}

type Contents = SigningTime & {
  readonly names: readonly string[];
  readonly bodyHash: string;
  readonly signRsa: RsaSigner | undefined;
};

function signWith(key: SigningKey, header: Uint8Array, contents: Contents): Promise<Uint8Array> {
  const { names, bodyHash, signRsa, nowSeconds, expiresAfterSeconds } = contents;
  const signedAt = Math.floor(nowSeconds);
  const tags = ['v=1;', `a=${key.algorithm};`, 'c=relaxed/relaxed;', `d=${key.domain};`, `s=${key.selector};`];
  tags.push(`t=${signedAt};`);
  if (expiresAfterSeconds !== undefined) tags.push(`x=${signedAt + Math.max(1, Math.floor(expiresAfterSeconds))};`);
  const words = [...wordsOf(tags), ...fieldNameWords(names), ...wordsOf([`bh=${bodyHash};`])];
  return signedField(key, 'DKIM-Signature', words, header, signRsa);
}
