/**
 * `posthorn/score`: 0 to 10 for a message as it was received, each lost tenth with the fix that gives it back; and the table behind it, for
 * whoever has facts and no message. Importing it starts nothing and reads no file; the catalogue of senders is read with the first
 * message. Nothing throws for what is in a message or in DNS.
 */
import { createScorer as createBareScorer } from '../../services/advice/advice.ts';
import type { MessageScore, ScorePorts, ScoreSession } from '../../services/advice/score/types.ts';
import { loadCatalogue } from '../load-catalogue.ts';

export { scoreDocument } from '../../services/advice/advice.ts';
export type { ScoreDocument } from '../../services/advice/score/score-document.ts';
export { bandOf, nothingKnown, predictFixes, scoreOf, wayToTen } from '../../services/advice/score/table.ts';
export type {
  Charge,
  Deduction,
  DkimFact,
  DmarcFact,
  HostFacts,
  ListFacts,
  MessageScore,
  QuietFact,
  Score,
  ScoreBand,
  ScoreCategory,
  ScoreFacts,
  ScoreSession,
  ScoreStep,
  SpfFact,
} from '../../services/advice/score/types.ts';
export type { Finding, Fix, FixRecord, ReaderMark, ReceiverView } from '../../services/advice/types.ts';

/** `catalogue`: one of your own; Posthorn's by default. */
export type ScorerDeps = ScorePorts;

export type Scorer = {
  /** @param message with CRLF at its line ends, as it came */
  readonly scoreMessage: (message: Uint8Array, session?: ScoreSession) => Promise<MessageScore>;
};

/** For many messages: keys, records and lists are remembered as long as it lives. */
export function createScorer(deps: ScorerDeps): Scorer {
  let bare: Promise<ReturnType<typeof createBareScorer>> | undefined;
  const scorer = async () => createBareScorer({ ...deps, catalogue: deps.catalogue ?? (await loadCatalogue()) });
  return {
    scoreMessage: async (message, session = {}) => {
      bare ??= scorer();
      return (await bare).scoreMessage(message, session);
    },
  };
}

/** One message; whoever has many makes a scorer. */
export function scoreMessage(message: Uint8Array, session: ScoreSession, deps: ScorerDeps): Promise<MessageScore> {
  return createScorer(deps).scoreMessage(message, session);
}
