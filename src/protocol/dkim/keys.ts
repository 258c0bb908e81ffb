/** Where verifiers get public keys from: DNS, with the parsed form of every record text remembered. RFC 6376 §6.1.2 */

import type { Soon } from '../../base/soon.ts';
import type { QueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, LookupOptions, Resolver } from '../dns/types.ts';
import { type KeyRecord, parseKeyRecord } from './key-record.ts';
import type { DkimProblem } from './problems.ts';

export type KeyAnswer = {
  /** Usually one; more is "undefined" by RFC 6376 §3.6.2.2, each is then tried. */
  readonly records: readonly KeyRecord[];
  /** Why there is none. */
  readonly problem: DkimProblem;
};

export interface DkimKeys {
  /** Never throws. */
  readonly fetch: (name: QueryName, options?: LookupOptions) => Soon<KeyAnswer>;
}

export type DkimKeysOptions = {
  /** Parsed records kept, the least recently used go first. Each costs about 2 KB. */
  readonly cacheMax?: number;
};

const cacheMaxDefault = 2_000;
const recordsPerNameMax = 3; // our choice: one is legal, two happen while a key is changed

/**
 * Importing a key costs as much as verifying with it, so it is done once per text. How long an answer may be believed is the
 * resolver's business (TTL): the cache knows texts, not names.
 */
export function createDkimKeys(resolver: Resolver, options: DkimKeysOptions = {}): DkimKeys {
  const { cacheMax = cacheMaxDefault } = options;
  const parsed = new Map<string, KeyRecord | DkimProblem>();
  const parse: Parse = (text) => {
    const known = parsed.get(text);
    const record = known ?? parseKeyRecord(text);
    if (known !== undefined) parsed.delete(text);
    else if (parsed.size >= cacheMax) parsed.delete(parsed.keys().next().value ?? '');
    if (typeof record !== 'string') parsed.set(text, record); // what is no key is cheap to refuse again
    return record;
  };
  return {
    fetch: (name, lookupOptions) => {
      const answer = resolver.atHand?.(name, 'TXT');
      if (answer !== undefined) return keyAnswer(answer, parse);
      return lookUp(resolver, name, lookupOptions).then((late) => keyAnswer(late, parse));
    },
  };
}

/** A resolver does not throw; one that a library's user brought might. */
async function lookUp(resolver: Resolver, name: QueryName, options?: LookupOptions): Promise<DnsAnswer<string>> {
  try {
    return await resolver.lookup(name, 'TXT', options);
  } catch {
    return { kind: 'failed', why: 'servfail' };
  }
}

type Parse = (text: string) => KeyRecord | DkimProblem;

function keyAnswer(answer: DnsAnswer<string>, parse: Parse): KeyAnswer {
  if (answer.kind === 'failed') return { records: [], problem: 'dns-failed' }; // RFC 6376 §6.1.2 (2): never "no key"
  if (answer.kind === 'none') return { records: [], problem: 'key-missing' }; // RFC 6376 §6.1.2 (3)
  return keysIn(answer.records, parse);
}

/** Asks for each name once: the signatures of a message often share their keys. */
export function keysOnce(keys: DkimKeys, options?: LookupOptions): DkimKeys {
  const asked = new Map<QueryName, Soon<KeyAnswer>>();
  return {
    fetch: (name) => {
      const known = asked.get(name);
      if (known !== undefined) return known;
      const answer = keys.fetch(name, options);
      if (answer instanceof Promise) answer.catch(() => {}); // asked for ahead: a fault waits for whoever takes the answer
      asked.set(name, answer);
      return answer;
    },
  };
}

/** RFC 6376 §3.6.2.2: a TXT that is no key, found through a wildcard for instance, does not count. */
function keysIn(texts: readonly string[], parse: Parse): KeyAnswer {
  const records: KeyRecord[] = [];
  let problem: DkimProblem = 'key-unreadable';
  for (const text of texts) {
    const record = parse(text);
    if (typeof record !== 'string') records.push(record);
    else if (problem === 'key-unreadable') problem = record;
  }
  return { records: records.slice(0, recordsPerNameMax), problem };
}
