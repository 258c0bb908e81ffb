/** DKM-05: a key that still says it is only being tried out. */
import { fails } from '../judged.ts';
import type { Rule } from '../types.ts';
import { overKeys } from './look-at-keys.ts';
import { replaceKey, withoutFlag } from './mend-key.ts';

/** RFC 6376 §3.6.1 (t=y) */
export const keyTesting: Rule = {
  id: 'DKM-05',
  judge: (facts) =>
    overKeys(
      facts,
      ({ sight, text, key }) =>
        key.testing
          ? fails({
              subject: sight.name,
              meaning: `The key at ${sight.name} says that it is only being tried out (t=y): receivers may treat what it signs as if it were unsigned.`,
              evidence: [facts.show(sight.name, 'TXT')],
              fix: replaceKey(facts, sight, text, withoutFlag(text, 'y')),
            })
          : undefined,
      'No key is marked as a test',
    ),
};
