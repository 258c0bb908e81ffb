/**
 * The ladder that a DMARC policy climbs, for receivers of RFC 9989 and of RFC 7489 at once: `t=y` and `pct=0` both mean "one step
 * lower", each to those who know it (RFC 9989 App. A.6). No step takes back what one below it asked for. Pure.
 */

import type { DmarcRecord } from '../../../protocol/dmarc/record.ts';
import type { DmarcPolicy } from '../../../protocol/dmarc/types.ts';
import { type DmarcStage, dmarcStages } from '../types.ts';

/** What a stage says besides the addresses for reports. */
export type StageTags = {
  readonly p: DmarcPolicy;
  readonly sp?: DmarcPolicy;
  readonly np?: DmarcPolicy;
  readonly testing: boolean;
};

const tags: Readonly<Record<DmarcStage, StageTags>> = {
  none: { p: 'none', testing: false },
  'none-np': { p: 'none', np: 'reject', testing: false },
  'quarantine-test': { p: 'quarantine', np: 'reject', testing: true },
  quarantine: { p: 'quarantine', np: 'reject', testing: false },
  'reject-test': { p: 'reject', np: 'reject', testing: true },
  reject: { p: 'reject', sp: 'reject', np: 'reject', testing: false },
};

export const stageMeaning: Readonly<Record<DmarcStage, string>> = {
  none: 'receivers report who sends as you and change nothing',
  'none-np': 'as before; mail from sub-domains that do not exist is refused',
  'quarantine-test': 'receivers act as if you asked for nothing and report what quarantine would do',
  quarantine: 'mail that fails goes to the junk folder',
  'reject-test': 'receivers quarantine what fails and report what reject would do',
  reject: 'mail that fails is refused, from sub-domains too',
};

export function stageTags(stage: DmarcStage): StageTags {
  return tags[stage];
}

const strength: Readonly<Record<DmarcPolicy, number>> = { none: 0, quarantine: 1, reject: 2 };

export function isWeaker(one: DmarcPolicy, other: DmarcPolicy): boolean {
  return strength[one] < strength[other];
}

/** The highest stage whose demands a published record meets; `none` when it is not in force. */
export function stageOf(record: DmarcRecord): DmarcStage {
  const p = record.usable === 'yes' ? (record.p ?? 'none') : 'none';
  const isTesting = record.testing || record.pct === 0;
  const np = record.np ?? record.sp ?? p;
  if (p === 'none') return np === 'reject' ? 'none-np' : 'none';
  if (p === 'quarantine') return isTesting ? 'quarantine-test' : 'quarantine';
  if (isTesting) return 'reject-test';
  return 'reject';
}

export function stepsBetween(from: DmarcStage, to: DmarcStage): number {
  return dmarcStages.indexOf(to) - dmarcStages.indexOf(from);
}

/** Whether mail that fails is already treated, for every receiver: what BIMI asks for. */
export function isEnforcing(stage: DmarcStage): boolean {
  return stage === 'quarantine' || stage === 'reject';
}
