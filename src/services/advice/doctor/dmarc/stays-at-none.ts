/** DMA-06: the domain could be protected, and the record still asks for nothing. */
import { raised, stageOf } from '../../../setup/setup.ts';
import { dmarcStages } from '../../../setup/types.ts';
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { daysUnchanged, withRecord } from './own-record.ts';

/** A month of watching. RFC 9989 §5.1.7 asks for no less of domains whose people write to lists. */
const daysMax = 30;

export const staysAtNone: Rule = {
  id: 'DMA-06',
  judge: (facts) =>
    withRecord(facts, ({ record, about }) => {
      const { reports } = facts.subject;
      if (record.p !== undefined && record.p !== 'none')
        return [passes({ ...about, meaning: `The record asks receivers to act: p=${record.p}.` })];
      const days = daysUnchanged(facts);
      if (days === undefined || reports?.mayTighten === undefined)
        return [
          skips({
            ...about,
            meaning:
              'Whether a stronger policy would harm nobody shows in the reports of receivers, and none are known here.',
          }),
        ];
      if (!reports.mayTighten || days <= daysMax)
        return [
          passes({
            ...about,
            meaning: `The record has asked for nothing for ${days} days, and by the reports it is too early for more.`,
          }),
        ];
      const next = dmarcStages[dmarcStages.indexOf(stageOf(record)) + 1] ?? 'quarantine-test';
      const meaning = `For ${days} days the record has only watched (p=none), while by the reports all your mail would pass: forged mail still gets through.`;
      const fix = mended(facts, (draft) => raised(draft, next, {}).draft, [
        `Then look at it again: posthorn advise ${facts.subject.domain}`,
      ]);
      return [fails({ ...about, meaning, fix })];
    }),
};
