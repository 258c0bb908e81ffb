/** What verifying a DKIM signature answers: one `DkimResult` per DKIM-Signature field. RFC 6376, RFC 8301, RFC 8463. */
import type { DomainName } from '../../format/domain-name.ts';
import type { DkimProblem } from './problems.ts';

/** The vocabulary of RFC 8601 §2.7.1 without `none`: an unsigned message has no results at all. */
export type DkimVerdict = 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror';

export type SigningAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

/** Octets `start` up to, not including, `end` of the message. */
export type OctetRange = { readonly start: number; readonly end: number };

export type DkimResult = {
  readonly result: DkimVerdict;
  /** d= as A-labels; '' when the signature does not name a usable one. */
  readonly domain: DomainName | '';
  /** s= as A-labels; '' when the signature does not name a usable one. */
  readonly selector: string;
  /** a= where it is one of the registered words, else ''. */
  readonly algorithm: SigningAlgorithm | 'rsa-sha1' | '';
  /** i= when the signature has one: decoded, its domain as A-labels. Text of a stranger: escape before showing. */
  readonly identity?: string;
  /** Size of the RSA modulus; 256 for Ed25519. */
  readonly keyBits?: number;
  /** l= covers less than the whole body. Such a signature is never a pass and never counts for DMARC. */
  readonly partialBody?: boolean;
  /** The key says t=y: its owner asks to treat a failure like no signature. */
  readonly testing?: boolean;
  /** Why the result is not `pass`, or what is noteworthy about a pass; our own words, nothing of the message in it. */
  readonly reason?: string;
  readonly problem?: DkimProblem;
  /** The first characters of b=, enough to tell this signature from the others. RFC 6008 §3 */
  readonly signaturePrefix?: string;
  /** The DKIM-Signature field itself. */
  readonly field: OctetRange;
  /** The fields that h= picked, in the order in which they were hashed. */
  readonly signedFields: readonly OctetRange[];
};
