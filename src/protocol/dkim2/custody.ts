/** Whether the way that the signatures tell fits together, and fits how the message came. dkim2-spec-03 §11.3, §11.4, §11.8. Pure. */
import { isEqualOrBelow } from '../../format/domain-name.ts';
import { isSignedName } from './header-state.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2Problem, problem } from './problems.ts';
import type { Dkim2Chain } from './read-chain.ts';
import type { Instance } from './read-instance.ts';
import type { Dkim2Signature } from './read-signature.ts';
import { type EnvelopePath, readEnvelopePath } from './recorded-path.ts';
import type { Dkim2Envelope } from './types.ts';

export function custodyProblems(
  { signatures }: Dkim2Chain,
  envelope: Dkim2Envelope,
  nowSeconds: number,
): Dkim2Problem[] {
  return [
    ...signatures.flatMap(bracketProblems),
    // dkim2-spec-03 §11.3: of any signature, since a message on its way for so long is rather a replayed one.
    ...signatures
      .filter(({ signedAtSeconds }) => nowSeconds - signedAtSeconds > dkim2Limits.ageSecondsMax)
      .map(({ sequence }) => problem('expired', { at: sequence })),
    ...newestProblems(signatures.at(-1) ?? signatures[0], envelope),
    ...signatures.flatMap(domainProblems),
    ...signatures.flatMap((one, at) => stepProblems(signatures[at - 1], one)),
  ];
}

/** dkim2-spec-03 §8.5, dkim2-spec-03 §8.6: the brackets MUST be included. */
function bracketProblems({ sequence, route }: Dkim2Signature): Dkim2Problem[] {
  if (route.kind !== 'envelope') return [];
  const tags = [
    ...(route.mailFrom.hasBrackets ? [] : ['mf']),
    ...(route.rcptTo.every(({ hasBrackets }) => hasBrackets) ? [] : ['rt']),
  ];
  return tags.map((tag) => problem('path-without-brackets', { at: sequence, tag }));
}

/** dkim2-spec-03 §11.4: exactly the sender, and every recipient that was used; more may be recorded. */
function newestProblems({ sequence, route }: Dkim2Signature, { mailFrom, rcptTo = [] }: Dkim2Envelope): Dkim2Problem[] {
  // dkim2-spec-03 §8.7: a run of nd= ends with a signature that names the envelope.
  if (route.kind !== 'envelope') return [problem('next-domain-last', { at: sequence })];
  const problems: Dkim2Problem[] = [];
  if (mailFrom !== undefined && !isSame(route.mailFrom, readEnvelopePath(mailFrom)))
    problems.push(problem('mail-from-differs', { at: sequence, value: `<${mailFrom.replace(/^<|>$/g, '')}>` }));
  const recorded = new Set(route.rcptTo.map(({ text }) => text));
  const strange = rcptTo.find((one) => !recorded.has(readEnvelopePath(one)?.text ?? ''));
  if (strange !== undefined)
    problems.push(problem('rcpt-to-differs', { at: sequence, value: `<${strange.replace(/^<|>$/g, '')}>` }));
  return problems;
}

function isSame(recorded: EnvelopePath, used: EnvelopePath | undefined): boolean {
  return recorded.text === used?.text;
}

/** dkim2-spec-03 §8.8: the domain of mf= is d= or below it; the null path has none. */
function domainProblems({ sequence, domain, route }: Dkim2Signature): Dkim2Problem[] {
  if (route.kind !== 'envelope' || route.mailFrom.text === '') return [];
  const { domain: from } = route.mailFrom;
  return from !== undefined && isEqualOrBelow(from, domain) ? [] : [problem('domain-differs', { at: sequence })];
}

/** From one signature to the next. */
function stepProblems(before: Dkim2Signature | undefined, one: Dkim2Signature): Dkim2Problem[] {
  if (before === undefined) return [];
  if (before.route.kind === 'next-domain') {
    // dkim2-spec-03 §11.4: an exact match.
    return before.route.domain === one.domain ? [] : [problem('next-domain-differs', { at: before.sequence })];
  }
  // Who signs with nd= names no sender of their own; a null path has no domain that could be compared.
  if (one.route.kind !== 'envelope' || one.route.mailFrom.text === '') return [];
  const { domain: from, text } = one.route.mailFrom;
  // dkim2-spec-03 §9.4: one of the recipients' domains, or below it.
  const isReceived = before.route.rcptTo.some(
    ({ domain }) => domain !== undefined && from !== undefined && isEqualOrBelow(from, domain),
  );
  return isReceived ? [] : [problem('custody-broken', { at: one.sequence, value: `<${text}>` })];
}

/** dkim2-spec-03 §11.8: what a signer asked those after it not to do. */
export function requestProblems({ signatures, instances }: Dkim2Chain): Dkim2Problem[] {
  return signatures.flatMap(({ sequence, instance, flags }) => [
    ...(flags.includes('donotmodify') &&
    instances.some((one) => one.number > instance && isModification(instances, one))
      ? [problem('modified', { at: sequence })]
      : []),
    ...(flags.includes('donotexplode') &&
    signatures.some((later) => later.sequence > sequence && later.flags.includes('exploded'))
      ? [problem('exploded', { at: sequence })]
      : []),
  ]);
}

/** dkim2-spec-03 §8.10 (donotmodify): another body, or a field that was removed or changed; a field may be added. */
function isModification(instances: readonly Instance[], { number, hashes, recipe }: Instance): boolean {
  const before = instances[number - 2]?.hashes;
  if (before && hashes && Buffer.compare(before.body, hashes.body) !== 0) return true;
  return [...recipe.header].some(([name, steps]) => isSignedName(name) && steps.some(({ kind }) => kind === 'texts'));
}
