/** All DKIM2 fields of a message, in order and without gaps, or what is wrong with them. dkim2-spec-03 §11.2 */
import { fieldsNamed, type MessageIndex } from '../../format/message/message-index.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2Problem, type Dkim2ProblemCode, problem } from './problems.ts';
import { type Instance, readInstance } from './read-instance.ts';
import { type Dkim2Signature, readDkim2Signature } from './read-signature.ts';

export type Dkim2Chain = {
  /** i=1 and up. */
  readonly signatures: readonly [Dkim2Signature, ...Dkim2Signature[]];
  /** m=1 and up. */
  readonly instances: readonly Instance[];
};

/** Undefined: there is nothing of DKIM2 in the message. */
export function readChain(index: MessageIndex): Dkim2Chain | Dkim2Problem | undefined {
  const fields = {
    signatures: fieldsNamed(index, 'dkim2-signature'),
    instances: fieldsNamed(index, 'message-instance'),
  };
  if (!index.complete) return problem('header-too-large');
  const most = Math.max(fields.signatures.length, fields.instances.length);
  if (most === 0) return undefined;
  // dkim2-spec-03 §13: what some readers see as a field and others skip could be signed as neither.
  if (index.byName.has('')) return problem('header-malformed');
  if (most > dkim2Limits.signaturesMax) return problem('too-many-fields');
  const signatures = inOrder(
    fields.signatures.map((field) => readDkim2Signature(index, field)),
    ofSignature,
  );
  if ('say' in signatures) return signatures;
  const instances = inOrder(
    fields.instances.map((field) => readInstance(index, field)),
    ofInstance,
  );
  if ('say' in instances) return instances;
  const [first, ...others] = signatures.list;
  // dkim2-spec-03 §11.2: no Message-Instance above the newest signature, so none at all without one.
  if (first === undefined) return problem('instance-unsigned', { at: instances.list.length });
  return mismatch([first, ...others], instances.list) ?? { signatures: [first, ...others], instances: instances.list };
}

type Kind<T> = {
  readonly numberOf: (one: T) => number;
  readonly missing: Dkim2ProblemCode;
  readonly twice: Dkim2ProblemCode;
};

const ofSignature: Kind<Dkim2Signature> = {
  numberOf: ({ sequence }) => sequence,
  missing: 'signature-missing',
  twice: 'signature-twice',
};
const ofInstance: Kind<Instance> = {
  numberOf: ({ number }) => number,
  missing: 'instance-missing',
  twice: 'instance-twice',
};

/** dkim2-spec-03 §7.1, dkim2-spec-03 §8.1: numbered from 1 without gaps, wherever they stand. */
function inOrder<T>(
  readings: readonly (
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly problem: Dkim2Problem }
  )[],
  { numberOf, missing, twice }: Kind<T>,
): { readonly list: readonly T[] } | Dkim2Problem {
  const list: T[] = [];
  for (const reading of readings) {
    if (!reading.ok) return reading.problem;
    list.push(reading.value);
  }
  list.sort((a, b) => numberOf(a) - numberOf(b));
  for (const [at, one] of list.entries()) {
    const number = numberOf(one);
    if (number <= at) return problem(twice, { at: number });
    if (number > at + 1) return problem(missing, { at: at + 1 });
  }
  return { list };
}

/** dkim2-spec-03 §8.2: m= of a signature is the newest Message-Instance there was. */
function mismatch(signatures: readonly Dkim2Signature[], instances: readonly Instance[]): Dkim2Problem | undefined {
  let newest = 0;
  for (const { sequence, instance } of signatures) {
    if (instance > instances.length) return problem('instance-missing', { at: instances.length + 1 });
    if (instance < newest) return problem('instance-goes-back', { at: sequence });
    newest = instance;
  }
  const sets = signatures.reduce((sum, one) => sum + one.sets.length, 0);
  if (sets > dkim2Limits.setsInAllMax) return problem('too-many-sets');
  return newest < instances.length ? problem('instance-unsigned', { at: newest + 1 }) : undefined;
}
