/** DKM-15: a sender whose only key is of a kind that many receivers cannot check. */
import { fails, listed, orElse } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { keysIn, nothingFound, type SeenKey, unansweredIn, wantFor } from './look-at-keys.ts';
import { noRecords } from './mend-key.ts';
import { officeName } from './wants.ts';

export const ed25519Alone: Rule = { id: 'DKM-15', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const keys = keysIn(facts);
  const byOwner = Map.groupBy(keys, ({ sight }) => wantFor(facts, sight)?.who);
  // Keys of nobody in particular may be halves of pairs whose other half was not found.
  const isRsaSomewhere = keys.some(({ key }) => key.type === 'rsa') || unansweredIn(facts).length > 0;
  const found = [...byOwner].flatMap(([who, own]) =>
    who === undefined && isRsaSomewhere ? [] : (ofOwner(facts, who, own) ?? []),
  );
  return orElse(found, () =>
    nothingFound(
      facts,
      keys.map(({ sight }) => sight),
      'Whoever signs has an RSA key, which every receiver can check',
    ),
  );
}

/** RFC 8463 §3: rsa-sha256 is what all verifiers must know; Ed25519 is still missing in many. */
function ofOwner(facts: DomainFacts, who: string | undefined, own: readonly SeenKey[]): Judged | undefined {
  if (own.some(({ key }) => key.type === 'rsa')) return undefined;
  const names = own.map(({ sight }) => sight.name);
  const step =
    who === officeName
      ? `Have it make a pair of keys: posthorn domains key rotate ${facts.subject.domain}`
      : `Have ${who ?? 'whoever signs'} sign with an RSA key of 2048 bits as well, at a selector of its own.`;
  return fails({
    subject: names[0] ?? facts.subject.domain,
    meaning: `The only key of ${who ?? 'the domain'} that was found (${listed(names)}) is an Ed25519 key, which many receivers cannot check: to them the mail is unsigned.`,
    evidence: names.map((name) => facts.show(name, 'TXT')),
    fix: { ...noRecords, steps: [step] },
  });
}
