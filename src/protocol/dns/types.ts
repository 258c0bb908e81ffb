/**
 * The `Resolver` port: what every engine asks DNS through. A resolver answers, it never throws, and a failure is never "no record".
 */
import type { QueryName } from '../../format/domain-name.ts';

/** What the records of a type hold. Names come as the wire gave them (lower case, no final dot, '' is the root),
 * not yet validated: odd octets, and dots inside a label, are escaped as `\DDD`, so `parseDomainName` refuses them. */
export type RecordData = {
  /** Dotted quad. */
  readonly A: string;
  /** Canonical text form, RFC 5952. */
  readonly AAAA: string;
  readonly MX: { readonly preference: number; readonly exchange: string };
  /** All strings of the record joined with nothing between, one character per octet. RFC 7208 §3.3, RFC 6376 §3.6.2.2 */
  readonly TXT: string;
  readonly PTR: string;
  readonly NS: string;
  readonly CNAME: string;
  readonly TLSA: {
    readonly usage: number;
    readonly selector: number;
    readonly matching: number;
    readonly data: Uint8Array;
  };
  readonly SOA: {
    readonly primary: string;
    readonly mailbox: string;
    readonly serial: number;
    readonly minimum: number;
  };
  /** The withdrawn type 99, joined like TXT: reported when it is there, never used as SPF. RFC 7208 §3.1 */
  readonly SPF: string;
  readonly DS: DelegationSigner;
  readonly DNSKEY: ZoneKey;
  readonly CAA: { readonly flags: number; readonly tag: string; readonly value: string };
  readonly SRV: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string };
};
export type RecordType = keyof RecordData;

/** RFC 4034 §5: the parent zone's word on which keys are the zone's. */
export type DelegationSigner = {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
};
/** RFC 4034 §2 */
export type ZoneKey = {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly key: Uint8Array;
};

export type DnsAnswer<T> =
  | {
      readonly kind: 'found';
      readonly records: readonly T[];
      readonly ttlSeconds: number;
      /** DNSSEC: the whole chain was validated by a resolver we trust (AD bit). */
      readonly secure: boolean;
      /** The owner name at the end of the CNAME chain, when there was one. */
      readonly canonicalName?: string;
    }
  | {
      readonly kind: 'none';
      readonly why: 'nxdomain' | 'nodata';
      readonly ttlSeconds: number;
      readonly secure: boolean;
    }
  | { readonly kind: 'failed'; readonly why: 'timeout' | 'servfail' | 'bogus' };

export type LookupOptions = { readonly signal?: AbortSignal };

export interface Resolver {
  readonly lookup: <T extends RecordType>(
    name: QueryName,
    type: T,
    options?: LookupOptions,
  ) => Promise<DnsAnswer<RecordData[T]>>;
  /** What `lookup` would answer, where it takes no waiting: from a cache or a zone. Undefined where the DNS must be asked first. */
  readonly atHand?: <T extends RecordType>(name: QueryName, type: T) => DnsAnswer<RecordData[T]> | undefined;
}
