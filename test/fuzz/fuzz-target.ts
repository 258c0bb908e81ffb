/**
 * Feeds one target: its seeds first, then mutations of them and of whatever had an outcome not seen before. Ends with figures, or
 * with the first input for which something did not hold, made as small as a few hundred tries make it.
 */
import { concat } from '../../src/base/bytes.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type Material, mutate } from './mutate.ts';
import { allowedMs, type FuzzTarget, type OpenTarget, octetsMaxDefault, octetsOf } from './target.ts';

export type FuzzOptions = {
  readonly seed: number;
  /** How many; without it `seconds` ends the run. */
  readonly inputs?: number;
  readonly seconds?: number;
  /** Factor on the allowed time, for machines that are busy with other tests. */
  readonly patience?: number;
  /** Told before and after each input: a hang can be told by nobody else. */
  readonly watch?: Watch;
};

export type Watch = { readonly begin: (input: Uint8Array) => void; readonly end: () => void };

type Slowest = { readonly octets: number; readonly ms: number };

export type Crash = {
  readonly input: Uint8Array;
  readonly error: unknown;
  /** The how-manieth input of the run it was before it was made smaller. */
  readonly number: number;
};

export type FuzzReport = {
  readonly inputs: number;
  readonly ms: number;
  /** How many different ones were seen: few of them say that the target was hardly entered. */
  readonly outcomes: number;
  readonly slowest: Slowest;
  readonly crash?: Crash;
};

/** Larger ones are not mutated further: they would fill the run with floods of floods. */
const pooledOctetsMax = 4_096;
const pooledMax = 1_000;
const smallerTriesMax = 400;
/** Compilers and collectors take a turn now and then: what seems slow is run again. */
const slowTries = 5;

export async function fuzzTarget(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const opened = await target.open();
  try {
    return await new Run(target, opened, options).run();
  } finally {
    await opened.close?.();
  }
}

/** One input again: answers what is wrong with it, if anything. */
export async function replay(target: FuzzTarget, input: Uint8Array, patience = 1): Promise<unknown> {
  const opened = await target.open();
  try {
    return (await tryInput(target, opened, input, patience)).error;
  } finally {
    await opened.close?.();
  }
}

export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

type Tried = { readonly ms: number; readonly outcome?: string; readonly error?: unknown };

async function tryInput(target: FuzzTarget, opened: OpenTarget, input: Uint8Array, patience: number): Promise<Tried> {
  const first = await runOnce(opened, input);
  const allowed = (target.msMax ?? allowedMs(input.length)) * patience;
  if (first.error !== undefined || first.ms <= allowed) return first;
  let ms = Number.POSITIVE_INFINITY;
  for (let again = 0; again < slowTries && ms > allowed; again++) ms = Math.min(ms, await processorMs(opened, input));
  if (ms <= allowed) return { ...first, ms };
  const say = `${ms.toFixed(1)} ms for ${input.length} octets, at most ${allowed.toFixed(1)} are allowed`;
  return { ms, error: new TooSlow(say) };
}

/** What it costs our thread, whatever else the machine does meanwhile. */
async function processorMs(opened: OpenTarget, input: Uint8Array): Promise<number> {
  const before = process.threadCpuUsage();
  await runOnce(opened, input);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

async function runOnce(opened: OpenTarget, input: Uint8Array): Promise<Tried> {
  const given = Uint8Array.from(input);
  const startedMs = performance.now();
  try {
    const running = opened.run(given);
    const outcome = typeof running === 'string' ? running : await running;
    const ms = performance.now() - startedMs;
    if (Buffer.compare(given, input) !== 0) return { ms, error: new Error('the input was changed') };
    return { ms, outcome };
  } catch (error) {
    return { ms: performance.now() - startedMs, error: error ?? new Error('undefined was thrown') };
  }
}

class Run {
  readonly #target: FuzzTarget;
  readonly #opened: OpenTarget;
  readonly #options: FuzzOptions;
  readonly #seen = new Set<string>();
  readonly #pool: Uint8Array[];
  #slowest: Slowest = { octets: 0, ms: 0 };

  constructor(target: FuzzTarget, opened: OpenTarget, options: FuzzOptions) {
    this.#target = target;
    this.#opened = opened;
    this.#options = options;
    this.#pool = target.seeds().map(octetsOf);
  }

  async run(): Promise<FuzzReport> {
    const startedMs = performance.now();
    const { inputs = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = this.#options;
    const untilMs = startedMs + seconds * 1_000;
    let number = 0;
    let crash: Crash | undefined;
    for (const next = this.#inputs(); number < inputs && crash === undefined; ) {
      if (number % 64 === 0 && performance.now() > untilMs) break;
      crash = await this.#feed(next(number), number);
      number++;
    }
    const ms = performance.now() - startedMs;
    const figures = { inputs: number, ms, outcomes: this.#seen.size, slowest: this.#slowest };
    return crash === undefined ? figures : { ...figures, crash };
  }

  /** Same seed, same inputs: as long as the target's outcomes depend on its inputs alone. */
  #inputs(): (number: number) => Uint8Array {
    const random = seededRandom(seedFor(this.#target.name, this.#options.seed));
    const seeds = [...this.#pool];
    const some = () => this.#pool[Math.floor(random.float() * this.#pool.length)] ?? new Uint8Array();
    const material: Material = {
      dictionary: this.#target.dictionary.map(octetsOf),
      separators: this.#target.separators.map(octetsOf),
      octetsMax: this.#target.octetsMax ?? octetsMaxDefault,
      another: some,
    };
    return (number) => seeds[number] ?? mutate(some(), random, material);
  }

  async #feed(input: Uint8Array, number: number): Promise<Crash | undefined> {
    const { watch, patience = 1 } = this.#options;
    watch?.begin(input);
    const { ms, outcome, error } = await tryInput(this.#target, this.#opened, input, patience);
    watch?.end();
    if (ms > this.#slowest.ms) this.#slowest = { octets: input.length, ms };
    if (error !== undefined) return { input: await this.#smaller(input, error), error, number };
    if (outcome === undefined || this.#seen.has(outcome)) return undefined;
    this.#seen.add(outcome);
    if (input.length <= pooledOctetsMax && this.#pool.length < pooledMax) this.#pool.push(input);
    return undefined;
  }

  /** Drops halves, quarters ... single octets, as long as the same thing goes wrong. */
  async #smaller(input: Uint8Array, error: unknown): Promise<Uint8Array> {
    if (error instanceof TooSlow) return input;
    const place = placeOf(error);
    let small = input;
    let tries = 0;
    for (let step = Math.ceil(small.length / 2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
      for (let at = 0; at < small.length && tries < smallerTriesMax; tries++) {
        const shorter = concat([small.subarray(0, at), small.subarray(at + step)]);
        const failed = await runOnce(this.#opened, shorter);
        if (failed.error !== undefined && placeOf(failed.error) === place) small = shorter;
        else at += step;
      }
    }
    return Uint8Array.from(small);
  }
}

/** Targets of one run do not get the same sequence. */
function seedFor(name: string, seed: number): number {
  let hash = seed >>> 0;
  for (const character of name) hash = (Math.imul(hash ^ character.charCodeAt(0), 0x01000193) + 0x9e3779b9) >>> 0;
  return hash;
}

/** Where it went wrong: the first line of ours in the stack. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = stack.split('\n').find((line) => /(?:src|targets)\/.*\.ts:\d+/.test(line));
  return /(?:src|test)\/[^):]*\.ts:\d+/.exec(frame ?? '')?.[0] ?? String(error).split('\n')[0] ?? '';
}
