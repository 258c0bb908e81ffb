/**
 * DNS messages signed with a shared key. RFC 8945. `signMessage` puts the signature behind a query's or update's octets;
 * a `TsigStream` tells of each reply on the connection whether it comes from who has the key. Pure; the time comes in.
 */
import { createHmac } from 'node:crypto';
import { asBuffer, concat, equalConstantTime, fromLatin1, latin1 } from '../../base/bytes.ts';
import { type DnsName, dnsNameKey, lowerDnsName } from '../../format/dns-name.ts';

/** RFC 8945 §6: those that are to be used; what is missing is too weak. */
const hashes = { 'hmac-sha256': 'sha256', 'hmac-sha384': 'sha384', 'hmac-sha512': 'sha512' } as const;
export type TsigAlgorithm = keyof typeof hashes;
export const tsigAlgorithms = Object.keys(hashes) as readonly TsigAlgorithm[];

export type TsigKey = { readonly name: DnsName; readonly algorithm: TsigAlgorithm; readonly secret: Uint8Array };

const typeTsig = 250;
const classAny = 255;
const fudgeSeconds = 300; // RFC 8945 §10: recommended
/** RFC 8945 §5.3.1: at least every hundredth message of a transfer is signed. */
const unsignedMax = 99;

type Variables = { readonly time: number; readonly fudge: number; readonly error: number; readonly other: Uint8Array };

// ---- signing

export function signMessage(
  octets: Uint8Array,
  key: TsigKey,
  nowMs: number,
): { readonly octets: Uint8Array; readonly mac: Uint8Array } {
  const variables = { time: Math.floor(nowMs / 1000), fudge: fudgeSeconds, error: 0, other: new Uint8Array() };
  const mac = hmac(key, [octets, variablesOctets(key, variables)]);
  const id = octets.subarray(0, 2);
  const data = concat([
    nameOctets([key.algorithm]),
    timers(variables),
    uint16(mac.length),
    mac,
    id,
    uint16(variables.error),
    uint16(0),
  ]);
  const record = concat([
    nameOctets(lowerDnsName(key.name)),
    uint16(typeTsig),
    uint16(classAny),
    Buffer.alloc(4), // TTL
    uint16(data.length),
    data,
  ]);
  const signed = concat([octets, record]);
  asBuffer(signed).writeUInt16BE(asBuffer(octets).readUInt16BE(10) + 1, 10); // ARCOUNT
  return { octets: signed, mac };
}

function hmac(key: TsigKey, parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHmac(hashes[key.algorithm], key.secret);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** RFC 8945 §4.3.3 */
function variablesOctets(key: TsigKey, variables: Variables): Uint8Array {
  return concat([
    nameOctets(lowerDnsName(key.name)),
    uint16(classAny),
    Buffer.alloc(4),
    nameOctets([key.algorithm]),
    timers(variables),
    uint16(variables.error),
    uint16(variables.other.length),
    variables.other,
  ]);
}

function timers({ time, fudge }: Variables): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeUIntBE(time, 0, 6);
  out.writeUInt16BE(fudge, 6);
  return out;
}

