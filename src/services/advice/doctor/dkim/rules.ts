/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { aliasAstray } from './alias-astray.ts';
import { ed25519Alone } from './ed25519-alone.ts';
import { keyDamaged } from './key-damaged.ts';
import { keyDiffersFromOurs } from './key-differs-from-ours.ts';
import { keyForExactDomain } from './key-for-exact-domain.ts';
import { keyMissing } from './key-missing.ts';
import { keyOld } from './key-old.ts';
import { keyOldHash } from './key-old-hash.ts';
import { keyRevoked } from './key-revoked.ts';
import { keyShared } from './key-shared.ts';
import { keySize } from './key-size.ts';
import { keyTesting } from './key-testing.ts';
import { selectorContested } from './selector-contested.ts';
import { selectorUnknown } from './selector-unknown.ts';
import { selectorUnused } from './selector-unused.ts';
import { severalKeys } from './several-keys.ts';
import { wrongRecordType } from './wrong-record-type.ts';

export const dkimRules: readonly Rule[] = [
  keyMissing,
  keyDamaged,
  keyRevoked,
  keySize,
  keyTesting,
  keyForExactDomain,
  keyOldHash,
  aliasAstray,
  wrongRecordType,
  selectorContested,
  keyDiffersFromOurs,
  keyOld,
  selectorUnknown,
  selectorUnused,
  ed25519Alone,
  severalKeys,
  keyShared,
];
