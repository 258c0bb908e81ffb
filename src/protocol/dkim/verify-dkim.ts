/**
 * Verifies the DKIM signatures of a message: RFC 6376 §6 with the bounds of RFC 8301. Header first, then the body as it
 * streams by, then the results, one per DKIM-Signature field in order of appearance. Strict reading only; never throws for
 * what is in the message or in DNS.
 */
import type { Clock } from '../../base/clock.ts';
import { type Soon, whenAllThere } from '../../base/soon.ts';
import { type DomainName, isEqualOrBelow } from '../../format/domain-name.ts';
import { fieldsNamed, type HeaderField, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import type { Resolver } from '../dns/types.ts';
import { BodyHasher } from './body-hasher.ts';
import { createDkimKeys, type DkimKeys } from './keys.ts';
import { type DkimProblem, dkimProblems } from './problems.ts';
import { type Named, type ReadFieldNames, type Reading, readSignature, type Signature } from './signature.ts';
import { type CheckedSignature, type SignatureCheck, startSignatureCheck } from './signature-check.ts';
import { signaturePrefixes } from './signature-prefixes.ts';
import type { DkimResult } from './types.ts';

export type DkimOptions = {
  /** Whose signatures are tried first when there are more than we try. */
  readonly authorDomain?: DomainName;
  /** How many signatures are tried, at most 20. */
  readonly signaturesMax?: number;
  /** Domains that sign for nobody; by default every single label. RFC 6376 §6.1.1 wants this to be configurable. */
  readonly isUnacceptable?: (domain: DomainName) => boolean;
};

export interface DkimVerifier {
  /** After `body.end()`. */
  readonly results: () => Soon<readonly DkimResult[]>;
}

const signaturesMaxDefault = 10; // RFC 6376 §8.4: a limit is needed; real messages carry up to 4
const signaturesMaxEver = 20;

/** Whole message in memory. */
export async function verifyDkim(
  message: Uint8Array | MessageIndex,
  deps: { readonly resolver: Resolver; readonly clock: Clock; readonly keys?: DkimKeys },
  options: DkimOptions = {},
): Promise<readonly DkimResult[]> {
  const index = message instanceof Uint8Array ? indexMessage(message) : message;
  const body = new BodyHasher();
  const verifier = createDkimVerifier(
    index,
    { body, clock: deps.clock, keys: deps.keys ?? createDkimKeys(deps.resolver) },
    options,
  );
  body.update(index.bytes.subarray(index.bodyStart), 'whole');
  body.end();
  return verifier.results();
}

/**
 * Starts with the header alone: tells `body` which hashes it will ask for and sends the queries for the keys. The caller
 * feeds `body`, ends it, then takes the results.
 */
export function createDkimVerifier(
  index: MessageIndex,
  deps: {
    readonly body: BodyHasher;
    readonly clock: Clock;
    readonly keys: DkimKeys;
    readonly readFieldNames?: ReadFieldNames;
  },
  options: DkimOptions = {},
): DkimVerifier {
  const nowSeconds = deps.clock.nowMs() / 1000;
  const isUnacceptable = options.isUnacceptable ?? isTopLevel;
  const candidates = fieldsNamed(index, 'dkim-signature').map((field) =>
    judgeReading(index, field, readSignature(index, field, 'dkim', deps.readFieldNames), nowSeconds, isUnacceptable),
  );
  const chosen = chooseCandidates(candidates, options);
  const checks = candidates.map((candidate): SignatureCheck | undefined => {
    const { field, signature } = candidate;
    return signature && chosen.has(candidate) ? startSignatureCheck(index, field, signature, deps) : undefined;
  });
  return {
    results: () =>
      whenAllThere(
        checks.map((check) => check?.finish()),
        (checked) => {
          const prefixes = signaturePrefixes(candidates.map(({ named }) => named.base64));
          return candidates.map((one, at) => resultOf(one, checked[at], prefixes[at] ?? ''));
        },
      ),
  };
}

type Candidate = {
  readonly field: HeaderField;
  readonly named: Named;
  /** Present when nothing speaks against trying it. */
  readonly signature: Signature | undefined;
  readonly identity: string | undefined;
  readonly problem: DkimProblem | undefined;
};

function judgeReading(
  index: MessageIndex,
  field: HeaderField,
  reading: Reading<Signature>,
  nowSeconds: number,
  isUnacceptable: (domain: DomainName) => boolean,
): Candidate {
  if (!reading.ok)
    return { field, named: reading.named, signature: undefined, identity: undefined, problem: reading.problem };
  const named = reading.value;
  const problem = objection(index, named, nowSeconds, isUnacceptable);
  const identity = named.identity && `${named.identity.local}@${named.identity.domain}`;
  return { field, named, signature: problem === undefined ? named : undefined, identity, problem };
}

function objection(
  index: MessageIndex,
  { expiresAtSeconds, domain }: Signature,
  nowSeconds: number,
  isUnacceptable: (domain: DomainName) => boolean,
): DkimProblem | undefined {
  // What stands in an unread rest of the header could be a second From: a signature can no longer say who wrote.
  if (!index.complete) return 'header-too-large';
  if (expiresAtSeconds !== undefined && nowSeconds > expiresAtSeconds) return 'expired';
  return isUnacceptable(domain) ? 'domain-unacceptable' : undefined;
}

/** RFC 6376 §6.1.1: `com` signs for nobody. */
function isTopLevel(domain: DomainName): boolean {
  return !domain.includes('.');
}

/** The first ones, those of the author's domain (or of one above or below it) before all others. */
function chooseCandidates(candidates: readonly Candidate[], options: DkimOptions): ReadonlySet<Candidate> {
  const most = Math.min(options.signaturesMax ?? signaturesMaxDefault, signaturesMaxEver);
  const ready = candidates.filter(({ signature }) => signature !== undefined);
  if (ready.length <= most) return new Set(ready);
  const isAuthors = ({ signature }: Candidate) => isRelated(signature?.domain, options.authorDomain);
  const inOrder = [...ready.filter(isAuthors), ...ready.filter((candidate) => !isAuthors(candidate))];
  return new Set(inOrder.slice(0, most));
}

function isRelated(a: DomainName | undefined, b: DomainName | undefined): boolean {
  return a !== undefined && b !== undefined && (isEqualOrBelow(a, b) || isEqualOrBelow(b, a));
}

function resultOf(one: Candidate, checked: CheckedSignature | undefined, signaturePrefix: string): DkimResult {
  const { field, named, identity } = one;
  const problem = checked === undefined ? (one.problem ?? 'too-many-signatures') : checked.problem;
  const result: Writable<DkimResult> = {
    ...verdictOf(problem, checked),
    domain: named.domain,
    selector: named.selector,
    algorithm: named.algorithm,
    field: { start: field.start, end: field.end },
    signedFields: (checked?.signedFields ?? []).map(({ start, end }) => ({ start, end })),
  };
  if (identity !== undefined) result.identity = identity; // one by one: a literal with five spreads took 1 us
  if (checked?.key) result.keyBits = checked.key.bits;
  if (checked?.key?.testing) result.testing = true;
  if (problem === 'body-partial') result.partialBody = true;
  if (signaturePrefix !== '') result.signaturePrefix = signaturePrefix;
  return result;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

function verdictOf(
  problem: DkimProblem | undefined,
  checked: CheckedSignature | undefined,
): Pick<DkimResult, 'result' | 'reason' | 'problem'> {
  if (problem === undefined) {
    // RFC 6376 §3.6.2.2: results are undefined then. One of the keys made this signature, which is what counts.
    return checked?.hasSeveralKeys
      ? { result: 'pass', reason: 'several keys are published at this selector' }
      : { result: 'pass' };
  }
  const { result, say } = dkimProblems[problem];
  // RFC 6376 §3.6.1 (t=y): a failure of a key under test is no different from no signature.
  if (result === 'fail' && checked?.key?.testing) {
    return { result: 'neutral', problem, reason: `${say}; the key is in test mode (t=y), so this counts as unsigned` };
  }
  return { result, problem, reason: say };
}
