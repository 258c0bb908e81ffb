/**
 * The simulation: `node test/sim/run.ts`. Each seed is a world of its own; a seed that fails is replayed by the line that is printed.
 *
 *   --seeds N   that many, from --from (1) on      --jobs N   processes at once (all cores)
 *   --seed N    only this one                      --trace    with everything that happens
 *   --twice     each seed two times, which must come out the same
 *   --first     stops at the first failure
 *
 * Before many seeds the simulated system has to keep the contracts of the store's ports.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Outcome } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    jobs: { type: 'string' },
    trace: { type: 'boolean', default: false },
    twice: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
  },
});

const manySeeds = 100;
/** Who dies closes nothing: what its connections to the database hold (1.6 MB a seed) ends with the process. */
const seedsPerProcess = 250;
const progressEvery = 1_000;

const print = (text: string) => void process.stdout.write(`${text}\n`);

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
}

const first = whole(values.seed ?? values.from);
const count = values.seed === undefined ? whole(values.seeds) : 1;
const times = values.twice ? 2 : 1;
const queue = Array.from({ length: count * times }, (_, at) => first + Math.floor(at / times));
const jobs = Math.min(whole(values.jobs ?? String(availableParallelism())), queue.length);

if (count >= manySeeds) {
  const contracts = fileURLToPath(new URL('./contracts.ts', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-isolation=none', contracts], {
    encoding: 'utf8',
  });
  print(status === 0 ? 'the simulated system keeps the contracts of the store' : stdout);
  if (status !== 0) process.exit(1);
}

const begunMs = performance.now();
const fingerprints = new Map<number, number>();
const failed = new Set<number>();
const sums = { runs: 0, letters: 0, events: 0, crashes: 0, virtualMs: 0 };

function note(outcome: Outcome): void {
  sums.runs++;
  sums.letters += outcome.letters;
  sums.events += outcome.events;
  sums.crashes += outcome.crashes;
  sums.virtualMs += outcome.virtualMs;
  if (sums.runs % progressEvery === 0 && queue.length > 0)
    print(`  ... ${sums.runs} of ${count * times}, ${failed.size} failed`);
  const { seed, violations, lastLines, fingerprint } = outcome;
  const before = fingerprints.get(seed);
  fingerprints.set(seed, fingerprint);
  const differs = before !== undefined && before !== fingerprint;
  if (differs) print(`seed ${seed} came out differently the second time: ${before} and ${fingerprint}`);
  if (violations.length === 0 && !differs) return;
  failed.add(seed);
  if (values.first) queue.length = 0;
  print(`\nseed ${seed} FAILED:`);
  for (const violation of violations) print(`  ${violation}`);
  for (const line of lastLines) print(`    ${line}`);
  print(`  replay: node test/sim/run.ts --seed ${seed} --trace`);
}

async function work(): Promise<void> {
  while (queue.length > 0) await workInOneProcess();
}

function workInOneProcess(): Promise<void> {
  const child: ChildProcess = fork(new URL('./worker.ts', import.meta.url), { stdio: 'inherit' });
  let under: number | undefined;
  let left = seedsPerProcess;
  const next = () => {
    under = left-- > 0 ? queue.shift() : undefined;
    if (under === undefined) child.disconnect();
    else child.send({ seed: under, trace: values.trace });
  };
  return new Promise((resolve) => {
    child.on('message', (message: 'ready' | Outcome) => {
      if (message !== 'ready') note(message);
      next();
    });
    child.on('exit', (code) => {
      if (under !== undefined) {
        failed.add(under);
        print(
          `seed ${under} FAILED: its process ended with ${code}\n  replay: node test/sim/run.ts --seed ${under} --trace`,
        );
      }
      resolve();
    });
  });
}

await Promise.all(Array.from({ length: jobs }, work));
const seconds = (performance.now() - begunMs) / 1_000;
print(
  `${sums.runs} runs in ${seconds.toFixed(1)} s (${(sums.runs / seconds).toFixed(1)} a second): ${sums.letters} letters, ` +
    `${sums.crashes} deaths, ${Math.round(sums.virtualMs / 86_400_000)} days of virtual time, ${sums.events} events; ${failed.size} failed`,
);
if (failed.size > 0) print(`failed: ${[...failed].sort((a, b) => a - b).join(' ')}`);
process.exitCode = failed.size > 0 ? 1 : 0;
