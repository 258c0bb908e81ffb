/**
 * DNS on the wire: what is decoded is encoded to the same again; the authority answers queries and nothing else, within the
 * room there is; a reply of a stranger says nothing about names that were not asked for.
 */
import assert from 'node:assert/strict';
import { dnsNameOf, isDnsName, isSameOrBelow } from '../../../src/format/dns-name.ts';
import type { DnsRecord } from '../../../src/format/dns-record.ts';
import { parseQueryName } from '../../../src/format/domain-name.ts';
import { parseZoneText } from '../../../src/format/zone-file.ts';
import { answerQuery } from '../../../src/protocol/dns/authority.ts';
import { FrameReader } from '../../../src/protocol/dns/frame-reader.ts';
import {
  type DnsMessage,
  decodeHeader,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  framed,
} from '../../../src/protocol/dns/message-codec.ts';
import { type Reading, readReply } from '../../../src/protocol/dns/read-reply.ts';
import type { RecordType } from '../../../src/protocol/dns/types.ts';
import { makeZoneSet, type ZoneSet } from '../../../src/protocol/dns/zone-set.ts';
import { chunksOf, type FuzzTarget, type OpenTarget, type Outcome } from '../target.ts';

const zone = `
example.com. 300 IN SOA ns.example.com. hostmaster.example.com. 1 7200 900 1209600 300
example.com. NS ns.example.com.
example.com. MX 10 mx.example.com.
example.com. TXT "v=spf1 -all"
ns.example.com. A 192.0.2.53
mx.example.com. A 192.0.2.25
mx.example.com. AAAA 2001:db8::25
alias.example.com. CNAME mx.example.com.
loop.example.com. CNAME loop2.example.com.
loop2.example.com. CNAME loop.example.com.
away.example.com. CNAME elsewhere.example.net.
*.wild.example.com. TXT "any"
sub.example.com. NS ns.sub.example.com.
ns.sub.example.com. A 192.0.2.54
_sip._tcp.example.com. SRV 1 2 5060 mx.example.com.
big.example.com. TXT "${'x'.repeat(255)}" "${'y'.repeat(255)}" "${'z'.repeat(255)}"
example.org. IN SOA ns.example.com. hostmaster.example.com. 1 7200 900 1209600 60
`;

function recordsOf(text: string): readonly DnsRecord[] {
  const parsed = parseZoneText(text);
  assert.ok(parsed.ok);
  return parsed.value.records;
}

function zonesOf(text: string): ZoneSet {
  const zones = makeZoneSet(recordsOf(text));
  assert.ok(zones.ok);
  return zones.value;
}

function query(name: string, type: number, more: Partial<DnsMessage> = {}): Uint8Array {
  const message = {
    ...emptyMessage(0x1234),
    recursionDesired: true,
    questions: [{ name: name.split('.'), type, class: 1 }],
  };
  return encodeMessage({ ...message, ...more }) ?? assert.fail();
}

