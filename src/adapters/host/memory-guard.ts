/**
 * The `Memory` port on Linux: control group, `ulimit` and the machine itself, looked at when somebody asks. On other systems only
 * the machine's memory counts.
 */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Timers } from '../../base/clock.ts';
import type { Memory } from '../../base/port/memory.ts';
import type { Signals } from '../../base/port/signals.ts';
import {
  groupPlaces,
  judgeShortage,
  type Measure,
  measureGroup,
  measureOldGroup,
  measureProcess,
  roomLeftBytes,
  shareTaken,
} from './judge-memory.ts';

/** A look costs 0.07 ms, in a busy process 1 ms: of a core that is 1 % if there are ten a second. So far from any limit there is one. */
const askAgainMs = { soonest: 100, latest: 1_000 };
/** More than all entrances together can take in: what is free now cannot be gone sooner than so. */
const fillsBytesPerMs = 256 * 1024;

/** Between two tries to give something back, while what is taken stays as it was. */
const giveBackEveryMs = 2_000;
/**
 * And at once where it has grown by so much of the limit since: most of that is garbage. 700 messages under way left 58 MB of buffers
 * behind them within half a second of the first try, and the collector, which knows of no limit, let them lie.
 */
const giveBackGrownShare = 1 / 16;
/**
 * V8 frees a buffer when it collects the young object that stands for it, and comes to that late: so few objects stand for so many
 * octets. A message of 25 MB goes by four times in pieces of 64 KB: with a collection (1 ms) each 6 MB it needs 12 MB instead of 26 to
 * 50, and two thirds of the processor time, as the same memory is used over and over.
 */
const freeEveryBytes = 6 * 1024 * 1024;

type GuardPorts = {
  readonly timers: Timers;
  readonly signals: Signals;
  /** Lets go of what is not needed; nothing is done when absent. */
  readonly giveBack?: () => void;
  /** Frees buffers that were dropped a moment ago; nothing is done when absent. */
  readonly freeBuffers?: () => void;
  /** The system's own when absent. */
  readonly measures?: () => readonly Measure[];
};

export function createMemoryGuard(ports: GuardPorts): Memory {
  const measures = ports.measures ?? findMeasures();
  let askAgainAtMs = Number.NEGATIVE_INFINITY;
  let gaveBack = { atMs: Number.NEGATIVE_INFINITY, share: 0 };
  let short = false;
  let wentByBytes = 0;
  return {
    limitBytes: Math.min(...measures().map(({ limitBytes }) => limitBytes)),
    isShort: () => {
      const nowMs = ports.timers.monotonicMs();
      if (nowMs < askAgainAtMs) return short;
      const was = short;
      const found = measures();
      const share = shareTaken(found);
      short = judgeShortage(share, was);
      if (short && (nowMs - gaveBack.atMs >= giveBackEveryMs || share - gaveBack.share >= giveBackGrownShare)) {
        ports.giveBack?.();
        gaveBack = { atMs: nowMs, share: shareTaken(measures()) };
        short = judgeShortage(gaveBack.share, true);
      }
      const fullInMs = roomLeftBytes(found) / fillsBytesPerMs;
      askAgainAtMs = nowMs + Math.min(Math.max(fullInMs, askAgainMs.soonest), askAgainMs.latest);
      if (short !== was) ports.signals.emit(short ? 'warn' : 'info', short ? 'memory.short' : 'memory.well_again');
      return short;
    },
    wentBy: (octets) => {
      wentByBytes += octets;
      if (wentByBytes < freeEveryBytes) return;
      wentByBytes = 0;
      ports.freeBuffers?.();
    },
  };
}

type Source = () => readonly Measure[];

/** Which limits there are does not change while we run; how much of them is taken does. */
function findMeasures(): Source {
  const machineBytes = totalmem();
  const limits = readOr('/proc/self/limits', '');
  const own: Source = () => measureProcess({ limits, status: statusText() }, machineBytes);
  const groups = groupPlaces(readOr('/proc/self/cgroup', ''));
  const old = groups.old.find((place) => readOr(`${place}/memory.stat`, '') !== '');
  const sources = [own, ...(old === undefined ? [] : [oldGroup(old)]), ...groups.now.map(group)];
  return () => sources.flatMap((measure) => measure());
}

/** Nothing where it cannot be read: who has no descriptor left for a look shall not die of it. */
function statusText(): string {
  if (process.platform === 'linux') return readOr('/proc/self/status', '');
  return `VmRSS: ${Math.round(process.memoryUsage.rss() / 1024)}`;
}

function oldGroup(place: string): Source {
  return () =>
    listOf(
      measureOldGroup({
        usage: readOr(`${place}/memory.usage_in_bytes`, '0'),
        stat: readOr(`${place}/memory.stat`, ''),
      }),
    );
}

function group(place: string): Source {
  return () => {
    const max = readOr(`${place}/memory.max`, 'max');
    if (max.startsWith('max')) return [];
    const current = readOr(`${place}/memory.current`, '0');
    return listOf(measureGroup({ max, current, stat: readOr(`${place}/memory.stat`, '') }));
  };
}

function listOf(measure: Measure | undefined): readonly Measure[] {
  return measure === undefined ? [] : [measure];
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise; // not there on this system
  }
}
