/** Reads command lines and the arguments of MAIL and RCPT. Pure; answers a value or the reply that refuses it. */
import { isUtf8 } from 'node:buffer';
import { fromUtf8, hasControlCharacter, isAscii } from '../../base/bytes.ts';
import { type Path, type PathRefusal, parsePath } from '../../format/address.ts';
import {
  type MessageWishes,
  type RecipientWishes,
  readEnvelopeId,
  readNotify,
  readOriginalRecipient,
  readReturn,
} from '../dsn/dsn-wishes.ts';
import type { Reply } from './reply.ts';
import { serverReplies } from './server-replies.ts';
import type { Chunk, MailCommand, RcptCommand } from './server-session.ts';

export type Command = { readonly verb: string; readonly argument: string };

export type Read<T> = { readonly value: T } | { readonly refusal: Reply };

/** RFC 5321 §2.4: verbs in any case; §4.1.1: white space before the CRLF is tolerated. Undefined: not a line of text. */
export function readCommand(octets: Uint8Array): Command | undefined {
  if (!isUtf8(octets)) return undefined;
  const text = withoutFinalBlanks(fromUtf8(octets));
  if (hasControlCharacter(text)) return undefined;
  const blank = text.indexOf(' ');
  return blank < 0
    ? { verb: text.toUpperCase(), argument: '' }
    : { verb: text.slice(0, blank).toUpperCase(), argument: text.slice(blank + 1) };
}

/** A scan, because a pattern for the end is quadratic on runs of blanks. */
function withoutFinalBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--;
  return text.slice(0, end);
}

/** What browsers and scanners say to any open port. None of these verbs is ours, and no answer of ours can help them. */
const httpVerbs = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI']);

export function isHttp(command: Command): boolean {
  return httpVerbs.has(command.verb);
}

type Parameters = ReadonlyMap<string, string | undefined>;
type PathArgument = { readonly path: Path; readonly ascii: boolean; readonly parameters: Parameters };

export type MailRules = {
  /** The client said EHLO. */
  readonly extended: boolean;
  readonly sizeMax: number;
  /** AUTH is offered here, and with it its parameter. */
  readonly login: boolean;
  /** DSN is offered here, and with it its parameters. */
  readonly dsn: boolean;
};

export type RcptRules = Pick<MailRules, 'extended' | 'dsn'> & Pick<MailCommand, 'smtpUtf8'>;

/** RFC 5321 §4.1.1.2 */
export function readMail(argument: string, rules: MailRules): Read<MailCommand> {
  const read = readPathArgument(argument, 'FROM:', {
    syntax: serverReplies.mailSyntax,
    path: senderRefusals,
  });
  if ('refusal' in read) return read;
  const { path, ascii, parameters } = read.value;
  if (path.kind === 'postmaster') return { refusal: serverReplies.badSender };
  if (parameters.size > 0 && !rules.extended) return { refusal: serverReplies.unknownParameter };
  const wishes = readMailParameters(parameters, rules);
  if ('refusal' in wishes) return wishes;
  // RFC 6531 §3.3: addresses beyond ASCII only under the SMTPUTF8 parameter
  if (!ascii && !wishes.value.smtpUtf8) return { refusal: serverReplies.utf8NotAnnounced };
  return { value: { path, ...wishes.value } };
}

/** RFC 5321 §4.1.1.3 */
export function readRcpt(argument: string, rules: RcptRules): Read<RcptCommand> {
  const read = readPathArgument(argument, 'TO:', {
    syntax: serverReplies.rcptSyntax,
    path: recipientRefusals,
  });
  if ('refusal' in read) return read;
  const { path, ascii, parameters } = read.value;
  if (path.kind === 'null') return { refusal: serverReplies.badRecipient };
  if (parameters.size > 0 && !rules.extended) return { refusal: serverReplies.unknownParameter };
  const wishes = readRcptParameters(parameters, rules);
  if ('refusal' in wishes) return wishes;
  if (!ascii && !rules.smtpUtf8) return { refusal: serverReplies.utf8NotAnnounced };
  return { value: { path, wishes: wishes.value } };
}

const senderRefusals: Record<PathRefusal, Reply> = {
  'bad-path': serverReplies.badSender,
  'too-long': serverReplies.badSender,
  'address-literal': serverReplies.senderLiteral,
};
const recipientRefusals: Record<PathRefusal, Reply> = {
  'bad-path': serverReplies.badRecipient,
  'too-long': serverReplies.badRecipient,
  'address-literal': serverReplies.recipientLiteral,
};

function readPathArgument(
  argument: string,
  keyword: 'FROM:' | 'TO:',
  refusals: { readonly syntax: Reply; readonly path: Record<PathRefusal, Reply> },
): Read<PathArgument> {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return { refusal: refusals.syntax };
  // RFC 5321 §3.3 has no blank behind the colon; enough programs put one there, and no meaning hangs on it
  const rest = argument.slice(keyword.length).trimStart();
  const end = pathEnd(rest);
  if (end === undefined) return { refusal: refusals.syntax };
  const written = rest.slice(0, end);
  const path = parsePath(written);
  if (!path.ok) return { refusal: refusals.path[path.code] };
  const parameters = readParameters(rest.slice(end));
  if (!parameters) return { refusal: serverReplies.badParameter };
  return { value: { path: path.value, ascii: isAscii(written), parameters } };
}

