/**
 * What has changed between two looks at a domain: new failures, and mended ones. What could not be found out is no change: the word of
 * before stands until somebody knows better. Pure.
 */
import type { Finding } from '../types.ts';

/** What is known of each check and what it looked at. */
export type KnownState = ReadonlyMap<string, Finding>;

export type Changes = {
  readonly failing: readonly Finding[];
  /** As they failed. */
  readonly mended: readonly Finding[];
  readonly now: KnownState;
};

const keyOf = ({ id, subject }: Finding) => `${id} ${subject}`;
const counts = ({ severity }: Finding) => severity !== 'advice';

export function compareChecks(before: KnownState, findings: readonly Finding[]): Changes {
  const seen = new Map(findings.map((one) => [keyOf(one), one]));
  const openIds = new Set(findings.filter(({ status }) => status === 'unknown').map(({ id }) => id));
  const now = new Map([...seen].filter(([, { status }]) => status !== 'unknown'));
  // Unknown now, or no longer spoken of while others of its kind are unknown: as it was.
  for (const [key, was] of before) {
    const is = seen.get(key);
    if (is?.status === 'unknown' || (is === undefined && openIds.has(was.id))) now.set(key, was);
  }
  const failed = (state: KnownState, key: string) => state.get(key)?.status === 'fail';
  return {
    failing: [...now]
      .filter(([key, one]) => one.status === 'fail' && counts(one) && !failed(before, key))
      .map(([, one]) => one),
    mended: [...before]
      .filter(([key, one]) => one.status === 'fail' && counts(one) && !failed(now, key))
      .map(([, one]) => one),
    now,
  };
}
