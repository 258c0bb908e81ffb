/**
 * DNS messages to octets and back. RFC 1035 §4, RFC 6891 (EDNS). Whatever the octets, `decodeMessage` answers a message or
 * undefined, in time linear in their number. Records of other classes than IN are passed over: nothing here asks for them.
 */
import { asBuffer, latin1 } from '../../base/bytes.ts';
import { type DataWriter, decodeData, encodeData, isWritable, type NameReader } from '../../format/dns-data.ts';
import { type DnsName, dnsNameKey, dnsNameText, isDnsName } from '../../format/dns-name.ts';
import { type DnsRecord, typeCodeOf } from '../../format/dns-record.ts';

export const messageOctetsMax = 0xffff; // RFC 1035 §4.2.2: what the length before a message on TCP can say
/** RFC 1035 §4.2.1: what every resolver takes over UDP, asked or not. */
export const plainUdpOctetsMax = 512;
/** What we offer and accept over UDP: passes every path without fragments (DNS flag day 2020). */
export const ednsUdpOctets = 1232;

export const opcodes = { query: 0 } as const;
export const rcodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;
export const classIn = 1;

const typeOpt = 41; // RFC 6891 §6.1.1
const ttlMaxSeconds = 0x7fff_ffff; // RFC 2181 §8: what is above counts as 0

export type DnsHeader = {
  readonly id: number;
  /** QR */
  readonly isResponse: boolean;
  readonly opcode: number;
  /** AA */
  readonly authoritative: boolean;
  /** TC */
  readonly truncated: boolean;
  /** RD */
  readonly recursionDesired: boolean;
  /** RA */
  readonly recursionAvailable: boolean;
  /** AD, RFC 6840 §5.7 */
  readonly authenticData: boolean;
  /** CD */
  readonly checkingDisabled: boolean;
  /** With the upper bits of EDNS. Above 15 only together with `edns`. */
  readonly rcode: number;
};

export type DnsQuestion = { readonly name: DnsName; readonly type: number; readonly class: number };

type EdnsOption = { readonly code: number; readonly octets: Uint8Array };
export type Edns = {
  readonly udpOctets: number;
  readonly version: number;
  /** DO */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
};

export type DnsMessage = DnsHeader & {
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  readonly edns?: Edns;
};

// ---- reading ----

export const headerOctets = 12;

/** The first twelve octets alone, for answering a message whose rest is nonsense. */
export function decodeHeader(octets: Uint8Array): DnsHeader | undefined {
  if (octets.length < headerOctets) return undefined;
  const view = asBuffer(octets);
  const flags = view.readUInt16BE(2);
  return {
    id: view.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 0xf,
  };
}

/** Undefined for nonsense. Of a truncated message what can be read is answered, as long as the questions are whole. */
export function decodeMessage(octets: Uint8Array): DnsMessage | undefined {
  const header = octets.length <= messageOctetsMax ? decodeHeader(octets) : undefined;
  if (header === undefined) return undefined;
  const view = asBuffer(octets);
  const questions = readQuestions(view, view.readUInt16BE(4));
  if (questions === undefined) return undefined;
  const gathered: Gathered = { answers: [], authorities: [], additionals: [], edns: [] };
  let at: number | undefined = questions.next;
  for (let index = 0; index < sections.length; index++) {
    const section = sections[index] as Section;
    for (let left = view.readUInt16BE(6 + 2 * index); left > 0 && at !== undefined; left--) {
      at = readRecord(view, at, gathered, section);
    }
  }
  if (at === undefined && !header.truncated) return undefined;
  return assemble(header, questions.questions, gathered);
}

const sections = ['answers', 'authorities', 'additionals'] as const;
type Section = (typeof sections)[number];
type ReadEdns = { readonly edns: Edns; readonly upperRcode: number };
type Gathered = Record<Section, DnsRecord[]> & { readonly edns: ReadEdns[] };

function assemble(header: DnsHeader, questions: DnsQuestion[], gathered: Gathered): DnsMessage | undefined {
  const { answers, authorities, additionals } = gathered;
  const message = { ...header, questions, answers, authorities, additionals };
  const [opt, ...others] = gathered.edns;
  if (others.length > 0) return undefined; // RFC 6891 §6.1.1: at most one OPT
  return opt === undefined ? message : { ...message, rcode: header.rcode | (opt.upperRcode << 4), edns: opt.edns };
}