/** The offset behind the path's closing bracket, which is not one inside a quoted local part. */
function pathEnd(text: string): number | undefined {
  if (!text.startsWith('<')) return undefined;
  let quoted = false;
  for (let i = 1; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (char === '>' && !quoted) return i + 1;
  }
  return undefined;
}

/** RFC 5321 §4.1.2 esmtp-param, RFC 6531 §3.3: values may hold UTF-8. Undefined: malformed, or one twice. */
function readParameters(text: string): Parameters | undefined {
  const parameters = new Map<string, string | undefined>();
  if (text === '') return parameters;
  if (!text.startsWith(' ')) return undefined;
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]+))?$/u.exec(word);
    const keyword = match?.[1]?.toUpperCase();
    if (keyword === undefined || parameters.has(keyword)) return undefined;
    parameters.set(keyword, match?.[2]);
  }
  return parameters;
}

type MailWishes = Omit<MailCommand, 'path'>;

function readMailParameters(parameters: Parameters, rules: MailRules): Read<MailWishes> {
  let wishes: MailWishes = { size: 0, body: '7bit', smtpUtf8: false, wishes: {} };
  for (const [keyword, value] of parameters) {
    const read = readMailParameter(keyword, value, rules);
    if ('refusal' in read) return read;
    wishes = { ...wishes, ...read.value, wishes: { ...wishes.wishes, ...read.value.wishes } };
  }
  if (wishes.size > rules.sizeMax) return { refusal: serverReplies.tooLarge }; // RFC 1870 §6.1
  return { value: wishes };
}

function readMailParameter(keyword: string, value: string | undefined, rules: MailRules): Read<Partial<MailWishes>> {
  switch (keyword) {
    case 'SIZE': // RFC 1870 §3: up to 20 digits
      return /^\d{1,20}$/.test(value ?? '')
        ? { value: { size: Number(value) } }
        : { refusal: serverReplies.badParameter };
    case 'SMTPUTF8': // RFC 6531 §3.3: no value
      return value === undefined ? { value: { smtpUtf8: true } } : { refusal: serverReplies.badParameter };
    case 'BODY':
      return readBody(value);
    case 'AUTH': // RFC 4954 §5: to be accepted where AUTH is; whose mail it was is not believed, as if it said <>
      if (!rules.login) return { refusal: serverReplies.unknownParameter };
      return value === '<>' || isXtext(value) ? { value: {} } : { refusal: serverReplies.badParameter };
    case 'RET':
    case 'ENVID': {
      if (!rules.dsn) return { refusal: serverReplies.unknownParameter };
      const wishes = readMessageWish(keyword, value);
      return wishes ? { value: { wishes } } : { refusal: serverReplies.badParameter };
    }
    default:
      return { refusal: serverReplies.unknownParameter }; // RFC 5321 §4.1.1.11
  }
}

/** RFC 3461 §4.3, §4.4. Undefined: malformed. */
function readMessageWish(keyword: 'RET' | 'ENVID', value = ''): MessageWishes | undefined {
  if (keyword === 'RET') {
    const ret = readReturn(value);
    return ret && { ret };
  }
  const envelopeId = readEnvelopeId(value);
  return envelopeId === undefined ? undefined : { envelopeId };
}

function readRcptParameters(parameters: Parameters, rules: RcptRules): Read<RecipientWishes> {
  let wishes: RecipientWishes = {};
  for (const [keyword, value] of parameters) {
    const isKnown = rules.dsn && (keyword === 'NOTIFY' || keyword === 'ORCPT');
    if (!isKnown) return { refusal: serverReplies.unknownParameter };
    const wish = readRecipientWish(keyword, value, rules);
    if (!wish) return { refusal: serverReplies.badParameter };
    wishes = { ...wishes, ...wish };
  }
  return { value: wishes };
}

/** RFC 3461 §4.1, §4.2. Undefined: malformed. */
function readRecipientWish(
  keyword: 'NOTIFY' | 'ORCPT',
  value: string | undefined,
  rules: RcptRules,
): RecipientWishes | undefined {
  if (keyword === 'NOTIFY') {
    const notify = readNotify(value ?? '');
    return notify && { notify };
  }
  const originalRecipient = readOriginalRecipient(value ?? '', rules);
  return originalRecipient && { originalRecipient };
}

/**
 * RFC 3030 §2: size [LAST]. Undefined: nobody knows how much follows. A size beyond all measure reads as a huge number, or as
 * infinity, never as a small one.
 */
export function readChunk(argument: string): Chunk | undefined {
  const match = /^(\d+)( LAST)?$/i.exec(argument);
  return match ? { octets: Number(match[1]), last: match[2] !== undefined } : undefined;
}

/** RFC 3461 §4 */
function isXtext(value: string | undefined): boolean {
  return value !== undefined && /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/.test(value);
}

/** RFC 6152 §3. BINARYMIME (RFC 3030) is not offered. */
function readBody(value: string | undefined): Read<Partial<MailWishes>> {
  const body = value?.toLowerCase();
  if (body === '7bit' || body === '8bitmime') return { value: { body } };
  return { refusal: body === undefined ? serverReplies.badParameter : serverReplies.unknownParameter };
}
