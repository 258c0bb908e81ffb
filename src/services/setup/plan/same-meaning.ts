/** Whether two values mean the same to whoever reads them in DNS, however they are spelled. Pure. */
import { canonicalValue } from '../../../format/record-set.ts';
import { parseTagList, type TagList, withoutBlanks } from '../../../format/tag-list.ts';
import { isSpfRecord, parseSpfRecord } from '../../../protocol/spf/record.ts';
import type { SetupType } from '../types.ts';

export function meansTheSame(type: SetupType, one: string, other: string): boolean {
  if (one === other) return true;
  if (type !== 'TXT') return hostless(type, one) === hostless(type, other);
  return sameTexts(one, other);
}

function hostless(type: SetupType, value: string): string {
  return canonicalValue(type, value) ?? value;
}

function sameTexts(one: string, other: string): boolean {
  if (isDkimKey(one) && isDkimKey(other)) return sameKeys(one, other);
  if (isSpfRecord(one) && isSpfRecord(other)) return sameTerms(one, other);
  return versionOf(one) !== undefined && versionOf(one) === versionOf(other) && sameTags(one, other);
}

/** A TXT value that was meant to be a DKIM key: `v=` may be missing (RFC 6376 §3.6.1). */
export function isDkimKey(text: string): boolean {
  return /^\s*(?:v\s*=\s*DKIM1\s*;|k\s*=\s*\w+\s*;|(?:[a-z]\s*=[^;]*;\s*)*p\s*=)/i.test(text);
}

/** The key itself: its type and what stands behind `p=`, blanks apart; undefined for what is no key. RFC 6376 §3.6.1 */
function keyIn(text: string): { readonly type: string; readonly key: string } | undefined {
  const tags = parseTagList(text);
  const p = tags.ok ? tags.value.get('p') : undefined;
  if (!tags.ok || p === undefined) return undefined;
  return { type: tags.value.get('k')?.value ?? 'rsa', key: withoutBlanks(p.value) };
}

/** Which hashes and services a record allows, and whether it is in test mode, is not the question here. */
function sameKeys(one: string, other: string): boolean {
  const [first, second] = [keyIn(one), keyIn(other)];
  return first !== undefined && first.type === second?.type && first.key === second.key;
}

/** Term by term and in the same order, since the first that matches decides. RFC 7208 §4.6.2, §12: letters in any case. */
function sameTerms(one: string, other: string): boolean {
  const [first, second] = [spfTerms(one), spfTerms(other)];
  return first !== undefined && second !== undefined && first.join(' ') === second.join(' ');
}

function spfTerms(text: string): readonly string[] | undefined {
  const record = parseSpfRecord(text);
  if (!record.ok) return undefined;
  return text
    .split(' ')
    .filter((term) => term !== '')
    .map((term) => term.replace(/^\+/, '').replace(/\.$/, '').toLowerCase());
}

/** `v=DMARC1`, `v=STSv1`, `v=TLSRPTv1`, `v=BIMI1` */
function versionOf(text: string): string | undefined {
  return /^v\s*=\s*(\w+)\s*(?:;|$)/.exec(text)?.[1];
}

function sameTags(one: string, other: string): boolean {
  const [first, second] = [parseTagList(one), parseTagList(other)];
  return first.ok && second.ok && spelled(first.value) === spelled(second.value);
}

function spelled(tags: TagList): string {
  return [...tags]
    .map(([name, { value }]) => `${name}=${withoutBlanks(value)}`)
    .sort()
    .join(';');
}
