/**
 * Commands that are printed to be typed next are about the same office and the same DNS: what said which (`--data`, `--server`, `--zone`)
 * comes along, where the command that is printed takes it. One place for all that is printed, so that no command forgets it. Pure.
 */
import { quoted } from './describe-failure.ts';
import type { SharedOptions } from './run.ts';

/** As it was given. */
export type Where = Pick<SharedOptions, 'data' | 'config' | 'server' | 'key' | 'resolver' | 'zone'>;

type Kind = 'folder' | 'office' | 'dns';

const anywhere = ['folder', 'office'] as const;

/** By the first word of a command, and by more where its sub-commands differ. A test holds it against the commands themselves. */
const whereTaken: Readonly<Record<string, readonly Kind[]>> = {
  sandbox: ['folder'],
  init: ['folder', 'dns'],
  serve: ['folder'],
  send: anywhere,
  message: anywhere,
  queue: anywhere,
  events: anywhere,
  inbox: anywhere,
  domains: anywhere,
  'domains verify': [...anywhere, 'dns'],
  'domains key import': ['folder'],
  'domains delegate': ['folder', 'dns'],
  plan: ['folder', 'dns'],
  publish: ['folder', 'dns'],
  watch: ['folder', 'dns'],
  policy: ['folder', 'dns'],
  'policy keygen': [],
  'senders recognise': ['dns'],
  mailboxes: ['folder'],
  users: anywhere,
  'users app-password': ['folder'],
  'users remove': ['folder'],
  keys: anywhere,
  streams: anywhere,
  tools: ['dns'],
  check: ['dns'],
  auth: ['dns'],
  score: ['dns'],
  'test-address': anywhere,
  explain: ['dns'],
  'mta-sts': ['dns'],
  dane: ['dns'],
  spf: ['dns'],
  'dkim verify': ['dns'],
  dmarc: ['dns'],
  blocklists: ['dns'],
  fsck: ['folder'],
  backup: ['folder'],
  config: ['folder'],
};

/**
 * Only of commands that a line consists of, or that stand behind a colon: within a sentence nobody knows where one ends.
 * @param program how this program is called; services, which do not know it, write `posthorn`
 */
export function withWhere(text: string, program: string, where: Where): string {
  if (Object.values(where).every((value) => value === undefined)) return text;
  const called = program.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A long command goes on behind a backslash at the end of its line.
  const lines = new RegExp(`(?<=^ *|: +)(?:${called}|posthorn) [a-z](?:.*\\\\\n)*.*`, 'gm');
  return text.replaceAll(lines, (line) =>
    line
      .split(' && ')
      .map((command) => withOptions(command, where))
      .join(' && '),
  );
}

/** A remark in brackets may stand behind it, and a file that its output goes to. */
function withOptions(command: string, where: Where): string {
  const [, line = command, rest = ''] = /^([\s\S]*?)( +[(>|][\s\S]*)?$/.exec(command) ?? [];
  if (/ --help$/.test(line)) return command;
  const [, words = ''] = /^\S+ ([a-z][a-z-]*(?: [a-z][a-z-]*){0,2})/.exec(line) ?? [];
  return [line, ...optionsFor(words, `${line} `, where)].join(' ') + rest;
}

function optionsFor(words: string, rest: string, where: Where): readonly string[] {
  const kinds = kindsOf(words.split(' '));
  const given: readonly (readonly [Kind, string, readonly string[]])[] = [
    ['folder', '--data', listOf(where.data)],
    ['folder', '--config', listOf(where.config)],
    ['office', '--server', listOf(where.server)],
    ['office', '--key', where.key === undefined ? [] : ['KEY']], // a secret is not repeated
    ['dns', '--resolver', where.resolver ?? []],
    ['dns', '--zone', where.zone ?? []],
  ];
  return given
    .filter(([kind, option]) => kinds.includes(kind) && !rest.includes(` ${option} `))
    .flatMap(([, option, values]) => values.map((value) => `${option} ${quoted(value)}`));
}

function kindsOf(words: readonly string[]): readonly Kind[] {
  for (let count = words.length; count > 0; count--) {
    const path = words.slice(0, count).join(' ');
    if (Object.hasOwn(whereTaken, path)) return whereTaken[path] ?? [];
  }
  return [];
}

function listOf(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
