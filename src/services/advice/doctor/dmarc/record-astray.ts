/** DMA-03: a policy that was put where no receiver looks. */
import { isDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { draftOf, draftText } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { mended, replaced } from './mend-record.ts';
import { aboutRecord } from './own-record.ts';

export const recordAstray: Rule = { id: 'DMA-03', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { astray, answer } = facts.dmarc;
  const evidence = astray.map(({ name }) => facts.show(name, 'TXT'));
  const found = astray.flatMap((place) => ofPlace(facts, place));
  return orElse(found, () => {
    const about = { ...aboutRecord(facts), evidence };
    return answer.kind === 'failed' || astray.some((place) => place.answer.kind === 'failed')
      ? staysUnknown({ ...about, meaning: 'Whether a DMARC record stands at a wrong name could not be looked up.' })
      : passes({ ...about, meaning: 'No DMARC record stands at the names where they are put by mistake.' });
  });
}

function ofPlace(facts: DomainFacts, { name, answer }: DomainFacts['dmarc']['astray'][number]): readonly Judged[] {
  const texts = answer.kind === 'found' ? answer.records.filter(isDmarcRecord) : [];
  const { isWild, texts: right } = facts.dmarc;
  if (texts.length === 0 || (isWild && right.dmarc.length > 0)) return [];
  const isLesser = right.record !== undefined;
  const where = name === facts.subject.domain ? 'at the domain itself' : 'at a name that has the domain twice';
  const meaning = `A DMARC record stands ${where} (${name}), where no receiver looks for it.`;
  return [
    fails({
      subject: name,
      ...(isLesser && { severity: 'advice' }),
      meaning,
      evidence: [facts.show(name, 'TXT'), facts.show(facts.dmarc.name, 'TXT')],
      fix: fixFor(facts, name, texts),
    }),
  ];
}

/** What stands at the right name decides; only addresses for reports are added. */
function fixFor(facts: DomainFacts, name: string, texts: readonly string[]): Fix {
  const gone = texts.map((value) => ({ name, type: 'TXT', value }));
  const { answer, texts: right } = facts.dmarc;
  const [first] = texts.flatMap((text) => draftOf(text)?.draft ?? []);
  if (answer.kind === 'failed' || first === undefined) return { delete: gone, set: [] };
  const known = right.record?.rua.map(({ uri }) => uri.toLowerCase()) ?? [];
  const isNew = right.record === undefined || first.rua.some((uri) => !known.includes(uri.toLowerCase()));
  if (!isNew) return { delete: gone, set: [] };
  const fix = right.dmarc.length + right.broken.length > 0 ? mended(facts) : replaced(facts, draftText(first));
  return { ...fix, delete: [...gone, ...fix.delete] };
}
