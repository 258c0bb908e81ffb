/** What receivers will say of the mail of each sender, in the words of the score. Pure. */
import type { DomainName } from '../../../../format/domain-name.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import type { SpfReason } from '../../../../protocol/spf/types.ts';
import type { SpfFact } from '../../score/types.ts';
import type { ReturnPathAlias } from './return-paths.ts';
import type { Trial } from './try-senders.ts';

export type SenderResult = {
  /** As the sender was declared. */
  readonly label: string;
  /** The domain of the return path: a name of ours. */
  readonly name: DomainName;
  readonly isOwn: true;
  readonly result: SpfFact['result'];
  readonly reason?: SpfReason;
};

type Looked = { readonly trials: readonly Trial[]; readonly aliases: readonly ReturnPathAlias[] };

export function resultsOf({ trials, aliases }: Looked): readonly SenderResult[] {
  const tried = trials
    .filter(({ wish }) => wish.terms.length > 0)
    .map(({ wish, at, outcome, result, reason }) => ({
      label: wish.sender,
      name: at,
      isOwn: true as const,
      result: outcome === 'unknown' ? 'unknown' : result,
      ...(reason !== undefined && { reason }),
    }));
  return [
    ...tried,
    ...aliases.map((alias) => ({ label: alias.label, name: alias.name, isOwn: true as const, ...resultOf(alias) })),
  ];
}

/** The service keeps that record for its own servers: where there is one, they pass. */
function resultOf({ txt }: ReturnPathAlias): Pick<SenderResult, 'result' | 'reason'> {
  if (txt.kind === 'failed') return { result: 'unknown' };
  const records = txt.kind === 'found' ? txt.records.filter(isSpfRecord) : [];
  if (records.length > 1) return { result: 'permerror', reason: 'several-records' };
  return { result: records.length === 1 ? 'pass' : 'none' };
}
