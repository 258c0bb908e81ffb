/** DMA-15: the record wants names to be exactly equal, and a sender's are only alike. */
import { fails, listed, orElse, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { type Own, withRecord } from './own-record.ts';
import { lostOf, type Way, type Ways, waysOfAll } from './sender-ways.ts';

/** RFC 9989 §4.7 (adkim, aspf) */
export const strictAlignment: Rule = {
  id: 'DMA-15',
  judge: (facts) =>
    withRecord(facts, (own) => {
      const { adkim, aspf } = own.record;
      if (adkim === 'relaxed' && aspf === 'relaxed')
        return [
          passes({ ...own.about, meaning: 'Senders may sign with, and take bounces at, a name below the domain.' }),
        ];
      const senders = waysOfAll(facts);
      if (senders.length === 0)
        return [
          skips({
            ...own.about,
            meaning: 'The record wants names to be exactly equal; which senders that would hurt is not known.',
          }),
        ];
      return orElse(
        senders.flatMap((ways) => ofSender(facts, own, ways) ?? []),
        () =>
          passes({
            ...own.about,
            meaning: 'Every known sender signs with, or takes bounces at, exactly the domain in From.',
          }),
      );
    }),
};

function ofSender(facts: DomainFacts, { record: { adkim, aspf }, about }: Own, ways: Ways): Judged | undefined {
  const { who, spf, dkim } = ways;
  const holds = (way: Way, mode: 'strict' | 'relaxed') => way === 'exact' || (way === 'below' && mode === 'relaxed');
  const lost = lostOf(ways, { adkim, aspf });
  if (lost.length === 0) return undefined;
  const passesStill = holds(dkim, adkim) || holds(spf, aspf);
  const what = [
    ...(lost.includes('adkim=s') ? ['signatures'] : []),
    ...(lost.includes('aspf=s') ? ['a return path (SPF)'] : []),
  ];
  const meaning = `${who} sends as ${facts.subject.domain} with ${listed(what)} of a name below it, and by ${listed(lost)} that does not count${passesStill ? '; it still passes by the other way' : ': its mail fails DMARC'}.`;
  return fails({ ...about, ...(passesStill && { severity: 'warn' }), meaning, fix: mended(facts) });
}
