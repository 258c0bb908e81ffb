/** Names and addresses of hosts: one spelling for each, nothing repaired, and IP addresses as Node reads them too. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { dnsNameKey, dnsNameText, isDnsName, isSameOrBelow, parseDnsName } from '../../../src/format/dns-name.ts';
import {
  isEqualOrBelow,
  labelsOf,
  parentOf,
  parseDomainName,
  parseQueryName,
  toUnicode,
} from '../../../src/format/domain-name.ts';
import {
  ipAddressOf,
  isPublicAddress,
  networkHolds,
  parseIpAddress,
  parseNetwork,
  reverseName,
} from '../../../src/format/ip-address.ts';
import { assertOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const domainName: FuzzTarget = {
  name: 'domain-name',
  octetsMax: 8_192,
  seeds: () => [
    'example.com',
    'MX-1.Example.COM.',
    '_dmarc.example.com',
    'grüße.example',
    'xn--gre-6ka8i.example',
    'bücher.例え.テスト',
    'faß.example',
    '٠١.example',
    'אב.example',
    'a\\.b.example',
    '\\000\\255.example',
    '192.0.2.1',
    `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`,
    '*.example',
    '.',
  ],
  dictionary: [
    ...[
      '.',
      '-',
      '_',
      'xn--',
      'xn--a',
      'xn--zz',
      'com',
      'example',
      '\\',
      '\\046',
      '\\032',
      '*',
      '@',
      '0x7f',
      '1',
      'ß',
      'ı',
      'K',
    ],
    ...[
      '。',
      '．',
      '｡',
      'ａ',
      'ﬁ',
      'u\u0308',
      'Ü',
      'ς',
      'Σ',
      '\u00ad',
      '\u200d',
      '\u200c',
      'א',
      'ا',
      '٠',
      'a'.repeat(63),
      'ü'.repeat(30),
    ],
  ],
  separators: ['.', '-'],
  open: () => ({ run: runDomainName }),
};

export const ipAddress: FuzzTarget = {
  name: 'ip-address',
  octetsMax: 1_024,
  seeds: () => [
    '192.0.2.1',
    '2001:db8::1',
    '::',
    '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.33',
    '1:2:3:4:5:6:7::',
    '192.0.2.0/24',
    '2001:db8::/32',
    '::ffff:192.0.2.0/120',
    '010.0.0.1',
    '0x7f.1',
    'fe80::1%eth0',
  ],
  dictionary: [
    '.',
    ':',
    '::',
    '/',
    '0',
    '255',
    '256',
    'ffff',
    '10000',
    '127.0.0.1',
    '::ffff:',
    '/0',
    '/32',
    '/128',
    '/129',
    '%1',
    '00',
  ],
  separators: ['.', ':', '/'],
  open: () => ({ run: runIpAddress }),
};

function runDomainName(input: Uint8Array): Outcome {
  const text = fromUtf8(input);
  const query = parseQueryName(text);
  if (query !== undefined) assert.equal(parseQueryName(query), query);
  const dns = parseDnsName(text);
  if (dns !== undefined) {
    assert.ok(isDnsName(dns));
    assert.deepEqual(parseDnsName(`${dnsNameText(dns)}.`), dns);
    const upper = dns.map((label) => label.replace(/[a-z]/g, (letter) => letter.toUpperCase()));
    assert.ok(isSameOrBelow(dns, upper) && dnsNameKey(dns) === dnsNameKey(upper)); // RFC 4343 §3
  }
  const name = parseDomainName(text);
  if (name === undefined) return `no ${query === undefined} ${dns?.length}`;
  assert.match(name, /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/);
  assert.ok(labelsOf(name).every((label) => label.length >= 1 && label.length <= 63));
  assert.equal(parseDomainName(name), name);
  assert.equal(parseQueryName(name), name);
  const shown = toUnicode(name);
  assertOneLine(shown, 'the name as it is shown');
  assert.equal(parseDomainName(shown), name, 'what is shown is another name');
  // RFC 5890 §2.3.2.1 in our reading: shown, it is what was written, apart from case, composition and the final dot
  if (!/xn--/i.test(text)) assert.equal(shown, plainCase(text));
  const parent = parentOf(name);
  assert.ok(
    parent === undefined ? !name.includes('.') : isEqualOrBelow(name, parent) && parseDomainName(parent) === parent,
  );
  return `yes ${name.includes('xn--')} ${Math.min(labelsOf(name).length, 4)} ${text.endsWith('.')}`;
}

function plainCase(text: string): string {
  const lower = Array.from(text.endsWith('.') ? text.slice(0, -1) : text, (character) => character.toLowerCase());
  return lower.join('').normalize('NFC');
}

function runIpAddress(input: Uint8Array): Outcome {
  const text = fromUtf8(input);
  const network = parseNetwork(text);
  if (network !== undefined) {
    assert.deepEqual(parseNetwork(network.text), network);
    const first = ipAddressOf(network.bytes);
    assert.ok(first === undefined || first.family !== network.family || networkHolds(network, first));
  }
  const ip = parseIpAddress(text);
  assert.equal(ip !== undefined, isIP(text) !== 0 && !text.includes('%'), 'Node reads it differently');
  if (ip === undefined) return `no ${network?.family} ${network !== undefined && network.prefix % 8}`;
  assert.equal(ip.bytes.length, ip.family === 4 ? 4 : 16);
  assert.deepEqual(parseIpAddress(ip.text), ip);
  const reverse = reverseName(ip);
  assert.equal(parseQueryName(reverse), reverse);
  return `${ip.family} ${isPublicAddress(ip)} ${text.includes('.')} ${text.includes('::')}`;
}
