/** Block lists in the DNS (RFC 5782): what each is, and what its answers say. */
import type { DomainName } from '../../format/domain-name.ts';
import type { IpAddress } from '../../format/ip-address.ts';

/** What a listing weighs: large receivers refuse for it, or few ever look. */
export type ListRank = 'major' | 'minor';

/** One meaning of a return code. */
export type ListEntry = {
  /** The part of the list: `SBL`, `PBL`. */
  readonly name: string;
  readonly rank: ListRank;
  /** Why such an entry comes about, a clause for people. */
  readonly cause: string;
  /** What ends it. */
  readonly remedy: string;
};

export type BlockList = {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly about: 'address' | 'domain';
  readonly families: readonly (4 | 6)[];
  /** Where to look it up and ask to be taken off. */
  readonly page: string;
  /** By return code; a list of bits has one entry for each bit of the last octet. */
  readonly codes: { readonly [code: string]: ListEntry } | { readonly bits: { readonly [bit: number]: ListEntry } };
  /** Codes by which it refuses to answer, besides 127.255.255.0/24. */
  readonly refusals?: Readonly<Record<string, string>>;
  /** Names or addresses that it lists, and does not list, so that one can see whether it answers at all. RFC 5782 §5 */
  readonly test: { readonly listed: string; readonly clean: string };
};

export type ListSubject =
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'domain'; readonly domain: DomainName };

/** One thing that one list says. Listed and refused are never taken for each other, and no answer never for "clean". */
export type ListReading =
  | { readonly state: 'listed'; readonly codes: readonly string[]; readonly entries: readonly ListEntry[] }
  | { readonly state: 'clean' }
  | { readonly state: 'unknown'; readonly why: string };

export type ListAnswer = {
  readonly list: BlockList;
  /** What was asked for: `2.0.0.127.zen.spamhaus.org`. */
  readonly query: string;
  readonly reading: ListReading;
  /** What the list itself says of the entry (TXT). Text of strangers. */
  readonly reason?: string;
};
