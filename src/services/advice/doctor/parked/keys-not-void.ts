/** PRK-04: an unused domain whose keys may still count. Pure. */
import type { DomainFacts, Judged } from '../types.ts';
import { judgeParked } from './judge-parked.ts';

export function keysNotVoid(facts: DomainFacts): readonly Judged[] {
  return judgeParked(facts, {
    type: 'TXT',
    label: '*._domainkey',
    present: 'has voided every signing key (DKIM)',
    missing: 'does not void its signing keys: one that was forgotten would still count',
    silent: 'advice',
  });
}
