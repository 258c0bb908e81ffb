/** The signatures of each DKIM2-Signature put to the test: keys, then RSA or Ed25519 over the fields before. dkim2-spec-03 §11.5, §11.6 */
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import type { QueryName } from '../../format/domain-name.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import { type KeyRecord, parseKeyRecord } from '../dkim/key-record.ts';
import type { DkimProblem } from '../dkim/problems.ts';
import { isSignatureOf } from '../dkim/signature-check.ts';
import type { SigningAlgorithm } from '../dkim/types.ts';
import type { DnsAnswer, LookupOptions, Resolver } from '../dns/types.ts';
import { signedForm } from './dkim2-field.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2Problem, type Dkim2ProblemCode, dkim2Problems, problem } from './problems.ts';
import type { Dkim2Chain } from './read-chain.ts';
import type { Dkim2Signature, SignatureSet } from './read-signature.ts';
import type { Dkim2SetResult } from './types.ts';

export type CheckedSets = { readonly sets: readonly Dkim2SetResult[]; readonly problems: readonly Dkim2Problem[] };

export type FetchKey = (name: QueryName) => Promise<KeyRecord | Dkim2ProblemCode>;

/** In the order of the signatures. All keys are asked for at once. */
export async function checkSets(
  index: MessageIndex,
  chain: Dkim2Chain,
  fetchKey: FetchKey,
): Promise<readonly CheckedSets[]> {
  const octets = signedOctets(index, chain);
  const running = chain.signatures.map((one) =>
    Promise.all(one.sets.map(async (set) => (set.algorithm === '' ? undefined : await fetchKey(set.keyName)))),
  );
  const checked: CheckedSets[] = [];
  for (const [at, one] of chain.signatures.entries()) {
    const keys = (await running[at]) ?? [];
    checked.push(checkOne(one, keys, () => octets(one)));
  }
  return checked;
}

function checkOne(
  { sequence, sets }: Dkim2Signature,
  keys: readonly (KeyRecord | Dkim2ProblemCode | undefined)[],
  octets: () => Uint8Array,
): CheckedSets {
  const problems: Dkim2Problem[] = [];
  const covered = octets();
  const results = sets.map((set, at): Dkim2SetResult => {
    const { selector, algorithm } = set;
    const key = keys[at];
    if (algorithm === '' || key === undefined) return { selector, algorithm, result: 'ignored' }; // dkim2-spec-03 §3.4
    const code = typeof key === 'string' ? key : judgeSet(set, algorithm, key, covered);
    if (code !== undefined) problems.push(problem(code, { at: sequence, value: selector }));
    return {
      selector,
      algorithm,
      result: code === undefined ? 'pass' : dkim2Problems[code].result,
      ...(typeof key !== 'string' && { keyBits: key.bits, ...(key.testing && { testing: true }) }),
    };
  });
  // dkim2-spec-03 §11.6: all that can be checked have to pass. Where none can be, none has.
  if (results.every(({ result }) => result === 'ignored'))
    problems.push(problem('no-known-algorithm', { at: sequence }));
  return { sets: results, problems };
}

function judgeSet(
  { signature }: SignatureSet,
  algorithm: SigningAlgorithm,
  key: KeyRecord,
  octets: Uint8Array,
): Dkim2ProblemCode | undefined {
  if (algorithm !== `${key.type}-sha256`) return 'key-mismatch'; // dkim2-spec-03 §8.9
  // dkim2-spec-03 §11.5: h= of a key means nothing any more; who it is for (RFC 6376 §3.6.1) still does.
  if (!key.services.includes('*') && !key.services.includes('email')) return 'key-not-for-mail';
  if (key.type === 'rsa' && key.key.asymmetricKeyDetails?.publicExponent !== 65_537n) return 'key-exponent'; // dkim2-spec-03 §3.2
  return isSignatureOf(octets, { algorithm, signature }, key.key) ? undefined : 'signature-differs';
}

/**
 * What a signature covers: the Message-Instance fields there were, the DKIM2-Signatures before it, then itself without its signatures.
 * dkim2-spec-03 §9.6
 */
function signedOctets(index: MessageIndex, chain: Dkim2Chain): (one: Dkim2Signature) => Uint8Array {
  const instances = chain.instances.map(({ field }) => signedForm(index, field));
  const signatures = chain.signatures.map(({ field }) => signedForm(index, field));
  return (one) => {
    let own = '';
    let at = one.field.bodyStart;
    for (const { start, end } of one.emptied) {
      own += latin1(index.bytes.subarray(at, start));
      at = end;
    }
    own += latin1(index.bytes.subarray(at, one.field.end));
    return fromLatin1(
      [
        ...instances.slice(0, one.instance),
        ...signatures.slice(0, one.sequence - 1),
        signedForm(index, one.field, own),
      ].join(''),
    );
  };
}

/** One query for each name. Never throws. */
export function keyFetcher(resolver: Resolver, options?: LookupOptions): FetchKey {
  const asked = new Map<QueryName, Promise<KeyRecord | Dkim2ProblemCode>>();
  return (name) => {
    const answer = asked.get(name) ?? fetchKey(resolver, name, options);
    asked.set(name, answer);
    return answer;
  };
}

async function fetchKey(
  resolver: Resolver,
  name: QueryName,
  options?: LookupOptions,
): Promise<KeyRecord | Dkim2ProblemCode> {
  let answer: DnsAnswer<string>;
  try {
    answer = await resolver.lookup(name, 'TXT', options);
  } catch {
    return 'key-not-fetched'; // a resolver does not throw; one that a library's user brought might
  }
  if (answer.kind === 'failed') return 'key-not-fetched'; // dkim2-spec-03 §11.5: never "no key"
  const [text, ...more] = answer.kind === 'found' ? answer.records : [];
  if (text === undefined) return 'key-missing';
  if (more.length > 0) return 'key-several'; // dkim2-spec-03 §11.5: more than one record is an error
  const key = parseKeyRecord(text, dkim2Limits.keyBitsMax);
  return typeof key === 'string' ? (keyProblems[key] ?? 'key-syntax') : key;
}

const keyProblems: Partial<Record<DkimProblem, Dkim2ProblemCode>> = {
  'key-revoked': 'key-revoked',
  'key-of-other-type': 'key-mismatch',
  'key-too-small': 'key-too-small',
  'key-too-large': 'key-too-large',
};
