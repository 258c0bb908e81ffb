/**
 * `posthorn check --file`: many domains in one run, some at a time, told in the order of the list and then forgotten, so that a list of
 * any length takes the memory of a few. DNS alone is asked; what many domains share is asked once.
 */
import { asBuffer } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import { checkDocument, checkDomain, type DomainCheck, worldLimits } from '../../services/advice/advice.ts';
import { type Answer, type Format, jsonLine } from './answer.ts';
import { type Asked, exitOf, readCheckedDomain } from './check-words.ts';
import { CliError } from './cli-error.ts';
import type { DoctorEyes } from './cli-host.ts';
import { type ExitCode, exits } from './exits.ts';
import { readLines } from './read-lines.ts';
import { visible } from './render-timeline.ts';
import type { Run } from './run.ts';

/**
 * Domains under way: a few where answers come at once and the processor is the limit, since what is known of each is in the way of every
 * clean-up of memory (4 to 6 cost a quarter less than 16), and more where it waits for answers.
 */
const atOnce = { least: 4, most: 32 } as const;
/** A timer that is on time: there was nothing to do. */
const restMs = 2;
const lateMs = 1;
/** How far a quick one may be ahead of a slow one: their findings wait in memory. */
const aheadMax = 64;
/** The longest name, and room for what people paste instead. */
const lineMax = 1_000;

/** Text as soon as it is known: a look's findings are many small things, which wait in memory as one. */
type Told = { readonly exit: ExitCode; readonly text: string; readonly summary?: object };

type Many = {
  readonly run: Run;
  readonly asked: Asked;
  readonly eyes: DoctorEyes;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
  /** What ends each look that is under way. */
  readonly ends: Set<AbortController>;
};

export async function checkMany(run: Run, asked: Asked, path: string, timeoutMs: number): Promise<Answer | number> {
  const { host, format } = run;
  const lines = await linesOf(run, path);
  const over = new AbortController();
  const signal = AbortSignal.any([host.signal, over.signal]);
  const eyes = await run.doctorEyes({ probes: false, isForMany: true, signal });
  const clock = await run.clock();
  const ends = new Set<AbortController>();
  const many = { run, asked, eyes, timeoutMs, nowMs: () => clock.nowMs(), ends };
  const endAll = () => {
    for (const one of ends) one.abort();
  };
  host.signal.addEventListener('abort', endAll, { once: true });
  const progress = new Progress(run, lines.count);
  const summaries: object[] = [];
  const seen = new Set<ExitCode>();
  try {
    for await (const told of inOrder(lines.texts, (text) => checkLine(many, text), host.timers)) {
      if (host.signal.aborted) break;
      seen.add(told.exit);
      if (told.summary !== undefined) summaries.push(told.summary);
      else host.out(told.text);
      progress.step();
    }
  } finally {
    host.signal.removeEventListener('abort', endAll);
    over.abort();
    progress.end();
  }
  if (seen.size === 0 && !host.signal.aborted) throw noDomains(run, path);
  const exit = [exits.badInput, exits.problems, exits.tryAgain].find((one) => seen.has(one)) ?? exits.ok;
  return format === 'json' ? { exit, document: { domains: summaries }, lines: () => [] } : exit;
}

type Lines = { readonly count: number | undefined; readonly texts: AsyncIterable<string> };

async function linesOf({ host }: Run, path: string): Promise<Lines> {
  if (path === '-') return { count: undefined, texts: textsIn(host.stdin.chunks()) };
  const whole = await host.readFile(path);
  const chunks = async function* () {
    yield whole;
  };
  let count = 0;
  for await (const _ of textsIn(chunks())) count++;
  return { count, texts: textsIn(chunks()) };
}

function noDomains({ host }: Run, path: string): CliError {
  return new CliError({
    exit: exits.badInput,
    code: 'no_domains',
    say: `${path === '-' ? 'The standard input' : path} names no domain: one a line is wanted.`,
    next: `${host.command} check example.com`,
  });
}

/** Empty lines and remarks are no domains. */
async function* textsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const line of readLines(chunks, lineMax)) {
    const text = line === undefined ? '(a line that is too long)' : asBuffer(line).toString('utf8').trim();
    if (text !== '' && !text.startsWith('#')) yield text;
  }
}

/** Some at once, results in the order of the items, never far ahead of the slowest. */
async function* inOrder<Result>(
  items: AsyncIterable<string>,
  work: (item: string) => Promise<Result>,
  timers: Timers,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  const running = new Set<Promise<Result>>();
  for await (const item of items) {
    const one = work(item).finally(() => running.delete(one));
    running.add(one);
    waiting.push(one);
    while (running.size >= atOnce.most) await Promise.race(running);
    let isResting = false;
    while (running.size >= atOnce.least && !isResting) isResting = await hasRest(running, timers);
    while (waiting.length >= aheadMax || (waiting[0] && !running.has(waiting[0]))) {
      const next = waiting.shift();
      if (next === undefined) break;
      yield await next;
    }
  }
  for (const one of waiting) yield await one;
}

