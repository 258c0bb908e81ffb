/** DKM-04: an RSA key that is too short to prove anything, or longer than receivers check. */
import { parseKeyRecord } from '../../../../protocol/dkim/key-record.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ReadKey, Sight } from './facts.ts';
import { keysIn, nothingFound, wantFor } from './look-at-keys.ts';
import { askKeeper, noRecords, replaceKey } from './mend-key.ts';
import { bitsWanted } from './sender-keys.ts';
import { officeName } from './wants.ts';

export const keySize: Rule = { id: 'DKM-04', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { sights } = facts.dkim;
  const found = sights.flatMap((sight) => sight.texts.flatMap((key) => ofText(facts, sight, key) ?? []));
  return orElse(found, () =>
    nothingFound(
      facts,
      keysIn(facts).map(({ sight }) => sight),
      `Every RSA key has at least ${bitsWanted} bits`,
    ),
  );
}

/** RFC 8301 §3.2 */
function ofText(facts: DomainFacts, sight: Sight, { text, read }: ReadKey): Judged | undefined {
  const { name } = sight;
  const said = { subject: name, evidence: [facts.show(name, 'TXT')], fix: fixFor(facts, sight, text) };
  if (read === 'key-too-small')
    return fails({
      ...said,
      meaning: `The key at ${name} is shorter than 1024 bits: receivers take what it signs for unsigned.`,
    });
  if (read === 'key-too-large')
    return fails({
      ...said,
      severity: 'warn',
      meaning: `The key at ${name} is longer than 4096 bits: many receivers do not check such keys.`,
    });
  if (typeof read === 'string' || read.type !== 'rsa' || read.bits >= bitsWanted) return undefined;
  const meaning = `The key at ${name} has ${read.bits} bits: it counts today, and it is short enough that somebody with money could copy it.`;
  return fails({ ...said, severity: 'warn', meaning });
}

function fixFor(facts: DomainFacts, sight: Sight, there: string): Fix {
  const want = wantFor(facts, sight);
  if (want?.who === officeName)
    return { ...noRecords, steps: [`Change the keys: posthorn domains key rotate ${facts.subject.domain}`] };
  const better = want?.type === 'TXT' && want.value !== undefined ? parseKeyRecord(want.value) : undefined;
  if (want?.value !== undefined && typeof better === 'object' && better.bits >= bitsWanted)
    return replaceKey(facts, sight, there, want.value);
  return askKeeper(
    facts,
    sight,
    `make a new key of ${bitsWanted} bits, publish it under a new selector, and take the old one away a week after signing with the new one`,
  );
}
