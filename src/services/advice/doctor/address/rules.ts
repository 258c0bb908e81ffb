/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { addressInward } from './address-inward.ts';
import { heloNameWrong } from './helo-name-wrong.ts';
import { portBlocked } from './port-blocked.ts';
import { reverseNameAstray } from './reverse-name-astray.ts';
import { reverseNameGeneric } from './reverse-name-generic.ts';
import { reverseNameMissing, reverseNameMissing6 } from './reverse-name-missing.ts';

export const addressRules: readonly Rule[] = [
  reverseNameMissing,
  reverseNameAstray,
  reverseNameGeneric,
  heloNameWrong,
  reverseNameMissing6,
  portBlocked,
  addressInward,
];
