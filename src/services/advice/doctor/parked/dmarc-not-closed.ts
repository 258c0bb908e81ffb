/** PRK-03: an unused domain whose forgeries are not refused. Pure. */
import type { DomainFacts, Judged } from '../types.ts';
import { judgeParked } from './judge-parked.ts';

export function dmarcNotClosed(facts: DomainFacts): readonly Judged[] {
  return judgeParked(facts, {
    type: 'TXT',
    label: '_dmarc',
    present: 'has whatever claims to come from it, or from names below it, refused (DMARC)',
    missing: 'does not ask receivers to refuse all mail in its name: forgeries get through',
    silent: 'warn',
  });
}
