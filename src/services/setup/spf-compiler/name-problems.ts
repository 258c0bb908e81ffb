/** What is to be said about a record that is otherwise done: its terms, its cost, and how it fared when it was tried. Pure. */
import { spfLimits } from '../../../protocol/spf/check.ts';
import type { Draft } from './draft.ts';
import { written } from './merge-terms.ts';
import type { FullProof } from './prove-record.ts';
import type { SpfProblem } from './types.ts';
import type { Weight } from './weigh-record.ts';

/** Told one by one; the rest as a number. */
const toldMax = 10;

export function termProblems({ terms }: Draft): SpfProblem[] {
  const unclaimed = terms.filter(({ from }) => from.length === 0).map(written);
  const ptr = terms.filter(({ directive }) => directive.kind === 'ptr');
  return [
    ...(unclaimed.length === 0
      ? []
      : [
          {
            code: 'unclaimed',
            severity: 'notice',
            say: `nobody claims ${listed(unclaimed)}: kept as ${unclaimed.length === 1 ? 'it is' : 'they are'}`,
            fix: 'declare the sender, or take the term away if nobody needs it',
          } as const,
        ]),
    ...ptr.map(
      (term): SpfProblem => ({
        code: 'ptr',
        severity: 'warning',
        say: `${written(term)} is slow and some receivers ignore it`, // RFC 7208 §5.5
        fix: 'write the addresses of those servers in its place',
      }),
    ),
  ];
}

export function limitProblems({ lookups, voidLookups, void4, void6 }: Weight): SpfProblem[] {
  const problems: SpfProblem[] = [];
  if (lookups > spfLimits.lookups)
    problems.push({
      code: 'too-many-lookups',
      severity: 'error',
      say: `it takes ${lookups} DNS lookups, and receivers stop with an error after ${spfLimits.lookups}`, // RFC 7208 §4.6.4
    });
  else if (lookups >= nearly)
    problems.push({
      code: 'nearly-too-many-lookups',
      severity: 'notice',
      say: `it takes ${lookups} of ${spfLimits.lookups} DNS lookups: a provider that adds one or two of its own breaks it`,
    });
  if (voidLookups > spfLimits.voidLookups)
    problems.push({
      code: 'too-many-void-lookups',
      severity: 'error',
      say: `${voidLookups} of its names do not exist, and receivers stop with an error after ${spfLimits.voidLookups}`,
    });
  else if (Math.max(void4, void6) > spfLimits.voidLookups)
    problems.push({
      code: 'void-for-some',
      severity: 'warning',
      say: `a stranger with an ${void4 > void6 ? 'IPv4' : 'IPv6'} address meets ${Math.max(void4, void6)} names without an answer; receivers stop with an error after ${spfLimits.voidLookups}`,
    });
  return problems;
}

const nearly = 8;

export function proofProblems({ proof, failures, passesEverybody }: FullProof): SpfProblem[] {
  const problems = failures.slice(0, toldMax).map(
    ({ sender, address, result, isOurs }): SpfProblem => ({
      code: 'not-authorised',
      severity: isOurs && result !== 'temperror' ? 'error' : 'warning',
      say: `${address} of ${sender} would not pass, but get ${result}`,
      ...(!isOurs && { fix: `add ip4 or ip6 terms for it, or correct the address of ${sender}` }),
    }),
  );
  if (passesEverybody && proof.stranger === undefined)
    problems.push({ code: 'everybody-passed', severity: 'error', say: 'one of its terms lets everybody pass' });
  else if (passesEverybody)
    problems.push({
      code: 'stranger-passes',
      severity: 'error',
      say: `${proof.stranger?.address} is nobody's and would pass`,
    });
  return problems;
}

function listed(items: readonly string[]): string {
  return items.length <= toldMax
    ? items.join(', ')
    : `${items.slice(0, toldMax).join(', ')} and ${items.length - toldMax} more`;
}
