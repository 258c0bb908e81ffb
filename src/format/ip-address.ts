/**
 * IP addresses and networks: one strict reader and one spelling. An IPv4-mapped IPv6 address *is* the IPv4 address
 * (RFC 7208 §5), so that no limit, list or policy can be escaped by the other spelling.
 */
import { invariant } from '../base/outcome.ts';
import type { QueryName } from './domain-name.ts';
import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from './ip-octets.ts';

export type IpAddress = {
  readonly family: 4 | 6;
  /** 4 or 16 octets. */
  readonly bytes: Uint8Array;
  /** The one spelling: dotted decimal, or RFC 5952. */
  readonly text: string;
};

export type Network = {
  readonly family: 4 | 6;
  /** The first address; the bits behind the prefix are 0. */
  readonly bytes: Uint8Array;
  readonly prefix: number;
  readonly text: string;
};

/** Dotted decimal without leading zeros, or RFC 4291 §2.2 text without a zone. No octal, hex or short IPv4 spellings. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.includes(':')) {
    const octets = ipv6Octets(text);
    return octets && ipAddressOf(octets);
  }
  const bytes = ipv4Octets(text);
  return bytes && { family: 4, bytes, text }; // without leading zeros there is one spelling only
}

/** The address of 4 or 16 octets, as they stand in DNS records and PROXY headers. */
export function ipAddressOf(octets: Uint8Array): IpAddress | undefined {
  if (octets.length !== 4 && octets.length !== 16) return undefined;
  const bytes = Uint8Array.from(isV4Mapped(octets) ? octets.subarray(12) : octets);
  return bytes.length === 4 ? { family: 4, bytes, text: ipv4Text(bytes) } : { family: 6, bytes, text: ipv6Text(bytes) };
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. Bits behind the prefix are dropped. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const written = slash < 0 ? text : text.slice(0, slash);
  const ip = parseIpAddress(written);
  if (!ip) return undefined;
  const writtenBits = written.includes(':') ? 128 : 32;
  const length = slash < 0 ? writtenBits : parsePrefix(text.slice(slash + 1), writtenBits);
  if (length === undefined) return undefined;
  const prefix = length - (writtenBits - ip.bytes.length * 8); // ::ffff:192.0.2.0/120 is 192.0.2.0/24
  if (prefix < 0) return undefined;
  const bytes = ip.bytes.map((byte, i) => byte & maskOctet(prefix - i * 8));
  const first = ip.family === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
  return { family: ip.family, bytes, prefix, text: `${first}/${prefix}` };
}

export function networkHolds(network: Network, ip: IpAddress): boolean {
  if (network.family !== ip.family) return false;
  return network.bytes.every((byte, i) => byte === ((ip.bytes[i] ?? 0) & maskOctet(network.prefix - i * 8)));
}

/** By what a client is counted. An IPv6 client has at least a /64 to itself (RFC 6177 §2): that is one. */
export function clientNetwork(ip: IpAddress): string {
  return ip.family === 4 ? ip.text : hex(ip.bytes.subarray(0, 8));
}

/** The name whose PTR record names the host. RFC 1035 §3.5, RFC 3596 §2.5 */
export function reverseName(ip: IpAddress): QueryName {
  const units = ip.family === 4 ? [...ip.bytes].map(String) : [...hex(ip.bytes)];
  return `${units.reverse().join('.')}.${ip.family === 4 ? 'in-addr' : 'ip6'}.arpa` as QueryName;
}

/**
 * Whether an address may be somebody's on the open internet: not this machine, not its neighbours, not a group. What a
 * stranger can name (an MX host, a webhook) is dialled only if this holds. Translated addresses are as public as the IPv4
 * address inside. The documentation ranges count as public: nobody answers there, except in the sandbox world and in tests.
 */
export function isPublicAddress(ip: IpAddress): boolean {
  if (ip.family === 4) return !notPublicV4.some((network) => networkHolds(network, ip));
  const inside = embeddedIpv4(ip);
  if (inside) return isPublicAddress(inside);
  return networkHolds(globalUnicast, ip) && !notPublicV6.some((network) => networkHolds(network, ip));
}

/** For examples: nobody on the internet has it, and to wait for an answer is in vain. RFC 5737 §3, RFC 3849 §2, RFC 9637 §3 */
export function isDocumentationAddress(ip: IpAddress): boolean {
  return documentation.some((network) => networkHolds(network, ip));
}

const documentation = networks('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20');

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), those that are not globally reachable. */
const notPublicV4 = networks(
  '0.0.0.0/8', // this network, unspecified
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT, RFC 6598
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, cloud metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks, RFC 2544
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
);

/** RFC 4291 §2.4: all global unicast addresses handed out so far; the others need not be listed. */
const globalUnicast = network('2000::/3');

const notPublicV6 = networks(
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID, ...
);

const nat64 = network('64:ff9b::/96'); // RFC 6052 §2.1
const sixToFour = network('2002::/16'); // RFC 3056 §2

function embeddedIpv4(ip: IpAddress): IpAddress | undefined {
  if (networkHolds(nat64, ip)) return ipAddressOf(ip.bytes.subarray(12));
  if (networkHolds(sixToFour, ip)) return ipAddressOf(ip.bytes.subarray(2, 6));
  return undefined;
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  invariant(parsed, `not a network: ${text}`);
  return parsed;
}

function networks(...texts: readonly string[]): readonly Network[] {
  return texts.map(network);
}

function isV4Mapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  );
}

function parsePrefix(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined;
  return Number(text) <= most ? Number(text) : undefined;
}

/** The mask of one octet when `bits` of it and of all after it belong to the prefix. */
function maskOctet(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
