/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { changedBehindUs } from './changed-behind-us.ts';
import { failureReportsWanted } from './failure-reports-wanted.ts';
import { logoWithoutForce } from './logo-without-force.ts';
import { manyReportAddresses } from './many-report-addresses.ts';
import { namesBelowContradict } from './names-below-contradict.ts';
import { namesBelowWeaker } from './names-below-weaker.ts';
import { oldReceiversDiffer } from './old-receivers-differ.ts';
import { policyMissing } from './policy-missing.ts';
import { recordAstray } from './record-astray.ts';
import { recordMissing } from './record-missing.ts';
import { recordUnreadable } from './record-unreadable.ts';
import { rejectBySpfAlone } from './reject-by-spf-alone.ts';
import { rejectWithLists } from './reject-with-lists.ts';
import { removedTags } from './removed-tags.ts';
import { reportsUnauthorised } from './reports-unauthorised.ts';
import { reportsUndeliverable } from './reports-undeliverable.ts';
import { reportsUnwanted } from './reports-unwanted.ts';
import { severalRecords } from './several-records.ts';
import { slowToChange } from './slow-to-change.ts';
import { staysAtNone } from './stays-at-none.ts';
import { strangeTexts } from './strange-texts.ts';
import { strictAlignment } from './strict-alignment.ts';
import { testModeForgotten } from './test-mode-forgotten.ts';
import { unbornNamesOpen } from './unborn-names-open.ts';

export const dmarcRules: readonly Rule[] = [
  recordMissing,
  severalRecords,
  recordAstray,
  recordUnreadable,
  policyMissing,
  staysAtNone,
  reportsUnwanted,
  reportsUndeliverable,
  reportsUnauthorised,
  manyReportAddresses,
  removedTags,
  namesBelowWeaker,
  unbornNamesOpen,
  testModeForgotten,
  strictAlignment,
  oldReceiversDiffer,
  changedBehindUs,
  namesBelowContradict,
  strangeTexts,
  rejectBySpfAlone,
  rejectWithLists,
  failureReportsWanted,
  slowToChange,
  logoWithoutForce,
];
