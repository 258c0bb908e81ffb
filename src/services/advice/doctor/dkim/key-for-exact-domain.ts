/** DKM-06: a key that is only good for the domain itself, while somebody signs for names below it. */
import { fails, listed } from '../judged.ts';
import type { DomainFacts, Rule } from '../types.ts';
import { overKeys, type SeenKey } from './look-at-keys.ts';
import { replaceKey, withoutFlag } from './mend-key.ts';
import { wantsOf } from './wants.ts';

export const keyForExactDomain: Rule = {
  id: 'DKM-06',
  judge: (facts) =>
    overKeys(
      facts,
      (seen) => {
        const { sight, text, key } = seen;
        const below = key.exactDomain ? authorsBelow(facts, seen) : [];
        if (below.length === 0) return undefined;
        return fails({
          subject: sight.name,
          meaning: `The key at ${sight.name} is good for ${sight.domain} alone (t=s), not for names below it: signatures with it do not count for ${listed(below)}.`,
          evidence: [facts.show(sight.name, 'TXT')],
          fix: replaceKey(facts, sight, text, withoutFlag(text, 's')),
        });
      },
      'No key is barred from the names that use it',
    ),
};

/** Senders for a name below the key's domain that have no key of their own there. RFC 6376 §3.6.1 (t=s) */
function authorsBelow({ subject: { senders } }: DomainFacts, { sight: { domain } }: SeenKey): readonly string[] {
  return senders.flatMap((known) => {
    const { wants } = known;
    const isBelow = wants.domain.endsWith(`.${domain}`);
    const hasOwn = wantsOf(known).some(({ name }) => name?.endsWith(`._domainkey.${wants.domain}`));
    return wants.sender.sends && isBelow && !hasOwn ? [`${wants.sender.name} (${wants.domain})`] : [];
  });
}
