/**
 * The authoritative name server as a function: a query's octets in, the answer's octets out, undefined for what deserves no
 * answer. No recursion, no transfers, no updates. RFC 1034 §4.3.2, RFC 2308 (negative answers), RFC 4592 (wildcards).
 */
import { type DnsName, dnsNameKey, isSameOrBelow } from '../../format/dns-name.ts';
import { type DnsRecord, recordShapes } from '../../format/dns-record.ts';
import {
  classIn,
  type DnsHeader,
  type DnsMessage,
  type DnsQuestion,
  decodeHeader,
  decodeMessage,
  type Edns,
  ednsUdpOctets,
  emptyMessage,
  encodeMessage,
  messageOctetsMax,
  opcodes,
  plainUdpOctetsMax,
  rcodes,
} from './message-codec.ts';
import { recordCode } from './record-data.ts';
import { findName, type RecordNode } from './record-tree.ts';
import { cnameChainMax } from './zone-resolver.ts';
import { type Zone, type ZoneSet, zoneOf } from './zone-set.ts';

type DnsTransport = 'udp' | 'tcp';

export type AnswerOptions = {
  readonly transport: DnsTransport;
  /** Answer with TC and no records: the client asks again over TCP, where its address cannot be forged. */
  readonly comeByTcp?: boolean;
};

/** `octets` may be anything that arrived. */
export function answerQuery(zones: ZoneSet, octets: Uint8Array, options: AnswerOptions): Uint8Array | undefined {
  const header = decodeHeader(octets);
  if (header === undefined || header.isResponse) return undefined; // answering answers would let two servers talk for ever
  const query = decodeMessage(octets);
  const reply = query === undefined ? refusal(header, rcodes.formatError) : replyTo(zones, query);
  const noRecords = { truncated: true, answers: [], authorities: [], additionals: [] };
  return encodeMessage(options.comeByTcp ? { ...reply, ...noRecords } : reply, {
    octetsMax: roomFor(query, options.transport),
    additionalsNeeded: isReferral(reply),
  });
}

function roomFor(query: DnsMessage | undefined, transport: DnsTransport): number {
  if (transport === 'tcp') return messageOctetsMax;
  const offered = query?.edns?.udpOctets ?? plainUdpOctetsMax;
  return Math.min(Math.max(offered, plainUdpOctetsMax), ednsUdpOctets); // RFC 6891 §6.2.3, §6.2.5
}

function isReferral(reply: DnsMessage): boolean {
  return !reply.authoritative && reply.rcode === rcodes.noError && reply.authorities.length > 0;
}

function refusal(header: DnsHeader, rcode: number, parts: Partial<DnsMessage> = {}): DnsMessage {
  const { id, opcode, recursionDesired } = header;
  return { ...emptyMessage(id), opcode, recursionDesired, isResponse: true, rcode, ...parts };
}

function replyTo(zones: ZoneSet, query: DnsMessage): DnsMessage {
  const edns: Partial<DnsMessage> = query.edns === undefined ? {} : { edns: ednsReply(query.edns) };
  if (query.opcode !== opcodes.query) return refusal(query, rcodes.notImplemented, edns);
  if (query.edns !== undefined && query.edns.version > 0) return refusal(query, rcodes.badVersion, edns); // RFC 6891 §6.1.3
  const [question, ...others] = query.questions;
  if (question === undefined || others.length > 0) return refusal(query, rcodes.formatError, edns); // RFC 9619 §4
  const echoed = { ...edns, questions: [question] };
  const no = rcodeAgainst(question);
  if (no !== undefined) return refusal(query, no, echoed);
  const zone = zoneFor(zones, question);
  if (zone === undefined) return refusal(query, rcodes.refused, echoed);
  return refusal(query, rcodes.noError, { ...echoed, ...answerFrom(zones, zone, question) });
}

/** RFC 6891 §6.1.1: OPT is answered by OPT; RFC 3225 §3: DO is copied. */
function ednsReply(asked: Edns): Edns {
  return { udpOctets: ednsUdpOctets, version: 0, dnssecOk: asked.dnssecOk, options: [] };
}

const typeAny = 255;

/** Types that name no records: OPT, and 128 to 254, among them the zone transfers. RFC 6895 §3.1 */
function rcodeAgainst(question: DnsQuestion): number | undefined {
  if (question.class !== classIn) return rcodes.refused;
  if (question.type === 41) return rcodes.formatError; // RFC 6891 §6.1.1: OPT is nothing to ask for
  if (question.type === 251 || question.type === 252) return rcodes.refused; // IXFR, AXFR: RFC 5936 §5
  if (question.type >= 128 && question.type < typeAny) return rcodes.notImplemented;
  return undefined;
}

/** A delegation signer stands in the zone above the cut. RFC 4035 §3.1.4.1 */
function zoneFor(zones: ZoneSet, { name, type }: DnsQuestion): Zone | undefined {
  const above = type === recordShapes.DS.code && name.length > 0 ? zoneOf(zones, name.slice(1)) : undefined;
  return above !== undefined && zones.has(dnsNameKey(name)) ? above : zoneOf(zones, name);
}

