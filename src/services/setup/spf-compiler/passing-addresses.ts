/**
 * All addresses that a name's record lets pass, exactly: earlier terms that stop some of them, and what is included, counted in. Not
 * to be had where the answer depends on the message or on who asks. Pure.
 */

import { type Outcome, refuse } from '../../../base/outcome.ts';
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { ipv4Octets, ipv6Octets } from '../../../format/ip-octets.ts';
import type { Directive, SpfRecord } from '../../../protocol/spf/record.ts';
import { type AddressSet, networkRange, normalRanges, type Range, withoutRanges } from './address-ranges.ts';
import { nameOfTarget } from './read-terms.ts';
import type { World } from './world.ts';

export type Passing = AddressSet & {
  /** The records it was read from. */
  readonly read: readonly { readonly name: string; readonly text: string }[];
  /** The least TTL of them; how soon another answer may be given. */
  readonly ttlSeconds: number;
};

export type NotListable = 'depends-on-message' | 'everybody' | 'unknown' | 'broken' | 'too-many';

const passingLimits = {
  /** Records below one name. */
  records: 60,
  /** Networks of one name; the largest senders have a few hundred. */
  networks: 5_000,
  /** Networks of one record that are kept from passing; a record seldom has one. */
  stopped: 50,
} as const;

export function passingAddresses(world: World, name: QueryName): Outcome<Passing, NotListable> {
  const held = world.passing.get(name) ?? listPassing(world, name);
  world.passing.set(name, held);
  return held;
}

function listPassing(world: World, name: QueryName): Outcome<Passing, NotListable> {
  const reading: Reading = { world, read: [], above: new Set(), ttlSeconds: Number.POSITIVE_INFINITY, networks: 0 };
  const set = readName(reading, name);
  if ('code' in set) return set;
  return { ok: true, value: { ...set, read: reading.read, ttlSeconds: reading.ttlSeconds } };
}

/** Of terms that all let pass, in the record of `name`; undefined when they cannot be listed. */
export function addressesOfTerms(
  world: World,
  name: QueryName,
  directives: readonly Directive[],
): AddressSet | undefined {
  const reading: Reading = { world, read: [], above: new Set(), ttlSeconds: Number.POSITIVE_INFINITY, networks: 0 };
  const set = readRecord(reading, name, { text: '', directives, hasAll: false, unknown: [] });
  return 'code' in set ? undefined : set;
}

type Reading = {
  readonly world: World;
  readonly read: { name: string; text: string }[];
  readonly above: Set<QueryName>;
  ttlSeconds: number;
  networks: number;
};
type No = Extract<Outcome<never, NotListable>, { ok: false }>;

const nobody: AddressSet = { four: [], six: [] };

function readName(reading: Reading, name: QueryName): AddressSet | No {
  if (reading.above.has(name)) return refuse('broken', `${name} includes itself`);
  if (reading.read.length >= passingLimits.records)
    return refuse('too-many', `more than ${passingLimits.records} records`);
  const at = reading.world.recordAt(name);
  if (at.kind === 'unknown') return refuse('unknown', `the DNS did not answer for ${name}`);
  if (at.kind === 'none') return refuse('broken', `${name} has no SPF record`);
  if (at.kind === 'several') return refuse('broken', `${name} has several SPF records`);
  if (at.kind === 'unreadable') return refuse('broken', `the record of ${name} cannot be read`);
  reading.read.push({ name, text: at.record.text });
  reading.ttlSeconds = Math.min(reading.ttlSeconds, at.ttlSeconds);
  reading.above.add(name);
  const set = readRecord(reading, name, at.record);
  reading.above.delete(name);
  return set;
}

