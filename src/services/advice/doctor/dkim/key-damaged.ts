/** DKM-02: a record that is meant to be a key, and that no receiver can use as one. */
import { keyObjection } from '../../../../protocol/dkim/key-record.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ReadKey, Sight } from './facts.ts';
import { keysIn, nothingFound, type SeenKey, wantFor } from './look-at-keys.ts';
import { aliasOf, askKeeper, keyRecord, replaceKey, withTag } from './mend-key.ts';
import { damageOf, repairedKey } from './repair-key.ts';

export const keyDamaged: Rule = { id: 'DKM-02', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const own = facts.dkim.sights.filter(({ isWild }) => !isWild);
  const damaged = own.flatMap((sight) => sight.texts.flatMap((key) => ofText(facts, sight, key) ?? []));
  const barred = keysIn(facts).flatMap((seen) => notForMail(facts, seen) ?? []);
  return orElse([...damaged, ...barred], () =>
    nothingFound(
      facts,
      keysIn(facts).map(({ sight }) => sight),
      'Every key that was found can be read',
    ),
  );
}

function ofText(facts: DomainFacts, sight: Sight, { text, read }: ReadKey): Judged | undefined {
  const { name } = sight;
  const evidence = [facts.show(name, 'TXT')];
  if (read === 'key-unreadable' || read === 'key-record-too-long') {
    const meaning = `The key at ${name} is damaged, so no signature made with it can be checked: ${damageOf(text)}.`;
    return fails({ subject: name, meaning, evidence, fix: fixFor(facts, sight, text) });
  }
  if (read !== 'key-of-other-type') return undefined;
  const meaning = `The key at ${name} is of a kind that receivers do not know (k= is rsa or ed25519).`;
  return fails({ subject: name, meaning, evidence, fix: fixFor(facts, sight, text) });
}

function fixFor(facts: DomainFacts, sight: Sight, text: string): Fix {
  const wanted = wantFor(facts, sight);
  if (wanted?.type === 'CNAME' && aliasOf(sight) === undefined) {
    const { name, who, value, lacking } = wanted;
    const set = value === undefined ? [] : [keyRecord(name ?? sight.name, value, 'CNAME')];
    const ask =
      value === undefined
        ? { steps: [`${who} wants an alias (CNAME) there: ${lacking?.what ?? 'its settings show it'}.`] }
        : {};
    return { delete: [{ name: sight.name, type: 'TXT', value: text }], set, ...ask };
  }
  const instead = wanted?.type === 'TXT' && wanted.value !== undefined ? wanted.value : repairedKey(text);
  if (instead !== undefined) return replaceKey(facts, sight, text, instead);
  return askKeeper(facts, sight, `show the record for ${sight.name} again, and copy it whole into one TXT record`);
}

/** RFC 6376 §3.6.1 (s=): a key may say that it is not meant for mail. */
function notForMail(facts: DomainFacts, { sight, text, key }: SeenKey): Judged | undefined {
  const signed = { algorithm: `${key.type}-sha256`, domain: facts.subject.domain, identity: undefined } as const;
  if (
    keyObjection({ ...key, hashes: undefined }, { ...signed, selector: sight.selector } as never) !== 'key-not-for-mail'
  )
    return undefined;
  return fails({
    subject: sight.name,
    meaning: `The key at ${sight.name} says that it is not meant for mail (s=), so receivers do not use it.`,
    evidence: [facts.show(sight.name, 'TXT')],
    fix: replaceKey(facts, sight, text, withTag(text, 's', undefined)),
  });
}