type Answer = Pick<DnsMessage, 'authoritative' | 'rcode' | 'answers' | 'authorities' | 'additionals'>;

const emptyAnswer = {
  authoritative: true,
  rcode: rcodes.noError,
  answers: [],
  authorities: [],
  additionals: [],
} as const;

/** Follows aliases as long as they lead through zones of ours. RFC 1034 §4.3.2 step 3a */
function answerFrom(zones: ZoneSet, first: Zone, question: DnsQuestion): Answer {
  const answers: DnsRecord[] = [];
  const visited = new Set<string>();
  let zone: Zone | undefined = first;
  let name = question.name;
  while (zone !== undefined && !visited.has(dnsNameKey(name)) && visited.size <= cnameChainMax) {
    visited.add(dnsNameKey(name));
    const cut = cutAbove(zone, name, question.type);
    if (cut !== undefined) return answers.length > 0 ? { ...emptyAnswer, answers } : referral(zone, cut);
    const found = findName(zone.tree, name);
    if (found.kind === 'missing') return negative(zone, answers, rcodes.nameError); // RFC 6604 §3: of the last name
    const alias = question.type === recordCode('CNAME') ? undefined : found.node.get(recordCode('CNAME'))?.[0];
    if (alias?.data.type !== 'CNAME' || question.type === typeAny)
      return answerAt(zones, zone, { ...question, name }, found.node, answers);
    answers.push({ ...alias, name });
    name = alias.data.target;
    zone = zoneOf(zones, name);
  }
  return { ...emptyAnswer, answers }; // the rest is for the resolver to find out, or a loop
}

function answerAt(
  zones: ZoneSet,
  zone: Zone,
  question: DnsQuestion,
  node: RecordNode,
  before: readonly DnsRecord[],
): Answer {
  const records = question.type === typeAny ? someOf(node, question.name) : (node.get(question.type) ?? []);
  if (records.length === 0) return negative(zone, before, rcodes.noError);
  const answers = [...before, ...records.map((record) => ({ ...record, name: question.name }))]; // RFC 4592 §3.3.3
  return { ...emptyAnswer, answers, additionals: addressesOf(zones, records) };
}

/** RFC 8482 §4.2: "everything" is answered by one small record, an alias by itself. */
function someOf(node: RecordNode, name: DnsName): readonly DnsRecord[] {
  if (node.size === 0) return [];
  return node.get(recordCode('CNAME')) ?? [{ name, ttlSeconds: 3600, data: { type: 'HINFO', cpu: 'RFC8482', os: '' } }];
}

/** RFC 2308 §3: "there is none" carries the SOA, with the time it may be remembered. */
function negative(zone: Zone, answers: readonly DnsRecord[], rcode: number): Answer {
  const ttlSeconds = Math.min(zone.soa.ttlSeconds, zone.soa.data.minimum);
  return { ...emptyAnswer, rcode, answers, authorities: [{ ...zone.soa, ttlSeconds }] };
}

/** The highest delegation between the apex and `name`, which this zone therefore does not answer for. */
function cutAbove(zone: Zone, name: DnsName, type: number): DnsName | undefined {
  for (let depth = zone.apex.length + 1; depth <= name.length; depth++) {
    const at = name.slice(name.length - depth);
    const isAsked = depth === name.length;
    if (isAsked && type === recordShapes.DS.code) continue; // RFC 4035 §3.1.4.1
    if (zone.tree.get(dnsNameKey(at))?.has(recordCode('NS'))) return at;
  }
  return undefined;
}

/** RFC 1034 §4.3.2 step 3b: the servers of the zone below, without AA, with the addresses we hold for them. */
function referral(zone: Zone, cut: DnsName): Answer {
  const servers = zone.tree.get(dnsNameKey(cut))?.get(recordCode('NS')) ?? [];
  const glue = servers.flatMap(({ data }) => {
    if (data.type !== 'NS' || !isSameOrBelow(data.host, zone.apex)) return [];
    return addressRecords(zone.tree.get(dnsNameKey(data.host)));
  });
  return { ...emptyAnswer, authoritative: false, authorities: servers, additionals: glue };
}

/** RFC 1035 §3.3.9, §3.3.11: where the mail and name servers of an answer are, as far as we know it ourselves. */
function addressesOf(zones: ZoneSet, records: readonly DnsRecord[]): readonly DnsRecord[] {
  const hosts = records.flatMap(({ data }) => {
    if (data.type === 'MX') return [data.exchange];
    if (data.type === 'NS') return [data.host];
    return data.type === 'SRV' ? [data.target] : [];
  });
  const unique = new Map(hosts.map((host) => [dnsNameKey(host), host]));
  return [...unique.values()].flatMap((host) => {
    const zone = zoneOf(zones, host);
    if (zone === undefined || cutAbove(zone, host, recordCode('A')) !== undefined) return [];
    const found = findName(zone.tree, host);
    return found.kind === 'missing' ? [] : addressRecords(found.node).map((record) => ({ ...record, name: host }));
  });
}

function addressRecords(node: RecordNode | undefined): readonly DnsRecord[] {
  return [...(node?.get(recordCode('A')) ?? []), ...(node?.get(recordCode('AAAA')) ?? [])];
}