function readQuestions(view: Buffer, count: number): { questions: DnsQuestion[]; next: number } | undefined {
  const questions: DnsQuestion[] = [];
  let at = headerOctets;
  for (let left = count; left > 0; left--) {
    const read = readName(view, at);
    if (read === undefined || read.next + 4 > view.length) return undefined;
    questions.push({ name: read.name, type: view.readUInt16BE(read.next), class: view.readUInt16BE(read.next + 2) });
    at = read.next + 4;
  }
  return { questions, next: at };
}

/** Reads the record at `at` into `gathered`; answers where the next one begins, undefined when this is none. */
function readRecord(view: Buffer, at: number, gathered: Gathered, section: Section): number | undefined {
  const owner = readName(view, at);
  if (owner === undefined || owner.next + 10 > view.length) return undefined;
  const code = view.readUInt16BE(owner.next);
  const from = owner.next + 10;
  const to = from + view.readUInt16BE(owner.next + 8);
  if (to > view.length) return undefined;
  if (code === typeOpt) {
    const edns = section === 'additionals' && owner.name.length === 0 ? readEdns(view, owner.next, to) : undefined;
    if (edns === undefined) return undefined;
    gathered.edns.push(edns);
    return to;
  }
  if (view.readUInt16BE(owner.next + 2) !== classIn) return to;
  const data = decodeData(code, view, { from, to }, readName);
  if (data === undefined) return undefined;
  const ttl = view.readUInt32BE(owner.next + 4);
  gathered[section].push({ name: owner.name, ttlSeconds: ttl > ttlMaxSeconds ? 0 : ttl, data });
  return to;
}

/** RFC 6891 §6.1.2: class and TTL of the OPT record have meanings of their own. */
function readEdns(view: Buffer, fixed: number, to: number): ReadEdns | undefined {
  const options: EdnsOption[] = [];
  for (let at = fixed + 10; at < to; ) {
    const from = at + 4;
    if (from > to) return undefined;
    const end = from + view.readUInt16BE(at + 2);
    if (end > to) return undefined;
    options.push({ code: view.readUInt16BE(at), octets: Uint8Array.from(view.subarray(from, end)) });
    at = end;
  }
  const edns = {
    udpOctets: view.readUInt16BE(fixed + 2),
    version: view.readUInt8(fixed + 5),
    dnssecOk: (view.readUInt8(fixed + 6) & 0x80) !== 0,
    options,
  };
  return { edns, upperRcode: view.readUInt8(fixed + 4) };
}

/** A name of 255 octets has at most 127 labels, so no honest writer jumps more often; bounds the work for one name. */
const pointersMax = 127;

/** RFC 1035 §4.1.4: pointers lead only to where a prior name was, that is, strictly backwards. */
const readName: NameReader = (octets, from) => {
  const labels: string[] = [];
  let wireOctets = 1;
  let next: number | undefined; // after the first pointer, when there was one
  let pointers = 0;
  let runStart = from;
  for (let at = from; ; ) {
    const length = octets[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels, next: next ?? at + 1 };
    if (length >= 0xc0) {
      const low = octets[at + 1];
      if (low === undefined || ++pointers > pointersMax) return undefined;
      const target = ((length & 0x3f) << 8) | low;
      if (target >= runStart || target < headerOctets) return undefined;
      next ??= at + 2;
      runStart = target;
      at = target;
      continue;
    }
    wireOctets += length + 1;
    const end = at + 1 + length;
    if (length > 63 || wireOctets > 255 || end > octets.length) return undefined; // RFC 1035 §2.3.4
    labels.push(latin1(octets.subarray(at + 1, end)));
    at = end;
  }
};

// ---- writing ----

export type EncodeOptions = {
  readonly octetsMax?: number;
  /** Whether additional records that do not fit make the message truncated (glue, RFC 9471 §3.1) or are left out. */
  readonly additionalsNeeded?: boolean;
};

/**
 * The octets, never more than `octetsMax`: what does not fit is left out by whole record sets and TC is set (RFC 2181 §9).
 * Undefined when something in it has no wire form, or when not even the questions fit.
 */
