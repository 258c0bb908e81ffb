/** What people give for a sender's parameters: tested, and written in its one spelling. Hostile text ends here. Pure. */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { parseDomainName } from '../../../format/domain-name.ts';
import { ipAddressOf, isPublicAddress, parseNetwork } from '../../../format/ip-address.ts';
import { parseTagList } from '../../../format/tag-list.ts';
import type { ParameterKind, SenderParameter } from '../types.ts';

/** A key of 4096 bits takes 736 characters; nothing else is half as long. */
const valueCharactersMax = 1_500;

/** Networks wider than this are not one sender's: a term that lets half the internet in helps nobody. */
const widestPrefix = { ip4: 16, ip6: 32 } as const;

/** Known to every sender: what it sends for is this name below the domain. */
export const subdomainParameter: SenderParameter = {
  name: 'subdomain',
  what: 'a name below the domain that it sends for, instead of the domain itself',
  example: 'news',
  pattern: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,3}',
  optional: true,
};

export function readParameter(parameter: SenderParameter, text: string): Outcome<string, 'bad-parameter'> {
  const given = text.trim();
  if (given.length > valueCharactersMax) return wrong(parameter, `${given.slice(0, 20)}...`);
  if ((parameter.kind === 'ip4' || parameter.kind === 'ip6') && isInward(given))
    return refuse('bad-parameter', sayInward(given));
  const value = spelled(parameter.kind, given);
  if (value === undefined || !new RegExp(`^(?:${parameter.pattern})$`).test(value)) return wrong(parameter, given);
  return accept(value);
}

function wrong({ name, what, example }: SenderParameter, given: string): Outcome<string, 'bad-parameter'> {
  return refuse('bad-parameter', `${name}=${given} does not fit: it is ${what}, like ${example}`);
}

/** An address or a network of a house, a machine, a group: no receiver ever sees mail come from there. */
export function isInward(text: string): boolean {
  const ip = ipAddressOf(parseNetwork(text)?.bytes ?? new Uint8Array());
  return ip !== undefined && !isPublicAddress(ip);
}

export function sayInward(text: string): string {
  return `${text} is no address on the open internet; give the one that receivers see mail come from`;
}

function spelled(kind: ParameterKind | undefined, text: string): string | undefined {
  switch (kind) {
    case 'ip4':
    case 'ip6':
      return networkText(kind, text);
    case 'host':
      return hostName(text);
    case 'dkim-key':
      return keyText(text);
    default:
      return text;
  }
}

/** At least two labels, and the last one like that of a domain: anything else breaks the SPF record that includes it. RFC 7208 §7.1 */
function hostName(text: string): string | undefined {
  const name = parseDomainName(text);
  return name !== undefined && /\.[a-z0-9-]*[a-z][a-z0-9-]*$/.test(name) ? name : undefined;
}

/** One address without a prefix, a network with it. */
function networkText(kind: 'ip4' | 'ip6', text: string): string | undefined {
  const network = parseNetwork(text);
  if (!network || network.family !== (kind === 'ip4' ? 4 : 6) || network.prefix < widestPrefix[kind]) return undefined;
  const whole = network.family === 4 ? 32 : 128;
  return network.prefix === whole ? network.text.slice(0, network.text.indexOf('/')) : network.text;
}

/** The key alone, or the record that a portal shows, quotes and breaks included. */
function keyText(text: string): string | undefined {
  const joined = text.replaceAll(/["\s]+/g, '');
  if (!joined.includes(';')) return joined.replace(/^p=/, '');
  const tags = parseTagList(joined);
  return tags.ok ? tags.value.get('p')?.value : undefined;
}
