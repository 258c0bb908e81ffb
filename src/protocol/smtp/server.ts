/**
 * The SMTP server as a step machine: session and input in, next session and effects out. Pure: policy answers arrive as inputs,
 * message data flow past it (`data-reader.ts`), `entrances/smtp` obeys the effects.
 *
 *            opening -banner-> command (no greeting yet)
 *                                 |EHLO, HELO
 *                                 v
 *  securing <-STARTTLS- command (greeted) -AUTH-> login ... ask-login -> command (greeted)
 *     |handshake done: as after the banner          |MAIL -> ask-mail
 *     v                                             v
 *  command (no greeting yet)              command (transaction) -RCPT -> ask-rcpt-> command (transaction)
 *                                           |       |DATA -> ask-data
 *                       RSET, EHLO: forget  |       v
 *                                           |     data -end-> ask-message -> command (greeted), transaction forgotten
 *                                           v         BDAT instead of DATA: drawn in `server-chunks.ts`
 *                                command (greeted)
 *  anywhere: QUIT, 421, 521 -> closed. While a question is out (`asking`) only its answer, a time-out or a stop may come.
 *
 * RFC 5321 §4.1.4: EHLO clears the state; RFC 3207 §4.2: so does TLS, down to the greeting.
 */
import { latin1 } from '../../base/bytes.ts';
import { invariant, unreachable } from '../../base/outcome.ts';
import { isOurTrouble, isPositive, type Reply } from './reply.ts';
import { type Command, isHttp, readCommand, readMail, readRcpt } from './server-arguments.ts';
import { beginChunk, endChunk, refuseChunk, takeChunk } from './server-chunks.ts';
import { beginLogin, continueLogin, loginVerdict } from './server-login.ts';
import { banner, greeting, help, serverReplies as say } from './server-replies.ts';
import {
  newServerSession,
  type ServerInput,
  type ServerSession,
  type ServerStep,
  type Transaction,
} from './server-session.ts';
import { ask, close, excuse, forget, junk, no, yes } from './server-steps.ts';

type LineInput = Extract<ServerInput, { kind: 'line' }>;

export function step(session: ServerSession, input: ServerInput): ServerStep {
  if (session.phase.at === 'closed') return { next: session, effects: [] };
  return closeWhereDue(answer(session, input));
}

/** Longest line that may come now, CRLF included. */
export function lineOctetsMax(session: ServerSession): number {
  const { limits, login } = session.options;
  return login !== 'none' && session.tls && !session.loggedIn ? limits.auth_line_bytes : limits.command_line_bytes;
}

function answer(session: ServerSession, input: ServerInput): ServerStep {
  switch (input.kind) {
    case 'opened':
      return open(session, input.talked);
    case 'line':
      return hearLine(session, input);
    case 'too-long':
      return no({ ...session, phase: { at: 'command' } }, say.lineTooLong);
    case 'endless':
      return { next: { ...session, errors: session.errors + 1 }, effects: [] };
    case 'bare-newline':
      return close(session, say.bareNewline);
    case 'tls-hello':
      return close(session, undefined);
    case 'tls-established':
      return secure(session);
    case 'verdict':
    case 'go-ahead':
      return hearVerdict(session, input);
    case 'login-verdict':
      invariant(session.phase.at === 'asking' && session.phase.about === 'login', 'nobody asked for a login');
      return loginVerdict(session, input.verdict);
    case 'data-end':
      return endData(session, input.as);
    case 'chunk-end': {
      const { phase } = session;
      invariant(phase.at === 'chunk' || phase.at === 'refused-chunk', 'no chunk was asked for');
      return excuse(session, endChunk(session, phase, input));
    }
    case 'timeout':
      return close(session, say.timeout);
    case 'stop':
      return { next: { ...session, stopping: true }, effects: [] };
    default:
      return unreachable(input);
  }
}

/** What no single command decides: too many offences, or a stop and nothing left to finish. */
function closeWhereDue(done: ServerStep): ServerStep {
  const { next, effects } = done;
  const reply = dueReply(next);
  if (next.phase.at === 'closed' || !reply) return done;
  const closing = close(next, reply);
  return { next: closing.next, effects: [...effects, ...closing.effects] };
}

function dueReply(session: ServerSession): Reply | undefined {
  const { limits } = session.options;
  if (session.errors >= limits.errors_per_connection) return say.tooManyErrors;
  if (session.junk > limits.junk_commands_per_connection) return say.tooMuchJunk;
  if (session.postponed >= limits.postponed_commands_per_connection) return say.postponedTooOften;
  if (session.failedLogins >= limits.login_tries_per_connection) return say.tooManyLogins;
  const between = (session.phase.at === 'command' || session.phase.at === 'login') && !session.transaction;
  return session.stopping && between ? say.stopping : undefined;
}

