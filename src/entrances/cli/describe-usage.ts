/** What commander could not make sense of, as the no of a command with the nearest right word. Pure. */
import type { Command, CommanderError } from 'commander';
import { nearest } from '../../base/nearest.ts';
import { CliError } from './cli-error.ts';
import { exits } from './exits.ts';
import { visible } from './render-timeline.ts';

/** @param program how the program is called */
export function describeUsage(error: CommanderError, command: Command, program: string): CliError {
  const path = pathOf(command);
  const words = path.length === 0 ? 'posthorn' : path.join(' ');
  const help = (words: readonly string[]) => [program, ...words, '--help'].join(' ');
  const usage = (code: string, say: string, next = help(path)) =>
    new CliError({ exit: exits.usage, code, say: visible(say), next });
  const named = /'(.*)'/s.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownCommand':
      return unknownCommand(named, command, help);
    case 'commander.unknownOption': {
      const flag = named.replace(/=.*$/s, '');
      return usage('unknown_option', asked(`${words} has no option ${flag}`, nearest(flag, flagsOf(command))));
    }
    case 'commander.missingArgument':
      return usage('missing_argument', `${words} needs ${named.toUpperCase()}.`);
    case 'commander.excessArguments': {
      const most = command.registeredArguments.length;
      // `posthorn queue lits`: the group's default took it for an argument of its own.
      const group = command.parent?.parent ? command.parent : undefined;
      if (group && most === 0) return unknownCommand(command.args[0] ?? '', group, help);
      const few = most === 0 ? 'no argument' : `${most} argument${most === 1 ? '' : 's'}`;
      return usage('too_many_arguments', `${words} takes ${few}, not ${command.args.length}.`);
    }
    case 'commander.optionMissingArgument':
      return usage('option_without_value', `The option ${flagOf(named)} needs a value.`);
    case 'commander.missingMandatoryOptionValue':
      return usage('missing_option', `${words} needs the option ${flagOf(named)}.`);
    default:
      return usage('usage', error.message.replace(/^error: /, ''));
  }
}

function unknownCommand(name: string, group: Command, help: (words: readonly string[]) => string): CliError {
  const path = pathOf(group);
  const like = nearest(
    name,
    group.commands.map((sub) => sub.name()),
  );
  const what = path.length === 0 ? `There is no command ${name}` : `${path.join(' ')} has no command ${name}`;
  return new CliError({
    exit: exits.usage,
    code: 'unknown_command',
    say: visible(asked(what, like)),
    next: help(like === undefined ? path : [...path, like]),
  });
}

function asked(what: string, like: string | undefined): string {
  return like === undefined ? `${what}.` : `${what}; did you mean ${like}?`;
}

/** `--from <address>` -> `--from` */
function flagOf(flags: string): string {
  return /--[^\s,]+/.exec(flags)?.[0] ?? flags;
}

function flagsOf(command: Command): string[] {
  return ['--help', ...command.options.flatMap((option) => (option.long ? [option.long] : []))];
}

/** The words after the program's name. */
export function pathOf(command: Command): string[] {
  return command.parent ? [...pathOf(command.parent), command.name()] : [];
}
