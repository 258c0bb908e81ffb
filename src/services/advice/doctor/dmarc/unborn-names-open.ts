/** DMA-13: names below the domain that do not exist may be forged freely. */
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { rulesNamesBelow, withRecord } from './own-record.ts';

/** RFC 9989 §4.7 (np) */
export const unbornNamesOpen: Rule = {
  id: 'DMA-13',
  judge: (facts) =>
    withRecord(facts, ({ record: { p = 'none', sp, np }, about }) => {
      if (!rulesNamesBelow(facts))
        return [
          skips({ ...about, meaning: 'This record is for the one name alone; np= counts at the domain above it.' }),
        ];
      const applied = np ?? sp ?? p;
      if (np !== undefined || applied === 'reject')
        return [
          passes({
            ...about,
            meaning: `What becomes of mail from names that do not exist below the domain is said: ${applied}.`,
          }),
        ];
      const meaning = `Nothing is said about names below the domain that do not exist (np=), so made-up ones like billing-office.${facts.subject.domain} ${applied === 'none' ? 'may be used by anybody' : 'are only put into the junk folder'}; your own mail hardly ever comes from such a name.`;
      // RFC 9989 App. A.4: a name exists that the DNS knows, whatever it answers; a host that nobody put there does not.
      const steps = [
        'If a machine of yours writes from a name that is not in the DNS (root@web1...), give that name an A or MX record first.',
      ];
      return [fails({ ...about, meaning, fix: mended(facts, undefined, steps) })];
    }),
};
