/**
 * A name server on loopback that answers from zone text, or misbehaves: says nothing, says it late, says that it cannot, lies. It
 * writes its wrong answers octet by octet, from the question it got.
 */
import { createSocket } from 'node:dgram';
import { parseZoneText } from '../../../src/format/zone-file.ts';
import { answerQuery } from '../../../src/protocol/dns/authority.ts';
import { makeZoneSet } from '../../../src/protocol/dns/zone-set.ts';

export type Mood =
  | 'honest'
  | 'silent'
  /** Right, after two seconds. */
  | 'late'
  | 'servfail'
  | 'refused'
  /** The right answer under another id. */
  | 'wrong-id'
  /** An answer to another question. */
  | 'wrong-question'
  /** From another port than was asked. */
  | 'wrong-source'
  /** Cut in the middle of a record. */
  | 'torn'
  /** A compression pointer to itself. */
  | 'circular'
  /** A name that stands for itself. */
  | 'cname-loop'
  /** Records of a name that nobody asked about. */
  | 'other-name'
  /** TC without an end: TCP is not answered. */
  | 'truncated'
  | 'noise';

export type NameServer = {
  readonly port: number;
  /** How it is about a name (lower case, without its last dot); may be replaced at any time. */
  moodOf: (name: string) => Mood;
  readonly close: () => Promise<void>;
};

const lateMs = 2_000;
/** Every name that is not given does not exist. */
const theRoot = '. 60 IN SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n';

export async function startNameServer(zoneText: string): Promise<NameServer> {
  const parsed = parseZoneText(`${theRoot}${zoneText}`);
  const zones = parsed.ok ? makeZoneSet(parsed.value.records) : parsed;
  if (!zones.ok) throw new Error(zones.say);
  const state: { moodOf: (name: string) => Mood } = { moodOf: () => 'honest' };
  const socket = createSocket('udp4');
  const other = createSocket('udp4');
  const timers = new Set<NodeJS.Timeout>();
  socket.on('message', (query, from) => {
    const mood = state.moodOf(nameIn(query));
    const honest = Buffer.from(answerQuery(zones.value, query, { transport: 'udp' }) ?? query);
    const send = (answer: Buffer, by = socket) => by.send(answer, from.port, from.address);
    switch (mood) {
      case 'silent':
        return;
      case 'late': {
        const timer = setTimeout(() => {
          timers.delete(timer);
          send(honest);
        }, lateMs);
        timers.add(timer);
        return;
      }
      case 'wrong-source':
        return send(honest, other);
      default:
        return send(spoil(mood, query, honest));
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    get moodOf() {
      return state.moodOf;
    },
    set moodOf(moodOf) {
      state.moodOf = moodOf;
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([socket, other].map((each) => new Promise<void>((resolve) => each.close(() => resolve()))));
    },
  };
}

/** RFC 1035 §4.1.1: the header's second pair of octets holds QR, TC and RCODE. */
function spoil(mood: Mood, query: Buffer, honest: Buffer): Buffer {
  const answer = Buffer.from(honest);
  switch (mood) {
    case 'servfail':
      return withoutRecords(query, 2);
    case 'refused':
      return withoutRecords(query, 5);
    case 'wrong-id':
      answer.writeUInt16BE(answer.readUInt16BE(0) ^ 0x5555, 0);
      return answer;
    case 'wrong-question':
      answer[13] = (answer[13] ?? 0) === 0x78 ? 0x79 : 0x78; // the first letter of the name
      return answer;
    case 'torn':
      return answer.subarray(0, Math.max(13, answer.length - 3));
    case 'circular': {
      const one = withoutRecords(query, 0);
      one.writeUInt16BE(1, 6); // one answer, which is named by a pointer to itself
      return Buffer.concat([
        one,
        Buffer.from([0xc0 | (one.length >> 8), one.length & 0xff, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]),
      ]);
    }
    case 'cname-loop':
      return withRecord(query, { owner: pointerToQuestion, type: 5, data: pointerToQuestion });
    case 'other-name':
      return withRecord(query, {
        owner: Buffer.from('\u0005other\u0004test\u0000', 'latin1'),
        ...otherData(query.readUInt16BE(endOfQuestion(query) - 4)),
      });
    case 'truncated': {
      const cut = withoutRecords(query, 0);
      cut[2] = (cut[2] ?? 0) | 0x02;
      return cut;
    }
    case 'noise':
      return Buffer.from('these are no octets of a message in the domain name system');
    default:
      return answer;
  }
}

/** RFC 1035 §4.1.4: the question begins behind the header's twelve octets. */
const pointerToQuestion = Buffer.from([0xc0, 12]);

/** An MX, or an address. */
function otherData(type: number): { type: number; data: Buffer } {
  if (type !== 15) return { type: 1, data: Buffer.from([127, 0, 0, 1]) };
  return { type, data: Buffer.from('\u0000\u000a\u0002mx\u0005other\u0004test\u0000', 'latin1') };
}

function withRecord(query: Buffer, record: { owner: Buffer; type: number; data: Buffer }): Buffer {
  const answer = withoutRecords(query, 0);
  answer.writeUInt16BE(1, 6);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(record.type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(record.data.length, 8);
  return Buffer.concat([answer, record.owner, fixed, record.data]);
}

function withoutRecords(query: Buffer, rcode: number): Buffer {
  const answer = Buffer.from(query.subarray(0, endOfQuestion(query)));
  answer[2] = 0x80 | ((answer[2] ?? 0) & 0x79);
  answer[3] = 0x80 | rcode;
  answer.fill(0, 6, 12);
  return answer;
}

function endOfQuestion(query: Buffer): number {
  let at = 12;
  while ((query[at] ?? 0) !== 0) at += (query[at] ?? 0) + 1;
  return at + 5;
}

function nameIn(query: Buffer): string {
  return query
    .subarray(12, endOfQuestion(query) - 5)
    .toString('latin1')
    .replaceAll(/[\0-\x1f]/g, '.')
    .slice(1)
    .toLowerCase();
}
