/**
 * One signature over header and body put to the test, DKIM's or an ARC set's: key, body hash, then the signature itself, in
 * the order of RFC 6376 §6.1. Started when the header is known, so that the key is on its way while the body streams by.
 */
import { hash, type KeyObject, verify } from 'node:crypto';
import { type Soon, whenThere } from '../../base/soon.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import type { BodyHasher } from './body-hasher.ts';
import { type CoveredField, coveredHeader, pickFields } from './canonical-header.ts';
import { type KeyRecord, keyObjection } from './key-record.ts';
import type { DkimKeys, KeyAnswer } from './keys.ts';
import type { DkimProblem } from './problems.ts';
import type { Signature, SignedBy } from './signature.ts';
import type { OctetRange, SigningAlgorithm } from './types.ts';

export type CheckedSignature = {
  /** Undefined: it verifies. */
  readonly problem: DkimProblem | undefined;
  /** The key that verified, or the first one tried. */
  readonly key: KeyRecord | undefined;
  readonly hasSeveralKeys: boolean;
  readonly signedFields: readonly OctetRange[];
};

export interface SignatureCheck {
  /** After the end of the body. Never throws. */
  readonly finish: () => Soon<CheckedSignature>;
}

export function startSignatureCheck(
  index: MessageIndex,
  field: OctetRange,
  signature: Signature,
  deps: { readonly body: BodyHasher; readonly keys: DkimKeys },
): SignatureCheck {
  const { body, keys } = deps;
  body.want(signature.bodyForm, signature.bodyOctets);
  const fetched = keys.fetch(signature.keyName);
  return {
    finish: () =>
      whenThere(fetched, (answer) => {
        const signedFields = pickFields(index, signature.fieldNames, field);
        const covered: CoveredField[] = signedFields.map((one) => ({ field: one }));
        covered.push({ field, without: signature.emptied });
        const octets = () => coveredHeader(index.bytes, covered, signature.headerForm);
        const bodyProblem = judgeBody(signature, body);
        // RFC 6376 §3.5 (l=): asking for more octets than there are is an error whatever the signature says.
        if (bodyProblem === 'length-beyond-body') return withKey(bodyProblem, answer, signedFields);
        const { problem, key, hasSeveralKeys } = checkWithKeys(octets, signature, answer);
        return { problem: combine(problem, bodyProblem), key, hasSeveralKeys, signedFields };
      }),
  };
}

/** Tries the keys that may verify this signature. Shared with the ARC-Seal, which covers no body. */
export function checkWithKeys(
  octets: () => Uint8Array,
  signature: SignedBy & Pick<Signature, 'identity'>,
  answer: KeyAnswer,
): Omit<CheckedSignature, 'signedFields'> {
  const hasSeveralKeys = answer.records.length > 1;
  const [first] = answer.records;
  if (first === undefined) return { problem: answer.problem, key: undefined, hasSeveralKeys };
  const usable = answer.records.filter((key) => keyObjection(key, signature) === undefined);
  if (usable.length === 0) return { problem: keyObjection(first, signature), key: first, hasSeveralKeys };
  const covered = octets();
  const key = usable.find((one) => isSignatureOf(covered, signature, one.key));
  return { problem: key === undefined ? 'signature-differs' : undefined, key: key ?? usable[0], hasSeveralKeys };
}

/** RSASSA-PKCS1-v1_5 over the octets, or PureEdDSA over their SHA-256. RFC 6376 §3.3.2, RFC 8463 §3 */
export function isSignatureOf(
  octets: Uint8Array,
  by: { readonly algorithm: SigningAlgorithm; readonly signature: Uint8Array },
  key: KeyObject,
): boolean {
  try {
    if (by.algorithm === 'rsa-sha256') return verify('sha256', octets, key, by.signature);
    return verify(null, hash('sha256', octets, 'buffer'), key, by.signature);
  } catch {
    return false; // a key that OpenSSL imports but will not use verifies nothing
  }
}

function judgeBody(signature: Signature, body: BodyHasher): DkimProblem | undefined {
  const { base64, canonicalOctets } = body.result(signature.bodyForm, signature.bodyOctets);
  if (base64 === undefined) return 'length-beyond-body';
  if (base64 !== signature.bodyHash) return 'body-changed';
  if (signature.bodyOctets !== undefined && signature.bodyOctets < canonicalOctets) return 'body-partial';
  return undefined;
}

/** A problem with the key goes first: without it nothing is known about the rest. RFC 6376 §6.1 */
function combine(signed: DkimProblem | undefined, body: DkimProblem | undefined): DkimProblem | undefined {
  if (signed === 'signature-differs' && body === 'body-changed') return 'body-and-signature-differ';
  return signed ?? body;
}

function withKey(problem: DkimProblem, answer: KeyAnswer, signedFields: readonly OctetRange[]): CheckedSignature {
  const [key] = answer.records;
  return {
    problem: key === undefined ? answer.problem : problem,
    key,
    hasSeveralKeys: answer.records.length > 1,
    signedFields,
  };
}