export function nameOctets(name: DnsName): Uint8Array {
  return fromLatin1([...name, ''].map((label) => String.fromCharCode(label.length) + label).join(''));
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

// ---- checking

/** `bad-key`, `bad-signature`, `bad-time`: what the server says of ours; `unsigned`, `forged`, `late`: what we say of its reply. */
export type TsigVerdict =
  | 'good'
  | 'between'
  | 'unsigned'
  | 'forged'
  | 'late'
  | 'bad-key'
  | 'bad-signature'
  | 'bad-time';

const errorWords: Readonly<Record<number, TsigVerdict>> = { 16: 'bad-signature', 17: 'bad-key', 18: 'bad-time' }; // RFC 8945 §3

type SignedReply = Variables & {
  readonly keyName: string;
  readonly algorithm: string;
  readonly mac: Uint8Array;
  /** The message as it was signed. */
  readonly message: Uint8Array;
};

/** The replies to one signed query: each signature stands upon the one before. RFC 8945 §5.3.1 */
export class TsigStream {
  readonly #key: TsigKey;
  #mac: Uint8Array;
  #isFirst = true;
  #between: Uint8Array[] = [];

  constructor(key: TsigKey, requestMac: Uint8Array) {
    this.#key = key;
    this.#mac = requestMac;
  }

  /** `between`: without a signature of its own; the next signed one vouches for it, so nothing counts before that. */
  check(octets: Uint8Array, nowMs: number): TsigVerdict {
    const reply = splitReply(octets);
    if (reply === undefined) {
      if (this.#isFirst || this.#between.length >= unsignedMax) return 'unsigned';
      this.#between.push(octets);
      return 'between';
    }
    const refused = errorWords[reply.error];
    if (refused !== undefined) return refused; // RFC 8945 §5.3.2: mostly without a signature, and believed only as a no
    const isOurs = reply.keyName === dnsNameKey(this.#key.name) && reply.algorithm === this.#key.algorithm;
    if (!isOurs || !equalConstantTime(reply.mac, this.#expected(reply))) return 'forged';
    if (Math.abs(Math.floor(nowMs / 1000) - reply.time) > reply.fudge) return 'late'; // RFC 8945 §5.2.3
    this.#mac = reply.mac;
    this.#isFirst = false;
    this.#between = [];
    return 'good';
  }

  #expected(reply: SignedReply): Uint8Array {
    const before = [uint16(this.#mac.length), this.#mac, ...this.#between, reply.message];
    return hmac(this.#key, [...before, this.#isFirst ? variablesOctets(this.#key, reply) : timers(reply)]);
  }
}

/** Takes the TSIG record off the end of a message. RFC 8945 §5.1: it is the last one. Undefined when there is none. */
function splitReply(octets: Uint8Array): SignedReply | undefined {
  const start = lastRecordStart(octets);
  if (start === undefined) return undefined;
  const view = asBuffer(octets);
  const owner = plainName(octets, start);
  if (owner === undefined || owner.next + 10 > octets.length) return undefined;
  if (view.readUInt16BE(owner.next) !== typeTsig || view.readUInt16BE(owner.next + 2) !== classAny) return undefined;
  const algorithm = plainName(octets, owner.next + 10);
  if (algorithm === undefined || algorithm.next + 10 > octets.length) return undefined;
  const macStart = algorithm.next + 10;
  const macEnd = macStart + view.readUInt16BE(algorithm.next + 8);
  if (macEnd + 6 > octets.length) return undefined;
  const otherEnd = macEnd + 6 + view.readUInt16BE(macEnd + 4);
  if (otherEnd !== octets.length) return undefined;
  const message = Uint8Array.from(octets.subarray(0, start));
  message.set(octets.subarray(macEnd, macEnd + 2), 0); // RFC 8945 §5.3: with the original id
  asBuffer(message).writeUInt16BE(asBuffer(message).readUInt16BE(10) - 1, 10);
  return {
    keyName: dnsNameKey(owner.name),
    algorithm: dnsNameKey(algorithm.name),
    time: view.readUIntBE(algorithm.next, 6),
    fudge: view.readUInt16BE(algorithm.next + 6),
    mac: Uint8Array.from(octets.subarray(macStart, macEnd)),
    error: view.readUInt16BE(macEnd + 2),
    other: Uint8Array.from(octets.subarray(macEnd + 6, otherEnd)),
    message,
  };
}

function lastRecordStart(octets: Uint8Array): number | undefined {
  if (octets.length < 12) return undefined;
  const view = asBuffer(octets);
  let at: number | undefined = 12;
  for (let left = view.readUInt16BE(4); left > 0 && at !== undefined; left--) {
    at = afterName(octets, at);
    if (at !== undefined) at += 4;
  }
  if (view.readUInt16BE(10) === 0) return undefined;
  const records = view.readUInt16BE(6) + view.readUInt16BE(8) + view.readUInt16BE(10);
  for (let left = records; left > 1 && at !== undefined; left--) {
    const fixed = afterName(octets, at);
    if (fixed === undefined || fixed + 10 > octets.length) return undefined;
    at = fixed + 10 + view.readUInt16BE(fixed + 8);
  }
  return at;
}

function afterName(octets: Uint8Array, from: number): number | undefined {
  for (let at = from; ; ) {
    const length = octets[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) return at + 2;
    if (length === 0) return at + 1;
    at += length + 1;
  }
}

/** RFC 8945 §4.2: neither the key's nor the algorithm's name is compressed; some servers point back all the same. */
function plainName(octets: Uint8Array, from: number): { readonly name: DnsName; readonly next: number } | undefined {
  const labels: string[] = [];
  let next: number | undefined;
  let limit = from;
  for (let at = from; labels.length < 128; ) {
    const length = octets[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels, next: next ?? at + 1 };
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (octets[at + 1] ?? 0);
      if (target >= limit) return undefined;
      next ??= at + 2;
      limit = target;
      at = target;
      continue;
    }
    if (at + 1 + length > octets.length) return undefined;
    labels.push(latin1(octets.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return undefined;
}
