/**
 * Gives memory back that is not needed any more. Neither the collector nor the allocator knows the limit of a control group, and the
 * GNU allocator keeps nearly all that was ever taken: after 1,800 sessions of TLS had ended, 190 MB were still held of which 45 were
 * in use; seven minutes of steady mail left 84 MB free within malloc, which looked like a leak of 3 MB a minute.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Timers } from '../../base/clock.ts';

/** Trimming blocks for 0.5 to 3 ms. */
const trimEveryMs = 20_000;

export type GiveBack = {
  /** All that can be had, for when memory is short. Blocks for some 50 to 100 ms. */
  readonly all: () => void;
  /** Buffers that were dropped a moment ago. Blocks for about 1 ms. */
  readonly buffers: () => void;
  /** Goes on until the answer is called. */
  readonly regularly: (timers: Timers) => () => void;
};

export function createGiveBack(): GiveBack {
  const trim = findTrim();
  let found: Collect | undefined;
  const collect: Collect = (wish) => {
    found ??= findCollector();
    found(wish);
  };
  return {
    all: () => {
      collect({ type: 'major' });
      trim();
    },
    buffers: () => collect({ type: 'minor' }),
    regularly: (timers) => {
      let cancel = () => {};
      const arm = () => {
        cancel = timers.after(trimEveryMs, () => {
          trim();
          arm();
        });
      };
      arm();
      return () => cancel();
    },
  };
}

type Collect = (wish: { readonly type: 'major' | 'minor' }) => void;

function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  return typeof found === 'function' ? (wish) => void found(wish) : () => {};
}

/** malloc_trim(3) of the GNU C library; where there is none, or no way to call it, nothing is trimmed. */
function findTrim(): () => void {
  try {
    const definitions = { malloc_trim: { arguments: ['u64'], return: 'i32' } } as const;
    const { functions } = process.getBuiltinModule('node:ffi').dlopen(null, definitions);
    return () => void functions.malloc_trim(0n);
  } catch {
    return () => {};
  }
}
