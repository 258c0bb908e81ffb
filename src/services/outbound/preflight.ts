/**
 * Before a message leaves, it is scored as its receivers will see it, where its stream asks for a lowest score. The scoring itself is a
 * port (`advice` stands above this service); here is what follows from its answer. Pure.
 */
import { accept, type Outcome } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { StreamRecord } from '../directory/types.ts';

/** A message as it would leave: complete and signed. */
export type Draft = {
  readonly message: Uint8Array;
  /** Of the author. */
  readonly domain: DomainName;
  /** MAIL FROM; '' is the null sender. */
  readonly returnPath: string;
  /** Its stream is one to many. */
  readonly isBulk: boolean;
};

type PreflightDeduction = {
  readonly check: string;
  readonly tenths: number;
  readonly say: string;
  /** What to do, in order. */
  readonly steps: readonly string[];
};
export type PreflightScore = { readonly tenths: number; readonly deductions: readonly PreflightDeduction[] };

/** Answers within its own time; undefined: the score could not be told. */
export type Preflight = (draft: Draft) => Promise<PreflightScore | undefined>;

/** A refusal that says all there is to mend. */
export type ScoreTooLow = {
  readonly ok: false;
  readonly code: 'score-too-low';
  readonly say: string;
  readonly stream: string;
  readonly minTenths: number;
  /** Undefined: it could not be told. */
  readonly score: PreflightScore | undefined;
};

/** In a reply of SMTP as well: the dearest faults only. */
const saidMax = 3;

export function decidePreflight(
  stream: StreamRecord,
  score: PreflightScore | undefined,
): Outcome<undefined, never> | ScoreTooLow {
  const { name, minScoreTenths: minTenths, whenUnscored } = stream;
  if (minTenths === undefined) return accept(undefined);
  const no = { ok: false, code: 'score-too-low', stream: name, minTenths, score } as const;
  const limit = `mail of the stream ${name} needs ${shown(minTenths)}`;
  if (score === undefined) {
    if (whenUnscored === 'send') return accept(undefined);
    return { ...no, say: `The message could not be scored in time, and ${limit}.` };
  }
  if (score.tenths >= minTenths) return accept(undefined);
  const faults = score.deductions
    .slice(0, saidMax)
    .map(({ check, tenths, say }) => `${check} -${shown(tenths)}: ${say}`);
  const left = score.deductions.length - faults.length;
  const more = left > 0 ? ` And ${left} more.` : '';
  return { ...no, say: `The message scores ${shown(score.tenths)} of 10, and ${limit}. ${faults.join(' ')}${more}` };
}

/** `8`, `5.6` */
function shown(tenths: number): string {
  return String(tenths / 10);
}
