import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryName } from '../../../test/support/arbitrary-dns.ts';
import { type DnsName, parseDnsName } from '../../format/dns-name.ts';
import { typeCodeOfText } from '../../format/dns-record.ts';
import { parseZoneText, recordText } from '../../format/zone-file.ts';
import { answerQuery } from './authority.ts';
import { type DnsMessage, decodeMessage, emptyMessage, encodeMessage, rcodes } from './message-codec.ts';
import { makeZoneSet, type ZoneSet } from './zone-set.ts';

const zoneSource = `
$TTL 300
$ORIGIN example.com.
@ 600 SOA ns host 7 2h 15m 2w 5m
@ NS ns
@ MX 10 mail
@ MX 20 mail.example.net.
@ MX 30 mail.example.org.
@ TXT "v=spf1 -all"
ns A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
www CNAME web
web A 192.0.2.80
out CNAME elsewhere.test.
far CNAME mail.example.net.
gone CNAME nowhere.example.net.
loop1 CNAME loop2
loop2 CNAME loop1
*.wild TXT "any"
*.wild MX 10 mail
*.alias CNAME web
deep.ent A 192.0.2.1
key._domainkey TXT ( "${'k'.repeat(255)}" "${'e'.repeat(200)}" )
big TXT "${'b'.repeat(255)}" "${'c'.repeat(255)}"
huge TXT "${'x'.repeat(255)}" "${'y'.repeat(255)}" "${'z'.repeat(255)}" "${'w'.repeat(255)}" "${'v'.repeat(255)}"
sub NS ns.sub
sub NS ns.elsewhere.test.
sub DS 1 8 2 00ff
ns.sub A 192.0.2.54
into CNAME host.sub
$ORIGIN example.net.
@ SOA ns.example.com. host.example.com. 1 2h 15m 2w 5m
@ NS ns.example.com.
mail A 192.0.2.26
$ORIGIN child.example.com.
@ SOA ns.example.com. host.example.com. 1 2h 15m 2w 1m
@ NS ns.example.com.
a A 192.0.2.90
`;

function zonesOf(text: string): ZoneSet {
  const parsed = parseZoneText(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.say);
  const made = makeZoneSet(parsed.value.records);
  assert.ok(made.ok, made.ok ? '' : made.say);
  return made.value;
}

const zones = zonesOf(zoneSource);

function nameOf(text: string): DnsName {
  const name = parseDnsName(text);
  assert.ok(name);
  return name;
}

function query(name: DnsName, type: number, parts: Partial<DnsMessage> = {}): DnsMessage {
  return { ...emptyMessage(0x1234), recursionDesired: true, questions: [{ name, type, class: 1 }], ...parts };
}

function send(message: DnsMessage, transport: 'udp' | 'tcp' = 'tcp'): { reply: DnsMessage; octets: Uint8Array } {
  const asked = encodeMessage(message);
  assert.ok(asked);
  const octets = answerQuery(zones, asked, { transport });
  const reply = octets && decodeMessage(octets);
  assert.ok(octets && reply);
  return { reply, octets };
}

function ask(name: string, type: string, parts?: Partial<DnsMessage>): DnsMessage {
  return send(query(nameOf(name), typeCodeOfText(type) ?? Number(type), parts)).reply;
}

/** The reply as people compare it. */
function shown(reply: DnsMessage) {
  return {
    rcode: reply.rcode,
    aa: reply.authoritative,
    answers: reply.answers.map(recordText),
    authorities: reply.authorities.map(recordText),
    additionals: reply.additionals.map(recordText),
  };
}

const nothing = { rcode: rcodes.noError, aa: true, answers: [], authorities: [], additionals: [] };
const soa = 'example.com. 300 IN SOA ns.example.com. host.example.com. 7 7200 900 1209600 300';

test('what is there is answered with authority; mail servers come with the addresses we know', () => {
  const reply = ask('Example.com', 'MX');
  assert.deepEqual(shown(reply), {
    ...nothing,
    answers: [
      'Example.com. 300 IN MX 10 mail.example.com.',
      'Example.com. 300 IN MX 20 mail.example.net.',
      'Example.com. 300 IN MX 30 mail.example.org.',
    ],
    additionals: [
      'mail.example.com. 300 IN A 192.0.2.25',
      'mail.example.com. 300 IN AAAA 2001:db8::25',
      'mail.example.net. 300 IN A 192.0.2.26',
    ],
  });
  assert.partialDeepStrictEqual(reply, {
    id: 0x1234,
    isResponse: true,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    questions: [{ name: ['Example', 'com'], type: 15, class: 1 }],
  });
});

