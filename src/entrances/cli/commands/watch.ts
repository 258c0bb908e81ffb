/** `posthorn watch`: how what was published spreads, server by server; then only what drifts away from it. */
import type { Command } from 'commander';
import type { DomainName } from '../../../format/domain-name.ts';
import type { ChangeView, ExpectedSet, Shown, Watcher } from '../../../services/setup/publish/types.ts';
import { type Answer, jsonLine } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { viewDocument } from '../publish-document.ts';
import { bad, readDomain, readTimeout } from '../read-options.ts';
import { moment } from '../render-table.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

type Options = {
  readonly once?: boolean;
  readonly every?: string;
  readonly journal?: string;
  readonly findings?: boolean;
  readonly mail?: string;
};

/** While it spreads. (Our choice: what a person waits for.) */
const spreadingMs = 5_000;
/** Hundreds of questions each time, mail hosts among those asked: whoever wants it faster is a burden to them. */
const findingsLeastMs = 60_000;

export function defineWatch(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<domain>', 'what was published')
    .option('--once', 'look once: exit code 1 when a server shows something else')
    .option('--every <time>', 'how often to look once all of it has spread (default: 5m; --findings: 1h)')
    .option('--findings', 'have the doctor look instead (see check), and tell what has changed')
    .option('--mail <address>', 'with --findings: mail the changes there, through the office')
    .option('--journal <file>', 'the journal that `publish` was told to keep')
    .addHelpText(
      'after',
      [
        '',
        'Asks every authoritative server for what the journal says was published, and',
        'tells how long caches may still hold the state before. Once all of it has spread',
        'only changes are told. --json looks once; --jsonl prints a line for each change.',
        '',
        `  ${program} watch example.com`,
        `  ${program} watch example.com --once --json`,
        `  ${program} watch example.com --findings --every 6h --mail you@example.com`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'lines', 'data', 'dns'], watch);
}

type Seen = { readonly expected: ExpectedSet; readonly view: ChangeView };

async function watch(run: Run, options: Options, text = ''): Promise<Answer | number> {
  const { once, every = options.findings ? '1h' : '5m', journal } = options;
  const domain = readDomain(text);
  if (options.findings) {
    const { watchFindings } = await import('../watch-findings.ts');
    const { mail } = options;
    const isOnce = once === true || run.format === 'json';
    const everyMs = Math.max(readTimeout(every, '--every'), findingsLeastMs);
    return watchFindings(run, { domain, everyMs, once: isOnce, ...(mail !== undefined && { mail }) });
  }
  if (options.mail !== undefined) throw bad('mail_alone', '--mail goes with --findings.', ['add --findings']);
  const calmMs = Math.max(readTimeout(every, '--every'), spreadingMs);
  const wish = { domain, eyes: await run.eyes(), withOptional: false, settings: {} };
  await using opened = await run.host.publisher(run.place, journal === undefined ? wish : { ...wish, journal });
  const expected = await opened.watcher.expected(domain);
  if (expected.length === 0) throw nothingPublished(run, domain, opened.watcher);
  const seen = await look(run, opened.watcher, expected);
  if (once || run.format === 'json') return onceAnswer(run, domain, seen);
  return follow(run, opened.watcher, { domain, seen, calmMs });
}

function nothingPublished({ host }: Run, domain: DomainName, { journal }: Watcher): CliError {
  return new CliError({
    exit: exits.badInput,
    code: 'nothing_published',
    say: `In ${journal.where} no publication of ${domain} stands, so there is nothing to watch.`,
    next: `${host.command} publish ${domain} --dry-run`,
  });
}

async function look(run: Run, watcher: Watcher, expected: readonly ExpectedSet[]): Promise<readonly Seen[]> {
  const views = await watcher.look(
    expected.map(({ change }) => change),
    { signal: run.host.signal },
  );
  return expected.flatMap((one, at) => (views[at] ? [{ expected: one, view: views[at] }] : []));
}

/** What everybody can already see, for caches that asked right before the change. */
function cachedForMs({ expected: { change, atMs } }: Seen, nowMs: number): number {
  return Math.max(0, atMs + (change.before?.ttl ?? 0) * 1_000 - nowMs);
}

function isRight({ view: { servers } }: Seen): boolean {
  return servers.length > 0 && servers.every(({ shows }) => shows === 'new');
}

function isSettled(seen: Seen, nowMs: number): boolean {
  return isRight(seen) && cachedForMs(seen, nowMs) === 0;
}

function onceAnswer(run: Run, domain: DomainName, seen: readonly Seen[]): Answer {
  const nowMs = run.host.timers.nowMs();
  const isGood = seen.every(isRight);
  return {
    exit: isGood ? exits.ok : exits.problems,
    document: {
      domain,
      state: isGood ? 'as-published' : 'different',
      sets: seen.map((one) => ({ ...viewDocument(one.view), ...factsOf(one, nowMs) })),
    },
    value: isGood ? 'as-published' : 'different',
    lines: (style, columns) => pageLines(domain, seen, { nowMs, style, width: Math.max(40, columns ?? 80) }),
  };
}