export function encodeMessage(message: DnsMessage, options: EncodeOptions = {}): Uint8Array | undefined {
  const { octetsMax = messageOctetsMax, additionalsNeeded = false } = options;
  const records = [...message.answers, ...message.authorities, ...message.additionals];
  if (!message.questions.every((q) => isDnsName(q.name))) return undefined;
  if (!records.every(hasWireForm)) return undefined;
  const edns = message.edns === undefined ? undefined : encodeEdns(message.edns, message.rcode >> 4);
  const writer = new MessageWriter(octetsMax - (edns?.length ?? 0));
  for (const question of message.questions) writer.question(question);
  if (writer.length > writer.octetsMax) return undefined;
  let whole = true;
  const counts = [message.questions.length, 0, 0, 0];
  for (let index = 0; index < sections.length; index++) {
    const section = sections[index] as Section;
    const isOptional = section === 'additionals' && !additionalsNeeded;
    if (!whole || message[section].length === 0) continue;
    for (const set of recordSets(message[section])) {
      const fits = writer.recordSet(set);
      if (fits) counts[index + 1] = (counts[index + 1] ?? 0) + set.length;
      else if (!isOptional) whole = false;
      if (!whole) break;
    }
  }
  if (edns !== undefined) counts[3] = (counts[3] ?? 0) + 1;
  return writer.finish({ ...message, truncated: message.truncated || !whole }, counts, edns);
}

export function hasWireForm(record: DnsRecord): boolean {
  const { ttlSeconds } = record;
  const isTtl = Number.isInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds <= ttlMaxSeconds;
  return isTtl && isDnsName(record.name) && isWritable(record.data);
}

/** Neighbours of one name and type. */
function recordSets(records: readonly DnsRecord[]): DnsRecord[][] {
  const sets: DnsRecord[][] = [];
  let before = '';
  for (const record of records) {
    const key = `${typeCodeOf(record.data)} ${dnsNameKey(record.name)}`;
    if (key === before) sets.at(-1)?.push(record);
    else sets.push([record]);
    before = key;
  }
  return sets;
}

function encodeEdns(edns: Edns, upperRcode: number): Uint8Array {
  const optionOctets = edns.options.reduce((sum, option) => sum + 4 + option.octets.length, 0);
  const out = Buffer.alloc(11 + optionOctets);
  out.writeUInt16BE(typeOpt, 1);
  out.writeUInt16BE(edns.udpOctets, 3);
  out.writeUInt8(upperRcode & 0xff, 5);
  out.writeUInt8(edns.version, 6);
  out.writeUInt8(edns.dnssecOk ? 0x80 : 0, 7);
  out.writeUInt16BE(optionOctets, 9);
  let at = 11;
  for (const option of edns.options) {
    out.writeUInt16BE(option.code, at);
    out.writeUInt16BE(option.octets.length, at + 2);
    out.set(option.octets, at + 4);
    at += 4 + option.octets.length;
  }
  return out;
}

/** Grows a message and remembers where names stand, so that later ones can point there. RFC 1035 §4.1.4 */
class MessageWriter {
  readonly octetsMax: number;
  #octets = Buffer.allocUnsafe(usualOctets);
  #length = headerOctets;
  /** Where the name with this (escaped, case kept) text begins. */
  readonly #offsets = new Map<string, number>();
  /** Names of which nobody asked yet where they are: most queries have one name and are done. */
  #unlisted: { readonly name: DnsName; readonly labels: number; readonly offset: number }[] = [];

  constructor(octetsMax: number) {
    this.octetsMax = octetsMax;
  }

  get length(): number {
    return this.#length;
  }

  question(question: DnsQuestion): void {
    this.#name(question.name, true);
    this.#uint16(question.type);
    this.#uint16(question.class);
  }

