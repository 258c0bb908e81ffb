/**
 * Whether the name of an address looks like that of a dial-up line or of a machine that nobody named: the address itself stands in it, or
 * a word for such lines beside a number. Pure.
 */
import { parseIpAddress } from '../../../../format/ip-address.ts';

const words = /(?:^|[.-])(?:dyn|dynamic|dhcp|dialup|dialin|dial|ppp|pppoe|adsl|dsl|vdsl|cable|cpe|pool)[0-9]*(?=[.-])/;

export function looksGeneric(name: string, address: string): boolean {
  const lower = name.toLowerCase();
  const ip = parseIpAddress(address);
  if (ip === undefined) return false;
  if (words.test(lower) && /[0-9]/.test(lower)) return true;
  const octets = [...ip.bytes];
  return ip.family === 4 ? holdsIpv4(lower, octets) : holdsIpv6(lower, octets);
}

/** All four numbers, in either order, or as eight hexadecimal digits. */
function holdsIpv4(name: string, octets: readonly number[]): boolean {
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
  if (name.includes(hex)) return true;
  const numbers = (name.match(/[0-9]+/g) ?? []).map(Number);
  return [octets, octets.toReversed()].some((wanted) => holdsRun(numbers, wanted));
}

function holdsRun(numbers: readonly number[], wanted: readonly number[]): boolean {
  return numbers.some((_, start) => wanted.every((one, at) => numbers[start + at] === one));
}

/** The interface's half of the address, as hexadecimal digits with or without separators. */
function holdsIpv6(name: string, octets: readonly number[]): boolean {
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const digits = name.replaceAll(/[^0-9a-f]/g, '');
  const host = hex.slice(16).replace(/^0+/, '');
  return host.length >= 8 && (digits.includes(hex.slice(16)) || digits.includes(hex));
}
