/**
 * Validates an Authenticated Received Chain, RFC 8617 §5.2. Header first, then the body as it streams by (the hasher is the
 * one DKIM feeds), then the result. The verdict is reported and nothing else: whom to believe is the reader's policy (§7.2).
 */
import type { Clock } from '../../base/clock.ts';
import type { Soon } from '../../base/soon.ts';
import { indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { BodyHasher } from '../dkim/body-hasher.ts';
import { coveredHeader } from '../dkim/canonical-header.ts';
import { createDkimKeys, type DkimKeys, keysOnce } from '../dkim/keys.ts';
import { type DkimProblem, dkimProblems } from '../dkim/problems.ts';
import { checkWithKeys, type SignatureCheck, startSignatureCheck } from '../dkim/signature-check.ts';
import type { Resolver } from '../dns/types.ts';
import { type ReadSet, readChain } from './read-chain.ts';
import type { ArcCheck, ArcResult, ArcSet } from './types.ts';

export interface ArcVerifier {
  /** After `body.end()`. Never throws. */
  readonly result: () => Soon<ArcResult>;
}

/** Message signatures looked at to find `oldestPass`, which is optional: our choice, real chains have one to four sets. */
const signaturesMax = 10;
/**
 * Seals verified at first, then as many again as have held: stops at the first group with a broken one, which bounds what a hostile
 * chain makes us ask, and comes to five groups for the longest chain, which bounds how long slow name servers can make us wait.
 */
const sealsAtFirst = 5;

/** Whole message in memory. */
export async function verifyArc(
  message: Uint8Array | MessageIndex,
  deps: { readonly resolver: Resolver; readonly clock: Clock; readonly keys?: DkimKeys },
): Promise<ArcResult> {
  const index = message instanceof Uint8Array ? indexMessage(message) : message;
  const body = new BodyHasher();
  const keys = deps.keys ?? createDkimKeys(deps.resolver);
  const verifier = createArcVerifier(index, { body, clock: deps.clock, keys });
  body.update(index.bytes.subarray(index.bodyStart), 'whole');
  body.end();
  return verifier.result();
}

/** Starts with the header alone, like `createDkimVerifier`. */
export function createArcVerifier(
  index: MessageIndex,
  deps: { readonly body: BodyHasher; readonly clock: Clock; readonly keys: DkimKeys },
): ArcVerifier {
  const chain = readChain(index);
  if (chain.kind === 'none') return answer({ result: 'none', chain: [] });
  if (chain.kind === 'broken') return answer({ result: 'fail', chain: [], reason: chain.reason });
  if (!index.complete) return answer({ result: 'fail', chain: [], reason: dkimProblems['header-too-large'].say });
  const once = { ...deps, keys: keysOnce(deps.keys) };
  const newestFirst = chain.sets.toReversed();
  const nowSeconds = deps.clock.nowMs() / 1000;
  const signatures = newestFirst
    .slice(0, signaturesMax)
    .map((set): MessageCheck => startMessageCheck(index, set, once, nowSeconds));
  for (const { sealSignature } of newestFirst.slice(0, sealsAtFirst)) void once.keys.fetch(sealSignature.keyName);
  return { result: () => validate(index, newestFirst, signatures, once.keys) };
}

function answer(result: ArcResult): ArcVerifier {
  return { result: () => result };
}

type MessageCheck = { readonly expired: boolean; readonly check: SignatureCheck };

function startMessageCheck(
  index: MessageIndex,
  { message, messageSignature }: ReadSet,
  deps: { readonly body: BodyHasher; readonly keys: DkimKeys },
  nowSeconds: number,
): MessageCheck {
  const { expiresAtSeconds } = messageSignature;
  return {
    expired: expiresAtSeconds !== undefined && nowSeconds > expiresAtSeconds,
    check: startSignatureCheck(index, message, messageSignature, deps),
  };
}

async function validate(
  index: MessageIndex,
  newestFirst: readonly ReadSet[],
  signatures: readonly MessageCheck[],
  keys: DkimKeys,
): Promise<ArcResult> {
  const problems = await Promise.all(signatures.map(problemOf));
  // RFC 8617 §5.2 (4): the newest message signature must verify.
  const newestProblem = problems[0];
  const seals = newestProblem === undefined ? await checkSeals(index, newestFirst, keys) : [];
  const chain = newestFirst.map((set, at) => describe(set, seals[at], signatures[at] && checkOf(problems[at])));
  const reason = firstReason(newestFirst, newestProblem, seals);
  if (reason !== undefined) {
    const isTemporary = (newestProblem ?? seals.find(({ problem }) => problem !== undefined)?.problem) === 'dns-failed';
    return { result: 'fail', ...(isTemporary && { temporary: true as const }), chain: chain.toReversed(), reason };
  }
  const oldestPass = oldestPassOf(chain);
  return { result: 'pass', ...(oldestPass !== undefined && { oldestPass }), chain: chain.toReversed() };
}

async function problemOf({ expired, check }: MessageCheck): Promise<DkimProblem | undefined> {
  const { problem } = await check.finish();
  return problem ?? (expired ? 'expired' : undefined);
}

type SealCheck = { readonly problem: DkimProblem | undefined };

/** RFC 8617 §5.2 (6): every seal, from the newest down. */
async function checkSeals(index: MessageIndex, newestFirst: readonly ReadSet[], keys: DkimKeys): Promise<SealCheck[]> {
  const done: SealCheck[] = [];
  while (done.length < newestFirst.length && done.every(({ problem }) => problem === undefined)) {
    const group = newestFirst.slice(done.length, done.length + Math.max(sealsAtFirst, done.length));
    done.push(...(await Promise.all(group.map((set) => checkSeal(index, newestFirst, set, keys)))));
  }
  return done;
}

/** RFC 8617 §5.1.1: the seal covers all sets up to its own in order, relaxed, its own b= empty. */
async function checkSeal(
  index: MessageIndex,
  newestFirst: readonly ReadSet[],
  set: ReadSet,
  keys: DkimKeys,
): Promise<SealCheck> {
  const answered = await keys.fetch(set.sealSignature.keyName);
  const octets = () => {
    const upToThis = newestFirst.slice(newestFirst.length - set.instance).toReversed();
    const fields = upToThis.flatMap(({ results, message, seal }) => [results, message, seal]);
    const covered = fields.map((field) =>
      field === set.seal ? { field, without: set.sealSignature.emptied } : { field },
    );
    return coveredHeader(index.bytes, covered, 'relaxed');
  };
  return { problem: checkWithKeys(octets, set.sealSignature, answered).problem };
}

function firstReason(
  newestFirst: readonly ReadSet[],
  newestProblem: DkimProblem | undefined,
  seals: readonly SealCheck[],
): string | undefined {
  if (newestProblem !== undefined) return `the newest message signature: ${dkimProblems[newestProblem].say}`;
  const at = seals.findIndex(({ problem }) => problem !== undefined);
  const problem = seals[at]?.problem;
  return problem && `seal of instance ${newestFirst[at]?.instance}: ${dkimProblems[problem].say}`;
}

function describe(set: ReadSet, seal: SealCheck | undefined, signature: ArcCheck = 'unchecked'): ArcSet {
  return {
    instance: set.instance,
    cv: set.cv,
    domain: set.sealSignature.domain,
    selector: set.sealSignature.selector,
    authservId: set.authservId,
    seal: seal === undefined ? 'unchecked' : checkOf(seal.problem),
    signature,
  };
}

function checkOf(problem: DkimProblem | undefined): ArcCheck {
  return problem === undefined ? 'pass' : 'fail';
}

/** RFC 8617 §5.2 (5): the lowest instance before the first that fails, going down; unknown when not all were looked at. */
function oldestPassOf(newestFirst: readonly ArcSet[]): number | undefined {
  const failed = newestFirst.find(({ signature }) => signature !== 'pass');
  if (failed === undefined) return 0;
  return failed.signature === 'fail' ? failed.instance + 1 : undefined;
}
