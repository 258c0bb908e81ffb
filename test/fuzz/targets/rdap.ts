/** What IANA's list and a registry answer about a domain: JSON of strangers. The first octet chooses which. */
import assert from 'node:assert/strict';
import { type DomainName, parseDomainName } from '../../../src/format/domain-name.ts';
import { rdapServersFor } from '../../../src/protocol/rdap/find-servers.ts';
import { registrationEnd } from '../../../src/protocol/rdap/registration-end.ts';
import { type FuzzTarget, headAndRest, type Outcome } from '../target.ts';

const domain = parseDomainName('shop.co.uk') as DomainName;

export const rdap: FuzzTarget = {
  name: 'rdap',
  seeds: () => [
    '0{"version":"1.0","services":[[["uk"],["https://a.example/"]],[["co.uk","net"],["http://b.example","https://c.example/v1"]]]}',
    '0{"services":[[["com"],["https://a.example/"]],7,[7,[]],[["uk"],["ftp://x"]]]}',
    '1{"objectClassName":"domain","ldhName":"SHOP.CO.UK","events":[{"eventAction":"expiration","eventDate":"2027-08-13T04:00:00Z"}]}',
    '1{"objectClassName":"domain","events":[{"eventAction":"registration","eventDate":"1999-01-01T00:00:00Z"},7,null]}',
    '1{"objectClassName":"domain","events":[{"eventAction":"expiration","eventDate":"2027-08-13t04:00:00.5+02:00"},{"eventAction":"expiration","eventDate":"soon"}]}',
    '1{"objectClassName":"entity","ldhName":7}',
  ],
  dictionary: [
    ...[
      '"services"',
      '"events"',
      '"eventAction"',
      '"eventDate"',
      '"expiration"',
      '"objectClassName"',
      '"domain"',
      '"ldhName"',
    ],
    ...[
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      'null',
      '1e999',
      '__proto__',
      'https://',
      'uk',
      'co.uk',
      '2027-',
      'T',
      'Z',
      '+99:99',
      '\\u0000',
    ],
  ],
  separators: [',', ':', '"', '[', ']', '{', '}'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  if (head % 2 === 0) {
    const servers = rdapServersFor(rest, domain);
    for (const server of servers ?? []) assert.match(server, /^https:\/\/.*\/$/s);
    return `list ${servers === undefined ? 'none' : Math.min(servers.length, 2)}`;
  }
  const end = registrationEnd(rest, domain);
  if (!end.ok) return `end ${end.code} ${end.say.slice(0, 24)}`;
  assert.doesNotThrow(() => new Date(end.value).toISOString());
  return `end ${end.value < 0}`;
}
