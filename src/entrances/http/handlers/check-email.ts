/** The score of a message that is not sent, and how a refusal for its score is told. */
import { scoreDocument } from '../../../services/advice/advice.ts';
import type { Draft, ScoreTooLow } from '../../../services/outbound/outbound.ts';
import { type Answer, json, problem } from '../answer.ts';
import type { HttpPorts } from '../ports.ts';
import type { ScoreRefusal } from '../schemas/score.ts';

export async function answerScore(
  { scoreDraft }: Pick<HttpPorts, 'scoreDraft'>,
  draft: Draft,
  wish: { readonly followLinks: boolean },
): Promise<Answer> {
  const score = await scoreDraft(draft, wish);
  return score ? json(200, scoreDocument(score)) : problem('not_scored', { headers: { 'Retry-After': '10' } });
}

export function scoreRefusal({ stream, minTenths, score }: ScoreTooLow): ScoreRefusal {
  return {
    stream,
    score: score === undefined ? null : score.tenths / 10,
    min_score: minTenths / 10,
    deductions: (score?.deductions ?? []).map(({ check, tenths, say, steps }) => {
      return { check, points: tenths / 10, say, fix: [...steps] };
    }),
  };
}