test('a TXT record of several strings keeps them apart', () => {
  const data = ask('key._domainkey.example.com', 'TXT').answers[0]?.data;
  assert.ok(data?.type === 'TXT');
  assert.deepEqual(
    data.strings.map((s) => s.length),
    [255, 200],
  );
});

test('RFC 2308 §2: NXDOMAIN and NODATA carry the SOA', () => {
  assert.deepEqual(shown(ask('nx.example.com', 'A')), { ...nothing, rcode: rcodes.nameError, authorities: [soa] });
  assert.deepEqual(shown(ask('mail.example.com', 'TXT')), { ...nothing, authorities: [soa] });
  assert.deepEqual(
    shown(ask('ent.example.com', 'A')),
    { ...nothing, authorities: [soa] },
    'an empty non-terminal exists',
  );
  assert.deepEqual(shown(ask('x.ent.example.com', 'A')), { ...nothing, rcode: rcodes.nameError, authorities: [soa] });
});

test('RFC 4592: wildcards answer under the name that was asked', () => {
  assert.deepEqual(shown(ask('a.b.wild.example.com', 'TXT')), {
    ...nothing,
    answers: ['a.b.wild.example.com. 300 IN TXT "any"'],
  });
  assert.deepEqual(shown(ask('a.wild.example.com', 'A')), { ...nothing, authorities: [soa] });
  assert.deepEqual(shown(ask('wild.example.com', 'TXT')), { ...nothing, authorities: [soa] });
  assert.deepEqual(shown(ask('x.alias.example.com', 'A')).answers, [
    'x.alias.example.com. 300 IN CNAME web.example.com.',
    'web.example.com. 300 IN A 192.0.2.80',
  ]);
  assert.deepEqual(shown(ask('*.wild.example.com', 'TXT')).answers, [
    '\\*.wild.example.com. 300 IN TXT "any"'.slice(1),
  ]);
});

test('aliases are followed through our zones, and no further', () => {
  assert.deepEqual(shown(ask('www.example.com', 'A')).answers, [
    'www.example.com. 300 IN CNAME web.example.com.',
    'web.example.com. 300 IN A 192.0.2.80',
  ]);
  assert.deepEqual(shown(ask('far.example.com', 'A')).answers, [
    'far.example.com. 300 IN CNAME mail.example.net.',
    'mail.example.net. 300 IN A 192.0.2.26',
  ]);
  assert.deepEqual(shown(ask('out.example.com', 'A')), {
    ...nothing,
    answers: ['out.example.com. 300 IN CNAME elsewhere.test.'],
  });
  assert.deepEqual(shown(ask('www.example.com', 'CNAME')).answers, ['www.example.com. 300 IN CNAME web.example.com.']);
  assert.deepEqual(shown(ask('into.example.com', 'A')), {
    ...nothing,
    answers: ['into.example.com. 300 IN CNAME host.sub.example.com.'],
  });
});

test('RFC 6604 §3: the rcode is that of the last name; a loop ends', () => {
  const reply = ask('gone.example.com', 'A');
  assert.equal(reply.rcode, rcodes.nameError);
  assert.equal(reply.authoritative, true);
  assert.equal(reply.answers.length, 1);
  assert.partialDeepStrictEqual(reply.authorities, [{ name: ['example', 'net'], data: { type: 'SOA' } }]);
  assert.equal(ask('loop1.example.com', 'A').answers.length, 2);
});

test('below a delegation: a referral without AA, with glue', () => {
  const referral = {
    rcode: rcodes.noError,
    aa: false,
    answers: [],
    authorities: ['sub.example.com. 300 IN NS ns.sub.example.com.', 'sub.example.com. 300 IN NS ns.elsewhere.test.'],
    additionals: ['ns.sub.example.com. 300 IN A 192.0.2.54'],
  };
  assert.deepEqual(shown(ask('host.sub.example.com', 'A')), referral);
  assert.deepEqual(shown(ask('sub.example.com', 'NS')), referral);
  assert.deepEqual(shown(ask('ns.sub.example.com', 'A')), referral, 'glue is not ours to answer with');
  assert.deepEqual(shown(ask('sub.example.com', 'DS')).answers, ['sub.example.com. 300 IN DS 1 8 2 00ff']);
  assert.equal(ask('sub.example.com', 'DS').authoritative, true, 'RFC 4035 §3.1.4.1');
});

