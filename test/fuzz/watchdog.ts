/**
 * Ends a run that hangs: an endless loop cannot tell anybody its input. The run leaves each input in shared memory before it
 * feeds it; this thread looks from time to time whether it is still the same one, and if so keeps it as a crasher.
 */
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { replayLine, writeCrasher } from './crashers.ts';
import type { Watch } from './fuzz-target.ts';

const hangMs = 20_000;
const lookEveryMs = 1_000;
const octetsMax = 1 << 20;

type Shared = { readonly name: string; readonly words: Int32Array; readonly octets: Uint8Array };
/** What the words say. */
const at = { count: 0, length: 1, stop: 2 } as const;

/** Watches a target's run until `stop`. */
export function startWatchdog(name: string): Watch & { readonly stop: () => Promise<void> } {
  const words = new Int32Array(new SharedArrayBuffer(12));
  const octets = new Uint8Array(new SharedArrayBuffer(octetsMax));
  const shared: Shared = { name, words, octets };
  const worker = new Worker(new URL(import.meta.url), { workerData: shared });
  worker.unref();
  const left = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return {
    begin: (input) => {
      octets.set(input.subarray(0, octetsMax));
      Atomics.store(words, at.length, Math.min(input.length, octetsMax));
      Atomics.add(words, at.count, 1);
    },
    end: () => Atomics.store(words, at.length, -1),
    stop: async () => {
      Atomics.store(words, at.stop, 1);
      Atomics.notify(words, at.stop);
      worker.ref();
      await left;
    },
  };
}

function watch({ name, words, octets }: Shared): void {
  let last = -1;
  let sinceMs = performance.now();
  while (Atomics.wait(words, at.stop, 0, lookEveryMs) === 'timed-out') {
    const count = Atomics.load(words, at.count);
    const length = Atomics.load(words, at.length);
    if (count !== last || length < 0) {
      last = count;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > hangMs) giveUp(name, Uint8Array.from(octets.subarray(0, length)));
  }
}

function giveUp(name: string, input: Uint8Array): void {
  const path = writeCrasher(name, input);
  writeSync(2, `${name}: no end after ${hangMs / 1_000} s\n  ${replayLine(name, path)}\n`);
  process.kill(process.pid, 'SIGKILL');
}

if (!isMainThread) watch(workerData as Shared);
