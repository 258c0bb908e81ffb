/** DMA-16: receivers of the old standard and of the new one come to different ends with the same mail. */
import type { DmarcPolicy, LegacyView } from '../../../../protocol/dmarc/types.ts';
import { type DmarcDraft, draftText, emptyDraft } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { View } from './gather-views.ts';
import { mended } from './mend-record.ts';
import { aboutRecord } from './own-record.ts';
import { reportsTo } from './safe-draft.ts';

export const oldReceiversDiffer: Rule = { id: 'DMA-16', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { views, walk } = facts.dmarc;
  const about = {
    ...aboutRecord(facts),
    evidence: walk.steps.map(({ domain }) => facts.show(`_dmarc.${domain}`, 'TXT')),
  };
  if (views.some(({ judged }) => judged.result === 'temperror'))
    return [
      staysUnknown({
        ...about,
        meaning: 'The DNS did not answer for a name on the way up, so what receivers find is not known.',
      }),
    ];
  const found = views.flatMap((view) => ofView(facts, about, view) ?? []);
  const [byRecords] = found.filter(({ kind }) => kind === 'records');
  const [byTest] = found.filter(({ kind }) => kind === 'test');
  return orElse(
    [byRecords, byTest].flatMap((one) => one?.judged ?? []),
    () => passes({ ...about, meaning: sameFor(facts) }),
  );
}

/** RFC 9989 App. C.3: an old receiver finds the organizational domain in the Public Suffix List, a new one by the records themselves. */
function sameFor({ dmarc: { suffixDomain, walk }, subject: { domain } }: DomainFacts): string {
  const top = walk.organizationalDomain ?? domain;
  const same = `Receivers of the old standard (RFC 7489) and of the new one (RFC 9989) come to the same end with your mail`;
  return suffixDomain === top ? `${same}: both take ${top} for the whole of your names.` : `${same}.`;
}

type Found = { readonly kind: 'records' | 'test'; readonly judged: Judged };

function ofView(facts: DomainFacts, about: Pick<Judged, 'subject' | 'evidence'>, view: View): Found | undefined {
  const { author, signedBy, judged } = view;
  const { legacy } = judged;
  if (legacy === undefined) return undefined;
  const mail = signedBy ? `Mail from ${author} that ${signedBy} signed` : `Mail that only claims to be from ${author}`;
  if (legacy.result !== judged.result || legacy.policy !== judged.policy) {
    const meaning = `${mail} is judged differently by old and new receivers: ${ended(judged.result, judged.applied)} by the new standard (RFC 9989), ${ended(legacy.result, legacy.applied)} by the old one (RFC 7489).`;
    return { kind: 'records', judged: fails({ ...about, meaning, fix: fixFor(facts, view, legacy) }) };
  }
  const old = held(legacy);
  if (signedBy !== undefined || old === judged.applied || isShare(legacy)) return undefined;
  const tag = judged.testing ? 't=y means nothing' : 'pct=0 means test mode';
  const meaning = `${mail} is treated as ${judged.applied} by new receivers and as ${old} by those of the old standard (RFC 7489), to which ${tag}.`;
  return { kind: 'test', judged: fails({ ...about, meaning, fix: testFix(facts, judged.testing === true) }) };
}

/** DMA-11 tells of a share between none and all. */
function isShare({ pct }: LegacyView): boolean {
  return pct !== undefined && pct > 0 && pct < 100;
}

/** RFC 7489 §6.6.4: what pct=0 leaves out is treated one step lower. */
function held({ applied, pct }: LegacyView): DmarcPolicy {
  if (pct !== 0) return applied;
  return applied === 'reject' ? 'quarantine' : 'none';
}

function ended(result: string, applied: DmarcPolicy): string {
  if (result === 'pass') return 'passed';
  return result === 'none' ? 'without any policy' : `failed and treated as ${applied}`;
}

/** A record that both kinds find at once: at the domain, or at the top of its names. */
function fixFor(facts: DomainFacts, { author, judged }: View, { organizationalDomain: old }: LegacyView): Fix {
  const { domain } = facts.subject;
  const isOwn = judged.policyDomain === author && author === domain;
  if (isOwn && old !== undefined && old !== author) {
    const value = draftText({ ...emptyDraft, rua: reportsTo(facts) });
    const set = [{ name: `_dmarc.${old}`, type: 'TXT', value, ttl: 3600 }];
    return {
      delete: [],
      set,
      steps: [
        `${old} has no record that counts; with one there both kinds of receivers take it for the top of your names.`,
      ],
    };
  }
  if (author === domain && facts.dmarc.texts.record !== undefined) return mended(facts, asTop);
  const value = draftText({ ...emptyDraft, p: strongest(judged.policy, judged.legacy?.policy), rua: reportsTo(facts) });
  return { delete: [], set: [{ name: `_dmarc.${author}`, type: 'TXT', value, ttl: 3600 }] };
}

/** RFC 9989 §4.10.2 (psd=n): nothing above this name is yours. */
function asTop(draft: DmarcDraft): DmarcDraft {
  return { ...draft, others: [...draft.others.filter(([name]) => name !== 'psd'), ['psd', 'n']] };
}

function strongest(one: DmarcPolicy, other: DmarcPolicy = 'none'): DmarcPolicy {
  return (['reject', 'quarantine', 'none'] as const).find((policy) => policy === one || policy === other) ?? 'none';
}

function testFix(facts: DomainFacts, isTesting: boolean): Fix {
  if (isTesting) return mended(facts, (draft) => ({ ...draft, pct: 0 }));
  const text = facts.dmarc.texts.record?.text ?? '';
  const steps = [
    'If it is meant as a test, add "; t=y" for the new receivers; if it is meant, take pct=0 away.',
    `What stands there: ${text}`,
  ];
  return { delete: [], set: [], steps };
}
