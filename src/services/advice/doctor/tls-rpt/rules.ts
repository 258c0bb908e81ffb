/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { brokenRecord } from './broken-record.ts';
import { deafPlace } from './deaf-place.ts';
import { noReportsWanted } from './no-reports-wanted.ts';

export const tlsReportRules: readonly Rule[] = [noReportsWanted, brokenRecord, deafPlace];
