/**
 * What verifying DKIM2 answers. Experimental: dkim2-spec-03 stands for draft-ietf-dkim-dkim2-spec-03 of 24 June 2026 throughout, the
 * revision that the published vectors were made for. Later drafts sign more fields, write recipes otherwise and are other formats on the
 * wire. Nothing of this is used to judge a message.
 */
import type { DomainName } from '../../format/domain-name.ts';
import type { SigningAlgorithm } from '../dkim/types.ts';
import type { Dkim2Problem } from './problems.ts';

export const dkim2Draft = 'draft-ietf-dkim-dkim2-spec-03';

/** dkim2-spec-03 §11.1: four states; `none` where no field speaks of DKIM2. */
export type Dkim2Verdict = 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';

/** How the message came. What is left out is not compared. */
export type Dkim2Envelope = {
  /** Without angle brackets; '' is the null return path. */
  readonly mailFrom?: string;
  readonly rcptTo?: readonly string[];
};

/** One of the values of s=. */
export type Dkim2SetResult = {
  readonly selector: string;
  /** '' where it is none that is known here; such a set is ignored. */
  readonly algorithm: SigningAlgorithm | '';
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror' | 'ignored';
  readonly keyBits?: number;
  /** The key says t=y. */
  readonly testing?: boolean;
};

/** One DKIM2-Signature: a hop, or a step between two domains of one (nd=). */
export type Dkim2SignatureResult = {
  readonly sequence: number;
  /** The newest Message-Instance that it covers. */
  readonly instance: number;
  readonly domain: DomainName;
  readonly signedAtSeconds: number;
  /** Without angle brackets, '' for the null path; text of a stranger. Absent with nd=. */
  readonly mailFrom?: string;
  readonly rcptTo?: readonly string[];
  readonly nextDomain?: DomainName;
  /** Words of f=, known or not. */
  readonly flags: readonly string[];
  readonly sets: readonly Dkim2SetResult[];
};

/** One Message-Instance: a form that the message had. */
export type Dkim2InstanceResult = {
  readonly instance: number;
  /** `unknown`: what it was cannot be told, because it could not be made again or no hash is known here. */
  readonly header: 'pass' | 'fail' | 'unknown';
  readonly body: 'pass' | 'fail' | 'unknown';
  /** What its recipes undo. */
  readonly changed: { readonly header: boolean; readonly body: boolean };
};

export type Dkim2Result = {
  readonly draft: typeof dkim2Draft;
  readonly result: Dkim2Verdict;
  /** In the draft's own words where it has some. dkim2-spec-03 §11.1 */
  readonly reason?: string;
  /** What a receiver says that takes addresses without their angle brackets; only where it differs. */
  readonly tolerantResult?: Dkim2Verdict;
  /** In the order in which the draft checks; the first that is not `temperror` decides. */
  readonly problems: readonly Dkim2Problem[];
  /** Worth knowing, and no failure. */
  readonly notes: readonly string[];
  /** Whether the newest signature was compared with what the envelope says. */
  readonly envelope: { readonly mailFrom: boolean; readonly rcptTo: boolean };
  /** Ascending; empty where the fields could not be read as a chain. */
  readonly signatures: readonly Dkim2SignatureResult[];
  readonly instances: readonly Dkim2InstanceResult[];
};
