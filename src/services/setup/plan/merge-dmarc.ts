/**
 * One DMARC record out of those that are there and the stage that is wished: what is there stays, removed tags go with a reason, and
 * nothing becomes weaker without a person's word. Pure. RFC 9989 §4.7
 */
import { parseTagList } from '../../../format/tag-list.ts';
import { type DmarcRecord, parseDmarcRecord } from '../../../protocol/dmarc/record.ts';
import type { DmarcPolicy } from '../../../protocol/dmarc/types.ts';
import type { DmarcStage, DmarcWish } from '../types.ts';
import { isWeaker, stageTags } from './dmarc-ladder.ts';

/** A record to be: tags that nobody named stand under `others`, as they were written. */
export type DmarcDraft = {
  readonly p: DmarcPolicy;
  readonly sp?: DmarcPolicy;
  readonly np?: DmarcPolicy;
  readonly testing: boolean;
  readonly pct?: number;
  readonly rua: readonly string[];
  readonly ruf: readonly string[];
  readonly others: readonly (readonly [name: string, value: string])[];
};

export type Dropped = { readonly term: string; readonly why: string };

export const emptyDraft: DmarcDraft = { p: 'none', testing: false, rua: [], ruf: [], others: [] };

const policyTags = ['v', 'p', 'sp', 'np', 't', 'pct', 'rua', 'ruf'];

/** RFC 9989 App. A.6, C.5 */
const removedTags: Readonly<Record<string, string>> = {
  rf: 'means nothing since RFC 9989; failure reports have one format',
  ri: 'means nothing since RFC 9989; aggregate reports come once a day',
};

/** What a text says, without what means nothing any more. Undefined where it is no DMARC record. */
export function draftOf(
  text: string,
): { readonly draft: DmarcDraft; readonly dropped: readonly Dropped[] } | undefined {
  const parsed = parseDmarcRecord(text);
  const list = parseTagList(text, { broken: 'skip' });
  if (!parsed.ok || !list.ok) return undefined;
  const record = parsed.value;
  const dropped: Dropped[] = [];
  const others: [string, string][] = [];
  for (const [name, { value }] of list.value) {
    const why = removedTags[name];
    if (why !== undefined) dropped.push({ term: `${name}=${value}`, why });
    else if (!policyTags.includes(name) && name !== 'V') others.push([name, value]);
  }
  const sizes = ['rua', 'ruf'].filter((tag) => /![0-9]+[kmgt]?\s*(?:,|$)/i.test(list.value.get(tag)?.value ?? ''));
  for (const tag of sizes)
    dropped.push({ term: `the size limit in ${tag}`, why: 'means nothing since RFC 9989; reports come whole' });
  const pct = pctOf(record, dropped);
  const draft: DmarcDraft = {
    p: record.p ?? 'none',
    ...(record.sp && { sp: record.sp }),
    ...(record.np && { np: record.np }),
    testing: record.testing,
    ...(pct !== undefined && { pct }),
    rua: record.rua.map(({ uri }) => uri),
    ruf: record.ruf.map(({ uri }) => uri),
    others,
  };
  return { draft, dropped };
}

/** Below 100 it still holds old receivers back, so it stays until a stage is asked for. */
function pctOf({ pct, obsolete, p }: DmarcRecord, dropped: Dropped[]): number | undefined {
  const written = obsolete.find((tag) => tag.startsWith('pct='));
  if (written === undefined) return undefined;
  if (pct !== undefined && pct < 100 && p !== 'none') return pct;
  dropped.push({ term: written, why: 'means nothing since RFC 9989, and nothing here to older receivers either' });
  return undefined;
}

/**
 * RFC 9989 §4.10: where several stand, none counts. The strongest had been in force before somebody's wizard put another beside it.
 */
