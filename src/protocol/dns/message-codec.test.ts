import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryName, arbitraryRecord } from '../../../test/support/arbitrary-dns.ts';
import { dnsNameText } from '../../format/dns-name.ts';
import type { DnsRecord } from '../../format/dns-record.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { type DnsMessage, decodeMessage, emptyMessage, encodeMessage } from './message-codec.ts';

/** The reader and writer other programs use; an oracle for ordinary messages (it is lossy on odd octets). */
type Oracle = {
  decode(octets: Buffer): {
    id: number;
    rcode: string;
    flags: number;
    answers: OracleRecord[];
    questions: { name: string; type: string }[];
  };
  encode(message: object): Buffer;
  AUTHORITATIVE_ANSWER: number;
  RECURSION_DESIRED: number;
};
type OracleRecord = { name: string; type: string; ttl: number; data: unknown };
const oracle = createRequire(import.meta.url)('dns-packet') as Oracle;

function zoneRecords(text: string): readonly DnsRecord[] {
  const zone = parseZoneText(text);
  assert.ok(zone.ok, zone.ok ? '' : zone.say);
  return zone.value.records.map(({ name, ttlSeconds, data }) => ({ name, ttlSeconds, data }));
}

function encode(message: DnsMessage, options?: Parameters<typeof encodeMessage>[1]): Buffer {
  const octets = encodeMessage(message, options);
  assert.ok(octets);
  return Buffer.from(octets);
}

const question = { name: ['example', 'com'], type: 15, class: 1 };

test('RFC 1035 §4.1: a query octet by octet', () => {
  const octets = encode({
    ...emptyMessage(0xabcd),
    recursionDesired: true,
    authenticData: true,
    questions: [question],
  });
  assert.equal(octets.toString('hex'), 'abcd01200001000000000000' + '076578616d706c6503636f6d00' + '000f0001');
  assert.deepEqual(decodeMessage(octets)?.questions, [question]);
});

test('RFC 6891 §6.1.2: EDNS carries size, version, DO, options and the upper bits of the rcode', () => {
  const edns = { udpOctets: 1232, version: 0, dnssecOk: true, options: [{ code: 15, octets: Uint8Array.of(0, 6) }] };
  const octets = encode({ ...emptyMessage(1), isResponse: true, rcode: 16, edns });
  assert.equal(
    octets.subarray(12).toString('hex'),
    '00' + '0029' + '04d0' + '01' + '00' + '8000' + '0006' + '000f00020006',
  );
  assert.partialDeepStrictEqual(decodeMessage(octets), { rcode: 16, edns });
});

test('RFC 1035 §4.1.4: names are compressed, but not in the data of later types (RFC 3597 §4)', () => {
  const answers = zoneRecords('example.com 1 MX 10 mail.example.com\n_s.example.com 1 SRV 1 2 3 mail.example.com');
  const octets = encode({ ...emptyMessage(1), isResponse: true, questions: [question], answers });
  assert.equal(octets.toString('latin1').split('\x04mail').length - 1, 2, 'once in MX, once in full in SRV');
  assert.equal(octets.toString('latin1').split('\x07example').length - 1, 2, 'question and SRV');
  assert.deepEqual(decodeMessage(octets)?.answers, answers);
});

test('dots inside labels and octets above 0x7f survive', () => {
  const answers = zoneRecords('f\\046\\255.test 1 PTR \\000\\046.x');
  const octets = encode({ ...emptyMessage(1), answers });
  assert.deepEqual(decodeMessage(octets)?.answers, answers);
});

test('names that cannot be written, and data that cannot, have no wire form', () => {
  const one = { ttlSeconds: 1, data: { type: 'TXT', strings: ['x'] } } as const;
  const encodes = (record: DnsRecord) => encodeMessage({ ...emptyMessage(1), answers: [record] }) !== undefined;
  assert.ok(encodes({ ...one, name: ['a'.repeat(63)] }));
  assert.ok(!encodes({ ...one, name: ['a'.repeat(64)] }));
  assert.ok(!encodes({ ...one, name: ['a', '', 'b'] }));
  assert.ok(!encodes({ ...one, name: new Array(128).fill('a') }));
  assert.ok(!encodes({ ...one, name: [], ttlSeconds: 2 ** 31 }));
  assert.ok(!encodes({ ...one, name: [], ttlSeconds: 0.5 }));
  assert.ok(!encodes({ ...one, name: [], data: { type: 'TXT', strings: ['x'.repeat(256)] } }));
  assert.ok(!encodes({ ...one, name: [], data: { type: 'TXT', strings: ['\u20ac'] } }));
  assert.ok(!encodes({ ...one, name: [], data: { type: 'A', address: '192.0.2.256' } }));
  assert.ok(!encodes({ ...one, name: [], data: { type: 'MX', preference: 65_536, exchange: [] } }));
});

