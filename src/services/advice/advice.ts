/**
 * The front of the service: what a message tells of itself ("show original" in plain words). In: the message, and an
 * evaluation of today where somebody wants one. Out: an `Explanation`, facts and sentences apart from any way to print them.
 */
import { formatAddrSpec } from '../../format/address.ts';
import { parseDate } from '../../format/date.ts';
import { fieldText, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { decodeWords } from '../../format/mime/encoded-word.ts';
import type { AuthReport } from '../../protocol/authenticate.ts';
import { loadPublicSuffixes } from '../../protocol/dmarc/public-suffix.ts';
import { readAuthor } from '../../protocol/read-author.ts';
import { differencesOf, evidenceOfToday } from './compare-today.ts';
import { explainAlignment, organizationsBy } from './explain-alignment.ts';
import { explainHops } from './explain-hops.ts';
import { evidenceOf, explainResults } from './explain-results.ts';
import { explainSignatures } from './explain-signature.ts';
import { readerMarks, receiverViews } from './receiver-views.ts';
import type { Evidence, ExplainedSignature, Explanation } from './types.ts';

export { sendAgainWords } from './bounces/advise-on-refusal.ts';
export { type BounceExplanation, explainBounce } from './bounces/explain-bounce.ts';
export { readBounce } from './bounces/read-bounce.ts';
export { type CheckDocument, checkDocument } from './doctor/check-document.ts';
export { checkAgain, checkDomain, type DomainCheck } from './doctor/check-domain.ts';
export { compareChecks } from './doctor/compare-checks.ts';
export { worldLimits } from './doctor/recorded-world.ts';
export {
  type CheckSubject,
  readSnapshot,
  snapshotDocument,
} from './doctor/snapshot.ts';
export { hopFromOutside } from './explain-hops.ts';
export { findCheck, type NamedCheck } from './find-check.ts';
export { type ExplainedRecord, explainRecord } from './records/explain-record.ts';
export { createScorer, type Scorer, scoreMessage } from './score/score.ts';
export { laterSteps, type ScoreDocument, scoreDocument } from './score/score-document.ts';
export {
  type Arrival,
  type MessageTest,
  MessageTests,
  type PreparedArrival,
  testsChannel,
} from './tests/message-tests.ts';

export type ExplainOptions = {
  readonly nowMs: number;
  /** The message judged afresh. */
  readonly today?: AuthReport;
};

/** Never throws for what is in the message. */
export async function explainMessage(message: Uint8Array, { nowMs, today }: ExplainOptions): Promise<Explanation> {
  const index = indexMessage(message);
  const author = readAuthor(index);
  const suffixes = await loadPublicSuffixes();
  const claimed = evidenceOf(index);
  const evidence = today === undefined ? claimed : evidenceOfToday(today);
  const domain = author.kind === 'one' ? author.domain : undefined;
  const alignment = explainAlignment(domain, evidence, organizationsBy(suffixes.organizationalDomain, today));
  const hops = explainHops(index);
  const signatures = explainSignatures(index, nowMs / 1_000);
  const known = {
    index,
    evidence,
    alignment,
    hops,
    hasOneAuthor: author.kind === 'one',
    covered: coveredFields(signatures, evidence),
  };
  return {
    from: {
      shown: decodeWords(fieldText(index, 'from') ?? ''),
      ...(author.kind === 'one'
        ? { address: formatAddrSpec(author.first), domain: author.domain }
        : { problem: author.why }),
    },
    ...headline(index),
    hops,
    signatures,
    results: explainResults(index),
    alignment,
    receivers: receiverViews(known),
    reader: readerMarks(known),
    ...(today !== undefined && { today: { report: today, differences: differencesOf(claimed, today) } }),
  };
}

function headline(index: MessageIndex): Pick<Explanation, 'subject' | 'atMs' | 'returnPath'> {
  const [subject, date, path] = [
    fieldText(index, 'subject'),
    fieldText(index, 'date'),
    fieldText(index, 'return-path'),
  ];
  const at = date === undefined ? undefined : parseDate(date);
  return {
    ...(subject !== undefined && { subject: decodeWords(subject) }),
    ...(at !== undefined && { atMs: at.ms }),
    ...(path !== undefined && { returnPath: path }),
  };
}

/** Fields under a signature that holds, as far as is known. */
function coveredFields(signatures: readonly ExplainedSignature[], { source, dkim }: Evidence): ReadonlySet<string> {
  const holding = signatures.filter(({ domain, bodyIntact }) =>
    source === 'none' ? bodyIntact === true : dkim.some((one) => one.domain === domain && one.result === 'pass'),
  );
  return new Set(
    holding.flatMap(
      ({ tags }) =>
        tags
          .find(({ tag }) => tag === 'h')
          ?.value.toLowerCase()
          .split(':') ?? [],
    ),
  );
}
