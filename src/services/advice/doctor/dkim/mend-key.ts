/** Fixes for a key record. Where the selector is an alias, the record is somebody else's to change. Pure. */
import { parseTagList } from '../../../../format/tag-list.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { inSentence } from '../judged.ts';
import type { DomainFacts } from '../types.ts';
import type { Sight } from './facts.ts';
import { wantFor } from './look-at-keys.ts';

const ttl = 3600;

export const noRecords = { delete: [], set: [] } as const;

export function keyRecord(name: string, value: string, type = 'TXT'): FixRecord {
  return { name, type, value, ttl };
}

export function aliasOf({ alias }: Sight): string | undefined {
  return alias.kind === 'found' ? alias.records[0] : undefined;
}

/** Another text in place of one that stands there. */
export function replaceKey(facts: DomainFacts, sight: Sight, there: string, instead: string): Fix {
  const target = aliasOf(sight);
  if (target !== undefined) return askKeeper(facts, sight, `change the record there to: ${instead}`);
  const { name, isWild } = sight;
  return { delete: isWild ? [] : [{ name, type: 'TXT', value: there }], set: [keyRecord(name, instead)] };
}

/** For what only the sender that has the private key can do. */
export function askKeeper(facts: DomainFacts, sight: Sight, wish: string): Fix {
  const want = wantFor(facts, sight);
  const target = aliasOf(sight);
  const who = want === undefined ? 'whoever signs with it' : inSentence(want.who);
  const where = target === undefined ? '' : ` (${sight.name} only leads to ${target}, which is kept there)`;
  return { ...noRecords, steps: [`Have ${who}${where} ${wish}.`] };
}

/** The record with one tag changed; undefined: the tag goes. */
export function withTag(text: string, tag: string, value: string | undefined): string {
  const tags = parseTagList(text);
  if (!tags.ok) return text;
  return [...tags.value]
    .map(([name, { value: there }]) => [name, name === tag ? value : there] as const)
    .flatMap(([name, one]) => (one === undefined ? [] : [`${name}=${one}`]))
    .join('; ');
}

/** A flag out of `t=y:s`. */
export function withoutFlag(text: string, flag: string): string {
  const tags = parseTagList(text);
  const flags = (tags.ok ? (tags.value.get('t')?.value ?? '') : '').split(':').map((one) => one.trim());
  const left = flags.filter((one) => one !== flag && one !== '');
  return withTag(text, 't', left.length > 0 ? left.join(':') : undefined);
}
