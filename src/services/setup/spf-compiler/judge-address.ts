/**
 * Whether an address passes a record, out of facts that are known already: what `protocol/spf` does by asking, in one go and without
 * waiting, because a proposal is tried with every known address. Tests hold it to the engine.
 */
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import type { IpAddress } from '../../../format/ip-address.ts';
import { ipv4Octets, ipv6Octets } from '../../../format/ip-octets.ts';
import type { DnsAnswer } from '../../../protocol/dns/types.ts';
import { samePrefix, spfLimits } from '../../../protocol/spf/check.ts';
import type { MacroValues } from '../../../protocol/spf/macro.ts';
import { isLocal } from '../../../protocol/spf/mechanisms.ts';
import type { Directive, SpfModifier } from '../../../protocol/spf/record.ts';
import { expandTargetName, type TargetName } from '../../../protocol/spf/target-name.ts';
import type { World } from './world.ts';

export type Judgement = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'permerror' | 'temperror';

/** What is judged: a record, or terms that are none yet. */
export type Judged = {
  readonly directives: readonly Directive[];
  readonly redirect?: SpfModifier;
  readonly hasAll: boolean;
};

type Try = {
  readonly world: World;
  readonly client: IpAddress;
  readonly sender: QueryName;
  lookups: number;
  voids: number;
};

const results = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' } as const;

/** As if the client had sent with postmaster@name. */
export function judgeAddress(world: World, name: QueryName, record: Judged, client: IpAddress): Judgement {
  return judge({ world, client, sender: name, lookups: 0, voids: 0 }, name, record);
}

function judge(attempt: Try, name: QueryName, { directives, redirect, hasAll }: Judged): Judgement {
  for (const directive of directives) {
    const found = match(attempt, name, directive);
    if (typeof found !== 'boolean') return found;
    if (found) return results[directive.qualifier];
  }
  if (redirect === undefined || hasAll) return 'neutral'; // RFC 7208 §4.7, §6.1
  const tooMany = countLookup(attempt);
  if (tooMany) return tooMany;
  const target = nameFor(attempt, name, redirect.target);
  const below = target === undefined ? 'none' : judgeName(attempt, target);
  return below === 'none' ? 'permerror' : below; // RFC 7208 §6.1
}

function judgeName(attempt: Try, name: QueryName): Judgement {
  if (!name.includes('.')) return 'none'; // RFC 7208 §4.3
  const at = attempt.world.recordAt(name);
  switch (at.kind) {
    case 'unknown':
      return 'temperror';
    case 'none':
      return at.isVoid ? (countVoid(attempt) ?? 'none') : 'none';
    case 'several': // RFC 7208 §4.5
    case 'unreadable': // RFC 7208 §4.6
      return 'permerror';
    case 'record':
      return judge(attempt, name, at.record);
  }
}

function match(attempt: Try, name: QueryName, directive: Directive): boolean | Judgement {
  if (isLocal(directive)) return matchLocal(attempt, directive);
  const tooMany = countLookup(attempt);
  if (tooMany) return tooMany;
  const target = directive.target === undefined ? name : nameFor(attempt, name, directive.target);
  if (target === undefined) return directive.kind === 'include' ? 'permerror' : false; // RFC 7208 §4.8
  switch (directive.kind) {
    case 'include':
      return included(judgeName(attempt, target));
    case 'a':
      return matchHost(attempt, target, directive);
    case 'mx':
      return matchMx(attempt, target, directive);
    case 'exists':
      return matchExists(attempt, target, directive.target);
    case 'ptr':
      return false; // only the client's own zone could say
  }
}

function matchLocal({ client }: Try, directive: Extract<Directive, { kind: 'all' | 'ip4' | 'ip6' }>): boolean {
  if (directive.kind === 'all') return true;
  return (
    directive.octets.length === client.bytes.length && samePrefix(directive.octets, client.bytes, directive.prefix)
  );
}

