/** MSG-20: what outside filters say. The worst of them is charged: two filters that see one fault are not two faults. */
import { failed, passed, seen, skipped, someOf, steps, unknown } from '../judged.ts';
import type { ContentRule, FilterVerdict, JudgedContent } from '../types.ts';

const tenthsPerPoint = 4;
/** A filter's own bookkeeping is no finding. */
const pointsMin = 0.05;

export const filterPoints: ContentRule<'MSG-20'> = {
  id: 'MSG-20',
  judge: ({ facts: { filters = [] } }) => {
    if (filters.length === 0) return [skipped({ subject: 'filters', meaning: 'No outside filter is set up.' })];
    const worst = filters.reduce((most, { points = 0 }) => Math.max(most, points), 0);
    const charged = filters.findIndex(({ points }) => points === worst);
    return filters.map((verdict, at) => judgeVerdict(verdict, at === charged));
  },
};

function judgeVerdict(verdict: FilterVerdict, isCharged: boolean): JudgedContent {
  const { name: subject, points, spamFrom, symbols } = verdict;
  if (points === undefined)
    return unknown({ subject, meaning: `${subject} did not answer: ${verdict.problem ?? 'no reason given'}.` });
  const telling = symbols.filter((symbol) => symbol.points > 0).sort((a, b) => b.points - a.points);
  const evidence = someOf(telling, ({ name, points: each, say = '' }) => seen(`${name} ${shown(each)}`, say));
  const limit = spamFrom === undefined ? '' : `; it calls ${shown(spamFrom)} and more spam`;
  if (points < pointsMin)
    return passed({
      subject,
      meaning: `${subject} has nothing against the message (${shown(points)} points).`,
      evidence,
    });
  const isSpam = spamFrom !== undefined && points >= spamFrom;
  const [first] = telling;
  return failed({
    subject,
    severity: isSpam ? 'error' : 'warn',
    meaning: `${subject} gives the message ${shown(points)} points${limit}.`,
    evidence,
    fix: steps(
      first === undefined
        ? `Look up in ${subject} what the points are for.`
        : `Begin with ${first.name}${first.say ? `: ${first.say}` : ''}.`,
    ),
    ...(isCharged && { tenths: Math.round(points * tenthsPerPoint) }),
  });
}

function shown(points: number): string {
  return points.toFixed(1);
}
