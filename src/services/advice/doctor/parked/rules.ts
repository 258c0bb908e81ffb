/** The rules of this family, in the order of their ids. */
import type { parkedChecks } from '../checks/parked.ts';
import type { Rule } from '../types.ts';
import { dmarcNotClosed } from './dmarc-not-closed.ts';
import { keysNotVoid } from './keys-not-void.ts';
import { noNullMx } from './no-null-mx.ts';
import { spfNotClosed } from './spf-not-closed.ts';

export const parkedRules: readonly Rule<keyof typeof parkedChecks>[] = [
  { id: 'PRK-01', judge: noNullMx },
  { id: 'PRK-02', judge: spfNotClosed },
  { id: 'PRK-03', judge: dmarcNotClosed },
  { id: 'PRK-04', judge: keysNotVoid },
];
