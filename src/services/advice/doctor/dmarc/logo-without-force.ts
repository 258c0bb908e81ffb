/** DMA-24: the policy looks strong enough for a logo beside the mail, and something in the record takes that back. */
import { fails, listed, passes, skips, staysUnknown } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mendedForLogo } from './mend-record.ts';
import { withRecord } from './own-record.ts';

/** BIMI asks for quarantine or reject, for names below too, of all mail. */
export const logoWithoutForce: Rule = {
  id: 'DMA-24',
  judge: (facts) =>
    withRecord(facts, ({ record: { p = 'none', sp, testing, pct }, about: { subject, evidence } }) => {
      const { logo } = facts.dmarc;
      const about = { subject, evidence: [...evidence, facts.show(`default._bimi.${facts.subject.domain}`, 'TXT')] };
      if (logo.kind === 'failed')
        return [staysUnknown({ ...about, meaning: 'Whether the domain shows a logo (BIMI) could not be looked up.' })];
      const hasLogo = logo.kind === 'found' && logo.records.some((text) => /^v\s*=\s*BIMI1\b/i.test(text));
      if (!hasLogo)
        return [skips({ ...about, meaning: 'The domain shows no logo (BIMI), which would ask more of the record.' })];
      if (p === 'none')
        return [skips({ ...about, meaning: 'The record asks for nothing, so no logo is shown: BMI-01 tells more.' })];
      const against = [
        ...(sp === 'none' ? ['sp=none'] : []),
        ...(testing ? ['t=y'] : []),
        ...((pct ?? 100) < 100 ? [`pct=${pct}`] : []),
      ];
      if (against.length === 0)
        return [passes({ ...about, meaning: 'The record is strong enough for the logo of the domain to be shown.' })];
      const meaning = `The domain has a logo (BIMI) and p=${p}, but ${listed(against)} in the same record ${against.length > 1 ? 'take' : 'takes'} that back, so mail programs do not show the logo.`;
      const steps = ['First be sure that all your mail passes, that of names below, too.'];
      const fix = mendedForLogo(facts, steps);
      return [fails({ ...about, meaning, fix })];
    }),
};
