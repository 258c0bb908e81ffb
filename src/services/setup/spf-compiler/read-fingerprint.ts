/** A fingerprint as it was saved, or the whole answer of `spf flatten --json` around it. Pure. */
import { type Outcome, refuse } from '../../../base/outcome.ts';
import { parseDomainName } from '../../../format/domain-name.ts';
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import type { SpfExtraRecord, SpfFingerprint } from './types.ts';

/** A file of somebody else's may be anything. */
const itemsMax = 10_000;

export function readFingerprint(text: string): Outcome<SpfFingerprint, 'bad-fingerprint'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('bad-fingerprint', 'it is no JSON');
  }
  const print = isObject(value) && isObject(value.fingerprint) ? value.fingerprint : value;
  if (!isObject(print)) return refuse('bad-fingerprint', 'it holds no fingerprint');
  const { version, domain, made, lookAgain, original, record, chain, sources, leaving } = print;
  if (version !== 1) return refuse('bad-fingerprint', 'its version is not 1');
  if (!isText(domain) || parseDomainName(domain) === undefined) return refuse('bad-fingerprint', 'it names no domain');
  if (!isText(original) || !isSpfRecord(original) || !isText(record))
    return refuse('bad-fingerprint', 'it holds no SPF record');
  if (!isTime(made) || !isTime(lookAgain)) return refuse('bad-fingerprint', 'its times cannot be read');
  if (!isListOf(chain, isExtra) || !isListOf(sources, isSource) || !isListOf(leaving, isLeaving))
    return refuse('bad-fingerprint', 'what it lists cannot be read');
  return { ok: true, value: { version, domain, made, lookAgain, original, record, chain, sources, leaving } };
}

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));

function isListOf<T>(value: unknown, isOne: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= itemsMax && value.every(isOne);
}

function isExtra(value: unknown): value is SpfExtraRecord {
  return isObject(value) && isText(value.name) && (value.type === 'TXT' || value.type === 'A') && isText(value.value);
}

function isSource(value: unknown): value is SpfFingerprint['sources'][number] {
  return isObject(value) && isText(value.include) && isListOf(value.networks, isText);
}

function isLeaving(value: unknown): value is SpfFingerprint['leaving'][number] {
  return isObject(value) && isTime(value.until) && isListOf(value.networks, isText);
}
