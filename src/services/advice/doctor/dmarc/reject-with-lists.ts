/** DMA-21: mail that fails is to be refused, and people of the domain write to mailing lists. */
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { withRecord } from './own-record.ts';

/** RFC 9989 §7.4: domains whose people write to lists should not ask for reject. */
export const rejectWithLists: Rule = {
  id: 'DMA-21',
  judge: (facts) =>
    withRecord(facts, ({ record: { p, text }, about }) => {
      const writes = facts.subject.office?.writesToLists;
      if (p !== 'reject')
        return [
          passes({
            ...about,
            meaning: 'The record does not ask to refuse mail that fails, so lists can pass mail of your people on.',
          }),
        ];
      if (writes === undefined)
        return [skips({ ...about, meaning: 'Whether people of the domain write to mailing lists is not known.' })];
      if (!writes)
        return [
          passes({
            ...about,
            meaning: 'Mail that fails is refused, and nobody of the domain writes to mailing lists.',
          }),
        ];
      const meaning =
        'Mail that fails is refused, and people of the domain write to mailing lists: lists change what they pass on, so it fails, and members do not get it or are even taken off the list.';
      const milder = text.replace(/\bp\s*=\s*reject/i, 'p=quarantine');
      const steps = [
        'Have those people write from another domain, or from a name below with a record of its own.',
        `Or step back, if that is not possible: ${facts.dmarc.name} TXT "${milder}"`,
      ];
      return [fails({ ...about, meaning, fix: { delete: [], set: [], steps } })];
    }),
};
