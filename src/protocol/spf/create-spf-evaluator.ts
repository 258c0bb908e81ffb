/** An SPF evaluator that remembers what records mean: the few providers that everybody includes are read once. */
import { type RememberLimits, remembering } from '../../base/remembering.ts';
import type { Soon } from '../../base/soon.ts';
import type { Resolver } from '../dns/types.ts';
import { runSpfCheck, type SpfOptions } from './evaluate-spf.ts';
import { parseSpfRecord } from './record.ts';
import type { SpfResult, SpfSession } from './types.ts';

export type SpfEvaluator = {
  readonly evaluateSpf: (session: SpfSession, options?: Pick<SpfOptions, 'signal'>) => Promise<SpfResult>;
  /** The same; at once where every answer is at hand. */
  readonly checkSpf: (session: SpfSession, signal?: AbortSignal) => Soon<SpfResult>;
};

/** Ours: some 5 MB when all are as long as they may be. */
const remembered: RememberLimits = { textsMax: 2_000, textMax: 2_000 };

export function createSpfEvaluator(deps: { readonly resolver: Resolver } & Omit<SpfOptions, 'signal'>): SpfEvaluator {
  const { resolver, ...options } = deps;
  const readRecord = remembering(parseSpfRecord, remembered);
  const spf = { resolver, readRecord };
  const checkSpf = (session: SpfSession, signal?: AbortSignal) =>
    runSpfCheck(spf, session, signal === undefined ? options : { ...options, signal });
  return { checkSpf, evaluateSpf: async (session, { signal } = {}) => await checkSpf(session, signal) };
}
