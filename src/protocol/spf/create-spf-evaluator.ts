/** An SPF evaluator that remembers what records mean: the few providers that everybody includes are read once. */
import type { Resolver } from '../dns/types.ts';
import { runSpfCheck, type SpfOptions } from './evaluate-spf.ts';
import { type ParsedSpf, parseSpfRecord } from './record.ts';
import type { SpfResult, SpfSession } from './types.ts';

export type SpfEvaluator = {
  readonly evaluateSpf: (session: SpfSession, options?: Pick<SpfOptions, 'signal'>) => Promise<SpfResult>;
};

const recordsMax = 2_000; // ours: some 5 MB when all are as long as they may be
const textMax = 2_000; // ours: longer texts are read anew each time, so that nobody can fill the memory with them

export function createSpfEvaluator(deps: { readonly resolver: Resolver } & Omit<SpfOptions, 'signal'>): SpfEvaluator {
  const { resolver, ...options } = deps;
  const readRecord = remembering(parseSpfRecord);
  return {
    evaluateSpf: (session, { signal } = {}) =>
      runSpfCheck({ resolver, readRecord }, session, { ...options, ...(signal && { signal }) }),
  };
}

function remembering(read: (text: string) => ParsedSpf): (text: string) => ParsedSpf {
  const known = new Map<string, ParsedSpf>();
  return (text) => {
    const held = known.get(text);
    if (held !== undefined) return held;
    const parsed = read(text);
    if (text.length > textMax) return parsed;
    if (known.size >= recordsMax) forgetOldest(known);
    known.set(text, parsed);
    return parsed;
  };
}

function forgetOldest(known: Map<string, unknown>): void {
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}
