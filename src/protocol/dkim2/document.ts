/** A `Dkim2Result` as the member `dkim2` of the document of `posthorn auth`: snake_case, only JSON's own types. Pure. */
import { dkim2Problems } from './problems.ts';
import type { Dkim2InstanceResult, Dkim2Result, Dkim2SetResult, Dkim2SignatureResult, Dkim2Verdict } from './types.ts';

export type Dkim2Document = {
  readonly experimental: true;
  readonly draft: string;
  /** Nothing of ours depends on it. */
  readonly used_for_judging: false;
  readonly result: Dkim2Verdict;
  readonly reason?: string;
  readonly tolerant_result?: Dkim2Verdict;
  readonly problems: readonly { readonly code: string; readonly say: string; readonly ref: string }[];
  readonly notes: readonly string[];
  /** What of the envelope was known, and so compared. */
  readonly compared: { readonly mail_from: boolean; readonly rcpt_to: boolean };
  readonly signatures: readonly SignatureDocument[];
  readonly instances: readonly Dkim2InstanceResult[];
};

type SignatureDocument = Pick<Dkim2SignatureResult, 'sequence' | 'instance' | 'domain' | 'flags'> & {
  readonly signed_at_seconds: number;
  readonly mail_from?: string;
  readonly rcpt_to?: readonly string[];
  readonly next_domain?: string;
  readonly sets: readonly (Pick<Dkim2SetResult, 'selector' | 'algorithm' | 'result' | 'testing'> & {
    readonly key_bits?: number;
  })[];
};

export function dkim2Document(one: Dkim2Result): Dkim2Document {
  return {
    experimental: true,
    draft: one.draft,
    used_for_judging: false,
    result: one.result,
    ...(one.reason !== undefined && { reason: one.reason }),
    ...(one.tolerantResult !== undefined && { tolerant_result: one.tolerantResult }),
    problems: one.problems.map(({ code, say }) => ({ code, say, ref: dkim2Problems[code].ref })),
    notes: one.notes,
    compared: { mail_from: one.envelope.mailFrom, rcpt_to: one.envelope.rcptTo },
    signatures: one.signatures.map(signatureDocument),
    instances: one.instances,
  };
}

function signatureDocument(one: Dkim2SignatureResult): SignatureDocument {
  return {
    sequence: one.sequence,
    instance: one.instance,
    domain: one.domain,
    signed_at_seconds: one.signedAtSeconds,
    ...(one.mailFrom !== undefined && { mail_from: one.mailFrom }),
    ...(one.rcptTo !== undefined && { rcpt_to: one.rcptTo }),
    ...(one.nextDomain !== undefined && { next_domain: one.nextDomain }),
    flags: one.flags,
    sets: one.sets.map(({ keyBits, ...set }) => ({ ...set, ...(keyBits !== undefined && { key_bits: keyBits }) })),
  };
}
