/**
 * The PROXY protocol, version 2 (HAProxy, "The PROXY protocol Versions 1 & 2", part 2.2): a proxy tells in one binary header
 * whose connection it passes on. Read strictly and bounded; extensions (TLVs) are skipped.
 */
import { concat } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import type { Endpoint } from '../../base/port/net.ts';
import { type IpAddress, ipAddressOf, parseIpAddress } from '../../format/ip-address.ts';

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const fixedOctets = 16;
/** Addresses take 36 octets at most (216 for Unix sockets); the rest is TLVs, a certificate's name among them. */
const restOctetsMax = 4_096;

export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad'; readonly why: string }
  /** The proxy speaks for itself (a health check): the addresses are those of the connection. */
  | { readonly kind: 'local'; readonly octets: number }
  | { readonly kind: 'proxied'; readonly octets: number; readonly source: Endpoint; readonly destination: Endpoint };

/** @param octets everything received so far; a header that is there tells how many of them are its own */
export function readProxyHeader(octets: Uint8Array): ProxyHeader {
  const known = Math.min(octets.length, signature.length);
  for (let i = 0; i < known; i++) if (octets[i] !== signature[i]) return bad('no PROXY v2 header');
  if (octets.length < fixedOctets) return { kind: 'more' };
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const [versionAndCommand, familyAndTransport, rest] = [view.getUint8(12), view.getUint8(13), view.getUint16(14)];
  if (versionAndCommand >> 4 !== 2) return bad('not version 2');
  if (rest > restOctetsMax) return bad(`longer than ${restOctetsMax} octets`);
  const total = fixedOctets + rest;
  if (octets.length < total) return { kind: 'more' };
  const command = versionAndCommand & 15;
  if (command === 0) return { kind: 'local', octets: total };
  if (command !== 1) return bad('unknown command');
  return readAddresses(octets.subarray(fixedOctets, total), familyAndTransport, total);
}

function readAddresses(rest: Uint8Array, familyAndTransport: number, total: number): ProxyHeader {
  // 0x11 TCP over IPv4, 0x21 TCP over IPv6. For others the receiver may go on with the connection's own addresses, but then
  // every limit and verdict would be about the proxy: refused.
  const size = familyAndTransport === 0x11 ? 4 : familyAndTransport === 0x21 ? 16 : undefined;
  if (size === undefined) return bad('not TCP over IPv4 or IPv6');
  if (rest.length < 2 * size + 4) return bad('addresses cut short');
  const source = ipAddressOf(rest.subarray(0, size));
  const destination = ipAddressOf(rest.subarray(size, 2 * size));
  invariant(source && destination, 'any 4 or 16 octets are an address');
  const ports = new DataView(rest.buffer, rest.byteOffset + 2 * size, 4);
  return {
    kind: 'proxied',
    octets: total,
    source: { address: source.text, port: ports.getUint16(0) },
    destination: { address: destination.text, port: ports.getUint16(2) },
  };
}

function bad(why: string): ProxyHeader {
  return { kind: 'bad', why };
}

/** The header a proxy writes before the first octet of `source`'s connection. IPv4 in an IPv6 pair is written v4-mapped. */
export function writeProxyHeader(source: Endpoint, destination: Endpoint): Uint8Array {
  const [from, to] = [parseIpAddress(source.address), parseIpAddress(destination.address)];
  invariant(from && to, 'a PROXY header holds IP addresses');
  const family = from.family === 4 && to.family === 4 ? 4 : 6;
  const addresses = [octetsAs(family, from), octetsAs(family, to)];
  const head = new DataView(new ArrayBuffer(4));
  head.setUint8(0, 0x21); // version 2, PROXY
  head.setUint8(1, family === 4 ? 0x11 : 0x21);
  head.setUint16(2, family === 4 ? 12 : 36);
  const ports = new DataView(new ArrayBuffer(4));
  ports.setUint16(0, source.port);
  ports.setUint16(2, destination.port);
  return concat([signature, new Uint8Array(head.buffer), ...addresses, new Uint8Array(ports.buffer)]);
}

function octetsAs(family: 4 | 6, ip: IpAddress): Uint8Array {
  if (family === 4 || ip.family === 6) return ip.bytes;
  return concat([new Uint8Array(10), Uint8Array.of(0xff, 0xff), ip.bytes]);
}
