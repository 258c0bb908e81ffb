/** What is wrong with a request, told by the options that the members came from. Pure. */
import type { ProblemError } from '../http/schemas/problem.ts';
import { CliError } from './cli-error.ts';
import { exits } from './exits.ts';
import { visible } from './render-timeline.ts';

/** First part of the pointer -> option. */
const options: Readonly<Record<string, string>> = {
  from: '--from',
  to: '--to',
  cc: '--cc',
  bcc: '--bcc',
  reply_to: '--reply-to',
  subject: '--subject',
  text: '--text',
  html: '--html',
  headers: '--header',
  attachments: '--attach',
  name: '--name',
  scopes: '--scope',
  domains: '--domain',
  login: 'LOGIN',
  password: 'the password',
};

export function requestErrors(errors: readonly ProblemError[], next: string, code = 'validation_failed'): CliError {
  const lines = errors.map(({ pointer, parameter, detail }) => {
    const [, member = '', ...rest] = (pointer ?? `/${parameter ?? ''}`).split('/');
    const header = member === 'headers' && rest[0] !== undefined ? ` ${rest[0]}` : '';
    const place = /^\d+$/.test(rest[0] ?? '') && Number(rest[0]) > 0 ? ` (number ${Number(rest[0]) + 1})` : '';
    const option = options[member] ?? member;
    return option === '' ? detail : `${option}${header}${place}: ${detail}`;
  });
  const say = lines.map((line) => visible(line)).join('\n');
  return new CliError({ exit: exits.badInput, code, say, next });
}
