import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryRecord } from '../../test/support/arbitrary-dns.ts';
import { dnsNameText } from './dns-name.ts';
import { dataText, parseZoneText, recordText, zoneText } from './zone-file.ts';

/** The records as text, or the refusal. */
function read(text: string): readonly string[] | string {
  const zone = parseZoneText(text);
  return zone.ok ? zone.value.records.map(recordText) : zone.say;
}

test('without $ORIGIN every name is absolute; class and TTL are optional, in both orders', () => {
  assert.deepEqual(read('example.com TXT "v=spf1 -all"\nexample.com. 60 IN A 192.0.2.1\nb.test IN 5m A 192.0.2.2'), [
    'example.com. 3600 IN TXT "v=spf1 -all"',
    'example.com. 60 IN A 192.0.2.1',
    'b.test. 300 IN A 192.0.2.2',
  ]);
});

test('RFC 1035 §5.1: $ORIGIN, @, blanks for the owner before, parentheses, comments', () => {
  const text = `
$TTL 1h ; one hour
$ORIGIN example.com.
@       IN SOA ns hostmaster ( 2026010100 ; serial
          2h 15m 2w 5m )
        NS ns
        300 MX ( 10
          mail ) ; the preferred one
        MX 20 mail.example.net.
$ORIGIN sub
www     A 192.0.2.7
$ORIGIN .
example.org A 192.0.2.8
`;
  assert.deepEqual(read(text), [
    'example.com. 3600 IN SOA ns.example.com. hostmaster.example.com. 2026010100 7200 900 1209600 300',
    'example.com. 3600 IN NS ns.example.com.',
    'example.com. 300 IN MX 10 mail.example.com.',
    'example.com. 3600 IN MX 20 mail.example.net.',
    'www.sub.example.com. 3600 IN A 192.0.2.7',
    'example.org. 3600 IN A 192.0.2.8',
  ]);
});

test('RFC 1035 §5.1: without $TTL the last TTL that was stated counts', () => {
  assert.deepEqual(read('a 60 A 192.0.2.1\nb A 192.0.2.2'), ['a. 60 IN A 192.0.2.1', 'b. 60 IN A 192.0.2.2']);
});

test('\\DDD is an octet, in names and strings; a dot inside a label stays inside', () => {
  const zone = parseZoneText('f\\046o\\195\\188.test TXT "\\239\\187\\191a\\"b\\\\" unquoted\\032word ""');
  assert.ok(zone.ok);
  assert.deepEqual(zone.value.records[0]?.name, ['f.o\xc3\xbc', 'test']);
  assert.deepEqual(zone.value.records[0]?.data, { type: 'TXT', strings: ['\xef\xbb\xbfa"b\\', 'unquoted word', ''] });
  assert.equal(dnsNameText(['f.o\xc3\xbc', 'test']), 'f\\046o\\195\\188.test');
});

test('a text over 255 octets is cut into strings, joined it is the same', () => {
  const zone = parseZoneText(`k TXT "${'x'.repeat(600)}"`);
  assert.ok(zone.ok);
  const data = zone.value.records[0]?.data;
  assert.ok(data?.type === 'TXT');
  assert.deepEqual(
    data.strings.map((s) => s.length),
    [255, 255, 90],
  );
});

test('RFC 3597 §5: unknown types, and known ones written in the unknown way', () => {
  assert.deepEqual(read('u TYPE65280 \\# 4 0a00 0001\nt TYPE16 \\# 3 026869\nn TYPE65281 \\# 0'), [
    'u. 3600 IN TYPE65280 \\# 4 0a000001',
    't. 3600 IN TXT "hi"',
    'n. 3600 IN TYPE65281 \\# 0',
  ]);
});

test('RFC 3597 §5: what the form of a type has no words for is written in the unknown way', () => {
  const text = 'a. 60 IN DS \\# 4 00010802';
  assert.deepEqual(read(text), [text]);
  assert.deepEqual(read('a. 60 IN OPENPGPKEY \\# 0'), ['a. 60 IN OPENPGPKEY \\# 0']);
});

test('types whose text we do not read are named, not refused', () => {
  const zone = parseZoneText('h HTTPS 1 . alpn=h2\nh RRSIG A 8 2 300 20260101000000 ( 20250101000000\n 1 h. AAAA )');
  assert.ok(zone.ok);
  assert.deepEqual(
    zone.value.unread.map(({ data, line }) => [data.code, data.text, line]),
    [
      [65, '1 . alpn=h2', 1],
      [46, 'A 8 2 300 20260101000000 20250101000000 1 h. AAAA', 2],
    ],
  );
});

test('type 99 is read as what it is', () => {
  assert.deepEqual(read('s SPF "v=spf1" " -all"'), ['s. 3600 IN SPF "v=spf1" " -all"']);
});

test(';!SERVFAIL and ;!TIMEOUT name what shall fail, relative to $ORIGIN unless dotted', () => {
  const zone = parseZoneText(
    ';!SERVFAIL a.test.\n$ORIGIN example.com.\n  ;!TIMEOUT b ; why\n;!TIMEOUTS c\n;! TIMEOUT d\nx A 192.0.2.1 ;!TIMEOUT y',
  );
  assert.ok(zone.ok);
  assert.deepEqual(zone.value.failing, [
    { name: ['a', 'test'], why: 'servfail' },
    { name: ['b', 'example', 'com'], why: 'timeout' },
  ]);
});

