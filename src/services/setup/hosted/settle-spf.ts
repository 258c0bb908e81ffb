/**
 * The SPF records among the records that the office is about to answer, the return paths of senders included: each is judged before, and
 * while it is not known to be good, the last good one stays, without the senders that nobody declares any more.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import type { HostedSpfHeld, RecordSet } from '../types.ts';
import type { SpfState, SpfStates } from './delegation-store.ts';
import { type SpfJudgement, type SpfToJudge, termsOf } from './judge-hosted-spf.ts';

export type SpfToSettle = Pick<SpfToJudge, 'domain' | 'at' | 'mayFlatten'> & {
  readonly wanted: readonly RecordSet[];
  readonly held: readonly RecordSet[];
  readonly before: SpfStates | undefined;
};

export type SettledSpf = { readonly sets: readonly RecordSet[]; readonly state: SpfStates };

type Judge = (one: Pick<SpfToJudge, 'domain' | 'at' | 'record' | 'others'>) => Promise<SpfJudgement>;

/** @param wish `at`: where the record of the domain itself stands; those below stand for nobody but their own name */
export async function settleSpf(wish: SpfToSettle, judge: Judge): Promise<SettledSpf> {
  const { at, before } = wish;
  const below: Record<string, SpfState> = {};
  let main: SpfState = { terms: [] };
  let sets = wish.wanted;
  for (const { name, type, values } of wish.wanted) {
    if (type !== 'TXT' || !values.some(isSpfRecord)) continue;
    const isMain = name === at;
    const one = isMain
      ? { ...wish, wanted: sets, state: before }
      : { ...wish, wanted: sets, at: name as DomainName, domain: name as DomainName, state: before?.below?.[name] };
    const settled = await settleOne(one, judge, isMain);
    sets = settled.sets;
    if (isMain) main = settled.state;
    else below[name] = settled.state;
  }
  return { sets, state: { ...main, ...(Object.keys(below).length > 0 && { below }) } };
}

/** @param name what the record at `at` is about, for people */
export function heldSpfOf(states: SpfStates, name: string): readonly HostedSpfHeld[] {
  const { below = {}, ...main } = states;
  return [[name, main] as const, ...Object.entries(below)].flatMap(([about, { held, terms }]) =>
    held ? [{ ...held, name: about, terms }] : [],
  );
}

type One = Omit<SpfToSettle, 'before'> & { readonly state: SpfState | undefined };
type Settled = { readonly sets: readonly RecordSet[]; readonly state: SpfState };

async function settleOne(wish: One, judge: Judge, isMain: boolean): Promise<Settled> {
  const { wanted, at, domain, state: before } = wish;
  const set = setAt(wanted, at);
  const record = set?.values.find(isSpfRecord);
  if (set === undefined || record === undefined) return { sets: wanted, state: { terms: [] } };
  const shown = setAt(wish.held, at)?.values.find(isSpfRecord);
  const isUnproven = before === undefined ? shown === record : before.isOpen; // nobody judged what stands there
  const served = isUnproven ? undefined : shown;
  const terms = termsOf(record);
  if (served === record && !wish.mayFlatten) return { sets: wanted, state: { terms } };
  const judgement = await judge({ domain, at, record, others: set.values.filter((text) => text !== record) });
  const sets = (text: string | undefined, chain: readonly RecordSet[]) => [
    ...replaced(wanted, set, record, text),
    ...chain,
  ];
  if (judgement.kind === 'fit') {
    const chain = judgement.chain.map(({ name, type, value }) => ({ name, type, ttl: set.ttl, values: [value] }));
    return { sets: sets(judgement.record, chain), state: { terms } };
  }
  const { kind: why, say } = judgement;
  const held = { why, say };
  const chain = served === undefined ? [] : chainOf(wish, served);
  if (served !== undefined && chain.length > 0)
    return { sets: sets(served, chain), state: { terms: before?.terms ?? [], held } };
  const kept = served && withoutDropped(served, terms);
  if (kept !== undefined && termsOf(kept).length > 0)
    return { sets: sets(kept, []), state: { terms: termsOf(kept), held } };
  if (why === 'unknown') return { sets: wanted, state: { terms, isOpen: true } };
  if (!isMain) return { sets: sets(undefined, []), state: { terms: [], held } };
  const [own = ''] = terms; // the office itself stands first
  if (terms.length === 1) return { sets: wanted, state: { terms } }; // less cannot be said: what is wrong stands elsewhere
  return { sets: sets(`v=spf1 ${own} ${record.split(' ').at(-1)}`, []), state: { terms: [own], held } };
}

/** Whoever was taken out of the declaration may send no more from now on; a record becomes no worse by a term less. */
function withoutDropped(served: string, wanted: readonly string[]): string {
  const [version = '', ...rest] = served.split(' ');
  const end = rest.at(-1) ?? '';
  return [version, ...rest.slice(0, -1).filter((term) => wanted.includes(term)), end].join(' ');
}

function setAt(sets: readonly RecordSet[], at: string): RecordSet | undefined {
  return sets.find(({ name, type }) => name === at && type === 'TXT');
}

/** @param to undefined: nothing is said there, which receivers take for a name without SPF */
function replaced(
  sets: readonly RecordSet[],
  set: RecordSet,
  from: string,
  to: string | undefined,
): readonly RecordSet[] {
  const values = set.values.flatMap((value) => (value === from ? (to === undefined ? [] : [to]) : [value]));
  return sets.flatMap((one) => (one === set ? (values.length === 0 ? [] : [{ ...set, values }]) : [one]));
}

/** Where addresses stand for includes: the records that the one served leads to. */
function chainOf({ held, at }: One, served: string): readonly RecordSet[] {
  const isLink = (name: string) => /^_spf[0-9]+$/.test(name.slice(0, -at.length - 1)) && name.endsWith(`.${at}`);
  return served.includes(`.${at}`) ? held.filter(({ name, type }) => type === 'TXT' && isLink(name)) : [];
}
