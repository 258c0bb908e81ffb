/**
 * `answerQuery` that remembers: resolvers ask the same few questions of hosted domains over and over, and the answer depends on
 * nothing but the octets of the query and the zones. Bounded; zones that change make it forget everything.
 */
import { latin1 } from '../../base/bytes.ts';
import { answerQuery } from './authority.ts';
import { headerOctets } from './message-codec.ts';
import type { ZoneSet } from './zone-set.ts';

/** Of one generation, of which there are two: what was not asked for during a whole one is forgotten. */
const generationOctets = 4 * 1024 * 1024;
/** What an entry takes besides its octets, roughly. */
const entryOctets = 200;
/** A longer query carries options that no two resolvers share, cookies for one. */
const queryOctetsMax = 300;

const idOctets = 2;

export type AnswerQuery = typeof answerQuery;

/** @param work what is asked where nothing is remembered, and what may be remembered of one generation */
export function createAnswerMemory(
  work: { readonly answer: AnswerQuery; readonly octetsMax: number } = {
    answer: answerQuery,
    octetsMax: generationOctets,
  },
): AnswerQuery {
  let known: ZoneSet | undefined;
  let young = new Map<string, Uint8Array>();
  let old = new Map<string, Uint8Array>();
  let octets = 0;

  const keep = (key: string, answer: Uint8Array) => {
    octets += key.length + answer.length + entryOctets;
    if (octets > work.octetsMax) {
      old = young;
      young = new Map();
      octets = 0;
    }
    young.set(key, answer);
  };
  const forget = (zones: ZoneSet) => {
    known = zones;
    young = new Map();
    old = new Map();
    octets = 0;
  };

  return (zones, query, options) => {
    const fits = options.transport === 'udp' && !options.comeByTcp && query.length <= queryOctetsMax;
    if (!fits || query.length < headerOctets) return work.answer(zones, query, options);
    if (zones !== known) forget(zones);
    const key = latin1(query.subarray(idOctets));
    const recent = young.get(key);
    const answer = recent ?? old.get(key) ?? work.answer(zones, query, options);
    if (answer === undefined) return undefined;
    if (recent === undefined) keep(key, answer);
    return withIdOf(query, answer);
  };
}

/** A copy: the one that is kept may still be on its way to somebody else. */
function withIdOf(query: Uint8Array, answer: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(answer);
  copy.set(query.subarray(0, idOctets));
  return copy;
}
