/**
 * The fuzzer's command: `node test/fuzz/fuzz.ts [--target NAME]... [--inputs N] [--seconds S] [--seed X|random]`, `--list`,
 * `--target NAME --replay FILE`. Prints figures per target. A failure prints the line that replays it, keeps the input under
 * `test/fuzz/crashers/`, and the exit code is 1.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect, parseArgs } from 'node:util';
import { replayLine, writeCrasher } from './crashers.ts';
import { type Crash, type FuzzReport, fuzzTarget, replay } from './fuzz-target.ts';
import type { FuzzTarget } from './target.ts';
import { targets } from './targets/all.ts';
import { startWatchdog } from './watchdog.ts';

const inputsDefault = 20_000;
const usage =
  'node test/fuzz/fuzz.ts [--target NAME]... [--inputs N] [--seconds S] [--seed X|random] [--replay FILE] [--list]';

type Wanted = {
  readonly targets: readonly FuzzTarget[];
  readonly seed: number;
  readonly limit: { readonly inputs: number } | { readonly seconds: number };
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        target: { type: 'string', multiple: true },
        inputs: { type: 'string' },
        seconds: { type: 'string' },
        seed: { type: 'string' },
        replay: { type: 'string' },
        list: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(): Promise<number> {
  const { values } = readOptions();
  const chosen = values.target?.map(targetNamed) ?? targets;
  if (values.list) {
    for (const { name } of chosen) say(name);
    return 0;
  }
  if (values.replay !== undefined) return replayFile(chosen, values.replay);
  const seed = values.seed === 'random' ? randomInt(2 ** 31) : numberOf(values.seed ?? '1', '--seed');
  const seconds = values.seconds === undefined ? undefined : numberOf(values.seconds, '--seconds') / chosen.length;
  const inputs = values.inputs === undefined ? inputsDefault : numberOf(values.inputs, '--inputs');
  return fuzz({ targets: chosen, seed, limit: seconds === undefined ? { inputs } : { seconds } });
}

/** A command that cannot be understood. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

function targetNamed(name: string): FuzzTarget {
  const target = targets.find((one) => one.name === name);
  if (target === undefined) throw new UsageError(`there is no target ${name}; see --list`);
  return target;
}

function numberOf(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${option} takes a number`);
  return Number(text);
}

async function fuzz({ targets: chosen, seed, limit }: Wanted): Promise<number> {
  say(`seed ${seed}`);
  let failed = 0;
  for (const target of chosen) {
    const watchdog = startWatchdog(target.name);
    const report = await fuzzTarget(target, { ...limit, seed, watch: watchdog });
    await watchdog.stop();
    say(figures(target.name, report));
    if (report.crash === undefined) continue;
    failed++;
    tellCrash(target.name, report.crash);
  }
  say(failed === 0 ? `${chosen.length} targets, nothing found` : `${failed} of ${chosen.length} targets FAILED`);
  return failed === 0 ? 0 : 1;
}

function figures(name: string, { inputs, ms, outcomes, slowest }: FuzzReport): string {
  const rate = Math.round((inputs / Math.max(ms, 1)) * 1_000);
  const count = (value: number, width: number) => value.toLocaleString('en-US').padStart(width);
  const slow = `slowest ${slowest.ms.toFixed(1).padStart(6)} ms for ${count(slowest.octets, 6)} octets`;
  return `${name.padEnd(20)} ${count(inputs, 9)} inputs ${count(rate, 8)}/s ${count(outcomes, 6)} outcomes  ${slow}`;
}

function tellCrash(name: string, { input, error, number }: Crash): void {
  const path = writeCrasher(name, input);
  say(`FAILED  ${name}: input ${number} of this seed, ${input.length} octets when made smaller`);
  say(inspect(error).replaceAll(/^/gm, '    '));
  say(`    ${replayLine(name, path)}`);
}

async function replayFile(chosen: readonly FuzzTarget[], path: string): Promise<number> {
  const [target] = chosen;
  if (chosen.length !== 1 || target === undefined) throw new UsageError('--replay needs exactly one --target');
  const input = readFileSync(path);
  say(`${input.length} octets, they begin with ${inspect(input.toString('latin1', 0, 1_000))}`);
  const error = await replay(target, input);
  say(error === undefined ? `${target.name}: nothing is wrong with ${path}` : inspect(error));
  return error === undefined ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${usage}\n`);
  process.exitCode = 64;
}
