/** Makes a commander command carry out one of our commands: shared options, the run, and the printing of its answer. */
import { type Command, Option } from 'commander';
import { type Answer, printAnswer } from './answer.ts';
import { CliError } from './cli-error.ts';
import type { CliHost } from './cli-host.ts';
import { pathOf } from './describe-usage.ts';
import { type ExitCode, exits } from './exits.ts';
import { Run, type SharedOptions } from './run.ts';
import type { Typed } from './typed-line.ts';
import { type Where, withWhere } from './where-words.ts';

/** Groups of shared options that a command may take. */
type Takes = 'document' | 'lines' | 'data' | 'office' | 'dns' | 'clock';

/** What a command does; whoever has written its output itself answers an exit code alone. */
type Work<Options> = (run: Run, options: Options, ...words: string[]) => Promise<Answer | number>;

/** For a command that is a group of others: shared options may stand before the one that is meant. */
export function takeBefore(group: Command): void {
  group.enablePositionalOptions();
  addShared(group, order, { hidden: true });
}

export type Leaf = <Options extends object>(command: Command, takes: readonly Takes[], work: Work<Options>) => Command;

/** Collects an option that may be given several times. */
export function each(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

const heading = 'Shared options:';

const sharedOptions: Record<Takes, () => readonly Option[]> = {
  document: () => [
    new Option('--json', 'print one JSON document and nothing else'),
    new Option('--quiet', 'print only the value a script wants, no remarks'),
  ],
  lines: () => [new Option('--jsonl', 'print one JSON object per line')],
  data: () => [
    new Option('--data <folder>', 'the data folder (POSTHORN_DATA; default: ./data)'),
    new Option('--config <file>', 'settings (default: ./posthorn.toml when it is there)'),
  ],
  office: () => [
    new Option('--server <url>', 'talk to a running office instead (POSTHORN_URL)'),
    new Option('--key <key>', 'API key for --server (POSTHORN_API_KEY)'),
  ],
  dns: () => [
    new Option('--resolver <host[:port]>', 'ask this name server; repeatable').argParser(each),
    new Option('--zone <file>', 'look names up in this master file only; repeatable').argParser(each),
  ],
  clock: () => [new Option('--clock <time>', 'take this for now: 2026-11-22T06:00:00Z')],
};

const order: readonly Takes[] = ['document', 'lines', 'office', 'data', 'dns', 'clock'];

function addShared(command: Command, takes: readonly Takes[], options: { readonly hidden?: boolean } = {}): void {
  const group = command.options.length > 0 ? heading : 'Options:'; // nothing to tell them from
  for (const kind of order.filter((one) => takes.includes(one)))
    for (const option of sharedOptions[kind]())
      command.addOption(option.helpGroup(group).hideHelp(options.hidden ?? false));
}

/** @param ended takes the exit code */
export function leafMaker(host: CliHost, ended: (code: number) => void): Leaf {
  return (command, takes, work) => {
    addShared(command, takes);
    return command.action(async () => {
      const given = { ...givenBefore(command, host.command), ...command.opts<SharedOptions>() };
      const { told, refused } = goingOnThere(host, given);
      const words = command.processedArgs.flatMap((word: unknown) => (Array.isArray(word) ? word : [word])) as string[];
      await using run = new Run(told, given, typedIn(command, words, takes));
      try {
        const answer = await work(run, command.opts(), ...words);
        ended(typeof answer === 'number' ? answer : print(run, answer));
      } catch (error) {
        throw refused(error);
      }
    });
  };
}

/** Shared options may also stand before the command: `posthorn --data DIR queue list`. Those it does not take are refused. */
function givenBefore(command: Command, program: string): SharedOptions {
  const values: Record<string, unknown> = {};
  for (let above = command.parent; above; above = above.parent) {
    for (const option of above.options.filter((one) => above.getOptionValueSource(one.attributeName()) === 'cli')) {
      const name = option.attributeName();
      if (!command.options.some((own) => own.attributeName() === name)) throw notTaken(command, option, program);
      values[name] ??= above.getOptionValue(name);
    }
  }
  return values;
}

/** Of the shared options only the time: what shapes the output is nobody's business, and where to ask comes along by itself. */
function typedIn(command: Command, words: readonly (string | undefined)[], takes: readonly Takes[]): Typed {
  const shared = takes.filter((kind) => kind !== 'clock').flatMap((kind) => sharedOptions[kind]());
  const names = new Set(shared.map(({ long }) => long));
  const given = command.options.filter(
    (option) => !names.has(option.long) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const options = given.flatMap((option) => {
    const name = option.long ?? '';
    const value: unknown = command.getOptionValue(option.attributeName());
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((one) => (typeof one === 'string' ? { name, value: one } : { name }));
  });
  return { command: pathOf(command).join(' '), words: words.filter((word) => word !== undefined), options };
}

function notTaken(command: Command, option: Option, program: string): CliError {
  const path = pathOf(command).join(' ');
  return new CliError({
    exit: exits.usage,
    code: 'unknown_option',
    say: `${path} has no use for ${option.long}.`,
    next: `${program} ${path} --help`,
  });
}

/** What a command prints for people, and its refusals: the commands in them go on with the same office and DNS. */
function goingOnThere(host: CliHost, given: SharedOptions) {
  const { data, config, server, key, resolver, zone, json, jsonl } = given;
  const where: Where = {
    ...(data !== undefined && { data }),
    ...(config !== undefined && { config }),
    ...(server !== undefined && { server }),
    ...(key !== undefined && { key }),
    ...(resolver && { resolver }),
    ...(zone && { zone }),
  };
  const there = (text: string) => withWhere(text, host.command, where);
  const isForPeople = !json && !jsonl;
  const told: CliHost = {
    ...host,
    out: (output) => host.out(isForPeople && typeof output === 'string' ? there(output) : output),
    err: (text) => host.err(there(text)),
  };
  const refused = (error: unknown) =>
    error instanceof CliError
      ? new CliError({ exit: error.exit, code: error.code, say: there(error.say), next: there(error.next) })
      : error;
  return { told, refused };
}

function print(run: Run, answer: Answer): ExitCode {
  const { host, format, quiet } = run;
  host.out(printAnswer(answer, { format, quiet, style: host.outStyle, columns: host.columns }));
  return answer.exit ?? exits.ok;
}
