/**
 * Everything that can be said about a DKIM signature that does not simply pass: which result it gives and the sentence for
 * people. One table for the verifier, the explainer and the documents. RFC 6376 §6.1 calls most of these PERMFAIL: here a
 * comparison that came out wrong is `fail`, what RFC 8301 or our own bounds do not accept is `policy`, the rest `permerror`.
 */
import type { DkimVerdict } from './types.ts';

export const dkimProblems = {
  'body-changed': {
    result: 'fail',
    say: 'the body was changed after signing (body hash differs), the signed header is intact',
    ref: 'RFC 6376 §6.1.3',
  },
  'body-and-signature-differ': {
    result: 'fail',
    say: 'neither the body hash nor the signature over the header verifies',
    ref: 'RFC 6376 §6.1.3',
  },
  'signature-differs': {
    result: 'fail',
    say: 'the signature does not verify: the signed header was changed, or another key signed',
    ref: 'RFC 6376 §6.1.3',
  },
  'body-partial': {
    result: 'policy',
    say: 'the signature covers only the beginning of the body (l=); anyone could have added the rest',
    ref: 'RFC 6376 §8.2',
  },
  'key-too-small': { result: 'policy', say: 'the RSA key is shorter than 1024 bit', ref: 'RFC 8301 §3.2' },
  'key-too-large': { result: 'policy', say: 'the RSA key is longer than 4096 bit', ref: 'RFC 8301 §3.2' },
  'domain-unacceptable': {
    result: 'policy',
    say: 'd= is a top-level domain or public suffix, which signs for nobody',
    ref: 'RFC 6376 §6.1.1',
  },
  'too-many-signatures': {
    result: 'policy',
    say: 'not evaluated: the message carries more signatures than we try',
    ref: 'RFC 6376 §8.4',
  },
  'header-too-large': {
    result: 'policy',
    say: 'not evaluated: the header is larger than we read, so what it hides cannot be told',
    ref: 'RFC 6376 §8.4',
  },
  'dns-failed': { result: 'temperror', say: 'the key could not be fetched: DNS failed', ref: 'RFC 6376 §6.1.2' },
  'tags-unreadable': { result: 'permerror', say: 'the tag list is malformed or repeats a tag', ref: 'RFC 6376 §3.2' },
  'version-unknown': { result: 'permerror', say: 'v= is missing or not 1', ref: 'RFC 6376 §3.5' },
  'version-in-arc': { result: 'permerror', say: 'v= does not belong there', ref: 'RFC 8617 §4.1.2' },
  'tag-missing': { result: 'permerror', say: 'a required tag is missing', ref: 'RFC 6376 §6.1.1' },
  'algorithm-unknown': { result: 'permerror', say: 'a= names no known algorithm', ref: 'RFC 6376 §3.3' },
  'algorithm-retired': {
    result: 'permerror',
    say: 'rsa-sha1 is retired and proves nothing any more',
    ref: 'RFC 8301 §3.1',
  },
  'signature-unreadable': { result: 'permerror', say: 'b= is not base64', ref: 'RFC 6376 §3.5' },
  'body-hash-unreadable': { result: 'permerror', say: 'bh= is not the base64 of a SHA-256', ref: 'RFC 6376 §3.5' },
  'canonicalization-unknown': { result: 'permerror', say: 'c= names no known form', ref: 'RFC 6376 §3.4' },
  'domain-invalid': { result: 'permerror', say: 'd= is not a domain name', ref: 'RFC 6376 §3.5' },
  'selector-invalid': { result: 'permerror', say: 's= cannot be part of a domain name', ref: 'RFC 6376 §3.1' },
  'fields-unreadable': { result: 'permerror', say: 'h= is not a list of field names', ref: 'RFC 6376 §3.5' },
  'from-unsigned': { result: 'permerror', say: 'h= does not cover the From field', ref: 'RFC 6376 §6.1.1' },
  'seal-signed': {
    result: 'permerror',
    say: 'h= names an ARC-Seal, which a message signature must not cover',
    ref: 'RFC 8617 §4.1.2',
  },
  'identity-invalid': { result: 'permerror', say: 'i= is malformed', ref: 'RFC 6376 §3.5' },
  'identity-foreign': { result: 'permerror', say: 'i= is not at or below d=', ref: 'RFC 6376 §6.1.1' },
  'length-unreadable': { result: 'permerror', say: 'l= is not a number', ref: 'RFC 6376 §3.5' },
  'length-beyond-body': {
    result: 'permerror',
    say: 'l= counts more octets than the body has',
    ref: 'RFC 6376 §3.5',
  },
  'query-method-unknown': { result: 'permerror', say: 'q= does not offer dns/txt', ref: 'RFC 6376 §3.5' },
  'time-unreadable': { result: 'permerror', say: 't= or x= is not a time', ref: 'RFC 6376 §3.5' },
  'expiry-before-signing': { result: 'permerror', say: 'x= is not later than t=', ref: 'RFC 6376 §3.5' },
  expired: { result: 'permerror', say: 'the signature has expired (x=)', ref: 'RFC 6376 §6.1.1' },
  'key-missing': { result: 'permerror', say: 'there is no key at this selector', ref: 'RFC 6376 §6.1.2' },
  'key-unreadable': {
    result: 'permerror',
    say: 'the record at this selector is not a usable key',
    ref: 'RFC 6376 §6.1.2',
  },
  'key-record-too-long': {
    result: 'permerror',
    say: 'the record at this selector is longer than 4 KB',
    ref: 'RFC 6376 §6.1.2',
  },
  'key-revoked': { result: 'permerror', say: 'the key has been revoked (empty p=)', ref: 'RFC 6376 §6.1.2' },
  'key-of-other-type': {
    result: 'permerror',
    say: 'the key is not made for this algorithm (k=)',
    ref: 'RFC 6376 §6.1.2',
  },
  'key-forbids-hash': { result: 'permerror', say: 'the key does not allow SHA-256 (h=)', ref: 'RFC 6376 §6.1.2' },
  'key-not-for-mail': { result: 'permerror', say: 'the key is not meant for e-mail (s=)', ref: 'RFC 6376 §3.6.1' },
  'key-forbids-subdomains': {
    result: 'permerror',
    say: 'the key wants i= to be exactly d= (t=s)',
    ref: 'RFC 6376 §3.6.1',
  },
} as const satisfies Record<string, { readonly result: DkimVerdict; readonly say: string; readonly ref: string }>;

export type DkimProblem = keyof typeof dkimProblems;