/** RFC 7208 §5.2 */
function included(below: Judgement): boolean | Judgement {
  if (below === 'pass') return true;
  if (below === 'none') return 'permerror';
  return below === 'permerror' || below === 'temperror' ? below : false;
}

type Prefixes = { readonly prefix4: number; readonly prefix6: number };

function matchHost(attempt: Try, host: QueryName, prefixes: Prefixes): boolean | Judgement {
  const answer = addressesOf(attempt, host);
  if (answer.kind === 'failed') return 'temperror';
  if (answer.kind === 'none') return countVoid(attempt) ?? false;
  return isAmong(attempt, answer.records, prefixes);
}

function matchMx(attempt: Try, name: QueryName, prefixes: Prefixes): boolean | Judgement {
  const answer = attempt.world.facts.lookup(name, 'MX');
  if (answer.kind === 'failed') return 'temperror';
  if (answer.kind === 'none') return countVoid(attempt) ?? false;
  if (answer.records.length > spfLimits.mxNames) return 'permerror'; // RFC 7208 §4.6.4
  for (const { exchange } of answer.records.toSorted((a, b) => a.preference - b.preference)) {
    const host = parseQueryName(exchange);
    if (host === undefined) continue; // RFC 7505 §3
    const addresses = addressesOf(attempt, host);
    if (addresses.kind === 'failed') return 'temperror';
    if (addresses.kind === 'found' && isAmong(attempt, addresses.records, prefixes)) return true;
  }
  return false;
}

/** What a macro leads to was hardly ever looked up: then nothing is known, and it counts as no match. */
function matchExists(attempt: Try, name: QueryName, target: TargetName | undefined): boolean | Judgement {
  const answer = attempt.world.facts.lookup(name, 'A');
  if (answer.kind === 'failed') return target?.fixed === undefined ? false : 'temperror';
  return answer.kind === 'found' ? true : (countVoid(attempt) ?? false);
}

function addressesOf({ world, client }: Try, host: QueryName): DnsAnswer<string> {
  return client.family === 4 ? world.facts.lookup(host, 'A') : world.facts.lookup(host, 'AAAA');
}

function isAmong({ client }: Try, addresses: readonly string[], { prefix4, prefix6 }: Prefixes): boolean {
  const [read, prefix] = client.family === 4 ? [ipv4Octets, prefix4] : [ipv6Octets, prefix6];
  return addresses.some((address) => {
    const octets = read(address);
    return octets !== undefined && samePrefix(octets, client.bytes, prefix);
  });
}

function countLookup(attempt: Try): 'permerror' | undefined {
  attempt.lookups++;
  return attempt.lookups > spfLimits.lookups ? 'permerror' : undefined; // RFC 7208 §4.6.4
}

function countVoid(attempt: Try): 'permerror' | undefined {
  attempt.voids++;
  return attempt.voids > spfLimits.voidLookups ? 'permerror' : undefined; // RFC 7208 §4.6.4
}

function nameFor(attempt: Try, name: QueryName, target: TargetName): QueryName | undefined {
  if (target.fixed !== undefined) return target.fixed === 'unfit' ? undefined : target.fixed;
  return expandTargetName(target, macroValues(attempt, name));
}

/** Without the client's name, which only its own zone could say: a term with `%{p}` matches nothing here. */
function macroValues({ client, sender }: Try, name: QueryName): MacroValues {
  const nibbles = (bytes: Uint8Array) =>
    Array.from(bytes, (byte) => `${(byte >> 4).toString(16)}.${(byte & 15).toString(16)}`).join('.');
  return {
    s: `postmaster@${sender}`,
    l: 'postmaster',
    o: sender,
    d: name,
    i: client.family === 4 ? client.text : nibbles(client.bytes), // RFC 7208 §7.4
    p: undefined,
    v: client.family === 4 ? 'in-addr' : 'ip6',
    h: sender,
    c: client.text,
    r: undefined,
    t: undefined,
  };
}
