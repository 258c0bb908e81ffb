/**
 * The SPF record among the records that the office is about to answer: it is judged before, and while it is not known to be good, the last
 * good one stays.
 */
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import type { RecordSet } from '../types.ts';
import type { SpfState } from './delegation-store.ts';
import { type SpfJudgement, type SpfToJudge, termsOf } from './judge-hosted-spf.ts';

export type SpfToSettle = Pick<SpfToJudge, 'domain' | 'at' | 'mayFlatten'> & {
  readonly wanted: readonly RecordSet[];
  readonly held: readonly RecordSet[];
  readonly before: SpfState | undefined;
};

export type SettledSpf = { readonly sets: readonly RecordSet[]; readonly state: SpfState };

export async function settleSpf(
  wish: SpfToSettle,
  judge: (one: Pick<SpfToJudge, 'record' | 'others'>) => Promise<SpfJudgement>,
): Promise<SettledSpf> {
  const { wanted, at, before } = wish;
  const set = setAt(wanted, at);
  const record = set?.values.find(isSpfRecord);
  if (set === undefined || record === undefined) return { sets: wanted, state: { terms: [] } };
  const shown = setAt(wish.held, at)?.values.find(isSpfRecord);
  const served = before?.isOpen ? undefined : shown;
  const terms = termsOf(record);
  if (served === record && !wish.mayFlatten) return { sets: wanted, state: { terms } };
  const judgement = await judge({ record, others: set.values.filter((text) => text !== record) });
  const sets = (text: string, chain: readonly RecordSet[]) => [...replaced(wanted, set, record, text), ...chain];
  if (judgement.kind === 'fit') {
    const chain = judgement.chain.map(({ name, type, value }) => ({ name, type, ttl: set.ttl, values: [value] }));
    return { sets: sets(judgement.record, chain), state: { terms } };
  }
  const { kind: why, say } = judgement;
  const held = { why, say };
  if (served !== undefined)
    return {
      sets: sets(served, chainOf(wish, served)),
      state: { terms: before?.terms ?? termsOf(served), held },
    };
  if (why === 'unknown') return { sets: wanted, state: { terms, isOpen: true } };
  const [own = ''] = terms; // the office itself stands first
  return { sets: sets(`v=spf1 ${own} ${record.split(' ').at(-1)}`, []), state: { terms: [own], held } };
}

function setAt(sets: readonly RecordSet[], at: string): RecordSet | undefined {
  return sets.find(({ name, type }) => name === at && type === 'TXT');
}

function replaced(sets: readonly RecordSet[], set: RecordSet, from: string, to: string): readonly RecordSet[] {
  const values = set.values.map((value) => (value === from ? to : value));
  return sets.map((one) => (one === set ? { ...set, values } : one));
}

/** Where addresses stand for includes: the records that the one served leads to. */
function chainOf({ held, at }: SpfToSettle, served: string): readonly RecordSet[] {
  const isLink = (name: string) => /^_spf[0-9]+$/.test(name.slice(0, -at.length - 1)) && name.endsWith(`.${at}`);
  return served.includes(`.${at}`) ? held.filter(({ name, type }) => type === 'TXT' && isLink(name)) : [];
}
