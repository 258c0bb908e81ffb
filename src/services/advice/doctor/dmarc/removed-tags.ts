/** DMA-11: parts of the record that mean nothing any more. */
import { draftOf } from '../../../setup/setup.ts';
import { fails, listed, passes } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { withRecord } from './own-record.ts';

/** RFC 9989 App. A.6, C.5 */
export const removedTags: Rule = {
  id: 'DMA-11',
  judge: (facts) =>
    withRecord(facts, ({ record: { text, pct, p, testing }, about }) => {
      const dropped = (draftOf(text)?.dropped ?? []).map(({ term }) => term);
      const holdsBack = pct !== undefined && pct < 100 && p !== 'none';
      const tells = holdsBack
        ? ` pct=${pct} still holds back receivers of the older standard (RFC 7489), which act on ${pct} % of what fails; those of the new one ${testing ? 'go by t=y' : 'ignore it and act on all'}.`
        : '';
      if (dropped.length === 0 && (!holdsBack || pct === 0))
        return [passes({ ...about, meaning: `Every part of the record still means something.${tells}` })];
      const meaning =
        dropped.length > 0
          ? `These parts of the record mean nothing any more: ${listed(dropped)}.${tells}`
          : tells.trim();
      const steps = holdsBack
        ? [
            `To have every receiver act on all mail that fails, leave out pct=${pct}, too, once the reports say that nothing of yours would be hit.`,
          ]
        : [];
      return [
        fails({
          ...about,
          meaning,
          fix: dropped.length > 0 ? mended(facts, undefined, steps) : { delete: [], set: [], steps },
        }),
      ];
    }),
};
