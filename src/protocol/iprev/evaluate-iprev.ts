/**
 * The `iprev` method: does the client's address have a name that points back to it? RFC 8601 §3.
 * In: an IP address and a resolver. Out: the result and the confirmed name. Never throws for what is in the DNS.
 */
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress, reverseName } from '../../format/ip-address.ts';
import type { Resolver } from '../dns/types.ts';

export type IprevResult = {
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror';
  /** The first confirmed name, in the order of the PTR records. */
  readonly name?: DomainName;
};

/** More names are not looked at; the number RFC 7208 §4.6.4 has for the same lookups. (Ours; RFC 8601 §3 names none.) */
const namesMax = 10;

/** @param address as text, or already parsed */
export async function evaluateIprev(
  resolver: Resolver,
  address: string | IpAddress,
  options: { readonly signal?: AbortSignal } = {},
): Promise<IprevResult> {
  const ip = typeof address === 'string' ? parseIpAddress(address) : address;
  if (ip === undefined) return { result: 'permerror' };
  const pointers = await resolver.lookup(reverseName(ip), 'PTR', options);
  if (pointers.kind === 'failed') return { result: 'temperror' };
  if (pointers.kind === 'none') return { result: 'permerror' }; // RFC 8601 §2.7.3: no PTR data
  const names = pointers.records
    .slice(0, namesMax)
    .map(parseDomainName)
    .filter((name) => name !== undefined);
  const answers = await Promise.all(names.map((name) => pointsBack(resolver, name, ip, options)));
  const name = names[answers.indexOf('yes')];
  if (name !== undefined) return { result: 'pass', name };
  return { result: answers.includes('unknown') ? 'temperror' : 'fail' };
}

async function pointsBack(
  resolver: Resolver,
  name: DomainName,
  ip: IpAddress,
  options: { readonly signal?: AbortSignal },
): Promise<'yes' | 'no' | 'unknown'> {
  const answer = await resolver.lookup(name, ip.family === 4 ? 'A' : 'AAAA', options);
  if (answer.kind === 'failed') return 'unknown';
  const isSame = (text: string) => parseIpAddress(text)?.text === ip.text;
  return answer.kind === 'found' && answer.records.some(isSame) ? 'yes' : 'no';
}
