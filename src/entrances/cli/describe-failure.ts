/**
 * Any error as the no of a command: what a fault means for the person at the keyboard, its exit code and the next command. Never a
 * stack trace. Pure.
 */
import { Bug } from '../../base/outcome.ts';
import { CliError, type Failure } from './cli-error.ts';
import { type ExitCode, exits } from './exits.ts';

export type About = {
  /** How this program is called. */
  readonly command: string;
  /** The command line without the program. */
  readonly argv: readonly string[];
  /** The message of the error. */
  readonly said: string;
};

type Advice = { readonly exit: ExitCode; readonly next: (about: About) => string };

const look = (about: About) => `${about.command} fsck${folderOf(about)}`;
const again = (about: About) => commandLine(about);

/** By the code of the fault. */
const advice: Readonly<Record<string, Advice>> = {
  STORE_IN_USE: {
    exit: exits.tryAgain,
    next: ({ command }) => `stop that process first, or talk to it: ${command} COMMAND --server URL --key KEY`,
  },
  STORE_NEWER: {
    exit: exits.configuration,
    next: ({ command }) => `update Posthorn, or take another data folder: ${command} COMMAND --data DIR`,
  },
  STORE_BROKEN: { exit: exits.unavailable, next: look },
  STORE_IO: { exit: exits.unavailable, next: look },
  STORE_BUSY: { exit: exits.tryAgain, next: again },
  BLOB_MISSING: { exit: exits.unavailable, next: look },
  BLOB_DAMAGED: { exit: exits.unavailable, next: look },
  BACKUP_EXISTS: { exit: exits.badInput, next: ({ command }) => `${command} backup ANOTHER-FOLDER` },
  SECRET_KEY_BAD: {
    exit: exits.configuration,
    next: (about) => `put the right secret.key back, then: ${again(about)}`,
  },
  SECRET_KEY_EXPOSED: {
    exit: exits.configuration,
    next: (about) => `${/chmod \S+ \S+/.exec(about.said)?.[0] ?? 'chmod it'} && ${again(about)}`,
  },
  SECRET_UNREADABLE: {
    exit: exits.configuration,
    next: (about) => `put the secret.key of this data folder back, then: ${again(about)}`,
  },
  ENOSPC: { exit: exits.tryAgain, next: (about) => `make room (df -h shows where it went), then: ${again(about)}` },
  EDQUOT: { exit: exits.tryAgain, next: (about) => `make room in your quota, then: ${again(about)}` },
  EADDRINUSE: { exit: exits.unavailable, next: anotherAddress },
  EADDRNOTAVAIL: { exit: exits.configuration, next: anotherAddress },
  EACCES: { exit: exits.noPermission, next: (about) => anotherAddressOr(about, lookAtPath(about)) },
  EPERM: { exit: exits.noPermission, next: lookAtPath },
  EROFS: { exit: exits.noPermission, next: ({ said }) => `df ${quoted(folderIn(said))}` },
  ENOENT: {
    exit: exits.badInput,
    next: ({ said }) => `${said.includes(' cannot be written') ? 'mkdir -p' : 'ls'} ${quoted(folderIn(said))}`,
  },
  ENOTDIR: { exit: exits.badInput, next: lookAtPath },
  EISDIR: { exit: exits.badInput, next: ({ said }) => `ls ${quoted(pathIn(said))}` },
  EEXIST: { exit: exits.badInput, next: ({ said }) => `ls -ld ${quoted(pathIn(said))}` },
  EMFILE: { exit: exits.tryAgain, next: (about) => `raise the limit of open files (ulimit -n), then: ${again(about)}` },
};

export function describeFailure(error: unknown, about: Omit<About, 'said'>): Failure {
  if (error instanceof CliError) return error;
  const code = codeOf(error);
  const known = code === undefined || error instanceof Bug ? undefined : advice[code];
  if (code === undefined || known === undefined || !(error instanceof Error)) return describeBug(error, about);
  return {
    exit: known.exit,
    code: code.toLowerCase(),
    say: sentence(error.message),
    next: known.next({ ...about, said: error.message }),
  };
}

function describeBug(error: unknown, about: Omit<About, 'said'>): Failure {
  const say = error instanceof Error ? error.message : String(error);
  return {
    exit: exits.bug,
    code: 'bug',
    say: sentence(`this is a bug in Posthorn: ${say}`),
    next: `report what this prints, as CONTRIBUTING.md says: POSTHORN_STACK=1 ${commandLine(about)}`,
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** As it was typed, fit to be typed again. */
function commandLine({ command, argv }: Omit<About, 'said'>): string {
  return [command, ...argv.map(quoted)].join(' ');
}

/** A word of a command line, in single quotes when a shell would read more into it. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Whose permissions, or whose kind, is in the way: of a file that cannot be made, its folder's. */
function lookAtPath({ said }: About): string {
  return `ls -ld ${quoted(said.includes(' cannot be written') || /ENOTDIR|no folder/.test(said) ? folderIn(said) : pathIn(said))}`;
}

/** What the message begins with, or speaks of; else the folder where the command was typed. */
function pathIn(said: string): string {
  const [, path] = /^(.+?) cannot be (?:read|written|opened|made)\b/.exec(said) ?? [];
  return (
    path ??
    /'(\/[^']+)'|(\/[^\s:,;]+)/
      .exec(said)
      ?.slice(1)
      .find((one) => one !== undefined) ??
    '.'
  );
}

/** Of the path that the message begins with; the folder where the command was typed for a bare name. */
function folderIn(said: string): string {
  const path = pathIn(said);
  const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  return folder === '' ? (path.startsWith('/') ? '/' : '.') : folder;
}

function folderOf({ argv }: About): string {
  const at = argv.indexOf('--data');
  const folder = at < 0 ? undefined : argv[at + 1];
  return folder === undefined ? '' : ` --data ${quoted(folder)}`;
}

function anotherAddress(about: About): string {
  return anotherAddressOr(about, 'find out which program that is: lsof -i');
}

/**
 * The message names the address that could not be had and the setting that moves it: the same command with the port after it.
 * Every setting is an option of `serve`; other commands take it from the environment.
 */
function anotherAddressOr(about: About, otherwise: string): string {
  const [, host, port] = /(\[[0-9a-f:.]+\]|[0-9a-f:.]+):(\d+)(?= is in use|: another|\. )/.exec(about.said) ?? [];
  if (host === undefined || port === undefined) return otherwise;
  const [, variable, setting] = /\b(POSTHORN_[A-Z_]+)=.* or ([a-z._]+) in posthorn\.toml/.exec(about.said) ?? [];
  if (variable === undefined) return `find out which program that is: lsof -i :${port}`;
  const free = Number(port) < 1_024 ? Number(port) + 8_000 : Number(port) + 1;
  const address = `${host}:${free}`;
  if (about.argv[0] !== 'serve') return `${variable}=${quoted(address)} ${commandLine(about)}`;
  const option = `--${setting}`;
  const others = about.argv.filter((word, at) => word !== option && about.argv[at - 1] !== option);
  return commandLine({ ...about, argv: [...others, option, address] });
}

/** Begins with a capital and ends with a full stop. */
function sentence(text: string): string {
  const begun = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?:)]$/.test(begun) ? begun : `${begun}.`;
}
