/**
 * Whether memory is short, from what the system tells about limits and use. Pure: texts of /proc and of control groups in, figures
 * and a judgement out.
 */

/** One limit that binds this process, and how much of it is taken. */
export type Measure = { readonly limitBytes: number; readonly usedBytes: number };

/** KumoMTA's mark; beyond it there has to be room for what is under way. */
const shortFromShare = 0.75;
/** Below it things are well again: the mark alone would swing with every message. */
const wellBelowShare = 0.7;

/** Of the limit that is nearest, how much is taken: 0 to 1. */
export function shareTaken(measures: readonly Measure[]): number {
  return Math.max(0, ...measures.map(({ limitBytes, usedBytes }) => usedBytes / limitBytes));
}

/** Octets that may still be taken before it counts as short; negative beyond. */
export function roomLeftBytes(measures: readonly Measure[]): number {
  return Math.min(...measures.map(({ limitBytes, usedBytes }) => limitBytes * shortFromShare - usedBytes));
}

export function judgeShortage(share: number, wasShort: boolean): boolean {
  return share >= (wasShort ? wellBelowShare : shortFromShare);
}

/** Lines of a name, white space and a number: `memory.stat` of a control group, `/proc/self/status` without its units. */
function parseFigures(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [, name = '', figure] of text.matchAll(/^(\w+):?\s+(\d+)/gm)) found.set(name, Number(figure));
  return found;
}

/** Version 2: page cache gives way and does not count, shared memory (a tmpfs) does. Undefined where nothing is limited. */
export function measureGroup(files: {
  readonly max: string;
  readonly current: string;
  readonly stat: string;
}): Measure | undefined {
  const limitBytes = Number.parseInt(files.max, 10); // `max` is no number, and no limit
  if (Number.isNaN(limitBytes)) return undefined;
  const stat = parseFigures(files.stat);
  const cache = (stat.get('file') ?? 0) - (stat.get('shmem') ?? 0);
  return { limitBytes, usedBytes: Math.max(Number.parseInt(files.current, 10) - cache, 0) };
}

/** Version 1, whose `memory.stat` tells the least limit of this group and those above it. */
export function measureOldGroup(files: { readonly usage: string; readonly stat: string }): Measure | undefined {
  const stat = parseFigures(files.stat);
  const limitBytes = stat.get('hierarchical_memory_limit');
  if (limitBytes === undefined) return undefined;
  const cache = (stat.get('total_cache') ?? 0) - (stat.get('total_shmem') ?? 0);
  return { limitBytes, usedBytes: Math.max(Number.parseInt(files.usage, 10) - cache, 0) };
}

/** `/proc/self/limits` (`ulimit -v`, `ulimit -d`) against `/proc/self/status`, and the machine's own memory against what is resident. */
export function measureProcess(
  texts: { readonly limits: string; readonly status: string },
  machineBytes: number,
): Measure[] {
  const status = parseFigures(texts.status);
  const used = (name: string) => (status.get(name) ?? 0) * 1024; // proc(5): in kB
  const [, space] = /^Max address space +(\d+)/m.exec(texts.limits) ?? []; // `unlimited` is no number
  const [, data] = /^Max data size +(\d+)/m.exec(texts.limits) ?? [];
  return [
    { limitBytes: machineBytes, usedBytes: used('VmRSS') },
    ...(space === undefined ? [] : [{ limitBytes: Number(space), usedBytes: used('VmSize') }]),
    ...(data === undefined ? [] : [{ limitBytes: Number(data), usedBytes: used('VmData') }]),
  ];
}

/** Where the control group of memory may be found, from `/proc/self/cgroup`: in a container its path may be that of the host. */
export function groupPlaces(cgroup: string): { readonly old: readonly string[]; readonly now: readonly string[] } {
  const root = '/sys/fs/cgroup';
  const [, old] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(cgroup) ?? [];
  const [, now] = /^0::(\/.*)$/m.exec(cgroup) ?? [];
  return {
    old: old === undefined ? [] : [`${root}/memory${trimmed(old)}`, `${root}/memory`],
    now: now === undefined ? [] : [...upwards(trimmed(now)).map((path) => `${root}${path}`), root],
  };
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

/** `/a/b` -> `/a/b`, `/a`: every group above limits this one too. */
function upwards(path: string): string[] {
  const steps = path.split('/').slice(1);
  return steps.map((_, at) => `/${steps.slice(0, steps.length - at).join('/')}`);
}
