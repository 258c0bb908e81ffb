/** LST-04: lists that did not tell, which is never "not listed". */
import { listed, orElse, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ListedSubject } from './facts.ts';
import { listEvidence, namesOf, nothingAsked } from './listings.ts';

export const silentLists: Rule<'LST-04'> = {
  id: 'LST-04',
  judge: (facts) =>
    orElse(
      facts.lists.subjects.filter(({ answers }) => answers.length > 0).map((subject) => judgeSubject(facts, subject)),
      () => nothingAsked(facts, 'No block list was asked.'),
    ),
};

function judgeSubject(facts: DomainFacts, { text, answers }: ListedSubject): Judged {
  const silent = answers.filter(({ reading }) => reading.state === 'unknown');
  const [first] = silent;
  if (first === undefined)
    return passes({
      subject: text,
      meaning: `All ${answers.length} lists that were asked about it told whether it is on them.`,
    });
  const why = first.reading.state === 'unknown' ? first.reading.why : '';
  const isSame = silent.every(({ reading }) => reading.state === 'unknown' && reading.why === why);
  return staysUnknown({
    subject: text,
    evidence: listEvidence(facts, silent),
    meaning: `${silent.length} of ${answers.length} lists did not tell whether ${text} is on them (${listed(namesOf(silent), 8)}); reason: ${isSame ? why : `${first.list.name}: ${why}`}.`,
    fix: { delete: [], set: [], steps: ['ask again through a name server of your own: --resolver 127.0.0.1'] },
  });
}