const edns = {
  udpOctets: 1232,
  version: 0,
  dnssecOk: true,
  options: [{ code: 10, octets: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
};

function queries(): readonly Uint8Array[] {
  return [
    ...[1, 2, 6, 15, 16, 28, 255, 257].map((type) => query('example.com', type)),
    query('mx.example.com', 1, { edns }),
    query('big.example.com', 16),
    query('big.example.com', 16, { edns: { ...edns, udpOctets: 4_096 } }),
    query('deep.sub.example.com', 1),
    query('a.b.wild.example.com', 16),
    query('nothing.example.com', 1, { opcode: 4 }),
    query('example.com', 252),
    query('elsewhere.test', 1),
    query('loop.example.com', 1),
    query('away.example.com', 1),
    Buffer.from(query('example.com', 16)).subarray(0, 14),
  ];
}

function replies(): readonly Uint8Array[] {
  const records = recordsOf(zone);
  const reply = { isResponse: true, authenticData: true };
  return [
    query('example.com', 16, {
      ...reply,
      answers: records.slice(0, 5),
      authorities: records.slice(0, 1),
      additionals: records.slice(4),
    }),
    query('alias.example.com', 1, { ...reply, answers: records.slice(5, 9) }),
    query('loop.example.com', 1, { ...reply, answers: records.slice(8, 11) }),
    query('none.example.com', 1, { ...reply, rcode: 3, authorities: records.slice(0, 1), edns }),
    query('none.example.com', 1, { ...reply, authorities: records.slice(1, 2) }),
    query('example.com', 1, {
      ...reply,
      rcode: 2,
      edns: { ...edns, options: [{ code: 15, octets: Uint8Array.of(0, 6) }] },
    }),
  ];
}

const words = [
  Uint8Array.of(0xc0, 0x0c),
  Uint8Array.of(0xc0, 0x0d),
  Uint8Array.of(0xff, 0xff),
  Uint8Array.of(0, 0),
  Uint8Array.of(0, 1, 0, 1),
  Uint8Array.of(0, 0x29, 0x04, 0xd0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(0, 5, 0, 1, 0, 0, 1, 0x2c, 0, 2, 0xc0, 0x0c),
  Uint8Array.of(63),
  Uint8Array.of(64),
  Uint8Array.of(0x80, 0),
  ...[
    '\x07example\x03com\0',
    '\x01a',
    '\x03com\0',
    `\x3f${'b'.repeat(63)}`,
    '\x0a_domainkey',
    '\x01*',
    '\0\0\x10\0\x01',
  ],
];

export const dnsPacket: FuzzTarget = {
  name: 'dns-packet',
  seeds: () => [...queries(), ...replies()],
  dictionary: words,
  separators: ['\0', '\x01'],
  open: () => ({ run: runPacket }),
};

export const dnsAuthority: FuzzTarget = {
  name: 'dns-authority',
  octetsMax: 4_096,
  seeds: queries,
  dictionary: words,
  separators: ['\0', '\x01'],
  open: (): OpenTarget => {
    const zones = zonesOf(zone);
    return { run: (input) => runAuthority(zones, input) };
  },
};

export const dnsReply: FuzzTarget = {
  name: 'dns-reply',
  seeds: replies,
  dictionary: words,
  separators: ['\0', '\x01'],
  open: () => ({ run: runReply }),
};

function runPacket(input: Uint8Array): Outcome {
  assertFrames(input);
  const message = decodeMessage(input);
  if (message === undefined) return decodeHeader(input) === undefined ? 'no header' : 'nonsense';
  const records = [...message.answers, ...message.authorities, ...message.additionals];
  assert.ok(records.length * 11 + message.questions.length * 5 <= input.length, 'records out of nowhere');
  assert.ok([...records, ...message.questions].every(({ name }) => isDnsName(name)));
  const octets = encodeMessage(message);
  assert.ok(octets !== undefined, 'what was decoded has no wire form');
  const again = decodeMessage(octets);
  // names that stood compressed where none may be (RFC 3597 §4) can make it too long for a message
  if (again?.truncated === message.truncated) assert.deepEqual(again, message);
  const types = new Set(records.map(({ data }) => data.type));
  return `${message.truncated} ${message.rcode} ${message.edns !== undefined} ${[...types].sort().slice(0, 3)}`;
}

/** A stream of messages falls into the same messages however it is cut. */
function assertFrames(input: Uint8Array): void {
  const whole = new FrameReader().push(input);
  const reader = new FrameReader();
  const pieces = chunksOf(input).flatMap((chunk) => reader.push(chunk));
  assert.equal(String(pieces.map((one) => one.length)), String(whole.map((one) => one.length)));
  if (input.length === 0 || input.length > 0xffff) return;
  const [only] = new FrameReader().push(framed(input));
  assert.ok(only !== undefined && Buffer.compare(only, input) === 0);
}

function runAuthority(zones: ZoneSet, input: Uint8Array): Outcome {
  const header = decodeHeader(input);
  const isQuery = header !== undefined && !header.isResponse;
  const udp = answerQuery(zones, input, { transport: 'udp' });
  const tcp = answerQuery(zones, input, { transport: 'tcp' });
  const sent = answerQuery(zones, input, { transport: 'udp', comeByTcp: true });
  assert.equal(
    udp !== undefined && tcp !== undefined && sent !== undefined,
    isQuery,
    'it answers queries, all and only',
  );
  if (udp === undefined || tcp === undefined || sent === undefined) return 'no query';
  const asked = decodeMessage(input);
  const room = Math.min(Math.max(asked?.edns?.udpOctets ?? 512, 512), 1_232);
  assert.ok(udp.length <= room && tcp.length <= 0xffff);
  assert.ok(sent.length <= input.length + 20, 'an answer that only sends away is no longer than the question');
  const [answer] = [udp, tcp, sent].map((octets) => assertAnswer(octets, header, asked)).slice(1);
  return `${answer?.rcode} ${answer?.authoritative} ${answer?.answers.length} ${answer?.authorities.length} ${udp.length === tcp.length}`;
}

function assertAnswer(
  octets: Uint8Array,
  header: ReturnType<typeof decodeHeader>,
  asked: DnsMessage | undefined,
): DnsMessage {
  const answer = decodeMessage(octets);
  assert.ok(answer !== undefined, 'we cannot read what we answer');
  assert.ok(answer.isResponse && !answer.recursionAvailable && !answer.authenticData);
  assert.deepEqual([answer.id, answer.opcode], [header?.id, header?.opcode]);
  if (answer.questions.length > 0) assert.deepEqual(answer.questions, asked?.questions);
  assert.ok(answer.edns === undefined || asked?.edns !== undefined, 'OPT without being asked');
  for (const { name } of answer.answers) {
    assert.ok(
      ours.some((apex) => isSameOrBelow(name, apex)),
      'an answer about the names of others',
    );
  }
  return answer;
}

const ours = [
  ['example', 'com'],
  ['example', 'org'],
];

const lookups = ['example.com', 'alias.example.com', 'loop.example.com', 'none.example.com', 'mx.example.com'] as const;
const types: readonly RecordType[] = ['A', 'TXT', 'MX', 'CNAME', 'SOA'];

function runReply(input: Uint8Array): Outcome {
  const reply = decodeMessage(input);
  if (reply === undefined) return 'nonsense';
  const kinds: string[] = [];
  for (const text of lookups) {
    const name = dnsNameOf(parseQueryName(text) ?? assert.fail());
    for (const type of types) {
      const reading: Reading<unknown> = readReply(reply, { name, type }, { trustAd: true });
      kinds.push(reading.kind);
      if (reading.kind === 'failed') continue;
      const said: { ttlSeconds: number; secure: boolean } = reading.kind === 'answer' ? reading.answer : reading;
      assert.ok(said.ttlSeconds >= 0 && said.ttlSeconds <= 0x7fff_ffff, `a TTL of ${said.ttlSeconds}`);
      assert.equal(said.secure, reply.authenticData);
      assert.equal(readReply(reply, { name, type }, { trustAd: false }).kind, reading.kind);
      if (reading.kind === 'answer' && reading.answer.kind === 'found') {
        assert.ok(reading.answer.records.length > 0 && reading.answer.records.length <= reply.answers.length);
      }
    }
  }
  return `${reply.rcode} ${[...new Set(kinds)].sort()}`;
}