test('the zone with the longest matching apex answers', () => {
  assert.deepEqual(shown(ask('a.child.example.com', 'A')).answers, ['a.child.example.com. 300 IN A 192.0.2.90']);
  assert.partialDeepStrictEqual(ask('nx.child.example.com', 'A').authorities, [
    { name: ['child', 'example', 'com'], ttlSeconds: 60 },
  ]);
  assert.deepEqual(
    shown(ask('child.example.com', 'DS')),
    { ...nothing, authorities: [soa] },
    'RFC 4035 §3.1.4.1: asked above the cut',
  );
});

test('outside our zones, other classes and transfers are refused', () => {
  const refused = { ...nothing, aa: false, rcode: rcodes.refused };
  assert.deepEqual(shown(ask('example.org', 'A')), refused);
  assert.deepEqual(shown(ask('com', 'NS')), refused);
  assert.deepEqual(shown(ask('example.com', '252')), refused);
  assert.deepEqual(shown(ask('example.com', '251')), refused);
  const chaos = { name: nameOf('version.bind'), type: 16, class: 3 };
  assert.deepEqual(shown(send(query([], 1, { questions: [chaos] })).reply), refused);
  assert.equal(ask('example.com', '250').rcode, rcodes.notImplemented);
  assert.equal(ask('example.com', '41').rcode, rcodes.formatError);
});

test('RFC 8482: "everything" is one small record', () => {
  assert.deepEqual(shown(ask('example.com', '255')).answers, ['example.com. 3600 IN HINFO "RFC8482" ""']);
  assert.deepEqual(shown(ask('www.example.com', '255')).answers, ['www.example.com. 300 IN CNAME web.example.com.']);
  assert.deepEqual(shown(ask('ent.example.com', '255')), { ...nothing, authorities: [soa] });
  assert.equal(ask('nx.example.com', '255').rcode, rcodes.nameError);
});

test('operations other than a query, several questions and none', () => {
  const update = send(query(nameOf('example.com'), 6, { opcode: 5 })).reply;
  assert.partialDeepStrictEqual(update, { rcode: rcodes.notImplemented, opcode: 5, id: 0x1234 });
  assert.equal(send({ ...query([], 1), questions: [] }).reply.rcode, rcodes.formatError);
  const two = query(nameOf('example.com'), 1);
  assert.equal(send({ ...two, questions: [...two.questions, ...two.questions] }).reply.rcode, rcodes.formatError);
});

test('nonsense gets FORMERR, answers and less than a header get nothing', () => {
  const answer = (octets: Uint8Array) => answerQuery(zones, octets, { transport: 'udp' });
  const reply = answer(Buffer.from('abcd01000001000000000000ff', 'hex'));
  assert.equal(Buffer.from(reply ?? []).toString('hex'), 'abcd81010000000000000000');
  assert.equal(answer(Buffer.from('abcd81000001000000000000', 'hex')), undefined);
  assert.equal(answer(Buffer.from('abcd01', 'hex')), undefined);
});

const edns = { udpOctets: 4096, version: 0, dnssecOk: false, options: [] };

test('EDNS is answered by EDNS, and only then', () => {
  assert.equal(ask('example.com', 'MX').edns, undefined);
  assert.deepEqual(ask('example.com', 'MX', { edns: { ...edns, dnssecOk: true } }).edns, {
    ...edns,
    udpOctets: 1232,
    dnssecOk: true,
  });
  const newer = ask('example.com', 'MX', { edns: { ...edns, version: 1 } });
  assert.equal(newer.rcode, rcodes.badVersion);
  assert.equal(newer.edns?.version, 0);
  assert.equal(newer.answers.length, 0);
});

test('over UDP: 512 octets, with EDNS what was offered but 1232 at most; else TC', () => {
  const udp = (name: string, udpOctets?: number) => {
    const parts = udpOctets === undefined ? {} : { edns: { ...edns, udpOctets } };
    const { reply, octets } = send(query(nameOf(name), 16, parts), 'udp');
    assert.ok(octets.length <= Math.min(Math.max(udpOctets ?? 512, 512), 1232));
    return [reply.truncated, reply.answers.length, reply.edns === undefined];
  };
  assert.deepEqual(udp('big.example.com'), [true, 0, true]);
  assert.deepEqual(udp('big.example.com', 100), [true, 0, false], 'RFC 6891 §6.2.3: less than 512 means 512');
  assert.deepEqual(udp('big.example.com', 1232), [false, 1, false]);
  assert.deepEqual(udp('huge.example.com', 4096), [true, 0, false]);
  assert.equal(send(query(nameOf('huge.example.com'), 16)).reply.answers.length, 1, 'TCP takes it');
});

