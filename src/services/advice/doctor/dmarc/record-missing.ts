/** DMA-01: no record, neither of the domain nor of one above it. */
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import { usageOf } from '../parked/usage.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { aboutRecord, unanswered } from './own-record.ts';
import { reportsTo } from './safe-draft.ts';

export const recordMissing: Rule = { id: 'DMA-01', judge: (facts) => [judge(facts)] };

function judge(facts: DomainFacts): Judged {
  const { dmarc, subject } = facts;
  const { texts, inForce, name } = dmarc;
  const about = aboutRecord(facts);
  const silent = unanswered(facts);
  if (silent) return silent;
  if (texts.record !== undefined) return passes({ ...about, meaning: `${subject.domain} has a DMARC record.` });
  if (texts.dmarc.length + texts.broken.length > 0)
    return skips({ ...about, meaning: `A record stands at ${name} and does not count: DMA-02 and DMA-04 tell why.` });
  if (inForce === 'unknown')
    return staysUnknown({
      ...about,
      meaning: `Whether a domain above ${subject.domain} has a DMARC record could not be looked up.`,
    });
  if (inForce !== 'none')
    return passes({
      ...about,
      meaning: `${subject.domain} follows the DMARC record of ${inForce.domain}.`,
      evidence: [...about.evidence, facts.show(`_dmarc.${inForce.domain}`, 'TXT')],
    });
  const { usage } = usageOf(facts);
  if (usage === 'absent') return skips({ ...about, meaning: `${subject.domain} does not exist in the DNS.` });
  if (usage === 'closed' || usage === 'silent')
    return skips({
      ...about,
      meaning: `${subject.domain} seems to be used for no mail: PRK-03 tells which record it needs.`,
    });
  const meaning = `Nothing tells receivers what to do with mail that only claims to be from ${subject.domain}, and nobody reports who sends as you.`;
  return fails({ ...about, meaning, fix: fixFor(facts) });
}

function fixFor(facts: DomainFacts) {
  const steps =
    reportsTo(facts).length > 0
      ? ['Any address that you read, or that a reading service gave you, may stand in place of postmaster.']
      : ['Add "; rua=mailto:" and an address that receives mail, so that the reports reach somebody.'];
  return mended(facts, (draft) => draft, steps);
}
