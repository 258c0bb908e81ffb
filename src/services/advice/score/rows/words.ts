/** Small helpers for the sentences of the table. */

import type { Fix, FixRecord } from '../../types.ts';
import { asSentence } from '../as-sentence.ts';
import type { ScoreFacts } from '../types.ts';

export const steps = (...texts: readonly string[]): Fix => ({ delete: [], set: [], steps: texts.map(asSentence) });

export const setting = (record: FixRecord, ...texts: readonly string[]): Fix => ({
  delete: [],
  set: [record],
  ...(texts.length > 0 && { steps: texts.map(asSentence) }),
});

export const author = ({ names }: ScoreFacts): string => names.domain ?? 'the domain in From';
export const returnPath = ({ names }: ScoreFacts): string => names.returnPath ?? 'the return path';
export const signer = ({ names }: ScoreFacts): string => names.signer ?? 'another domain';
export const host = ({ names }: ScoreFacts): string => names.address ?? 'the sending address';
export const listed = (names: readonly string[] | undefined): string =>
  names === undefined || names.length === 0 ? '' : `: ${names.join(', ')}`;
