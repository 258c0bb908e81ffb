/**
 * Faults, one after the other, against real `posthorn serve` processes on loopback: `node test/faults/run.ts`. Prints a table with, for
 * each, its seed and the line that does it again. Nothing here touches a process that it has not started.
 *
 *   --only NAME[,NAME]   some of them          --seed N             the same choices again
 *   --ci                 in eight minutes      --list               their names
 *   --kills N  --acknowledgements N  --soak-seconds N (or --minutes N)  --queued N  --failures N
 */
import { parseArgs } from 'node:util';
import { rows } from './rows/all.ts';
import { type Fault, type Options, Trial } from './support/trial.ts';

type Result = {
  readonly fault: Fault;
  readonly seed: number;
  readonly tookMs: number;
  readonly skipped?: string;
  readonly figures: readonly string[];
  readonly failures: readonly string[];
};

const usual: Options = { kills: 200, acknowledgements: 1_000, soakSeconds: 300, queued: 100_000, failures: 12 };
const inCi: Options = { ...usual, kills: 100, soakSeconds: 120, failures: 4 };

/** Rows that only wait may do so together. */
const besideEachOther = 2;

const print = (text: string) => void process.stdout.write(`${text}\n`);

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string' },
    ci: { type: 'boolean' },
    list: { type: 'boolean' },
    kills: { type: 'string' },
    acknowledgements: { type: 'string' },
    'soak-seconds': { type: 'string' },
    minutes: { type: 'string' },
    queued: { type: 'string' },
    failures: { type: 'string' },
  },
});

function optionsOf(): Options {
  const base = values.ci ? inCi : usual;
  const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : whole(text));
  return {
    kills: number(values.kills, base.kills),
    acknowledgements: number(values.acknowledgements, base.acknowledgements),
    soakSeconds:
      values.minutes === undefined ? number(values['soak-seconds'], base.soakSeconds) : whole(values.minutes) * 60,
    queued: number(values.queued, base.queued),
    failures: number(values.failures, base.failures),
  };
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
}

function chosen(): readonly Fault[] {
  if (values.only === undefined) return rows;
  const names = values.only.split(',');
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(', ')}; there are ${rows.map((row) => row.name).join(', ')}`);
  return rows.filter((row) => names.includes(row.name));
}

const running = new Set<Trial>();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
process.on('exit', () => {
  for (const trial of running) trial.killAll();
});

async function runOne(fault: Fault, seed: number, options: Options): Promise<Result> {
  const begunMs = performance.now();
  const skipped = fault.missing?.();
  if (skipped !== undefined) return { fault, seed, skipped, tookMs: 0, figures: [], failures: [] };
  const limitMs = fault.limitSeconds(options) * 1_000;
  const ended = AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)]);
  const progress = (text: string) =>
    print(`  ... ${fault.name} after ${((performance.now() - begunMs) / 1_000).toFixed(0)} s: ${text}`);
  const trial = new Trial(seed, options, { signal: ended, progress });
  running.add(trial);
  try {
    await Promise.race([fault.run(trial), tooLong(ended, limitMs)]);
  } catch (error) {
    trial.check(false, error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await trial.close();
    running.delete(trial);
  }
  return { fault, seed, tookMs: performance.now() - begunMs, figures: trial.figures, failures: trial.failures };
}

/** The row sees the signal itself first, and has a moment to end in order. */
function tooLong(ended: AbortSignal, limitMs: number): Promise<never> {
  return new Promise((_, reject) => {
    ended.addEventListener('abort', () =>
      setTimeout(
        () => reject(new Error(stop.signal.aborted ? 'stopped' : `not done after ${limitMs / 1_000} s`)),
        10_000,
      ).unref(),
    );
  });
}

async function runAll(faults: readonly Fault[], seed: number, options: Options): Promise<Result[]> {
  const results: Result[] = [];
  const done = (result: Result) => {
    results.push(result);
    tell(result);
  };
  for (const fault of faults.filter(({ alone }) => alone))
    if (!stop.signal.aborted) done(await runOne(fault, seed, options));
  // The longest ones first, so that the lanes end together.
  const waiting = faults
    .filter(({ alone }) => !alone)
    .toSorted((one, other) => other.limitSeconds(options) - one.limitSeconds(options));
  const lane = async () => {
    for (let fault = waiting.shift(); fault && !stop.signal.aborted; fault = waiting.shift())
      done(await runOne(fault, seed, options));
  };
  await Promise.all(Array.from({ length: besideEachOther }, lane));
  return results;
}

function tell({ fault, seed, tookMs, skipped, figures, failures }: Result): void {
  const verdict = skipped !== undefined ? 'SKIPPED' : failures.length > 0 ? 'FAILED' : 'passed';
  print(
    `\n${verdict.padEnd(8)}${fault.name.padEnd(14)}${fault.fault}  (${(tookMs / 1_000).toFixed(1)} s, seed ${seed})`,
  );
  print(`        ${fault.done}`);
  if (skipped !== undefined) print(`        NOT DONE on this machine: ${skipped}`);
  for (const figure of figures) print(`        - ${figure}`);
  for (const failure of failures) print(`        ! ${failure.replaceAll('\n', '\n          ')}`);
  print(`        again: ${replayLine(fault.name, seed)}`);
}

/** With every option that was given: they decide what the seed decides about. */
function replayLine(name: string, seed: number): string {
  const kept = ['kills', 'acknowledgements', 'soak-seconds', 'minutes', 'queued', 'failures'] as const;
  const options = kept.flatMap((option) => (values[option] === undefined ? [] : [`--${option} ${values[option]}`]));
  return ['node test/faults/run.ts', ...(values.ci ? ['--ci'] : []), ...options, `--only ${name} --seed ${seed}`].join(
    ' ',
  );
}

async function main(): Promise<number> {
  if (values.list) {
    for (const row of rows) print(`${row.name.padEnd(14)}${row.fault}`);
    return 0;
  }
  const faults = chosen();
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : whole(values.seed);
  const begunMs = performance.now();
  print(`faults: seed ${seed}; again with: node test/faults/run.ts --seed ${seed}`);
  const results = await runAll(faults, seed, optionsOf());
  const failed = results.filter(({ failures }) => failures.length > 0);
  const skipped = results.filter((result) => result.skipped !== undefined);
  print(
    `\n${results.length - failed.length - skipped.length} passed, ${failed.length} failed, ${skipped.length} skipped in ${((performance.now() - begunMs) / 1_000).toFixed(0)} s`,
  );
  for (const { fault, skipped: why } of skipped) print(`SKIPPED ${fault.name}: ${why}`);
  return failed.length > 0 || stop.signal.aborted ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  print(`faults: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(64);
}
