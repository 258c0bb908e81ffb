/** Zone text: what is read is written and read again as the same records; a refusal names the line; lookups in it answer. */
import assert from 'node:assert/strict';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import type { DnsRecord } from '../../../src/format/dns-record.ts';
import { parseQueryName } from '../../../src/format/domain-name.ts';
import { parseZoneText, type ZoneText, zoneText } from '../../../src/format/zone-file.ts';
import type { DnsAnswer, RecordType } from '../../../src/protocol/dns/types.ts';
import { zoneResolver } from '../../../src/protocol/dns/zone-resolver.ts';
import { makeZoneSet } from '../../../src/protocol/dns/zone-set.ts';
import { isOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const zoneFile: FuzzTarget = {
  name: 'zone-file',
  seeds: () => [
    '$ORIGIN example.com.\n$TTL 1h\n@ IN SOA ns hostmaster ( 1 2h\n 15m 2w 300 ) ; comment\n NS ns\nns A 192.0.2.1\n',
    'example.com. TXT "v=spf1 -all" "more"\nexample.com. MX 10 mx.example.com.\nmx.example.com. AAAA 2001:db8::1\n',
    '*.example.com. 300 IN CNAME target.example.com.\n;!SERVFAIL broken.example.com.\n;!TIMEOUT slow.example.com.\n',
    'a\\.b.example. TXT "\\000\\255\\"" ""\n\\@.example. A 192.0.2.1\n',
    '_25._tcp.mx.example. TLSA 3 1 1 ( 00112233 44556677 )\nexample. CAA 0 issue "ca.example"\n',
    'x.example. TYPE65280 \\# 3 abcdef\ny.example. A \\# 4 c0000201\nz.example. LOC 1 2 3\n',
    '_sip._tcp.example. SRV 1 2 3 host.example.\nexample. NAPTR 1 2 "s" "" "" next.example.\nexample. SPF "v=spf1"\n',
    'example. DS 1 8 2 aabb\nexample. DNSKEY 256 3 8 AQID\nexample. URI 1 2 "https://x"\n',
  ],
  dictionary: [
    ...[
      '$ORIGIN ',
      '$TTL 1d',
      '$INCLUDE x',
      '\n',
      '\r\n',
      '\n ',
      '(',
      ')',
      ';',
      '"',
      '\\',
      '\\#',
      '\\000',
      '\\256',
      '@',
      '*',
      ' IN ',
      ' CH ',
    ],
    ...[
      ' A 192.0.2.1',
      ' AAAA ::1',
      ' TXT ',
      ' MX 10 ',
      ' SOA ',
      ' CNAME ',
      ' TYPE1 ',
      ' \\# 1 ',
      ' NS ',
      '1h30m',
      '4294967296',
      'example.com.',
    ],
    ...[
      ';!SERVFAIL ',
      ';!TIMEOUT ',
      ' TLSA 3 1 1 ',
      ' CAA 0 ',
      ' SRV 0 0 ',
      ' NAPTR ',
      'x'.repeat(64),
      `"${'y'.repeat(300)}"`,
      '\ufeff',
    ],
  ],
  separators: ['\n', ' ', '.', '"'],
  open: () => ({ run }),
};

const types: readonly RecordType[] = ['A', 'TXT', 'MX', 'CNAME', 'SOA', 'TLSA', 'SRV'];

/** Where it stood is not what it says. */
function withoutPlace({ line, lastLine, ...record }: ZoneText['records'][number]): DnsRecord {
  return record;
}

async function run(input: Uint8Array): Promise<Outcome> {
  const zone = parseZoneText(fromUtf8(input));
  if (!zone.ok) {
    assert.match(zone.say, /^line \d+: /);
    assert.ok(isOneLine(zone.say), JSON.stringify(zone.say));
    return zone.say.replace(/^line \d+: /, '').slice(0, 12);
  }
  const { records, unread, failing } = zone.value;
  const again = parseZoneText(zoneText(records));
  const plain = records.map(withoutPlace);
  assert.deepEqual(again.ok ? again.value.records.map(withoutPlace) : again.say, plain);
  const set = makeZoneSet(plain);
  assert.ok(set.ok || isOneLine(set.say));
  const resolver = zoneResolver([zone.value]);
  const names = [...records, ...unread, ...failing].slice(0, 4).map(({ name }) => parseQueryName(name.join('.')));
  for (const name of names) {
    if (name === undefined) continue;
    for (const type of types) {
      const answer: DnsAnswer<unknown> = await resolver.lookup(name, type);
      assert.ok(answer.kind === 'failed' || (answer.ttlSeconds >= 0 && answer.ttlSeconds <= 0x7fff_ffff));
      assert.ok(answer.kind !== 'found' || answer.records.length > 0);
    }
  }
  const kinds = new Set(records.map(({ data }) => data.type));
  return `${[...kinds].sort().slice(0, 4)} ${unread.length > 0} ${failing.length > 0} ${set.ok}`;
}