function open(session: ServerSession, talked: boolean): ServerStep {
  if (talked) return close(session, say.talkedFirst); // RFC 5321 §3.1: the server speaks first
  return yes({ ...session, phase: { at: 'command' } }, banner(session));
}

function secure(session: ServerSession): ServerStep {
  invariant(session.phase.at === 'securing', 'nobody asked for TLS');
  // RFC 3207 §4.2: all knowledge from before goes; the counts of offences are ours, not the client's
  const { stopping, errors, junk, postponed, failedLogins } = session;
  const fresh = newServerSession(session.options, true);
  const next: ServerSession = { ...fresh, phase: { at: 'command' }, stopping, errors, junk, postponed, failedLogins };
  return { next, effects: [] };
}

function hearLine(session: ServerSession, line: LineInput): ServerStep {
  if (session.phase.at === 'login') return continueLogin(session, session.phase.exchange, latin1(line.octets));
  invariant(session.phase.at === 'command', `no command is heard while ${session.phase.at}`);
  const command = readCommand(line.octets);
  if (!command) return no(session, say.badLine);
  if (isHttp(command)) return close(session, say.notSmtp);
  const tooLong = line.octets.length + 2 > session.options.limits.command_line_bytes;
  if (tooLong && command.verb !== 'AUTH') return no(session, say.lineTooLong);
  const obey = commands.get(command.verb);
  if (!obey) return no(session, say.unknownCommand);
  const obeyed = obey(session, command, line);
  return ofTransaction.has(command.verb) ? excuse(session, obeyed) : obeyed;
}

/** What a client has sent already, or must send, when a transaction of his is refused. */
const ofTransaction: ReadonlySet<string> = new Set(['RCPT', 'DATA', 'RSET']);

type Obey = (session: ServerSession, command: Command, line: LineInput) => ServerStep;

const commands: ReadonlyMap<string, Obey> = new Map<string, Obey>([
  ['EHLO', (session, command) => hello(session, command, true)],
  ['HELO', (session, command) => hello(session, command, false)],
  ['STARTTLS', startTls],
  ['AUTH', (session, command) => beginLogin(session, command.argument)],
  ['MAIL', mail],
  ['RCPT', rcpt],
  ['DATA', data],
  ['BDAT', (session, command) => beginChunk(session, command.argument)],
  ['RSET', reset],
  ['NOOP', (session) => junk(session, say.done)], // RFC 5321 §4.1.1.9: a parameter is ignored
  ['VRFY', (session) => junk(session, say.cannotVerify)],
  ['HELP', (session) => junk(session, help(session))],
  ['QUIT', quit],
  ['EXPN', (session) => no(session, say.notImplemented)],
  ...['ETRN', 'TURN', 'ATRN', 'SEND', 'SOML', 'SAML', 'BURL'].map((verb): [string, Obey] => [
    verb,
    (session) => no(session, say.notImplemented), // RFC 5321 §4.2.4: known, not implemented
  ]),
]);

/** RFC 5321 §4.1.1.1. The name is a claim: it is bounded and printable, but not judged here (§4.1.4: nor is mail refused for it). */
function hello(session: ServerSession, command: Command, extended: boolean): ServerStep {
  if (!/^[\x21-\x7e]{1,255}$/.test(command.argument)) return no(session, say.heloArgument); // RFC 5321 §4.5.3.1.2
  const greeted = { ...session, helo: command.argument, extended, postponing: false };
  return forget(junk(greeted, greeting(greeted, extended)));
}

function startTls(session: ServerSession, command: Command): ServerStep {
  if (command.argument !== '') return no(session, say.noArgument); // RFC 3207 §4
  if (session.tls) return no(session, say.alreadyTls);
  if (!session.options.startTls) return no(session, say.notImplemented);
  if (!session.extended) return no(session, say.helloFirst);
  if (session.transaction) return no(session, say.notNow);
  const asked = yes({ ...session, phase: { at: 'securing' } }, say.readyForTls);
  return { next: asked.next, effects: [...asked.effects, { kind: 'start-tls' }] };
}

function mail(session: ServerSession, command: Command): ServerStep {
  const { options, tls, loggedIn } = session;
  if (session.helo === undefined) return no(session, say.helloFirst); // RFC 5321 §4.1.4
  if (options.login === 'required' && !loggedIn) return no(session, tls ? say.loginFirst : say.tlsFirst); // RFC 6409 §4.3
  if (session.transaction) return no(session, say.mailTwice);
  const rules = {
    extended: session.extended,
    sizeMax: options.limits.message_bytes,
    login: options.login !== 'none' && tls,
    dsn: options.offers.dsn,
  };
  const read = readMail(command.argument, rules);
  if ('refusal' in read) return no(session, read.refusal);
  return ask(
    { ...session, phase: { at: 'asking', about: 'mail', mail: read.value } },
    { kind: 'ask-mail', mail: read.value },
  );
}