const refusals: readonly (readonly [text: string, say: RegExp])[] = [
  ['a A 192.0.2.1\nb A 192.0.2', /^line 2: A: address is not right: 192\.0\.2$/],
  ['a A 192.0.2.010', /^line 1: A: address is not right/],
  ['a A', /^line 1: A: address is missing/],
  ['a A 192.0.2.1 192.0.2.2', /^line 1: A: "192\.0\.2\.2" is one word too many/],
  ['a AAAA ::1::2', /^line 1: AAAA: address is not right/],
  ['a MX mail', /^line 1: MX: preference is not right/],
  ['a MX 65536 mail', /^line 1: MX: preference is not right/],
  ['a FOO x', /^line 1: "FOO" is not a record type/],
  ['a 300 IN', /^line 1: a record type is missing/],
  ['a CH TXT x', /^line 1: only the class IN is supported, not CH/],
  [' A 192.0.2.1', /^line 1: a line that begins with a blank needs a name/],
  ['a TXT "open', /^line 1: a quotation mark is never closed/],
  ['a TXT op"en', /^line 1: a quotation mark in the middle of a word/],
  ['a TXT \\256', /^line 1: "\\\\256" is no escape/],
  ['a TXT "x\\', /^line 1: "\\\\" is no escape/],
  ['a TXT \\\u009b2J', /^line 1: "\\\\\?2J" is no escape/], // shown on terminals, for which U+009B begins a command
  ['a TXT ü', /^line 1: the character U\+00FC must be written as octets/],
  ['a TXT \0', /^line 1: the character U\+0000/],
  ['a..b A 192.0.2.1', /^line 1: "a\.\.b" is not a name/],
  [`${'a'.repeat(64)} A 192.0.2.1`, /^line 1: "a+" is not a name/],
  ['a MX (\n10 b', /^line 1: a parenthesis is never closed/],
  ['a MX 10 b )', /^line 1: a parenthesis is closed that was never opened/],
  ['$INCLUDE other.zone', /^line 1: \$INCLUDE is not supported/],
  ['$TTL soon', /^line 1: "soon" is not a TTL/],
  [';!TIMEOUT', /^line 1: ;!TIMEOUT needs one name/],
  [';!SERVFAIL a b', /^line 1: ;!SERVFAIL needs one name/],
  ['u TYPE65280 abc', /^line 1: data of TYPE65280 must be written as/],
  ['u TYPE1 \\# 3 010203', /^line 1: these octets are no A data/],
  ['u TYPE65280 \\# 2 01', /^line 1: after \\# come a length/],
  ['t TLSA 3 1 1 abc', /^line 1: TLSA: data is not right/],
];
for (const [text, say] of refusals) {
  test(`refused with its line: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const zone = parseZoneText(text);
    assert.ok(!zone.ok);
    assert.match(zone.say, say);
  });
}

test('whatever the text, the answer is an outcome', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a. \t\n"\\;()$@0@*!', 'A ', ' MX 10 ', '\\065') }), (text) => {
      parseZoneText(text);
    }),
    { numRuns: 500 },
  );
});

test('records written as text are read back the same', () => {
  fc.assert(
    fc.property(fc.array(arbitraryRecord(), { maxLength: 5 }), (records) => {
      const zone = parseZoneText(zoneText(records));
      assert.ok(zone.ok, zone.ok ? '' : zone.say);
      assert.deepEqual(
        zone.value.records.map(({ name, ttlSeconds, data }) => ({ name, ttlSeconds, data })),
        records,
      );
    }),
    { numRuns: 300 },
  );
});

test('the data alone, as a form of a DNS host wants it', () => {
  assert.equal(dataText({ type: 'MX', preference: 10, exchange: ['mail', 'example', 'com'] }), '10 mail.example.com.');
  assert.equal(dataText({ type: 'MX', preference: 0, exchange: [] }), '0 .');
  assert.equal(dataText({ type: 'CAA', flags: 0, tag: 'issue', value: 'ca.test' }), '0 issue "ca.test"'); // RFC 8659 §4.1.1
  assert.equal(dataText({ type: 'CAA', flags: 0, tag: 'a b', value: 'x' }), '\\# 6 000361206278');
});

const suites = new URL('../../../shared/suites/jsonl/', import.meta.url);
test('every zone of the published suites can be read', {
  skip: !existsSync(suites) && 'no published suites here',
}, () => {
  let count = 0;
  for (const file of readdirSync(suites).filter((name) => name.endsWith('.in.jsonl'))) {
    for (const line of readFileSync(new URL(file, suites), 'utf8').split('\n').filter(Boolean)) {
      const { id, zone = '' } = JSON.parse(line) as { id: string; zone?: string };
      const parsed = parseZoneText(zone);
      assert.ok(parsed.ok, `${file} ${id}: ${parsed.ok ? '' : parsed.say}`);
      count += parsed.value.records.length;
    }
  }
  assert.ok(count > 5_000);
});
