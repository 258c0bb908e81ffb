/**
 * A score as the document of `posthorn score --json` and of the API: snake_case, only JSON's own types. `points` are tenths as people say
 * them; `authentication` has the members of `auth --jsonl`, null where the verdicts are those that a receiver noted. Pure.
 */
import { type AuthReportDocument, authReportDocument } from '../../../protocol/auth-report-json.ts';
import type { Evidence, Finding, Fix, ReaderMark, ReceiverView } from '../types.ts';
import type { MessageScore, QuietFact, ScoreCategory, ScoreStep } from './types.ts';

export type ScoreDocument = {
  readonly score: number;
  readonly band: { readonly name: string; readonly say: string };
  readonly deductions: readonly {
    readonly check: string;
    readonly category: ScoreCategory;
    readonly points: number;
    /** What it would be without the cap of its category. */
    readonly full_points: number;
    readonly say: string;
    readonly fix: Fix;
    /** What the fix alone gives back. */
    readonly gives_back: number;
  }[];
  /** What to do in which order. */
  readonly way: readonly ScoreStep[];
  readonly findings: readonly Finding[];
  readonly quiet: readonly QuietFact[];
  readonly receivers: readonly ReceiverView[];
  readonly reader: readonly ReaderMark[];
  /** Where the verdicts come from: `today`, or `header` with who wrote it. */
  readonly evidence: { readonly source: Evidence['source']; readonly by?: string };
  /** Opinions of outside filters; `points` null where one did not answer. */
  readonly filters: readonly {
    readonly name: string;
    readonly points: number | null;
    readonly spam_from: number | null;
    readonly problem?: string;
    readonly symbols: readonly { readonly name: string; readonly points: number; readonly say?: string }[];
  }[];
  readonly authentication: AuthReportDocument | null;
};

/** Steps of the way whose fault shows only once others are mended, and what they bring, in points. */
export function laterSteps({
  way,
  deductions,
}: Pick<MessageScore, 'way'> & {
  readonly deductions: readonly { readonly check: string }[];
}): { readonly steps: readonly ScoreStep[]; readonly points: number } {
  const steps = way.filter(({ check }) => !deductions.some((one) => one.check === check));
  const tenths = steps.reduce((sum, { from, to }) => sum + Math.round((to - from) * 10), 0);
  return { steps, points: tenths / 10 };
}

export function scoreDocument(one: MessageScore): ScoreDocument {
  const { score, band, deductions, way, findings, quiet, receivers, reader, evidence, filters = [], report } = one;
  return {
    score,
    band,
    deductions: deductions.map(({ tenths, fullTenths, gainTenths, check, category, say, fix }) => ({
      check,
      category,
      points: tenths / 10,
      full_points: fullTenths / 10,
      say,
      fix,
      gives_back: gainTenths / 10,
    })),
    way,
    findings,
    quiet,
    receivers,
    reader,
    evidence: { source: evidence.source, ...(evidence.by !== undefined && { by: evidence.by }) },
    filters: filters.map(({ name, points = null, spamFrom = null, symbols, problem }) => {
      return { name, points, spam_from: spamFrom, ...(problem !== undefined && { problem }), symbols };
    }),
    authentication: report === undefined ? null : authReportDocument(report),
  };
}
