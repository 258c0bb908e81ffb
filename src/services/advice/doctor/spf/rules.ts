/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { heloRecord } from './helo-record.ts';
import { includeBroken } from './include-broken.ts';
import { includeLoop } from './include-loop.ts';
import { includeOfPool } from './include-of-pool.ts';
import { includeOutdated } from './include-outdated.ts';
import { includeUnneeded } from './include-unneeded.ts';
import { networkTooWide } from './network-too-wide.ts';
import { notQuiteSpf } from './not-quite-spf.ts';
import { oldRecordType } from './old-record-type.ts';
import { ptrTerm } from './ptr-term.ts';
import { recordEnd } from './record-end.ts';
import { recordMissing } from './record-missing.ts';
import { recordSize } from './record-size.ts';
import { recordUnreadable } from './record-unreadable.ts';
import { returnPathRecord } from './return-path-record.ts';
import { senderNotAllowed } from './sender-not-allowed.ts';
import { severalRecords } from './several-records.ts';
import { termsNeverRead } from './terms-never-read.ts';
import { tooManyLookups } from './too-many-lookups.ts';
import { voidLookups } from './void-lookups.ts';
import { wrongMacro } from './wrong-macro.ts';

export const spfRules: readonly Rule[] = [
  recordMissing,
  severalRecords,
  recordUnreadable,
  oldRecordType,
  tooManyLookups,
  voidLookups,
  includeBroken,
  includeLoop,
  recordEnd,
  ptrTerm,
  termsNeverRead,
  recordSize,
  includeUnneeded,
  senderNotAllowed,
  includeOfPool,
  includeOutdated,
  returnPathRecord,
  heloRecord,
  networkTooWide,
  notQuiteSpf,
  wrongMacro,
];
