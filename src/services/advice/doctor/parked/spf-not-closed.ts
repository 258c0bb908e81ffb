/** PRK-02: an unused domain that somebody may send as. Pure. */
import type { DomainFacts, Judged } from '../types.ts';
import { judgeParked } from './judge-parked.ts';

export function spfNotClosed(facts: DomainFacts): readonly Judged[] {
  return judgeParked(facts, {
    type: 'TXT',
    label: '',
    present: 'says that nobody may send as it (SPF -all)',
    missing: 'does not say that nobody may send as it: forgers can',
    silent: 'warn',
  });
}