function rcpt(session: ServerSession, command: Command): ServerStep {
  const { transaction } = session;
  if (!transaction) return no(session, say.mailFirst);
  if (transaction.chunks) return no(session, say.rcptAfterChunk);
  const { smtpUtf8 } = transaction.mail;
  const read = readRcpt(command.argument, { smtpUtf8, extended: session.extended, dsn: session.options.offers.dsn });
  if ('refusal' in read) return hearRcptVerdict(session, transaction, read.refusal);
  if (transaction.recipients >= session.options.limits.recipients_per_message)
    return yes(session, say.tooManyRecipients);
  return ask({ ...session, phase: { at: 'asking', about: 'rcpt' } }, { kind: 'ask-rcpt', rcpt: read.value });
}

function data(session: ServerSession, command: Command, line: LineInput): ServerStep {
  const refusal = dataRefusal(session, command);
  if (refusal) return refuseData(session, refusal, line.more);
  return ask({ ...session, phase: { at: 'asking', about: 'data', more: line.more } }, { kind: 'ask-data' });
}

function dataRefusal(session: ServerSession, command: Command): Reply | undefined {
  const { transaction } = session;
  if (command.argument !== '') return say.noArgument;
  if (!transaction) return say.mailFirst;
  if (transaction.chunks) return say.dataAfterChunk;
  if (transaction.recipients > 0) return undefined;
  return transaction.recipientsRefused > 0 ? say.noRecipients : say.rcptFirst; // RFC 5321 §3.3
}

/**
 * A client may send nothing behind DATA before it has our answer (RFC 2920 §3.1). Where something lies there already it is
 * most likely the message, and must not be run as commands: the connection ends with the refusal.
 */
function refuseData(session: ServerSession, reply: Reply, more: boolean): ServerStep {
  return more ? close(session, reply) : no(session, reply);
}

function endData(session: ServerSession, as: 'complete' | 'too-large' | 'endless'): ServerStep {
  invariant(session.phase.at === 'data', 'no data were asked for');
  if (as === 'complete') {
    return ask({ ...session, phase: { at: 'asking', about: 'message' } }, { kind: 'ask-message' });
  }
  if (as === 'endless') return close(session, say.tooLarge);
  return forget(no({ ...session, phase: { at: 'command' } }, say.tooLarge)); // RFC 1870 §6.3
}

function hearVerdict(
  session: ServerSession,
  input: Extract<ServerInput, { kind: 'verdict' | 'go-ahead' }>,
): ServerStep {
  const { phase } = session;
  invariant(phase.at === 'asking' && phase.about !== 'login', 'nobody asked');
  const ready: ServerSession = { ...session, phase: { at: 'command' } };
  if (input.kind === 'go-ahead') {
    if (phase.about === 'chunk') return takeChunk(ready, phase.chunk);
    invariant(phase.about === 'data', 'only DATA and BDAT have a go-ahead');
    const told = yes({ ...session, phase: { at: 'data' } }, say.sendData);
    return { next: told.next, effects: [...told.effects, { kind: 'begin-data' }] };
  }
  const { reply } = input;
  if (reply.code === 421) return close(ready, reply); // RFC 5321 §3.8
  switch (phase.about) {
    case 'mail': {
      if (!isPositive(reply)) return no(ready, reply);
      const transaction = { mail: phase.mail, recipients: 0, recipientsRefused: 0, chunks: undefined };
      return yes({ ...ready, transaction, postponing: false }, reply);
    }
    case 'rcpt':
      invariant(ready.transaction, 'a recipient belongs to a transaction');
      return hearRcptVerdict(ready, ready.transaction, reply);
    case 'data':
      return forget(refuseData(ready, reply, phase.more));
    case 'chunk':
      return refuseChunk(ready, phase.chunk, reply);
    case 'message':
      if (!isPositive(reply)) return forget(no(ready, reply));
      return forget(yes({ ...ready, errors: 0, junk: 0, postponed: 0, postponing: false }, reply));
    default:
      return unreachable(phase);
  }
}

function hearRcptVerdict(session: ServerSession, transaction: Transaction, reply: Reply): ServerStep {
  if (isPositive(reply)) {
    return yes({ ...session, transaction: { ...transaction, recipients: transaction.recipients + 1 } }, reply);
  }
  const told = { ...transaction, recipientsRefused: transaction.recipientsRefused + 1 };
  // Strangers who guess names are cut off; an account's own list may hold any number of dead or suppressed addresses.
  const counts = !session.loggedIn || isOurTrouble(reply);
  return (counts ? no : yes)({ ...session, transaction: told }, reply);
}

function reset(session: ServerSession, command: Command): ServerStep {
  if (command.argument !== '') return no(session, say.noArgument);
  return forget(junk({ ...session, postponing: false }, say.done));
}

function quit(session: ServerSession, command: Command): ServerStep {
  if (command.argument !== '') return no(session, say.noArgument);
  return close(session, say.bye);
}
