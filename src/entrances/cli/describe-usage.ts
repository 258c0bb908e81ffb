/** What commander could not make sense of, as the no of a command with the nearest right word. Pure. */
import type { Command, CommanderError } from 'commander';
import { nearest } from '../../base/nearest.ts';
import { CliError } from './cli-error.ts';
import { exits } from './exits.ts';
import { visible } from './render-timeline.ts';

/** @param program how the program is called */
export function describeUsage(error: CommanderError, command: Command, program: string): CliError {
  const path = pathOf(command);
  const help = (words: readonly string[]) => [program, ...words, '--help'].join(' ');
  const usage = (code: string, say: string, next = help(path)) =>
    new CliError({ exit: exits.usage, code, say: visible(say), next });
  const named = /'(.*)'/s.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownCommand': {
      const like = nearest(named, namesOf(command));
      const what = path.length === 0 ? `there is no command ${named}` : `${path.join(' ')} has no command ${named}`;
      return usage('unknown_command', asked(what, like), help(like === undefined ? path : [...path, like]));
    }
    case 'commander.unknownOption': {
      const flag = named.replace(/=.*$/s, '');
      const what = `${path.length === 0 ? program : path.join(' ')} has no option ${flag}`;
      return usage('unknown_option', asked(what, nearest(flag, flagsOf(command))));
    }
    case 'commander.missingArgument':
      return usage('missing_argument', `${path.join(' ')} needs ${named.toUpperCase()}.`);
    case 'commander.excessArguments': {
      const most = command.registeredArguments.length;
      const few = most === 0 ? 'no argument' : `${most} argument${most === 1 ? '' : 's'}`;
      return usage('too_many_arguments', `${path.join(' ')} takes ${few}, not ${command.args.length}.`);
    }
    case 'commander.optionMissingArgument':
      return usage('option_without_value', `The option ${flagOf(named)} needs a value.`);
    case 'commander.missingMandatoryOptionValue':
      return usage('missing_option', `${path.join(' ')} needs the option ${flagOf(named)}.`);
    default:
      return usage('usage', error.message.replace(/^error: /, ''));
  }
}

function asked(what: string, like: string | undefined): string {
  const say = what.charAt(0).toUpperCase() + what.slice(1);
  return like === undefined ? `${say}.` : `${say}; did you mean ${like}?`;
}

/** `--from <address>` -> `--from` */
function flagOf(flags: string): string {
  return /--[^\s,]+/.exec(flags)?.[0] ?? flags;
}

function namesOf(command: Command): string[] {
  return command.commands.map((sub) => sub.name());
}

function flagsOf(command: Command): string[] {
  return ['--help', ...command.options.flatMap((option) => (option.long ? [option.long] : []))];
}

/** The words after the program's name. */
export function pathOf(command: Command): string[] {
  return command.parent ? [...pathOf(command.parent), command.name()] : [];
}
