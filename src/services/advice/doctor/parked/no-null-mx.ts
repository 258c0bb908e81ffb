/** PRK-01: an unused domain without a null MX. Pure. */
import type { DomainFacts, Judged } from '../types.ts';
import { judgeParked } from './judge-parked.ts';

export function noNullMx(facts: DomainFacts): readonly Judged[] {
  return judgeParked(facts, {
    type: 'MX',
    label: '',
    present: 'says that it takes no mail (null MX)',
    missing: 'has no null MX: senders who mistype an address wait for days before they are told',
    silent: 'advice',
  });
}
