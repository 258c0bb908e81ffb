/** SPF-06: more than two names for which the DNS has nothing. RFC 7208 §4.6.4 */
import { printable } from '../../../../base/printable.ts';
import { spfLimits } from '../../../../protocol/spf/check.ts';
import type { SpfTree } from '../../../../protocol/spf/include-tree.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { isPartlyUnknown } from './tree-faults.ts';

export const voidLookups: Rule<'SPF-06'> = {
  id: 'SPF-06',
  judge: (facts) => judgeRecord(facts, () => judgeVoids(facts)),
};

function judgeVoids(facts: DomainFacts): readonly Judged[] {
  const { tree } = facts.spf;
  const empty = voidTerms(tree);
  const own = empty.filter(({ at }) => at === facts.subject.domain).map(({ text }) => text);
  const evidence = empty.map(({ text, at }) => ({
    query: `${printable(text, 80)} in the record of ${at}`,
    answer: 'nothing there',
  }));
  const about = { ...aboutRecord(facts), evidence: [...aboutRecord(facts).evidence, ...evidence] };
  if (tree.voidLookups > spfLimits.voidLookups) {
    const meaning = `${tree.voidLookups} names in the record do not exist, and receivers give up after ${spfLimits.voidLookups}: then it lets nobody send.`;
    const fix = fixByRecord(facts, { drop: own });
    return [{ ...about, status: 'fail', meaning, ...(fix && { fix }) }];
  }
  if (isPartlyUnknown(tree))
    return [
      { ...about, status: 'unknown', meaning: 'The DNS did not say of some names in the record whether they exist.' },
    ];
  const { voidLookups: count } = tree;
  const meaning =
    count === 0
      ? 'Every name in the record exists.'
      : `${count} of the names in the record ${count === 1 ? 'does' : 'do'} not exist: receivers put up with ${spfLimits.voidLookups}.`;
  return [{ ...about, status: 'pass', meaning }];
}

/** Of evidence: the first are enough. */
const termsMax = 20;

function voidTerms(tree: SpfTree): readonly { readonly text: string; readonly at: string }[] {
  const found: { text: string; at: string }[] = [];
  const visit = ({ domain, terms }: SpfTree) => {
    for (const { text, isVoid, below } of terms) {
      if (isVoid && found.length < termsMax) found.push({ text, at: domain });
      if (below !== undefined) visit(below);
    }
  };
  visit(tree);
  return found;
}