  /** Writes all of them or, when they do not fit, none. */
  recordSet(records: readonly DnsRecord[]): boolean {
    const length = this.#length;
    for (const record of records) {
      if (this.#record(record) && this.#length <= this.octetsMax) continue;
      this.#length = length;
      for (const [text, offset] of this.#offsets) if (offset >= length) this.#offsets.delete(text);
      this.#unlisted = this.#unlisted.filter(({ offset }) => offset < length);
      return false;
    }
    return true;
  }

  finish(header: DnsHeader, counts: readonly number[], edns: Uint8Array | undefined): Uint8Array {
    if (edns !== undefined) this.#push(edns);
    this.#octets.writeUInt16BE(header.id, 0);
    this.#octets.writeUInt16BE(flagsOf(header), 2);
    for (let index = 0; index < counts.length; index++)
      this.#octets.writeUInt16BE(counts[index] as number, 4 + 2 * index);
    return this.#octets.subarray(0, this.#length);
  }

  /** False when its data are longer than a record can say. */
  #record(record: DnsRecord): boolean {
    this.#name(record.name, true);
    this.#uint16(typeCodeOf(record.data));
    this.#uint16(classIn);
    const ttlAt = this.#room(6);
    this.#octets.writeUInt32BE(record.ttlSeconds, ttlAt);
    const dataStart = this.#length;
    const to: DataWriter = {
      octets: (octets) => this.#push(octets),
      name: (name, { compress }) => this.#name(name, compress),
    };
    encodeData(record.data, to);
    if (this.#length - dataStart > 0xffff) return false;
    this.#octets.writeUInt16BE(this.#length - dataStart, ttlAt + 4);
    return true;
  }

  #name(name: DnsName, compress: boolean): void {
    const known = compress ? this.#known(name) : undefined;
    const own = known?.labels ?? name.length;
    if (own > 0) this.#unlisted.push({ name, labels: own, offset: this.#length });
    for (let above = 0; above < own; above++) {
      const label = name[above] as string;
      const at = this.#room(1 + label.length);
      this.#octets[at] = label.length;
      for (let index = 0; index < label.length; index++) this.#octets[at + 1 + index] = label.charCodeAt(index);
    }
    if (known === undefined) this.#push(root);
    else this.#uint16(0xc000 | known.offset);
  }

  /** How many labels of the name are to be written before a pointer to the rest of it. */
  #known(name: DnsName): { readonly labels: number; readonly offset: number } | undefined {
    this.#list();
    if (this.#offsets.size === 0) return undefined;
    for (let above = 0; above < name.length; above++) {
      const offset = this.#offsets.get(dnsNameText(name.slice(above)));
      if (offset !== undefined) return { labels: above, offset };
    }
    return undefined;
  }

  #list(): void {
    for (const { name, labels, offset } of this.#unlisted) {
      let at = offset;
      for (let above = 0; above < labels; above++) {
        const text = dnsNameText(name.slice(above));
        if (at < pointableOctets && !this.#offsets.has(text)) this.#offsets.set(text, at);
        at += 1 + (name[above] as string).length;
      }
    }
    this.#unlisted = [];
  }

  #uint16(value: number): void {
    const at = this.#room(2);
    this.#octets.writeUInt16BE(value, at);
  }

  #push(octets: Uint8Array): void {
    const at = this.#room(octets.length);
    this.#octets.set(octets, at);
  }

  /** Makes the message so much longer; answers where that begins. */
  #room(octets: number): number {
    const at = this.#length;
    this.#length += octets;
    if (this.#length > this.#octets.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#octets.length));
      this.#octets.copy(larger, 0, 0, at);
      this.#octets = larger;
    }
    return at;
  }
}

const root = Uint8Array.of(0);
/** A query, and many an answer. */
const usualOctets = 128;
/** RFC 1035 §4.1.4: a pointer has 14 bits. */
const pointableOctets = 0x4000;

function flagsOf(header: DnsHeader): number {
  return (
    (header.isResponse ? 0x8000 : 0) |
    ((header.opcode & 0xf) << 11) |
    (header.authoritative ? 0x0400 : 0) |
    (header.truncated ? 0x0200 : 0) |
    (header.recursionDesired ? 0x0100 : 0) |
    (header.recursionAvailable ? 0x0080 : 0) |
    (header.authenticData ? 0x0020 : 0) |
    (header.checkingDisabled ? 0x0010 : 0) |
    (header.rcode & 0xf)
  );
}

/** A query of ours or a reply's bare frame: every flag off, every section empty. */
export function emptyMessage(id: number): DnsMessage {
  return {
    id,
    isResponse: false,
    opcode: opcodes.query,
    authoritative: false,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: rcodes.noError,
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
  };
}

/** What to send on a stream: the message behind its length. RFC 1035 §4.2.2 */
export function framed(message: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]);
}
