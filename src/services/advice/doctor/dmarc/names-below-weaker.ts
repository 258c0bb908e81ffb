/** DMA-12: names below the domain are protected less than the domain. */
import { isWeaker } from '../../../setup/setup.ts';
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { rulesNamesBelow, withRecord } from './own-record.ts';

/** RFC 9989 §4.7 (sp, np) */
export const namesBelowWeaker: Rule = {
  id: 'DMA-12',
  judge: (facts) =>
    withRecord(facts, ({ record: { p = 'none', sp, np }, about }) => {
      if (!rulesNamesBelow(facts))
        return [
          skips({
            ...about,
            meaning: 'This record is for the one name alone; names below follow the domain above it.',
          }),
        ];
      const weakerSp = sp !== undefined && isWeaker(sp, p);
      const weakerNp = np !== undefined && isWeaker(np, sp ?? p);
      if (!weakerSp && !weakerNp)
        return [
          passes({
            ...about,
            meaning: `Mail from names below the domain is treated no more mildly than that of the domain (${sp ?? p}).`,
          }),
        ];
      const what = weakerSp
        ? `names below the domain (sp=${sp})`
        : `names below the domain that do not exist (np=${np})`;
      const meaning = `Mail that fails is treated by p=${p} for the domain and more mildly for ${what}: who forges takes a name like billing.${facts.subject.domain}.`;
      const steps = ['First be sure that every name below that sends passes, or give it a record of its own.'];
      const fix = mended(
        facts,
        ({ sp: _sp, np: unborn, ...draft }) => ({
          ...draft,
          ...(sp && !weakerSp && { sp }),
          ...(unborn && !isWeaker(unborn, p) && { np: unborn }),
        }),
        steps,
      );
      return [fails({ ...about, meaning, fix })];
    }),
};
