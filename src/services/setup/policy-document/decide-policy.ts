/**
 * What becomes of a document that was fetched: it may tighten at once and loosen only after a wait, in which its owner can notice
 * that it is not his; its serial only grows. Pure. docs/POLICY_DOCUMENT.md §5
 */
import { refuse } from '../../../base/outcome.ts';
import { comparePolicies, strictestOf } from './compare-policies.ts';
import { payloadText } from './policy-payload.ts';
import type { HeldPolicy, PolicyChange, PolicyDocument, PolicyRecord, PolicyRefusal } from './types.ts';

/** Three days: a weekend does not pass unseen. (Our choice.) */
export const loosenAfterMs = 3 * 24 * 3_600_000;

export type PolicyDecision =
  | { readonly do: 'keep' }
  | { readonly do: 'take'; readonly held: HeldPolicy; readonly changes: readonly PolicyChange[] }
  /** What tightens is in force at once, the rest from `held.waiting.fromMs` on. */
  | {
      readonly do: 'wait';
      readonly held: HeldPolicy & Required<Pick<HeldPolicy, 'waiting'>>;
      readonly changes: readonly PolicyChange[];
    }
  | { readonly do: 'refuse'; readonly code: PolicyRefusal; readonly say: string };

export type PolicyLook = {
  readonly nowMs: number;
  readonly record: Pick<PolicyRecord, 'serial'>;
  /** Its signature held. */
  readonly document: PolicyDocument;
  readonly domain: string;
  readonly held: HeldPolicy | undefined;
};

export function decidePolicy({ nowMs, record, document, domain, held }: PolicyLook): PolicyDecision {
  const no = (code: PolicyRefusal, say: string): PolicyDecision => ({ do: 'refuse', ...refuse(code, say) });
  if (document.domain !== domain) return no('other-domain', `it is about ${document.domain}, not about ${domain}`);
  if (document.serial < record.serial)
    return no('too-old', `its serial ${document.serial} is below ${record.serial}, which DNS asks for`);
  if (held === undefined) return { do: 'take', held: { document }, changes: [] };
  const newest = held.waiting?.document ?? held.document;
  if (document.serial < newest.serial)
    return no('too-old', `its serial ${document.serial} is below ${newest.serial}, which was seen before`);
  if (document.serial === newest.serial) return again(held, newest, document, nowMs);
  const changes = comparePolicies(held.document, document);
  if (!changes.some(({ kind }) => kind === 'loosens')) return { do: 'take', held: { document }, changes };
  const waiting = { document, fromMs: waitsUntil(held, document, nowMs) };
  return { do: 'wait', held: { document: strictestOf(held.document, document), waiting }, changes };
}

/** A newer document that allows no more than the one that waits already waits no longer than that one. */
function waitsUntil({ waiting }: HeldPolicy, document: PolicyDocument, nowMs: number): number {
  const loosensMore =
    waiting === undefined || comparePolicies(waiting.document, document).some(({ kind }) => kind === 'loosens');
  return loosensMore ? nowMs + loosenAfterMs : waiting.fromMs;
}

/** The document that was seen last, once more: nothing new, or its wait is over. */
function again(held: HeldPolicy, newest: PolicyDocument, document: PolicyDocument, nowMs: number): PolicyDecision {
  if (payloadText(newest) !== payloadText(document)) {
    const say = `it says something else under the serial ${document.serial}, which was used before`;
    return { do: 'refuse', ...refuse('too-old', say) };
  }
  if (held.waiting === undefined || nowMs < held.waiting.fromMs) return { do: 'keep' };
  return { do: 'take', held: { document }, changes: comparePolicies(held.document, document) };
}
