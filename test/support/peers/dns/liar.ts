/**
 * A name server that does what a test tells it: lies, delays, nonsense, over real UDP and TCP. Its packets are made by another
 * DNS library (dns-packet), so that no mistake of ours is on both sides.
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { createRequire } from 'node:module';
import { createServer, type Socket as TcpSocket } from 'node:net';
import type { Endpoint } from '../../../../src/base/port/net.ts';

type Packet = {
  readonly id: number;
  readonly questions: readonly Question[];
  readonly additionals: readonly { readonly type: string }[];
};
type Packets = { readonly encode: (packet: object) => Buffer; readonly decode: (octets: Buffer) => Packet };
const packets = createRequire(import.meta.url)('dns-packet') as Packets;

type Question = { readonly name: string; readonly type: string };
export type Asked = {
  readonly via: 'udp' | 'tcp';
  readonly id: number;
  readonly question: Question;
  readonly edns: boolean;
  /** How many queries came before, this one included. */
  readonly count: number;
};

/** A packet in dns-packet's words, what an honest server would fill in being filled in; or octets as they are. */
type Said = Readonly<Record<string, unknown>> | Uint8Array;
export type Script = (asked: Asked) => readonly Said[];

export type Liar = AsyncDisposable & { readonly endpoint: Endpoint; readonly asked: readonly Asked[] };

/** Flags as bits of the header's second word. */
export const flags = { authoritative: 0x0400, truncated: 0x0200, available: 0x0080 } as const;
export const codes = { serverFailure: 2, nameError: 3, formatError: 1, refused: 5 } as const;

/** From whose socket a datagram goes out: `elsewhere` is another port. */
export const elsewhere = Symbol('another socket');

export async function startLiar(script: Script, { pieces = false } = {}): Promise<Liar> {
  const asked: Asked[] = [];
  const answers = (octets: Uint8Array, via: Asked['via']): { octets: Buffer; elsewhere: boolean }[] => {
    const query = packets.decode(Buffer.from(octets));
    const [question] = query.questions;
    assert.ok(question);
    const edns = query.additionals.some(({ type }) => type === 'OPT');
    const one = { via, id: query.id, question, edns, count: asked.length + 1 };
    asked.push(one);
    return script(one).map((said) => ({ octets: encode(one, said), elsewhere: !isOctets(said) && elsewhere in said }));
  };
  const [tcp, udp] = await bindBoth((connection) => {
    connection.on('error', () => {});
    let read = Buffer.alloc(0);
    connection.on('data', (octets) => {
      read = Buffer.concat([read, Buffer.from(octets as Uint8Array)]);
      if (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) return;
      const said = answers(read.subarray(2, 2 + read.readUInt16BE(0)), 'tcp');
      for (const one of said) void writeFramed(connection, one.octets, pieces);
      if (said.length === 0) connection.destroy();
    });
  });
  const other = createSocket('udp4');
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
  udp.on('message', (octets, from) => {
    for (const one of answers(octets, 'udp')) (one.elsewhere ? other : udp).send(one.octets, from.port, from.address);
  });
  const at = tcp.address();
  assert.ok(at !== null && typeof at === 'object');
  return {
    endpoint: { address: at.address, port: at.port },
    asked,
    [Symbol.asyncDispose]: async () => {
      udp.close();
      other.close();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}

function isOctets(said: Said): said is Uint8Array {
  return said instanceof Uint8Array;
}

function encode(asked: Asked, said: Said): Buffer {
  if (isOctets(said)) return Buffer.from(said);
  const { rcode = 0, flags: bits = flags.available, ...parts } = said as { rcode?: number; flags?: number };
  const whole = { type: 'response', id: asked.id, questions: [asked.question], flags: bits | rcode, ...parts };
  return packets.encode(whole);
}

async function writeFramed(connection: TcpSocket, octets: Buffer, pieces: boolean): Promise<void> {
  const framed = Buffer.concat([Buffer.of(octets.length >> 8, octets.length & 255), octets]);
  if (!pieces) {
    connection.write(framed);
    return;
  }
  connection.setNoDelay(true);
  for (const octet of framed) await new Promise((resolve) => connection.write(Buffer.of(octet), resolve));
}

async function bindBoth(onConnection: (connection: TcpSocket) => void) {
  for (;;) {
    const tcp = createServer(onConnection);
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const at = tcp.address();
    assert.ok(at !== null && typeof at === 'object');
    const udp: Socket = createSocket('udp4');
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false)).bind(at.port, '127.0.0.1', () => resolve(true));
    });
    if (bound) return [tcp, udp] as const;
    await new Promise((resolve) => tcp.close(resolve));
  }
}
