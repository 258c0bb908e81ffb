import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import type { RecordType } from './types.ts';
import { resolverFromZone } from './zone-resolver.ts';

function name(text: string): QueryName {
  const parsed = parseQueryName(text);
  assert.ok(parsed, text);
  return parsed;
}

/** `found: ...`, `nxdomain`, `nodata`, `servfail` or `timeout`. */
async function ask(zone: string | readonly string[], asked: string, type: RecordType): Promise<string> {
  const answer = await resolverFromZone(zone).lookup(name(asked), type);
  return answer.kind === 'found' ? `found: ${JSON.stringify(answer.records)}` : answer.why;
}

test('several domains in one text, several texts merged', async () => {
  const texts = ['$ORIGIN example.com.\n@ A 192.0.2.1\nexample.org. A 192.0.2.2', 'mail.example.com A 192.0.2.3'];
  assert.equal(await ask(texts, 'example.com', 'A'), 'found: ["192.0.2.1"]');
  assert.equal(await ask(texts, 'EXAMPLE.org', 'A'), 'found: ["192.0.2.2"]');
  assert.equal(await ask(texts, 'mail.example.com', 'A'), 'found: ["192.0.2.3"]');
});

test('a name without records is NODATA when names exist below it, else NXDOMAIN', async () => {
  const zone = 'a.b.example.com A 192.0.2.1\nexample.com MX 10 mail.example.com';
  assert.equal(await ask(zone, 'b.example.com', 'A'), 'nodata');
  assert.equal(await ask(zone, 'com', 'A'), 'nodata');
  assert.equal(await ask(zone, 'example.com', 'A'), 'nodata');
  assert.equal(await ask(zone, 'mail.example.com', 'A'), 'nxdomain');
  assert.equal(await ask(zone, 'x.a.b.example.com', 'A'), 'nxdomain');
  assert.equal(await ask('h HTTPS 1 . alpn=h2', 'h', 'A'), 'nodata');
  assert.equal(await ask('', 'h', 'A'), 'nxdomain');
});

test('equal records stay several, strings of one record are joined', async () => {
  const zone = 'e TXT "v=spf1 -all"\ne TXT "v=spf1 " "-all"\ne TXT ""\ne SPF "v=spf1 +all"';
  assert.equal(await ask(zone, 'e', 'TXT'), 'found: ["v=spf1 -all","v=spf1 -all",""]');
  assert.equal(await ask(zone, 'e', 'SPF'), 'found: ["v=spf1 +all"]');
});

test('what each type holds', async () => {
  const zone = `
a AAAA 2001:DB8:0:0:1:0:0:1
m AAAA ::ffff:192.0.2.1
x MX 0 .
n NS Ns1.Example.COM.
t TLSA 3 1 1 00ff
s SOA ns host 7 1h 2h 3h 4h
c CAA 128 issue "ca.test; x=y"
v SRV 1 2 465 mail.example.com
p PTR f\\046oo.example.com
`;
  const resolver = resolverFromZone(zone);
  const records = async (of: string, type: RecordType) => {
    const answer = await resolver.lookup(name(of), type);
    return answer.kind === 'found' ? answer.records : answer;
  };
  assert.deepEqual(await records('a', 'AAAA'), ['2001:db8::1:0:0:1']);
  assert.deepEqual(await records('m', 'AAAA'), ['::ffff:192.0.2.1']);
  assert.deepEqual(await records('x', 'MX'), [{ preference: 0, exchange: '' }]);
  assert.deepEqual(await records('n', 'NS'), ['ns1.example.com']);
  const data = Uint8Array.of(0, 255);
  assert.deepEqual(await records('t', 'TLSA'), [{ usage: 3, selector: 1, matching: 1, data }]);
  assert.deepEqual(await records('s', 'SOA'), [{ primary: 'ns', mailbox: 'host', serial: 7, minimum: 14_400 }]);
  assert.deepEqual(await records('c', 'CAA'), [{ flags: 128, tag: 'issue', value: 'ca.test; x=y' }]);
  assert.deepEqual(await records('v', 'SRV'), [{ priority: 1, weight: 2, port: 465, target: 'mail.example.com' }]);
  assert.deepEqual(
    await records('p', 'PTR'),
    ['f\\046oo.example.com'],
    'a dot inside a label is not a dot between labels',
  );
});

test('odd names can be asked for', async () => {
  const zone = 'foo\\058bar\\047baz.example.com A 192.0.2.1\nf\\046oo.example.com A 192.0.2.2';
  assert.equal(await ask(zone, 'foo:bar/baz.example.com', 'A'), 'found: ["192.0.2.1"]');
  assert.equal(await ask(zone, 'f.oo.example.com', 'A'), 'nxdomain');
});

