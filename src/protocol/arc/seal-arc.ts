/**
 * Adds an ARC Set to a message that is passed on, RFC 8617 §5.1: the three fields to put above it. In: the message as it leaves, what
 * authenticating it on arrival said, a key. Whether anybody seals at all is the office's choice, and its default is no: the chain
 * proves who vouched, not whom to believe, and ARC is on its way out.
 */
import { concat, fromLatin1 } from '../../base/bytes.ts';
import { fieldsNamed, indexHeader, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import type { AuthResult } from '../auth-results/types.ts';
import { authenticationResultsLines } from '../auth-results/write-auth-results.ts';
import { BodyHasher } from '../dkim/body-hasher.ts';
import { coveredHeader, pickFields } from '../dkim/canonical-header.ts';
import { namesToSign } from '../dkim/sign-dkim.ts';
import { fieldNameWords, type SigningKey, signedField, wordsOf } from '../dkim/signed-field.ts';
import type { OctetRange } from '../dkim/types.ts';
import { highestInstance, instancesMax, readChain } from './read-chain.ts';
import type { ArcResult } from './types.ts';

export type SealRequest = {
  /** What validating the chain on arrival gave. */
  readonly arc: Pick<ArcResult, 'result' | 'temporary'>;
  /** Who says so, and what it found on arrival. */
  readonly authservId: string;
  readonly results: readonly AuthResult[];
  readonly key: SigningKey;
  /** t= */
  readonly nowSeconds: number;
  /** h= of the message signature, in lower case; by default what a DKIM signature would cover, and those signatures. */
  readonly fieldNames?: readonly string[];
};

export interface ArcSealer {
  /** The next octets of the body, in chunks of any size. */
  readonly update: (chunk: Uint8Array) => void;
  /** After the last octet: the fields, each ending in CRLF. */
  readonly finish: () => Promise<Uint8Array>;
}

const nothing: OctetRange = { start: -1, end: -1 };
const lineEnd = fromLatin1('\r\n');

/** Whole message in memory; undefined when no set may be added. */
export async function sealArc(
  message: Uint8Array | MessageIndex,
  request: SealRequest,
): Promise<Uint8Array | undefined> {
  const index = message instanceof Uint8Array ? indexMessage(message) : message;
  const sealer = createArcSealer(index, request);
  sealer?.update(index.bytes.subarray(index.bodyStart));
  return sealer?.finish();
}

/** For a body that comes from a file: the header alone is needed to start. Undefined when no set may be added. */
export function createArcSealer(index: MessageIndex, request: SealRequest): ArcSealer | undefined {
  const place = placeOf(index, request);
  if (place === undefined) return undefined;
  const body = new BodyHasher();
  body.want('relaxed');
  return {
    update: (chunk) => body.update(chunk),
    finish: async () => {
      body.end();
      const bodyHash = body.result('relaxed').base64 ?? '';
      const results = resultsField(place, request);
      const message = await messageSignature(index, place, bodyHash, request);
      return concat([await seal(index, place, concat([results, message]), request), message, results]);
    },
  };
}

/** Which set this will be, what it says of those before it, and which fields of those it covers. */
type Place = {
  readonly instance: number;
  readonly cv: 'none' | 'pass' | 'fail';
  readonly earlier: readonly OctetRange[];
};

function placeOf(index: MessageIndex, { arc }: SealRequest): Place | undefined {
  if (arc.temporary === true) return undefined; // cv=fail would break for ever what fails for the moment only
  if (!index.complete) return undefined; // sets that we do not see could not be covered
  if (beginsWithBlank(index)) return undefined; // its first line would become a fold of ours
  const chain = readChain(index);
  if (chain.kind === 'none' || arc.result === 'none')
    return arc.result === 'none' && chain.kind === 'none' ? first : undefined;
  const highest = highestInstance(index);
  if (highest.instance >= instancesMax || highest.cv === 'fail') return undefined; // RFC 8617 §4.2.1, §5.1.2: nothing to add to a failed chain
  const instance = highest.instance + 1;
  // RFC 8617 §5.1.2: the seal on a broken chain covers its own set alone.
  if (arc.result === 'fail' || chain.kind === 'broken') return { instance, cv: 'fail', earlier: [] };
  return {
    instance,
    cv: 'pass',
    earlier: chain.sets.flatMap(({ results, message, seal: sealed }) => [results, message, sealed]),
  };
}

function beginsWithBlank({ bytes }: MessageIndex): boolean {
  return bytes[0] === 0x20 || bytes[0] === 0x09;
}

const first: Place = { instance: 1, cv: 'none', earlier: [] };

/** RFC 8617 §4.1.1: what Authentication-Results would say, after `i=n;`. */
function resultsField({ instance }: Place, { authservId, results }: SealRequest): Uint8Array {
  const said = authenticationResultsLines(authservId, results);
  return fromLatin1(`ARC-Authentication-Results: i=${instance}; ${said}\r\n`);
}

/** RFC 8617 §4.1.2: a DKIM signature with a number for i= and without v=; it covers no seal. */
function messageSignature(
  index: MessageIndex,
  { instance }: Place,
  bodyHash: string,
  { key, nowSeconds, fieldNames }: SealRequest,
): Promise<Uint8Array> {
  const names = fieldNames ?? [...namesToSign(index), ...fieldsNamed(index, 'dkim-signature').map(({ name }) => name)];
  const covered = pickFields(index, names, nothing).map((field) => ({ field }));
  const tags = [
    `i=${instance};`,
    `a=${key.algorithm};`,
    'c=relaxed/relaxed;',
    `d=${key.domain};`,
    `s=${key.selector};`,
  ];
  tags.push(`t=${Math.floor(nowSeconds)};`);
  const words = [...wordsOf(tags), ...fieldNameWords(names), ...wordsOf([`bh=${bodyHash};`])];
  return signedField(key, 'ARC-Message-Signature', words, coveredHeader(index.bytes, covered, 'relaxed'));
}

/** RFC 8617 §5.1.1: over every set in order, results, message signature and seal of each, this one last. */
function seal(
  index: MessageIndex,
  { instance, cv, earlier }: Place,
  added: Uint8Array,
  { key, nowSeconds }: SealRequest,
): Promise<Uint8Array> {
  const own = indexHeader(added);
  const before = coveredHeader(
    index.bytes,
    earlier.map((field) => ({ field })),
    'relaxed',
  );
  const now = coveredHeader(
    own.bytes,
    own.fields.map((field) => ({ field })),
    'relaxed',
  );
  const tags = [`i=${instance};`, `a=${key.algorithm};`, `t=${Math.floor(nowSeconds)};`, `cv=${cv};`];
  tags.push(`d=${key.domain};`, `s=${key.selector};`);
  return signedField(key, 'ARC-Seal', wordsOf(tags), before.length > 0 ? concat([before, lineEnd, now]) : now);
}
