/**
 * The policy document: what a domain's owner says about its mail, signed, at an address that a TXT record names and pins
 * (docs/POLICY_DOCUMENT.md). DNS always wins: a document proposes, and what stands in DNS is what holds.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { DmarcStage } from '../types.ts';

/** The TXT record at `_eml.<domain>`. */
export type PolicyRecord = {
  readonly url: string;
  readonly kid: string;
  /** Ed25519, 32 octets. */
  readonly publicKey: Uint8Array;
  /** The least serial that may still be believed. */
  readonly serial: number;
  /** How long a document may be used before it is looked at again. */
  readonly ttlSeconds: number;
};

export type PublishedKey = { readonly selector: string; readonly record: string };

export type PolicyDocument = {
  readonly domain: DomainName;
  readonly serial: number;
  readonly issuedAtMs: number;
  /** As on the command line: `google-workspace`, `own:ip4=192.0.2.10`. Sorted, each once. */
  readonly senders: readonly string[];
  /** By selector. */
  readonly keys: readonly PublishedKey[];
  readonly dmarc: { readonly stage: DmarcStage; readonly rua: readonly string[] };
  readonly tls: {
    readonly mode: StsMode;
    readonly mx: readonly string[];
    readonly maxAgeSeconds: number;
    readonly reports: readonly string[];
  };
  readonly contact?: string;
};

export type PolicyRefusal =
  | 'bad-record' // the TXT record
  | 'bad-document' // cannot be read
  | 'bad-signature'
  | 'other-domain'
  | 'too-old'; // a serial below one that was seen

/** One thing that differs. loosens: somebody more may send, or less is asked of those who receive. */
export type PolicyChange = {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly kind: 'tightens' | 'loosens' | 'neutral';
};

/** What is remembered of a domain between two looks. */
export type HeldPolicy = {
  /** In force, as far as a document can be. */
  readonly document: PolicyDocument;
  /** Newer, but it loosens: not before `fromMs`. */
  readonly waiting?: { readonly document: PolicyDocument; readonly fromMs: number };
};