test('addresses that do not fit are left out silently, glue is not', () => {
  const hosts = Array.from({ length: 30 }, (_, i) => `mx${i}`);
  const manyZones = zonesOf(`
example.com 300 SOA ns.test host.test 1 2 3 4 5
${hosts.map((host) => `example.com MX 10 ${host}.example.com\n${host}.example.com AAAA 2001:db8::1`).join('\n')}
${hosts
  .map((host) => `sub.example.com NS ${host}.sub.example.com\n${host}.sub.example.com AAAA 2001:db8::1`)
  .join('\n')}
`);
  const reply = (name: string, type: number) => {
    const octets = answerQuery(manyZones, encodeMessage(query(nameOf(name), type, { edns })) ?? new Uint8Array(), {
      transport: 'udp',
    });
    return decodeMessage(octets ?? new Uint8Array());
  };
  const mx = reply('example.com', 15);
  assert.equal(mx?.truncated, false);
  assert.equal(mx?.answers.length, 30);
  assert.ok((mx?.additionals.length ?? 30) < 30);
  assert.equal(reply('x.sub.example.com', 1)?.truncated, true); // RFC 9471 §3.1
});

const refusals: readonly (readonly [zone: string, say: RegExp])[] = [
  ['a.test A 192.0.2.1', /^a\.test\. lies in no zone/],
  ['a.test SOA a b 1 2 3 4 5\na.test SOA a b 2 2 3 4 5', /^a\.test\. has more than one SOA record/],
  ['a.test SOA a b 1 2 3 4 5\nx.a.test CNAME b\nX.a.test A 192.0.2.1', /^x\.a\.test\. has a CNAME and a A record/],
  ['a.test SOA a b 1 2 3 4 5\nx.a.test CNAME b\nx.a.test CNAME c', /^x\.a\.test\. has more than one CNAME/],
];
for (const [zone, say] of refusals) {
  test(`a zone set is checked whole: ${say.source}`, () => {
    const parsed = parseZoneText(zone);
    assert.ok(parsed.ok);
    const made = makeZoneSet(parsed.value.records);
    assert.ok(!made.ok);
    assert.match(made.say, say);
  });
}

test('RFC 2181 §5: a set has one TTL and no record twice', () => {
  const records = parseZoneText('a.test 9 SOA a b 1 2 3 4 5\na.test 60 TXT x\nA.test 30 TXT y\na.test 60 TXT "x"');
  assert.ok(records.ok);
  const made = makeZoneSet(records.value.records);
  assert.ok(made.ok);
  const octets = answerQuery(made.value, encodeMessage(query(['a', 'test'], 16)) ?? new Uint8Array(), {
    transport: 'udp',
  });
  assert.deepEqual(decodeMessage(octets ?? new Uint8Array())?.answers.map(recordText), [
    'a.test. 30 IN TXT "x"',
    'a.test. 30 IN TXT "y"',
  ]);
});

test('a root zone makes everything ours', () => {
  const root = zonesOf('. SOA a b 1 2 3 4 5\na.test A 192.0.2.1');
  const octets = answerQuery(root, encodeMessage(query(['b', 'test'], 1)) ?? new Uint8Array(), { transport: 'udp' });
  assert.equal(decodeMessage(octets ?? new Uint8Array())?.rcode, rcodes.nameError);
});

test('every well-formed query gets a well-formed answer with its id', () => {
  const name = fc.oneof(
    arbitraryName(),
    fc.constantFrom('example.com', 'www.example.com', 'x.sub.example.com').map(nameOf),
  );
  fc.assert(
    fc.property(name, fc.integer({ min: 0, max: 0xffff }), fc.boolean(), (asked, type, overUdp) => {
      const { reply } = send(query(asked, type), overUdp ? 'udp' : 'tcp');
      assert.equal(reply.id, 0x1234);
      assert.equal(reply.isResponse, true);
    }),
    { numRuns: 300 },
  );
});

test('whatever arrives, nothing is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, asQuery) => {
      if (asQuery && octets.length > 5) octets.set([0x01, 0, 0, 1], 2);
      const reply = answerQuery(zones, octets, { transport: 'udp' });
      if (reply !== undefined) assert.ok(decodeMessage(reply));
    }),
    { numRuns: 500 },
  );
});
