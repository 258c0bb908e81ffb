/** What was proven of a message, as the states that the table judges: from an evaluation, or from what a receiver noted. Pure. */
import type { AuthReport } from '../../../../protocol/authenticate.ts';
import type { DkimResult } from '../../../../protocol/dkim/types.ts';
import type { AlignmentLine, Evidence, ExplainedAlignment } from '../../types.ts';
import type { DkimFact, DmarcFact, Known, ScoreNames, SignatureFacts, SpfFact } from '../types.ts';

export type Proven = {
  readonly evidence: Evidence;
  readonly alignment: ExplainedAlignment;
  /** As a receiver's field left it open which of the two fitted, nothing is said to be foreign. */
  readonly signatures: readonly SignatureFacts[];
  readonly report?: AuthReport;
  /** The message has DKIM-Signature fields. */
  readonly isSigned: boolean;
};

const spfWords: Readonly<Record<string, SpfFact['result']>> = {
  pass: 'pass',
  none: 'none',
  neutral: 'neutral',
  softfail: 'softfail',
  fail: 'fail',
  hardfail: 'fail', // before RFC 8601
  permerror: 'permerror',
};

export function spfFact({ evidence, alignment }: Proven): SpfFact {
  const line = alignment.lines.find(({ by }) => by === 'spf');
  if (evidence.spf === undefined) return { result: 'unknown', aligned: 'unknown' };
  const aligned = line === undefined ? 'unknown' : relation(line, alignment, evidence);
  return { result: spfWords[evidence.spf.result] ?? 'unknown', aligned };
}

/** Whether what was proven belongs to the domain in From; of what was not proven, whether it would. */
export function relation(line: AlignmentLine, alignment: ExplainedAlignment, evidence: Evidence): Known {
  if (line.fit === 'same' || line.counts) return 'yes';
  // RFC 9989 §4.10: with the tree walk cut short only a quite different name is surely foreign.
  if (evidence.dmarc?.result === 'temperror') return sharesTop(line.domain, alignment.domain) ? 'unknown' : 'no';
  if (line.result !== 'pass') return line.fit === 'organizational' ? 'yes' : 'no';
  const isLeftOpen = alignment.verdict === 'aligned' && !alignment.lines.some(({ counts }) => counts);
  return isLeftOpen ? 'unknown' : 'no';
}

function sharesTop(one: string, other = ''): boolean {
  return one.slice(one.lastIndexOf('.') + 1) === other.slice(other.lastIndexOf('.') + 1);
}

type Candidate = DkimFact & { readonly at: number };

/** The best signature, and which it is. */
export function dkimFact({ signatures, evidence, isSigned, report }: Proven): {
  readonly fact: DkimFact;
  readonly at?: number;
} {
  const nobody: DkimFact = { result: 'none', aligned: 'no', weakKey: 'unknown' };
  if (signatures.length === 0) {
    const isKnown = report !== undefined || !isSigned || evidence.dkim.some(({ result }) => result === 'none');
    return { fact: isKnown ? nobody : { result: 'unknown', aligned: 'unknown', weakKey: 'unknown' } };
  }
  const candidates = signatures.map((one, at): Candidate => {
    const result = resultOf(one, report?.dkim[at]);
    return { result, aligned: one.aligned, weakKey: weakness(one), at };
  });
  const [best] = candidates.toSorted((one, other) => rank(one) - rank(other));
  if (best === undefined || best.result === 'none') return { fact: nobody };
  const { at, ...fact } = best;
  return { fact, at };
}

function resultOf({ result }: SignatureFacts, verified: DkimResult | undefined): DkimFact['result'] {
  const { testing = false, problem } = verified ?? {};
  if (problem === 'too-many-signatures' || problem === 'header-too-large') return 'unknown'; // nobody looked
  if (result === 'pass') return 'pass';
  if (result === 'none' || result === 'neutral') return 'none';
  if (result === 'temperror') return 'unknown';
  if (result !== 'fail' && result !== 'permerror' && result !== 'policy') return 'unknown';
  if (testing) return 'none'; // RFC 6376 §3.6.1: t=y asks to treat it as unsigned
  return result === 'permerror' ? 'permerror' : 'fail';
}

const strongBits = 2048; // RFC 8301 §3.2

function weakness({ keyBits, algorithm }: SignatureFacts): Known {
  if (algorithm === 'ed25519-sha256') return 'no';
  return keyBits === undefined ? 'unknown' : keyBits < strongBits ? 'yes' : 'no';
}

/** A pass of the author's domain, then what might be one, then a foreign pass, then what could not be judged. */
function rank({ result, aligned, weakKey }: DkimFact): number {
  if (result === 'pass' && aligned === 'yes') return weakKey === 'yes' ? 1 : 0;
  if (aligned !== 'no' && (result === 'unknown' || result === 'pass')) return 2;
  if (result === 'pass') return weakKey === 'yes' ? 4 : 3;
  if (result === 'unknown') return 5;
  if (result === 'none') return 8;
  return aligned === 'yes' ? 6 : 7;
}

const policies: readonly DmarcFact[] = ['none', 'quarantine', 'reject'];

/** What receivers are asked to do with this message if nothing speaks for it. */
export function dmarcFact({ evidence, report }: Proven): DmarcFact {
  if (report !== undefined) {
    const { result, policy, applied } = report.dmarc;
    if (result === 'none') return 'missing';
    if (result === 'pass') return policy;
    return result === 'fail' ? applied : 'unknown';
  }
  const { dmarc } = evidence;
  if (dmarc === undefined) return 'unknown';
  if (dmarc.result === 'none' || dmarc.result === 'bestguesspass') return 'missing';
  if (dmarc.result !== 'pass' && dmarc.result !== 'fail') return 'unknown';
  return policies.find((one) => one === dmarc.policy) ?? 'none'; // there is one; the mildest is meant
}

/** Names for the sentences of the table. */
export function namesOf({ evidence, alignment, signatures, report }: Proven, best: number | undefined): ScoreNames {
  const signature = best === undefined ? undefined : signatures[best];
  const verified = best === undefined ? undefined : report?.dkim[best];
  return {
    ...(alignment.domain !== undefined && { domain: alignment.domain }),
    ...(evidence.spf !== undefined && evidence.spf.domain !== '' && { returnPath: evidence.spf.domain }),
    ...(report?.spf.reason !== undefined && { spfReason: report.spf.reason }),
    ...(signature !== undefined && signature.domain !== '' && { signer: signature.domain }),
    ...(signature !== undefined && signature.selector !== '' && { selector: signature.selector }),
    ...(verified?.problem !== undefined && { signatureProblem: verified.problem }),
  };
}