test('RFC 4592: a wildcard stands for names that do not exist', async () => {
  const zone =
    '*.example.com TXT any\nhost.example.com A 192.0.2.1\nsub.ent.example.com A 192.0.2.2\n*.c.test CNAME host.example.com';
  assert.equal(await ask(zone, 'x.example.com', 'TXT'), 'found: ["any"]');
  assert.equal(await ask(zone, 'x.y.example.com', 'TXT'), 'found: ["any"]');
  assert.equal(await ask(zone, 'x.example.com', 'A'), 'nodata');
  assert.equal(await ask(zone, 'host.example.com', 'TXT'), 'nodata', 'the name exists');
  assert.equal(
    await ask(zone, 'x.host.example.com', 'TXT'),
    'nxdomain',
    'its closest existing ancestor has no wildcard',
  );
  assert.equal(await ask(zone, 'ent.example.com', 'TXT'), 'nodata', 'an empty non-terminal exists');
  assert.equal(await ask(zone, 'x.ent.example.com', 'TXT'), 'nxdomain');
  assert.equal(await ask(zone, 'example.com', 'TXT'), 'nodata');
  assert.equal(await ask(zone, 'x.c.test', 'A'), 'found: ["192.0.2.1"]');
});

test('aliases are followed, also into another text; the end of the chain decides', async () => {
  const zone = [
    'a.test 60 CNAME b.test',
    'b.test CNAME c.example\nc.example 90 A 192.0.2.1\ndangling.test CNAME nowhere.test',
  ];
  const resolver = resolverFromZone(zone);
  assert.deepEqual(await resolver.lookup(name('a.test'), 'A'), {
    kind: 'found',
    records: ['192.0.2.1'],
    ttlSeconds: 60,
    secure: false,
    canonicalName: 'c.example',
  });
  assert.equal(await ask(zone, 'a.test', 'CNAME'), 'found: ["b.test"]');
  assert.equal(await ask(zone, 'a.test', 'AAAA'), 'nodata');
  assert.equal(await ask(zone, 'dangling.test', 'A'), 'nxdomain');
  assert.equal(await ask('m CNAME n\nm MX 10 x\nn MX 20 y', 'm', 'MX'), 'found: [{"preference":20,"exchange":"y"}]');
});

test('eight aliases are followed, nine and loops fail', async () => {
  const chain = Array.from({ length: 9 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n');
  const zone = `${chain}\nc9 A 192.0.2.1\nself CNAME self`;
  assert.equal(await ask(zone, 'c1', 'A'), 'found: ["192.0.2.1"]');
  assert.equal(await ask(zone, 'c0', 'A'), 'servfail');
  assert.equal(await ask(zone, 'self', 'A'), 'servfail');
});

test('marked names fail whatever records they have, and nothing else does', async () => {
  const zone = ';!SERVFAIL a.test\n;!TIMEOUT b.test.\na.test A 192.0.2.1\nx.a.test A 192.0.2.2\nc.test CNAME B.test';
  assert.equal(await ask(zone, 'a.test', 'A'), 'servfail');
  assert.equal(await ask(zone, 'a.test', 'CNAME'), 'servfail');
  assert.equal(await ask(zone, 'b.test', 'A'), 'timeout');
  assert.equal(await ask(zone, 'c.test', 'A'), 'timeout');
  assert.equal(await ask(zone, 'x.a.test', 'A'), 'found: ["192.0.2.2"]');
});

test('RFC 2308 §5: how long "none" may be remembered comes from the SOA above', async () => {
  const zone = 'example.com 600 SOA ns host 1 2 3 4 5m\nexample.com 60 MX 10 a\nexample.com 30 MX 20 b';
  const resolver = resolverFromZone(zone);
  assert.partialDeepStrictEqual(await resolver.lookup(name('x.example.com'), 'A'), { kind: 'none', ttlSeconds: 300 });
  assert.partialDeepStrictEqual(await resolver.lookup(name('example.com'), 'MX'), { kind: 'found', ttlSeconds: 30 });
});

test('a text that cannot be read throws at once and names the line', () => {
  assert.throws(() => resolverFromZone('a A 192.0.2.1\na FOO'), /^Error: zone line 2: "FOO" is not a record type$/);
  assert.throws(() => resolverFromZone(['', 'a FOO']), /^Error: zone text 2, line 1: /);
});