function readRecord(reading: Reading, name: QueryName, { directives, redirect, hasAll }: SpfRecord): AddressSet | No {
  const passing = new Collected();
  const stopped = new Collected(); // what an earlier term has kept from passing
  for (const directive of directives) {
    if (directive.kind === 'all')
      return directive.qualifier === '+' ? refuse('everybody', `${name} lets everybody pass`) : passing.set();
    const met = addressesOf(reading, name, directive);
    if ('code' in met) return met;
    if (directive.qualifier === '+') passing.add(stopped.rest(met));
    else if (stopped.size < passingLimits.stopped) stopped.add(met);
    else return refuse('too-many', `more than ${passingLimits.stopped} networks of ${name} do not pass`);
  }
  if (redirect === undefined || hasAll) return passing.set();
  const target = nameOfTarget(redirect.target);
  const below = target === undefined ? onMessage(redirect.text, name) : readName(reading, target);
  if ('code' in below) return below;
  passing.add(stopped.rest(below));
  return passing.set();
}

const onMessage = (text: string, name: string): No =>
  refuse('depends-on-message', `${text} in the record of ${name} asks anew for each message`);

type Network = Extract<Directive, { readonly kind: 'ip4' | 'ip6' }>;
const isNetwork = (directive: Directive): directive is Network => directive.kind === 'ip4' || directive.kind === 'ip6';
type NotAll = Exclude<Directive, { readonly kind: 'all' }>;

function addressesOf(reading: Reading, name: QueryName, directive: NotAll): AddressSet | No {
  if (++reading.networks > passingLimits.networks)
    return refuse('too-many', `more than ${passingLimits.networks} networks`);
  if (isNetwork(directive)) {
    const range = networkRange(directive.octets, directive.prefix);
    return directive.kind === 'ip4' ? { ...nobody, four: [range] } : { ...nobody, six: [range] };
  }
  if (directive.kind === 'ptr' || directive.kind === 'exists') return onMessage(directive.text, name);
  const target = directive.target === undefined ? name : nameOfTarget(directive.target);
  if (target === undefined) return onMessage(directive.text, name);
  if (directive.kind === 'include') return readName(reading, target);
  if (directive.kind === 'a') return hostAddresses(reading, target, directive);
  const answer = reading.world.facts.lookup(target, 'MX');
  if (answer.kind === 'failed') return refuse('unknown', `the DNS did not answer for ${target}`);
  const all = new Collected();
  for (const { exchange } of answer.kind === 'found' ? answer.records : []) {
    const host = parseQueryName(exchange);
    const met = host === undefined ? nobody : hostAddresses(reading, host, directive);
    if ('code' in met) return met;
    all.add(met);
  }
  return all.set();
}

type Prefixes = { readonly prefix4: number; readonly prefix6: number };

function hostAddresses(
  { world: { facts } }: Reading,
  host: QueryName,
  { prefix4, prefix6 }: Prefixes,
): AddressSet | No {
  const [four, six] = [facts.lookup(host, 'A'), facts.lookup(host, 'AAAA')];
  if (four.kind === 'failed' || six.kind === 'failed') return refuse('unknown', `the DNS did not answer for ${host}`);
  const ranges = (records: readonly string[], read: (text: string) => Uint8Array | undefined, prefix: number) =>
    records.flatMap((text) => {
      const octets = read(text);
      return octets === undefined ? [] : [networkRange(octets, prefix)];
    });
  return {
    four: four.kind === 'found' ? ranges(four.records, ipv4Octets, prefix4) : [],
    six: six.kind === 'found' ? ranges(six.records, ipv6Octets, prefix6) : [],
  };
}

/** Put together once at the end: joining after each of thousands of networks would take the square of the time. */
class Collected {
  #four: Range[] = [];
  #six: Range[] = [];

  get size(): number {
    return this.#four.length + this.#six.length;
  }

  add({ four, six }: AddressSet): void {
    for (const range of four) this.#four.push(range);
    for (const range of six) this.#six.push(range);
  }

  set(): AddressSet {
    return { four: normalRanges(this.#four), six: normalRanges(this.#six) };
  }

  /** What of `met` is not in here. */
  rest(met: AddressSet): AddressSet {
    if (this.size === 0) return met;
    const own = this.set();
    return {
      four: withoutRanges(normalRanges(met.four), own.four),
      six: withoutRanges(normalRanges(met.six), own.six),
    };
  }
}
