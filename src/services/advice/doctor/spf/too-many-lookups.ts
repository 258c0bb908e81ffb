/** SPF-05: more than ten lookups, or nearly. RFC 7208 §4.6.4 */
import { printable } from '../../../../base/printable.ts';
import { parseQueryName } from '../../../../format/domain-name.ts';
import { spfLimits } from '../../../../protocol/spf/check.ts';
import type { SpfTree } from '../../../../protocol/spf/include-tree.ts';
import { parseSpfRecord } from '../../../../protocol/spf/record.ts';
import type { FindingEvidence } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { isPartlyUnknown } from './tree-faults.ts';

export const tooManyLookups: Rule<'SPF-05'> = {
  id: 'SPF-05',
  judge: (facts) => judgeRecord(facts, () => judgeLookups(facts)),
};

/** A provider that adds one or two of its own breaks it. (Our choice.) */
const nearly = 8;

function judgeLookups(facts: DomainFacts): readonly Judged[] {
  const { tree } = facts.spf;
  const about = { ...aboutRecord(facts), evidence: [...aboutRecord(facts).evidence, ...costs(tree)] };
  const { lookups } = tree;
  const isOpen = isPartlyUnknown(tree);
  const count = `${isOpen ? 'at least ' : ''}${lookups}`;
  const crowded = crowdedHosts(facts);
  if (crowded !== undefined) {
    const meaning = `${crowded.term} leads to ${crowded.count} mail hosts; receivers look at 10 at most, and then give up on the whole record.`;
    const steps = [`Take ${crowded.term} out, and name the addresses that send.`];
    return [{ ...about, status: 'fail', meaning, fix: { delete: [], set: [], steps } }];
  }
  if (lookups > spfLimits.lookups) {
    const fix = fixByRecord(facts) ?? { delete: [], set: [], steps: [lastResort] };
    const meaning = `Receivers need ${count} questions to the DNS to read the whole SPF record, and give up after ${spfLimits.lookups}: then it lets nobody send.`;
    return [{ ...about, status: 'fail', meaning, fix }];
  }
  if (lookups >= nearly) {
    const meaning = `Receivers need ${count} of the ${spfLimits.lookups} questions to the DNS that they grant; one service that adds some of its own breaks the record.`;
    return [{ ...about, status: 'fail', severity: 'warn', meaning, fix: { delete: [], set: [], steps: [lastResort] } }];
  }
  if (isOpen) {
    const meaning = `The record takes at least ${lookups} of ${spfLimits.lookups} lookups; what some of its includes cost, the DNS did not say.`;
    return [{ ...about, status: 'unknown', meaning }];
  }
  return [{ ...about, status: 'pass', meaning: `The record takes ${lookups} of ${spfLimits.lookups} lookups.` }];
}

const lastResort =
  'Take includes out that nobody needs, or let a service send with a name of its own below the domain (its "custom return path").';

/** Lines of evidence; whoever has more has seen enough. */
const linesMax = 40;

/** Each term that costs something, with what lies below it indented. */
function costs(tree: SpfTree): readonly FindingEvidence[] {
  const lines: FindingEvidence[] = [];
  const visit = ({ terms }: SpfTree, depth: number) => {
    for (const { text, lookups, below } of terms) {
      if (lookups === 0 || lines.length >= linesMax) continue;
      const all = lookups + (below?.lookups ?? 0);
      const problem = below?.problem === undefined ? '' : ` (${printable(below.problem, 80)})`;
      const query = `${'  '.repeat(depth)}${printable(text, 80)}`;
      lines.push({ query, answer: `${all} ${all === 1 ? 'lookup' : 'lookups'}${problem}` });
      if (below !== undefined) visit(below, depth + 1);
    }
  };
  visit(tree, 0);
  return lines;
}

/** RFC 7208 §4.6.4: a term `mx` whose name has more hosts than receivers look at. */
function crowdedHosts({
  spf: { tree, answers },
}: DomainFacts): { readonly term: string; readonly count: number } | undefined {
  const parsed = parseSpfRecord(tree.record ?? '');
  const name = parseQueryName(tree.domain);
  for (const directive of parsed.ok ? parsed.value.directives : []) {
    if (directive.kind !== 'mx') continue;
    const target = directive.target === undefined ? name : directive.target.fixed;
    const answer = target === undefined || target === 'unfit' ? undefined : answers.lookup(target, 'MX');
    if (answer?.kind === 'found' && answer.records.length > spfLimits.mxNames)
      return { term: printable(directive.text, 80), count: answer.records.length };
  }
  return undefined;
}
