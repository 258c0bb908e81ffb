/**
 * The command line: takes the words after the program's name, finds the command, runs it, and answers the exit code. Every no ends
 * here, as one sentence and the next command to type; with `--json` as a document.
 */
import { type Command, CommanderError } from 'commander';
import { json, jsonLine } from './answer.ts';
import { CliError, type Failure } from './cli-error.ts';
import type { CliHost } from './cli-host.ts';
import { describeFailure, quoted } from './describe-failure.ts';
import { describeUsage } from './describe-usage.ts';
import { exits } from './exits.ts';
import { makeProgram } from './program.ts';
import { visible } from './render-timeline.ts';

export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  try {
    return await dispatch(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, host);
  } catch (error) {
    return reportFailure(error, argv, host);
  }
}

/** Says what went wrong and answers the exit code. */
export function reportFailure(error: unknown, argv: readonly string[], host: CliHost): number {
  const described = describeFailure(error, { command: host.command, argv });
  const failure = { ...described, next: described.next.replace('COMMAND', commandWords(argv)) };
  tell(failure, argv, host);
  if (failure.exit === exits.bug && host.environment.POSTHORN_STACK && error instanceof Error)
    host.err(`${error.stack}\n`);
  return failure.exit;
}

async function dispatch(argv: readonly string[], host: CliHost): Promise<number> {
  let code: number = exits.ok;
  let help = '';
  const program = makeProgram(
    host,
    (ended) => {
      code = ended;
    },
    runCli,
  );
  const collect = (text: string) => {
    help += text;
  };
  const prepare = (command: Command) => {
    command.exitOverride((error) => {
      throw Object.assign(error, { command });
    });
    command.configureOutput({
      writeOut: collect,
      writeErr: collect,
      outputError: () => {},
      getOutHelpWidth: () => host.columns ?? 80,
      getErrHelpWidth: () => host.columns ?? 80,
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    });
    command.configureHelp({ styleTitle: (text) => host.outStyle.bold(text) });
    for (const sub of command.commands) prepare(sub);
  };
  prepare(program);
  program.hook('preSubcommand', (_parent, command) => prepare(command));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') {
      host.out(help);
      return exits.ok;
    }
    const command = 'command' in error ? (error.command as Command) : program;
    if (error.code !== 'commander.help') throw describeUsage(error, command, host.command);
    return needsCommand(argv, host, { command, help });
  }
}

/** `posthorn` or `posthorn keys` alone: what there is, as the answer to a question that was not quite asked. */
function needsCommand(argv: readonly string[], host: CliHost, shown: { command: Command; help: string }): number {
  if (formatOf(argv) !== 'text') {
    const words = shown.command.parent ? `${host.command} ${shown.command.name()}` : host.command;
    const say = `${words} needs the name of a command.`;
    throw new CliError({ exit: exits.usage, code: 'missing_command', say, next: `${words} --help` });
  }
  host.err(shown.help);
  return exits.usage;
}

/** `queue list` of `queue list --all`: what `COMMAND` in a next step stands for. */
function commandWords(argv: readonly string[]): string {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return (end < 0 ? argv : argv.slice(0, end)).map(quoted).join(' ') || 'COMMAND';
}

function tell(failure: Failure, argv: readonly string[], host: CliHost): void {
  const { code, say, next } = failure;
  const format = formatOf(argv);
  // Some sentences of services end with their command already.
  const more = say.endsWith(next.replace(/^\.\//, '')) ? '' : `  next: ${linesOf(next)}\n`;
  if (format === 'text') host.err(`${host.errStyle.bad('posthorn:')} ${linesOf(say)}\n${more}`);
  else host.out((format === 'json' ? json : jsonLine)({ error: { code, say, next } }));
}

/** Several mistakes come as several lines. */
function linesOf(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** Read from the words themselves: what went wrong may be the reading of the options. */
function formatOf(argv: readonly string[]): 'text' | 'json' | 'jsonl' {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  if (options.includes('--json')) return 'json';
  return options.includes('--jsonl') ? 'jsonl' : 'text';
}