const header = '000180000001000000000000'; // one question
const nonsense: readonly (readonly [what: string, hex: string])[] = [
  ['nothing', ''],
  ['half a header', '0001800000'],
  ['a question is missing', header],
  ['a pointer to itself', `${header}c00c00010001`],
  ['a pointer forwards', `${header}c01000010001000000`],
  ['a pointer into the header', `${header}c00200010001`],
  ['two pointers that point to each other', `${header}0161c00cc00e00010001`],
  ['a label type that was never given out', `${header}8000010001`],
  ['a label longer than the message', `${header}3f616100`],
  ['a name without end', `${header}${'0161'.repeat(20)}`],
  ['a name of 256 octets', `${header}${'0161'.repeat(127)}016100 00010001`.replaceAll(' ', '')],
  ['an answer is missing', `000180000000000100000000`],
  ['data longer than the message', `00018000000000010000000000000100010000000000ff01020304`],
  ['an address of three octets', `000180000000000100000000000001000100000000000301020300`],
  ['an address of five octets', `00018000000000010000000000000100010000000000050102030405`],
  ['an MX without exchange', `00018000000000010000000000000f00010000000000020001`],
  ['TXT without any string', `0001800000000001000000000000100001000000000000`],
  ['TXT string beyond its data', `00018000000000010000000000001000010000000000020561`],
  ['OPT among the answers', `0001800000000001000000000000290200000000000000`],
  ['two OPT', `00018000000000000000000200002902000000000000000029020000000000 0000`.replaceAll(' ', '')],
  ['OPT with half an option', `0001800000000000000000010000290200000000000003000f00`],
];
for (const [what, hex] of nonsense) {
  test(`nonsense is no message: ${what}`, () => {
    assert.equal(decodeMessage(Buffer.from(hex, 'hex')), undefined);
  });
}

/** A record of unknown type whose data are a root name and pointers, each leading one step back; an NS record enters at the last. */
function chainOfPointers(count: number): Buffer {
  const dataAt = 12 + 11;
  const chain = Array.from({ length: count }, (_, i) => uint16(0xc000 | (i === 0 ? dataAt : dataAt + 1 + 2 * (i - 1))));
  const first = [Buffer.from('00ff00000100000000', 'hex'), uint16(1 + 2 * count), Buffer.of(0), ...chain];
  const second = [Buffer.from('000002000100000000', 'hex'), uint16(2), uint16(0xc000 | (dataAt + 1 + 2 * (count - 1)))];
  return Buffer.concat([Buffer.from('000080000000000200000000', 'hex'), ...first, ...second]);
}

test('a name that jumps more often than honest writers do is refused', () => {
  assert.deepEqual(decodeMessage(chainOfPointers(100))?.answers[1]?.data, { type: 'NS', host: [] });
  assert.equal(decodeMessage(chainOfPointers(200)), undefined);
});

test('of a truncated message everything before the cut is read', () => {
  const answers = zoneRecords('a.test 1 A 192.0.2.1\na.test 1 A 192.0.2.2');
  const whole = encode({ ...emptyMessage(7), isResponse: true, truncated: true, questions: [question], answers });
  assert.deepEqual(decodeMessage(whole.subarray(0, -3))?.answers, answers.slice(0, 1));
  whole.writeUInt16BE(0x8000, 2);
  assert.equal(decodeMessage(whole.subarray(0, -3)), undefined, 'without TC the same octets are nonsense');
});

test('RFC 2181 §9: what does not fit is left out by whole sets, and only needed ones count as truncation', () => {
  const answers = zoneRecords('a.test 1 A 192.0.2.1');
  const additionals = zoneRecords(Array.from({ length: 50 }, (_, i) => `b.test 1 A 192.0.2.${i}`).join('\n'));
  const message = { ...emptyMessage(7), isResponse: true, questions: [question], answers, additionals };
  const cut = (options: object) => decodeMessage(encode(message, { octetsMax: 512, ...options }));
  const shape = (read: DnsMessage | undefined) => [read?.truncated, read?.answers.length, read?.additionals.length];
  assert.deepEqual(shape(cut({})), [false, 1, 0]);
  assert.deepEqual(shape(cut({ additionalsNeeded: true })), [true, 1, 0]);
  assert.deepEqual(shape(decodeMessage(encode({ ...message, answers: additionals }, { octetsMax: 512 }))), [
    true,
    0,
    0,
  ]);
  assert.equal(encodeMessage(message, { octetsMax: 20 }), undefined);
});

