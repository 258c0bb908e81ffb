/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { noMatch } from './no-match.ts';
import { noSpare } from './no-spare.ts';
import { unsignedRecords } from './unsigned-records.ts';
import { wrongUsage } from './wrong-usage.ts';

export const daneRules: readonly Rule[] = [unsignedRecords, noMatch, noSpare, wrongUsage];
