/** Questions by names that were put together, or came from a zone: one that no DNS can be asked for is not there. */
import { parseQueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../../protocol/dns/types.ts';
import type { FixRecord } from '../types.ts';
import type { DoctorWorld } from './types.ts';

export type Asked<T extends RecordType> = DnsAnswer<RecordData[T]>;

const noSuchName = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;

export async function ask<T extends RecordType>(
  { resolver }: Pick<DoctorWorld, 'resolver'>,
  name: string,
  type: T,
): Promise<Asked<T>> {
  const asked = parseQueryName(name);
  return asked === undefined ? noSuchName : resolver.lookup(asked, type);
}

/** A label that nobody has: what answers for it answers for every name beside it. */
export const nobodysLabel = 'ph-no-such-name-7c41';

/** Records of an answer; none where there is none, or nobody knows. */
export function recordsIn<T>(answer: DnsAnswer<T>): readonly T[] {
  return answer.kind === 'found' ? answer.records : [];
}

/** Why nothing can be said, for the end of a sentence. */
export function whyUnanswered(...answers: readonly DnsAnswer<unknown>[]): string {
  const failed = answers.find((answer) => answer.kind === 'failed');
  if (failed?.kind !== 'failed') return 'this cannot be seen from here';
  if (failed.why === 'timeout') return 'the DNS did not answer in time';
  if (failed.why === 'bogus') return 'the answer bears a wrong signature and may be forged';
  return 'the name servers report a fault (SERVFAIL)';
}

export function recordsOf(name: string, type: string, values: readonly string[]): readonly FixRecord[] {
  return values.map((value) => ({ name, type, value }));
}
