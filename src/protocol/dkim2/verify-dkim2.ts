/**
 * Verifies the DKIM2 of a message: dkim2-spec-03 §11, in its order. Every signature, every form that the message had, and the way that
 * it took. Strict; never throws for what is in the message or in DNS. What comes out is for people to look at: no verdict of ours on a
 * message depends on it.
 */
import type { Clock } from '../../base/clock.ts';
import { indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import type { LookupOptions, Resolver } from '../dns/types.ts';
import { checkInstances } from './check-instances.ts';
import { type CheckedSets, checkSets, keyFetcher } from './check-sets.ts';
import { custodyProblems, requestProblems } from './custody.ts';
import { type Dkim2Problem, dkim2Problems } from './problems.ts';
import { type Dkim2Chain, readChain } from './read-chain.ts';
import type { Dkim2Signature } from './read-signature.ts';
import {
  type Dkim2Envelope,
  type Dkim2Result,
  type Dkim2SignatureResult,
  type Dkim2Verdict,
  dkim2Draft,
} from './types.ts';

export type Dkim2Deps = { readonly resolver: Resolver; readonly clock: Clock };

export async function verifyDkim2(
  message: Uint8Array | MessageIndex,
  envelope: Dkim2Envelope,
  { resolver, clock }: Dkim2Deps,
  options?: LookupOptions,
): Promise<Dkim2Result> {
  const index = message instanceof Uint8Array ? indexMessage(message) : message;
  const chain = readChain(index);
  if (chain === undefined) return unread('none');
  if ('say' in chain) return unread(dkim2Problems[chain.code].result, chain);
  const nowSeconds = clock.nowMs() / 1000;
  const running = checkSets(index, chain, keyFetcher(resolver, options));
  const forms = checkInstances(index, chain.instances);
  const sets = await running;
  const problems = [
    ...custodyProblems(chain, envelope, nowSeconds),
    ...sets.flatMap((one) => one.problems),
    ...forms.problems,
    ...requestProblems(chain),
  ];
  return {
    draft: dkim2Draft,
    ...verdictOf(problems),
    problems,
    notes: [...notesOf(chain, nowSeconds), ...forms.notes],
    envelope: { mailFrom: envelope.mailFrom !== undefined, rcptTo: (envelope.rcptTo ?? []).length > 0 },
    signatures: chain.signatures.map((one, at) => resultOf(one, sets[at])),
    instances: forms.instances,
  };
}

/** The fields are none, or no chain: there is nothing to check any further. */
function unread(result: Dkim2Verdict, problem?: Dkim2Problem): Dkim2Result {
  return {
    draft: dkim2Draft,
    result,
    ...(problem && { reason: problem.say }),
    problems: problem === undefined ? [] : [problem],
    notes: [],
    envelope: { mailFrom: false, rcptTo: false },
    signatures: [],
    instances: [],
  };
}

function verdictOf(problems: readonly Dkim2Problem[]): Pick<Dkim2Result, 'result' | 'reason' | 'tolerantResult'> {
  const first = decisive(problems);
  if (first === undefined) return { result: 'pass' };
  const { result } = dkim2Problems[first.code];
  const other = decisive(problems.filter(({ code }) => code !== 'path-without-brackets'));
  const tolerantResult = other === undefined ? 'pass' : dkim2Problems[other.code].result;
  return { result, reason: first.say, ...(tolerantResult !== result && { tolerantResult }) };
}

/** What another attempt cannot change goes before what it can. */
function decisive(problems: readonly Dkim2Problem[]): Dkim2Problem | undefined {
  return problems.find(({ code }) => dkim2Problems[code].result !== 'temperror') ?? problems[0];
}

function notesOf({ signatures }: Dkim2Chain, nowSeconds: number): string[] {
  return signatures.flatMap(({ sequence, signedAtSeconds, route }) => [
    // dkim2-spec-03 §8.4: such a signature MAY be ignored; clocks differ, and nobody gains by it.
    ...(signedAtSeconds > nowSeconds ? [`DKIM2-Signature i=${sequence} is dated in the future`] : []),
    ...(sequence > 1 && route.kind === 'envelope' && route.mailFrom.text === ''
      ? [`DKIM2-Signature i=${sequence} has a null return path, so nothing ties it to the one before`]
      : []),
  ]);
}

function resultOf(one: Dkim2Signature, checked: CheckedSets | undefined): Dkim2SignatureResult {
  const { sequence, instance, domain, signedAtSeconds, flags, route } = one;
  return {
    sequence,
    instance,
    domain,
    signedAtSeconds,
    ...(route.kind === 'envelope'
      ? { mailFrom: route.mailFrom.text, rcptTo: route.rcptTo.map(({ text }) => text) }
      : { nextDomain: route.domain }),
    flags,
    sets: checked?.sets ?? [],
  };
}
