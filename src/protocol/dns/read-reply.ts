/**
 * What a server's reply says about one lookup. Pure: the resolver adapter has already checked that the reply belongs to the
 * query. Only records under the names of the alias chain that begins at the asked name count; whatever else a reply brings
 * along is not looked at, so it cannot poison anything.
 */
import { type DnsName, dnsNameKey, dnsNameText, isSameOrBelow, lowerDnsName } from '../../format/dns-name.ts';
import type { DnsRecord } from '../../format/dns-record.ts';
import { type DnsMessage, rcodes } from './message-codec.ts';
import { recordDataOf } from './record-data.ts';
import type { DnsAnswer, RecordData, RecordType } from './types.ts';
import { cnameChainMax } from './zone-resolver.ts';

export type Reading<T> =
  | {
      readonly kind: 'answer';
      readonly answer: Exclude<DnsAnswer<T>, { readonly kind: 'failed' }>;
      readonly followed: number;
    }
  /** The chain of aliases leaves this reply: ask again for `to`. */
  | {
      readonly kind: 'alias';
      readonly to: DnsName;
      readonly followed: number;
      readonly ttlSeconds: number;
      readonly secure: boolean;
    }
  | { readonly kind: 'failed'; readonly why: 'servfail' | 'bogus' };

export function readReply<T extends RecordType>(
  reply: DnsMessage,
  asked: { readonly name: DnsName; readonly type: T },
  options: { readonly trustAd: boolean },
): Reading<RecordData[T]> {
  if (reply.rcode !== rcodes.noError && reply.rcode !== rcodes.nameError) {
    return { kind: 'failed', why: isBogus(reply) ? 'bogus' : 'servfail' };
  }
  const secure = options.trustAd && reply.authenticData;
  const chain = followAliases(reply.answers, asked);
  if (chain === undefined) return { kind: 'failed', why: 'servfail' };
  const { name, followed } = chain;
  if (chain.records.length > 0) {
    const records = recordDataOf(asked.type, chain.records);
    const ttlSeconds = Math.min(chain.ttlSeconds, ...chain.records.map((record) => record.ttlSeconds));
    const found = { kind: 'found', records, ttlSeconds, secure } as const;
    const canonicalName = dnsNameText(lowerDnsName(name));
    return { kind: 'answer', answer: followed > 0 ? { ...found, canonicalName } : found, followed };
  }
  return readNegative(reply, { name, followed, secure, ttlSeconds: chain.ttlSeconds });
}

type Chain = {
  readonly name: DnsName;
  readonly followed: number;
  readonly ttlSeconds: number;
  readonly records: readonly DnsRecord[];
};

/** From the asked name along CNAME records to the records asked for, or as far as the reply goes. Undefined: too long, or a loop. */
function followAliases(answers: readonly DnsRecord[], asked: { name: DnsName; type: RecordType }): Chain | undefined {
  let name = asked.name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (let followed = 0; followed <= cnameChainMax; followed++) {
    const key = dnsNameKey(name);
    const here = answers.filter((record) => dnsNameKey(record.name) === key);
    const records = here.filter((record) => record.data.type === asked.type);
    const alias = here.find((record) => record.data.type === 'CNAME');
    if (records.length > 0 || alias?.data.type !== 'CNAME') return { name, followed, ttlSeconds, records };
    name = alias.data.target;
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
  }
  return undefined;
}

/** RFC 2308 §2: which kind of "none", or that the server only points elsewhere. */
function readNegative(
  reply: DnsMessage,
  end: { readonly name: DnsName; readonly followed: number; readonly secure: boolean; readonly ttlSeconds: number },
): Reading<never> {
  const { name, followed, secure } = end;
  const soa = reply.authorities.find((record) => record.data.type === 'SOA' && isSameOrBelow(name, record.name));
  // RFC 2308 §5: without a SOA nobody says how long it may be remembered, so not at all.
  const soaTtl = soa?.data.type === 'SOA' ? Math.min(soa.ttlSeconds, soa.data.minimum) : 0;
  const ttlSeconds = Math.min(end.ttlSeconds, soaTtl);
  if (reply.rcode === rcodes.nameError) {
    return { kind: 'answer', answer: { kind: 'none', why: 'nxdomain', ttlSeconds, secure }, followed };
  }
  if (soa === undefined) {
    if (followed > 0) return { kind: 'alias', to: name, followed, ttlSeconds: end.ttlSeconds, secure };
    // RFC 2308 §2.2: name servers without SOA and without authority are a referral; a stub cannot follow it.
    const isReferral = !reply.authoritative && reply.authorities.some((record) => record.data.type === 'NS');
    // Records, but none of what was asked: a reply gone wrong, and no word that there is nothing.
    const isAstray =
      reply.rcode === rcodes.noError && !reply.answers.some((record) => isSameOrBelow(name, record.name));
    if (isReferral || (reply.answers.length > 0 && isAstray)) return { kind: 'failed', why: 'servfail' };
  }
  return { kind: 'answer', answer: { kind: 'none', why: 'nodata', ttlSeconds, secure }, followed };
}

const optionExtendedError = 15; // RFC 8914 §2
/** DNSSEC Bogus, Signature Expired, Signature Not Yet Valid, DNSKEY Missing, RRSIGs Missing, No Zone Key Bit Set, NSEC Missing. RFC 8914 §4 */
const bogusCodes: ReadonlySet<number> = new Set([6, 7, 8, 9, 10, 11, 12]);

function isBogus(reply: DnsMessage): boolean {
  return (reply.edns?.options ?? []).some(({ code, octets }) => {
    const [high, low] = octets;
    return code === optionExtendedError && high === 0 && low !== undefined && bogusCodes.has(low);
  });
}
