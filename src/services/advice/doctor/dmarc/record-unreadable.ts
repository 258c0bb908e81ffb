/** DMA-04: a record that no receiver reads, or of which receivers read less than stands there. */
import { parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { fails, listed, passes, quoted } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { aboutRecord, unanswered, withRecord } from './own-record.ts';

export const recordUnreadable: Rule = { id: 'DMA-04', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { texts } = facts.dmarc;
  if (unanswered(facts) === undefined) {
    const doubled = texts.dmarc.filter((text) => !parseDmarcRecord(text).ok);
    const [broken] = [...doubled, ...texts.broken];
    if (broken !== undefined) return [ofBroken(facts, broken, doubled.length > 0)];
  }
  return withRecord(facts, ({ record: { remarks }, about }) => {
    // What p, sp and np say wrongly is DMA-05's, and addresses are DMA-08's.
    const others = remarks.filter((remark) => !/^(?:p|sp|np)=|^(?:rua|ruf):/.test(remark));
    if (others.length === 0) return [passes({ ...about, meaning: 'Receivers can read all of the DMARC record.' })];
    const meaning = `Receivers read the DMARC record and ignore a part of it: ${listed(others)}.`;
    return [fails({ ...about, severity: 'warn', meaning, fix: mended(facts) })];
  });
}

function ofBroken(facts: DomainFacts, text: string, isDoubled: boolean): Judged {
  const isAlone = facts.dmarc.texts.record === undefined;
  const why = isDoubled
    ? 'one of its parts stands there twice'
    : 'a DMARC record begins with v=DMARC1, written exactly so, and has semicolons between its parts';
  const effect = isAlone ? 'it is as if there were none' : 'the other record there counts, and this one does not';
  return fails({
    ...aboutRecord(facts),
    ...(!isAlone && { severity: 'warn' }),
    meaning: `No receiver reads ${quoted(text)}, so ${effect}: ${why}.`,
    fix: mended(
      facts,
      undefined,
      isAlone
        ? [
            'From then on receivers do what it says. Where you are not sure that all your senders pass, begin with p=none.',
          ]
        : [],
    ),
  });
}
