/** Whether a mechanism matches the client: all of RFC 7208 §5 but `include`, which needs a whole evaluation of its own. */
import { isEqualOrBelow, parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { reverseName } from '../../format/ip-address.ts';
import {
  ask,
  askAddresses,
  type Check,
  clientIsAt,
  confirmedNames,
  countVoid,
  failure,
  macroValues,
  note,
  type Place,
  type Stop,
  samePrefix,
  spfLimits,
} from './check.ts';
import { usesLetter } from './macro.ts';
import type { Directive, DualPrefix } from './record.ts';
import { expandTargetName, type TargetName } from './target-name.ts';

type Local = Extract<Directive, { readonly kind: 'all' | 'ip4' | 'ip6' }>;
type Asking = Extract<Directive, { readonly kind: 'a' | 'mx' | 'ptr' | 'exists' }>;

/** Whether the record alone decides; only the others count as lookups. RFC 7208 §4.6.4 */
export function isLocal(directive: Directive): directive is Local {
  return directive.kind === 'all' || directive.kind === 'ip4' || directive.kind === 'ip6';
}

export function matchLocal(check: Check, directive: Local): boolean {
  if (directive.kind === 'all') return true; // RFC 7208 §5.1
  const { client } = check.identity;
  const family = directive.kind === 'ip4' ? 4 : 6; // RFC 7208 §5: a v4-mapped client is IPv4, whatever ip6 says
  return client.family === family && samePrefix(directive.octets, client.bytes, directive.prefix);
}

/** The name a term points at, its macros expanded; undefined when it cannot be asked for. */
export async function resolveTarget(check: Check, place: Place, target: TargetName): Promise<QueryName | undefined> {
  if (target.fixed !== undefined) return target.fixed === 'unfit' ? undefined : target.fixed;
  const confirmed = usesLetter(target.macros, 'p') ? (await confirmedNames(check)).names : undefined;
  const name = expandTargetName(target, macroValues(check, place.domain, confirmed));
  note(check, place.depth, name === undefined ? `${target.text} cannot be a name here` : `${target.text} is ${name}`);
  return name;
}

export async function matchByLookup(check: Check, place: Place, directive: Asking): Promise<boolean | Stop> {
  const name = directive.target === undefined ? place.domain : await resolveTarget(check, place, directive.target);
  if (name === undefined) return false; // RFC 7208 §4.8: no such name can exist
  const at = { ...place, domain: name };
  switch (directive.kind) {
    case 'a':
      return matchA(check, at, directive);
    case 'mx':
      return matchMx(check, at, directive);
    case 'ptr':
      return matchPtr(check, at);
    case 'exists':
      return matchExists(check, at);
  }
}

/** RFC 7208 §5.3 */
async function matchA(check: Check, { domain, depth }: Place, prefixes: DualPrefix): Promise<boolean | Stop> {
  const answer = await askAddresses(check, domain);
  if (answer.kind === 'failed') return failure(answer.why);
  if (answer.kind === 'none') return nothingThere(check, { domain, depth });
  note(check, depth, `${domain} is at ${listed(answer.records)}`);
  return someIsClient(check, answer.records, prefixes);
}

/** RFC 7208 §5.4: the MX hosts' addresses; a domain without MX records is not its own MX. */
async function matchMx(check: Check, { domain, depth }: Place, prefixes: DualPrefix): Promise<boolean | Stop> {
  const answer = await ask(check, domain, 'MX');
  if (answer.kind === 'failed') return failure(answer.why);
  if (answer.kind === 'none') return nothingThere(check, { domain, depth });
  if (answer.records.length > spfLimits.mxNames) return { result: 'permerror', reason: 'too-many-mx' }; // RFC 7208 §4.6.4
  const hosts = answer.records
    .toSorted((one, other) => one.preference - other.preference)
    .map((record) => parseQueryName(record.exchange))
    .filter((host) => host !== undefined); // RFC 7505 §3: the null MX is no host
  note(check, depth, `${domain} receives at ${listed(hosts)}`);
  // All at once for speed, then read in order, so that the answer does not depend on who was faster.
  for (const addresses of await Promise.all(hosts.map((host) => askAddresses(check, host)))) {
    if (addresses.kind === 'failed') return failure(addresses.why);
    if (addresses.kind === 'found' && someIsClient(check, addresses.records, prefixes)) return true;
  }
  return false;
}

function someIsClient(check: Check, addresses: readonly string[], prefixes: DualPrefix): boolean {
  const prefix = check.identity.client.family === 4 ? prefixes.prefix4 : prefixes.prefix6;
  return addresses.some((address) => clientIsAt(check, address, prefix));
}

/** RFC 7208 §5.5: only confirmed names count, on a label boundary; a DNS failure is no match. */
async function matchPtr(check: Check, { domain, depth }: Place): Promise<boolean | Stop> {
  const confirmed = await confirmedNames(check);
  if (confirmed.kind === 'none') return nothingThere(check, { domain: reverseName(check.identity.client), depth });
  note(check, depth, `confirmed names of the client: ${listed(confirmed.names)}`);
  return confirmed.names.some((host) => isEqualOrBelow(host, domain));
}

/** RFC 7208 §5.7: always type A, also for an IPv6 client. */
async function matchExists(check: Check, { domain, depth }: Place): Promise<boolean | Stop> {
  const answer = await ask(check, domain, 'A');
  if (answer.kind === 'failed') return failure(answer.why);
  return answer.kind === 'found' ? true : nothingThere(check, { domain, depth });
}

function nothingThere(check: Check, { domain, depth }: Place): false | Stop {
  note(check, depth, `the DNS has nothing for ${domain}`);
  return countVoid(check) ?? false;
}

function listed(items: readonly string[]): string {
  if (items.length === 0) return '(none)';
  return items.length <= 5 ? items.join(', ') : `${items.slice(0, 5).join(', ')} and ${items.length - 5} more`;
}