export function unitedDraft(drafts: readonly DmarcDraft[]): DmarcDraft | undefined {
  const [first, ...more] = drafts.toSorted((one, other) => levelOf(other) - levelOf(one));
  if (first === undefined) return undefined;
  const others = new Map(first.others);
  let [{ rua }, { ruf }] = [first, first];
  for (const draft of more) {
    rua = unitedUris(rua, draft.rua);
    ruf = unitedUris(ruf, draft.ruf);
    for (const [name, value] of draft.others) if (!others.has(name)) others.set(name, value);
  }
  return { ...first, rua, ruf, others: [...others] };
}

/** What stands at a name as one text; the only one there is stays as it is written. */
export function unitedText(texts: readonly string[]): string | undefined {
  const records = texts.filter((text) => draftOf(text) !== undefined);
  if (records.length < 2) return records[0];
  const united = unitedDraft(records.flatMap((text) => draftOf(text)?.draft ?? []));
  return united && draftText(united);
}

export function unitedUris(there: readonly string[], more: readonly string[]): readonly string[] {
  const known = new Set(there.map((uri) => uri.toLowerCase()));
  return [...there, ...more.filter((uri) => !known.has(uri.toLowerCase()) && known.add(uri.toLowerCase()))];
}

const strength: Readonly<Record<DmarcPolicy, number>> = { none: 0, quarantine: 1, reject: 2 };

/** RFC 9989 §4.7 (t): in test mode a policy is applied one step lower. */
function levelOf({ p, testing }: Pick<DmarcDraft, 'p' | 'testing'>): number {
  return strength[p] * 10 - (testing ? 10 : 0) + strength[p];
}

export type Raised = { readonly draft: DmarcDraft; readonly isHeld: boolean };

/** The draft at a stage. `isHeld`: it would have become weaker, so its policy stays as it is. */
export function raised(base: DmarcDraft | undefined, stage: DmarcStage, wish: DmarcWish): Raised {
  const { p, sp, np, testing } = stageTags(stage);
  const pct = testing ? 0 : p === 'none' ? undefined : wish.pct;
  const { sp: _sp, np: _np, pct: _pct, ...rest } = base ?? emptyDraft;
  const target: DmarcDraft = {
    ...rest,
    p,
    testing,
    ...(sp && { sp }),
    ...(np && { np }),
    ...(pct !== undefined && { pct }),
  };
  if (base === undefined) return { draft: target, isHeld: false };
  if (isLoosened(base, target))
    return wish.mayLoosen ? { draft: target, isHeld: false } : { draft: base, isHeld: true };
  // Going up keeps what a person had made stronger, and until the last stage what was made weaker for sub-domains.
  const keptSp = sp === undefined ? base.sp : stronger(sp, base.sp);
  const keptNp = np ?? base.np;
  return { draft: { ...target, ...(keptSp && { sp: keptSp }), ...(keptNp && { np: keptNp }) }, isHeld: false };
}

function isLoosened(base: DmarcDraft, target: DmarcDraft): boolean {
  const forUnborn = target.np ?? target.sp ?? target.p;
  const isWeakerBelow = base.np !== undefined && isWeaker(forUnborn, base.np);
  return levelOf(target) < levelOf(base) || isWeaker(target.p, base.p) || isWeakerBelow;
}

function stronger(one: DmarcPolicy | undefined, other: DmarcPolicy | undefined): DmarcPolicy | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isWeaker(one, other) ? other : one;
}

export function draftText({ p, sp, np, testing, pct, rua, ruf, others }: DmarcDraft): string {
  const tags: (readonly [string, string | undefined])[] = [
    ['v', 'DMARC1'],
    ['p', p],
    ['sp', sp],
    ['np', np],
    ['t', testing ? 'y' : undefined],
    ['pct', pct === undefined ? undefined : String(pct)],
    ...others,
    ['rua', rua.length > 0 ? rua.join(',') : undefined],
    ['ruf', ruf.length > 0 ? ruf.join(',') : undefined],
  ];
  return tags.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join('; ');
}
