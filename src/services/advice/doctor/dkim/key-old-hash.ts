/** DKM-07: a key that allows only a way of hashing that nobody trusts any more. */

import { keyObjection } from '../../../../protocol/dkim/key-record.ts';
import { fails } from '../judged.ts';
import type { Rule } from '../types.ts';
import { overKeys } from './look-at-keys.ts';
import { replaceKey, withTag } from './mend-key.ts';

/** RFC 6376 §3.6.1 (h=), RFC 8301 §3.1 */
export const keyOldHash: Rule = {
  id: 'DKM-07',
  judge: (facts) =>
    overKeys(
      facts,
      ({ sight, text, key }) => {
        const signed = { algorithm: `${key.type}-sha256`, domain: facts.subject.domain } as const;
        if (keyObjection(key, signed) !== 'key-forbids-hash') return undefined;
        return fails({
          subject: sight.name,
          meaning: `The key at ${sight.name} does not allow SHA-256 (h=), the only way of signing that receivers still accept: no signature with it counts.`,
          evidence: [facts.show(sight.name, 'TXT')],
          fix: replaceKey(facts, sight, text, withTag(text, 'h', undefined)),
        });
      },
      'Every key allows SHA-256',
    ),
};
