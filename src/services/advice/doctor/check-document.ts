/** A look at a domain as the document of `posthorn check --json` and of the API: snake_case, only JSON's own types. Pure. */
import type { ScoreBand } from '../score/types.ts';
import type { Finding } from '../types.ts';
import type { DomainCheck } from './check-domain.ts';

export type CheckDocument = {
  readonly domain: string;
  readonly checked_at: string;
  /** As good as its worst sender; null for a domain that sends nothing, and where the DNS did not answer. */
  readonly score: number | null;
  readonly band: ScoreBand | null;
  /** The worst first. */
  readonly senders: readonly {
    /** Its id in the catalogue, as it was declared; null for whoever sends, where nobody is known. */
    readonly sender: string | null;
    readonly name: string;
    readonly declared: boolean;
    readonly score: number;
    readonly deductions: readonly {
      readonly check: string;
      readonly points: number;
      readonly say: string;
      /** What its fix alone gives back. */
      readonly gives_back: number;
    }[];
    /** What to mend in which order; a fault may show only once others are mended. */
    readonly way: readonly {
      readonly check: string;
      readonly say: string;
      readonly from: number;
      readonly to: number;
    }[];
  }[];
  readonly findings: readonly Finding[];
};

export function checkDocument({ domain, checkedAtMs, prediction, findings }: DomainCheck): CheckDocument {
  const { score, senders } = prediction;
  return {
    domain,
    checked_at: new Date(checkedAtMs).toISOString(),
    score: score?.score ?? null,
    band: score?.band ?? null,
    senders: senders.map(({ label, name, isDeclared, score: own, way }) => ({
      sender: label ?? null,
      name,
      declared: isDeclared,
      score: own.score,
      deductions: own.deductions.map(({ check, tenths, say, gainTenths }) => ({
        check,
        points: tenths / 10,
        say,
        gives_back: gainTenths / 10,
      })),
      way: way.map(({ check, say, from, to }) => ({ check, say, from, to })),
    })),
    findings,
  };
}
