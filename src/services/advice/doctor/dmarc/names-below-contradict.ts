/** DMA-18: a record at a name below says something else than the domain does for its names, or says what nobody reads there. */
import { type DmarcRecord, parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import type { DmarcPolicy } from '../../../../protocol/dmarc/types.ts';
import { draftOf, draftText, isWeaker, unitedDraft } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import { fails, listed, orElse, passes, plural, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { aboutRecord } from './own-record.ts';
import type { DmarcTexts } from './read-texts.ts';

export const namesBelowContradict: Rule = { id: 'DMA-18', judge };

type Place = {
  readonly domain: string;
  readonly name: string;
  readonly texts: DmarcTexts;
  readonly above: DmarcRecord | undefined;
};

function judge(facts: DomainFacts): readonly Judged[] {
  const { dmarc, subject } = facts;
  const silent = dmarc.below.filter(({ answer }) => answer.kind === 'failed');
  const places = [
    ...ownPlace(facts),
    ...dmarc.below.map((one) => ({ ...one, above: dmarc.texts.record ?? recordAbove(facts) })),
  ];
  const found = places.flatMap((place) => ofPlace(facts, place));
  const unknown = silent.map(({ name, domain }) =>
    staysUnknown({
      subject: name,
      meaning: `Whether ${domain} has a DMARC record of its own could not be looked up.`,
      evidence: [facts.show(name, 'TXT')],
    }),
  );
  return orElse([...found, ...unknown], () =>
    places.length === 0
      ? skips({ ...aboutRecord(facts), meaning: `No name below ${subject.domain} is known that sends mail.` })
      : passes({
          ...aboutRecord(facts),
          meaning: 'Records at names that send agree with that of the domain above them.',
          evidence: places.map(({ name }) => facts.show(name, 'TXT')),
        }),
  );
}

/** The domain itself, where it lies below another that is its organizational domain. */
function ownPlace(facts: DomainFacts): readonly Place[] {
  const { walk, texts, name } = facts.dmarc;
  const { domain } = facts.subject;
  const above = recordAbove(facts);
  return above === undefined || walk.organizationalDomain === domain ? [] : [{ domain, name, texts, above }];
}

function recordAbove({ dmarc: { walk }, subject: { domain } }: DomainFacts): DmarcRecord | undefined {
  const step = walk.steps.find((one) => one.domain !== domain && one.domain === walk.organizationalDomain);
  return step?.found.kind === 'record' ? step.found.record : undefined;
}

function ofPlace(facts: DomainFacts, { domain, name, texts, above }: Place): readonly Judged[] {
  if (texts.dmarc.length === 0) return [];
  const about = { subject: name, evidence: [facts.show(name, 'TXT')] };
  const record = texts.record;
  if (record === undefined || record.usable !== 'yes') {
    if (name === facts.dmarc.name) return []; // DMA-02, 04 and 05 tell of it
    const what =
      texts.dmarc.length > 1 ? plural(texts.dmarc.length, 'DMARC record') : 'a DMARC record that cannot be read';
    return [
      fails({
        ...about,
        meaning: `At ${name} ${texts.dmarc.length > 1 ? 'stand' : 'stands'} ${what}: none counts for ${domain}.`,
        fix: fixFor(name, texts),
      }),
    ];
  }
  const wrong = contradictions(record, above);
  if (wrong.length === 0) return [];
  const meaning = `The record of ${domain} does not go with that of the domain above it: ${listed(wrong)}.`;
  const isOnlyIdle = wrong.every((one) => one.includes('nobody reads'));
  return [
    fails({ ...about, ...(isOnlyIdle && { severity: 'advice' }), meaning, fix: fixFor(name, texts, below(above)) }),
  ];
}

function below(above: DmarcRecord | undefined): DmarcPolicy | undefined {
  return above?.usable === 'yes' ? (above.sp ?? above.p) : undefined;
}

/** RFC 9989 §4.7 (sp, psd) */
function contradictions({ p = 'none', sp, np, psd }: DmarcRecord, above: DmarcRecord | undefined): readonly string[] {
  const wanted = below(above);
  const idle = [...(sp ? [`sp=${sp}`] : []), ...(np ? [`np=${np}`] : [])];
  return [
    ...(wanted !== undefined && isWeaker(p, wanted)
      ? [`it asks for ${p}, and the domain asks for ${wanted} for its names`]
      : []),
    ...(psd === 'u' ? [] : [`psd=${psd} cuts it off, so that what the domain signs no longer counts for it`]),
    ...(idle.length > 0 && psd === 'u' && above !== undefined
      ? [`nobody reads ${listed(idle)} here, only at the top of your names`]
      : []),
  ];
}

function fixFor(name: string, { dmarc }: DmarcTexts, wanted?: DmarcPolicy): Fix {
  const draft = unitedDraft(dmarc.flatMap((text) => (parseDmarcRecord(text).ok ? (draftOf(text)?.draft ?? []) : [])));
  const gone = dmarc.map((value) => ({ name, type: 'TXT', value }));
  if (draft === undefined)
    return { delete: gone, set: [], steps: ['Without a record of its own the name follows the domain above it.'] };
  const { sp: _sp, np: _np, ...rest } = draft;
  const p = wanted !== undefined && isWeaker(rest.p, wanted) ? wanted : rest.p;
  const value = draftText({ ...rest, p, others: rest.others.filter(([tag]) => tag !== 'psd') });
  const steps =
    p === rest.p
      ? {}
      : {
          steps: [
            `First be sure that all mail from ${name.slice('_dmarc.'.length)} passes; p=${p} is in force from then on.`,
          ],
        };
  return { delete: gone, set: [{ name, type: 'TXT', value, ttl: 3600 }], ...steps };
}