test('any message read back is the message written', () => {
  const flag = fc.boolean();
  const message = fc.record(
    {
      id: fc.integer({ min: 0, max: 0xffff }),
      isResponse: flag,
      opcode: fc.integer({ min: 0, max: 15 }),
      authoritative: flag,
      truncated: fc.constant(false),
      recursionDesired: flag,
      recursionAvailable: flag,
      authenticData: flag,
      checkingDisabled: flag,
      rcode: fc.integer({ min: 0, max: 15 }),
      questions: fc
        .array(fc.tuple(arbitraryName(), fc.integer({ min: 0, max: 0xffff })), { maxLength: 2 })
        .map((pairs) => pairs.map(([name, type]) => ({ name, type, class: 1 }))),
      answers: fc.array(arbitraryRecord(), { maxLength: 4 }),
      authorities: fc.array(arbitraryRecord(), { maxLength: 2 }),
      additionals: fc.array(arbitraryRecord(), { maxLength: 2 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(message, (written) => {
      assert.deepEqual(decodeMessage(encode(written)), written);
    }),
    { numRuns: 300 },
  );
});

test('whatever the octets, reading them ends and never throws', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    // A plausible header before anything, pointers and small lengths being likely.
    fc
      .array(fc.constantFrom(0, 1, 2, 3, 0x0c, 0x0d, 0x20, 0x29, 0x3f, 0xc0, 0xff), { maxLength: 300 })
      .map((rest) => Uint8Array.of(0, 1, 0x80, 0, 0, 1, 0, 2, 0, 1, 0, 1, ...rest)),
  );
  fc.assert(
    fc.property(octets, (bytes) => {
      decodeMessage(bytes);
    }),
    { numRuns: 500 },
  );
});

test('a message with one octet changed is read or refused, and what is read can be written', () => {
  const records = zoneRecords(
    'a.test 1 MX 10 b.a.test\nb.a.test 1 A 192.0.2.1\na.test 1 TXT "x" "y"\na.test 1 SOA a b 1 2 3 4 5',
  );
  const edns = { udpOctets: 1232, version: 0, dnssecOk: false, options: [] };
  const octets = encode({ ...emptyMessage(7), isResponse: true, questions: [question], answers: records, edns });
  fc.assert(
    fc.property(fc.nat(octets.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const changed = Buffer.from(octets);
      changed[at] = value;
      const message = decodeMessage(changed);
      if (message !== undefined) assert.ok(encodeMessage(message));
    }),
    { numRuns: 500 },
  );
});

test('another reader understands what we write', () => {
  const answers = zoneRecords(`
example.com 60 MX 10 mail.example.com
mail.example.com 60 A 192.0.2.1
mail.example.com 60 AAAA 2001:db8::1
example.com 60 SOA ns.example.com host.example.com 1 2 3 4 5
example.com 60 NS ns.example.com
www.example.com 60 CNAME example.com
_25._tcp.example.com 60 TLSA 3 1 1 00ff
example.com 60 CAA 0 issue "ca.test"
_s.example.com 60 SRV 1 2 3 mail.example.com
1.2.0.192.in-addr.arpa 60 PTR mail.example.com
`);
  const read = oracle.decode(
    encode({ ...emptyMessage(7), isResponse: true, authoritative: true, questions: [question], answers }),
  );
  assert.equal(read.id, 7);
  assert.equal(read.flags & oracle.AUTHORITATIVE_ANSWER, oracle.AUTHORITATIVE_ANSWER);
  assert.deepEqual(
    read.answers.map(({ name, type, ttl }) => [name, type, ttl]),
    answers.map(({ name, ttlSeconds, data }) => [dnsNameText(name), data.type, ttlSeconds]),
  );
  assert.deepEqual(read.answers[0]?.data, { preference: 10, exchange: 'mail.example.com' });
  assert.partialDeepStrictEqual(read.answers[3]?.data, {
    mname: 'ns.example.com',
    rname: 'host.example.com',
    minimum: 5,
  });
  assert.partialDeepStrictEqual(read.answers[8]?.data, { priority: 1, weight: 2, port: 3, target: 'mail.example.com' });
});

test('we understand what another writer writes', () => {
  const octets = oracle.encode({
    type: 'response',
    id: 9,
    flags: oracle.RECURSION_DESIRED,
    questions: [{ type: 'TXT', name: 'example.com' }],
    answers: [
      { type: 'TXT', name: 'example.com', ttl: 5, data: ['v=spf1 ', '-all'] },
      { type: 'AAAA', name: 'example.com', ttl: 5, data: '2001:db8::1' },
      {
        type: 'TLSA',
        name: 'example.com',
        ttl: 5,
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.of(1, 2) },
      },
    ],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0x8000 }],
  });
  assert.partialDeepStrictEqual(decodeMessage(octets), {
    id: 9,
    isResponse: true,
    recursionDesired: true,
    questions: [{ name: ['example', 'com'], type: 16, class: 1 }],
    answers: [
      { name: ['example', 'com'], ttlSeconds: 5, data: { type: 'TXT', strings: ['v=spf1 ', '-all'] } },
      { data: { type: 'AAAA', address: '2001:db8::1' } },
      { data: { type: 'TLSA', usage: 3, selector: 1, matching: 1, data: Uint8Array.of(1, 2) } },
    ],
    edns: { udpOctets: 4096, dnssecOk: true },
  });
});

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