function factsOf(seen: Seen, nowMs: number): object {
  const { publication, atMs } = seen.expected;
  const cached = Math.ceil(cachedForMs(seen, nowMs) / 1_000);
  return { publication, published_at: new Date(atMs).toISOString(), cached_for_seconds: cached };
}

type Pen = { readonly nowMs: number; readonly style: Style; readonly width: number };

const words: Readonly<Record<Shown, string>> = {
  new: 'as published',
  old: 'still the state before',
  other: 'SOMETHING ELSE',
  silent: 'no answer',
};

function pageLines(domain: DomainName, seen: readonly Seen[], pen: Pen): string[] {
  const { style } = pen;
  const right = seen.filter(isRight).length;
  const head = `${domain}: ${right} of ${seen.length} published set${seen.length === 1 ? '' : 's'} at every server`;
  const settled = seen.filter((one) => isSettled(one, pen.nowMs));
  const open = seen.filter((one) => !settled.includes(one));
  return [
    (right === seen.length ? style.good : style.bold)(head),
    ...open.flatMap((one) => ['', ...setLines(one, pen)]),
    ...(settled.length === 0 ? [] : ['', ...settled.map((one) => settledLine(one, pen))]),
  ];
}

function settledLine({ expected: { change }, view: { servers } }: Seen, { style, width }: Pen): string {
  const name = visible(change.name);
  const where = servers.length === 1 ? (servers[0]?.server ?? '') : `${servers.length} servers`;
  const said = `  as published at ${visible(where)}`;
  const isShort = 7 + name.length + said.length <= width;
  return `${change.type.padEnd(7)}${style.bold(name)}${isShort ? style.good(said) : ''}`;
}

function setLines(seen: Seen, { nowMs, style, width }: Pen): string[] {
  const { change, atMs } = seen.expected;
  const { servers, say } = seen.view;
  const left = cachedForMs(seen, nowMs);
  const wide = Math.min(Math.max(0, ...servers.map(({ server }) => server.length)), width - 30);
  return [
    `${change.type.padEnd(7)}${style.bold(visible(change.name))}${style.dim(`  ${moment(new Date(atMs).toISOString())}`)}`,
    ...servers.map(({ server, shows }) => {
      const mark = shows === 'new' ? style.good : shows === 'other' ? style.bad : style.dim;
      return `       ${visible(server).slice(0, wide).padEnd(wide)}  ${mark(words[shows])}`;
    }),
    ...(say === undefined ? [] : wrapped(visible(say), width - 7).map((line) => `       ${style.bad(line)}`)),
    ...(left === 0 ? [] : [style.dim(`       caches may hold the state before for another ${span(left)}`)]),
  ];
}

function span(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}

// ---- until somebody stops it

type Following = { readonly domain: DomainName; readonly seen: readonly Seen[]; readonly calmMs: number };

async function follow(run: Run, watcher: Watcher, { domain, seen: first, calmMs }: Following): Promise<number> {
  const { host, format } = run;
  const pen = () => ({ nowMs: host.timers.nowMs(), style: host.outStyle, width: Math.max(40, host.columns ?? 80) });
  if (format === 'text') host.out(`${pageLines(domain, first, pen()).join('\n')}\n`);
  else for (const one of first) host.out(eventLine(domain, one, pen().nowMs));
  const settledAtFirst = first.every((one) => isSettled(one, pen().nowMs));
  if (format === 'text') host.out(`\n${settledAtFirst ? whenCalm(calmMs) : 'Watching it spread; Ctrl-C ends.'}\n`);
  for (let before = first, wasSettled = settledAtFirst; !host.signal.aborted; ) {
    await host.timers.sleep(wasSettled ? calmMs : spreadingMs, host.signal);
    if (host.signal.aborted) break;
    // Published again meanwhile: then that is what counts.
    const now = await look(run, watcher, await watcher.expected(domain));
    if (host.signal.aborted) break;
    for (const one of now.filter((each) => hasChanged(each, before)))
      host.out(format === 'text' ? `\n${setLines(one, pen()).join('\n')}\n` : eventLine(domain, one, pen().nowMs));
    const isNowSettled = now.every((one) => isSettled(one, pen().nowMs));
    if (isNowSettled && !wasSettled && format === 'text')
      host.out(`\n${host.outStyle.good('All of it has spread.')} ${whenCalm(calmMs)}\n`);
    wasSettled = isNowSettled || (wasSettled && now.every((one) => cachedForMs(one, pen().nowMs) === 0));
    before = now;
  }
  return exits.ok;
}

function whenCalm(calmMs: number): string {
  return `From now on only changes are told, looking every ${span(calmMs)}; Ctrl-C ends.`;
}

function hasChanged({ expected, view }: Seen, before: readonly Seen[]): boolean {
  const last = before.find(
    ({ expected: { change } }) => change.name === expected.change.name && change.type === expected.change.type,
  );
  const spelled = (one: ChangeView) =>
    JSON.stringify([one.say, one.servers.map(({ server, shows }) => [server, shows])]);
  return (
    last === undefined || last.expected.publication !== expected.publication || spelled(last.view) !== spelled(view)
  );
}

function eventLine(domain: DomainName, seen: Seen, nowMs: number): string {
  return jsonLine({ domain, ...viewDocument(seen.view), ...factsOf(seen, nowMs), at: new Date(nowMs).toISOString() });
}