/** Whether there was nothing to do but wait; false as soon as one of them is done. */
async function hasRest(running: ReadonlySet<Promise<unknown>>, timers: Timers): Promise<boolean> {
  const sinceMs = timers.monotonicMs();
  const rested = timers.sleep(restMs).then(() => timers.monotonicMs() - sinceMs < restMs + lateMs);
  return Promise.race([rested, ...[...running].map((one) => one.then(() => false))]);
}

async function checkLine({ run, asked, eyes, timeoutMs, nowMs, ends }: Many, text: string): Promise<Told> {
  // One of its own, that ends with the look: what listens to a signal of the whole run stays in memory as long as that.
  const late = new AbortController();
  const cancel = run.host.timers.after(timeoutMs, () => late.abort());
  ends.add(late);
  try {
    const domain = readCheckedDomain(run, text);
    const { catalogue, ...about } = asked;
    const ports = { catalogue, world: { ...eyes, nowMs: nowMs() }, limits: { ...worldLimits, signal: late.signal } };
    const checked = await checkDomain(ports, { domain, ...about, isOneOfMany: true });
    if (checked.ok) return toldOf(run.format, checked.value);
    return unread(run.format, text, checked.say);
  } catch (error) {
    if (error instanceof CliError) return unread(run.format, text, error.message);
    throw error;
  } finally {
    cancel();
    ends.delete(late);
  }
}

function unread(format: Format, text: string, say: string): Told {
  const shown = text.slice(0, 200);
  const line = `${visible(shown)}  not looked at: ${visible(say)}`;
  return told(format, { exit: exits.badInput, document: { domain: shown, error: say }, line });
}

function toldOf(format: Format, check: DomainCheck): Told {
  const document = checkDocument(check);
  const failed = failedIds(document.findings, (severity) => severity !== 'advice');
  const score = document.score === null ? '   -' : document.score.toFixed(1).padStart(4);
  const line = `${score}  ${check.domain}  ${sayOf(check, failed)}`;
  return told(format, { exit: exitOf(check), document, line });
}

function sayOf({ exists }: DomainCheck, failed: readonly string[]): string {
  if (exists === 'no') return 'does not exist';
  if (exists === 'unknown') return 'not known: the DNS did not answer';
  return failed.length === 0 ? 'nothing to mend' : failed.join(' ');
}

type Telling = { readonly exit: ExitCode; readonly document: object; readonly line: string };

function told(format: Format, { exit, document, line }: Telling): Told {
  if (format === 'json') return { exit, text: '', summary: summaryOf(document) };
  return { exit, text: format === 'jsonl' ? jsonLine(document) : `${line}\n` };
}

function failedIds(findings: DomainCheck['findings'], counts: (severity: string) => boolean): readonly string[] {
  return [
    ...new Set(findings.filter(({ status, severity }) => status === 'fail' && counts(severity)).map(({ id }) => id)),
  ];
}

/** One document of everything has to fit into memory: findings by id alone. */
function summaryOf(document: object): object {
  if (!('findings' in document)) return document;
  const { domain, checked_at, score, findings } = document as ReturnType<typeof checkDocument>;
  return { domain, checked_at, score, failed: failedIds(findings, () => true) };
}

/** How far it is, on stderr: a bar where somebody watches, else a line for each tenth. */
class Progress {
  readonly #run: Run;
  readonly #count: number | undefined;
  readonly #startMs: number;
  #done = 0;
  #shownMs = 0;
  #tenths = 0;

  constructor(run: Run, count: number | undefined) {
    this.#run = run;
    this.#count = count;
    this.#startMs = run.host.timers.monotonicMs();
  }

  step(): void {
    this.#done++;
    const { host } = this.#run;
    const nowMs = host.timers.monotonicMs();
    if (host.errIsTerminal) {
      if (nowMs - this.#shownMs < barMs && this.#done !== this.#count) return;
      this.#shownMs = nowMs;
      if (!this.#run.quiet) host.err(`\r${this.#bar(nowMs)}`);
      return;
    }
    const tenths =
      this.#count === undefined ? Math.floor(this.#done / 1_000) : Math.floor((this.#done * 10) / this.#count);
    if (tenths > this.#tenths) this.#run.note(this.#words(nowMs));
    this.#tenths = tenths;
  }

  end(): void {
    const { host, quiet } = this.#run;
    if (host.errIsTerminal && this.#done > 0 && !quiet) host.err('\n');
  }

  #bar(nowMs: number): string {
    if (this.#count === undefined) return this.#words(nowMs);
    const filled = Math.round((this.#done / this.#count) * barWidth);
    return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${this.#words(nowMs)}`;
  }

  #words(nowMs: number): string {
    const seconds = Math.max(0.001, (nowMs - this.#startMs) / 1_000);
    const of = this.#count === undefined ? '' : ` of ${this.#count}`;
    return `${this.#done}${of} domains, ${Math.round(this.#done / seconds)}/s`;
  }
}

const barMs = 200;
const barWidth = 30;
