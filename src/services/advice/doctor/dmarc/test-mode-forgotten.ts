/** DMA-14: test mode that was never ended. */
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { daysUnchanged, withRecord } from './own-record.ts';

const daysMax = 30; // our advice: reports of a month show every sender that writes monthly

/** RFC 9989 §4.7 (t) */
export const testModeForgotten: Rule = {
  id: 'DMA-14',
  judge: (facts) =>
    withRecord(facts, ({ record: { testing, pct, p = 'none' }, about }) => {
      const tag = testing ? 't=y' : pct === 0 && p !== 'none' ? 'pct=0' : undefined;
      if (tag === undefined)
        return [passes({ ...about, meaning: 'The record is not in test mode: it is meant as it says.' })];
      const days = daysUnchanged(facts);
      const effect = p === 'reject' ? 'p=reject is treated as quarantine' : `p=${p} is treated as none`;
      if (days === undefined)
        return [
          skips({ ...about, meaning: `The record is in test mode (${tag}: ${effect}); since when is not known here.` }),
        ];
      if (days <= daysMax)
        return [passes({ ...about, meaning: `The record has been in test mode (${tag}) for ${days} days.` })];
      const isReady = facts.subject.reports?.mayTighten !== false;
      const steps = ['First look whether all your mail passes: posthorn advise '.concat(facts.subject.domain)];
      const fix = isReady
        ? mended(
            facts,
            ({ pct: there, ...draft }) => ({
              ...draft,
              testing: false,
              ...(there !== undefined && there > 0 && { pct: there }),
            }),
            steps,
          )
        : {
            delete: [],
            set: [],
            steps: ['By the reports some of your mail would be hit: mend that before test mode ends.'],
          };
      const meaning = `For ${days} days the record has been in test mode (${tag}), so ${effect}: the protection that it names is not there.`;
      return [fails({ ...about, meaning, fix })];
    }),
};
