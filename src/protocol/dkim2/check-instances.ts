/** Takes the message back, form by form, and compares each with the hashes that its Message-Instance states. dkim2-spec-03 §11.7. Pure. */
import { equalConstantTime } from '../../base/bytes.ts';
import { bodyBytes, type MessageIndex } from '../../format/message/message-index.ts';
import { BodyHasher } from '../dkim/body-hasher.ts';
import { type HeaderState, hashHeader, headerStateOf, undoHeader } from './header-state.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2Problem, problem } from './problems.ts';
import type { Instance } from './read-instance.ts';
import type { Dkim2InstanceResult } from './types.ts';
import { undoBody } from './undo-body.ts';

export type CheckedInstances = {
  /** m=1 and up. */
  readonly instances: readonly Dkim2InstanceResult[];
  readonly problems: readonly Dkim2Problem[];
  readonly notes: readonly string[];
};

/** One form of the message, with its hashes as far as they are known: what a recipe leaves alone is not hashed again. */
type Form = {
  readonly header: HeaderState;
  readonly headerHash: Uint8Array;
  /** Undefined: it cannot be told. */
  readonly body: { readonly octets: Uint8Array; readonly hash: Uint8Array } | undefined;
};

/**
 * @param instances m=1 and up
 * @param undoneOctetsMax of all bodies that are gone through
 */
export function checkInstances(
  index: MessageIndex,
  instances: readonly Instance[],
  undoneOctetsMax: number = dkim2Limits.undoneOctetsMax,
): CheckedInstances {
  const results: Dkim2InstanceResult[] = [];
  const problems: Dkim2Problem[] = [];
  const notes: string[] = [];
  const budget = { octets: undoneOctetsMax };
  const header = headerStateOf(index);
  let form: Form | undefined = { header, headerHash: hashHeader(header), body: hashedBody(bodyBytes(index)) };
  for (const instance of instances.toReversed()) {
    const { number, recipe } = instance;
    const { result, found } = compare(instance, form);
    results.push(result);
    problems.push(...found);
    // dkim2-spec-03 §9.1: what the recipe of the first one undoes happened before anybody signed.
    if (number === 1 || form === undefined) continue;
    if (recipe.body === 'lost') notes.push(`the body before Message-Instance m=${number} cannot be made again`);
    const before = undo(form, instance, budget);
    if ('say' in before) problems.push(before);
    form = 'say' in before ? undefined : before;
  }
  return { instances: results.reverse(), problems, notes };
}

function compare(
  { number, hashes, recipe }: Instance,
  form: Form | undefined,
): { readonly result: Dkim2InstanceResult; readonly found: readonly Dkim2Problem[] } {
  const header = sameAs(hashes?.header, form?.headerHash);
  const body = sameAs(hashes?.body, form?.body?.hash);
  const found = [
    ...(hashes === undefined ? [problem('no-known-hash', { at: number })] : []),
    ...(header === 'fail' ? [problem('header-differs', { at: number })] : []),
    ...(body === 'fail' ? [problem('body-differs', { at: number })] : []),
  ];
  const changed = { header: recipe.header.size > 0, body: recipe.body !== undefined };
  return { result: { instance: number, header, body, changed }, found };
}

function sameAs(stated: Uint8Array | undefined, is: Uint8Array | undefined): 'pass' | 'fail' | 'unknown' {
  if (stated === undefined || is === undefined) return 'unknown';
  return equalConstantTime(stated, is) ? 'pass' : 'fail';
}

/** The form before this one, or why it cannot be had. */
function undo(
  { header, headerHash, body }: Form,
  { number, recipe }: Instance,
  budget: { octets: number },
): Form | Dkim2Problem {
  const headerBefore = recipe.header.size === 0 ? header : undoHeader(header, recipe.header);
  if (headerBefore === undefined) return problem('recipe-impossible', { at: number });
  const hash = headerBefore === header ? headerHash : hashHeader(headerBefore);
  const same = { header: headerBefore, headerHash: hash };
  // dkim2-spec-03 §5.2 (null): the body is lost from here on down, the header is not.
  if (recipe.body === undefined || body === undefined) return { ...same, body };
  if (recipe.body === 'lost') return { ...same, body: undefined };
  budget.octets -= body.octets.length;
  if (budget.octets < 0) return problem('too-much-to-undo', { at: number });
  const octets = undoBody(body.octets, recipe.body);
  return octets === undefined ? problem('recipe-impossible', { at: number }) : { ...same, body: hashedBody(octets) };
}

/** dkim2-spec-03 §6.1: what DKIM calls simple. */
function hashedBody(octets: Uint8Array): Form['body'] {
  const hasher = new BodyHasher();
  hasher.want('simple');
  hasher.update(octets, 'whole');
  hasher.end();
  const { base64 } = hasher.result('simple');
  return base64 === undefined ? undefined : { octets, hash: Buffer.from(base64, 'base64') };
}
