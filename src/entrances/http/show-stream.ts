/** A stream as the API spells it, and what a request changes of it. Pure. */
import type { StreamChange, StreamRecord } from '../../services/directory/types.ts';
import type { SetStream, Stream } from './schemas/streams.ts';

export function showStream({ name, kind, minScoreTenths, whenUnscored, createdAtMs }: StreamRecord): Stream {
  return {
    object: 'stream',
    name,
    kind,
    min_score: minScoreTenths === undefined ? null : minScoreTenths / 10,
    when_unscored: whenUnscored,
    ...(createdAtMs > 0 && { created_at: new Date(createdAtMs).toISOString() }),
  };
}

export function readStreamChange({ kind, min_score: score, when_unscored: whenUnscored }: SetStream): StreamChange {
  return {
    ...(kind !== undefined && { kind }),
    ...(score !== undefined && { minScoreTenths: score === null ? null : tenthsOf(score) }),
    ...(whenUnscored !== undefined && { whenUnscored }),
  };
}

/** 0.7 times 10 is 7.000000000000001; what has more decimals stays none of a whole number, and is refused. */
function tenthsOf(score: number): number {
  const tenths = Math.round(score * 10);
  return Math.abs(tenths - score * 10) < 1e-9 ? tenths : score * 10;
}
