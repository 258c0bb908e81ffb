/** Everything the server machine says by itself. What policy says (recipients, messages) comes from the services. */
import { type SaslMechanism, saslMechanisms } from '../sasl/sasl-server.ts';
import { type Reply, replyOf } from './reply.ts';
import type { ServerSession } from './server-session.ts';

export const serverReplies = {
  bye: replyOf('221 2.0.0', 'Goodbye'),
  readyForTls: replyOf('220 2.0.0', 'Ready to start TLS'),
  loggedIn: replyOf('235 2.7.0', 'Logged in'),
  done: replyOf('250 2.0.0', 'Done'),
  // RFC 5321 §3.5.3, §7.3: neither yes nor no, the same for every name
  cannotVerify: replyOf('252 2.5.0', 'Names are not verified here; send the mail and see'),
  sendData: replyOf('354', 'Send the message, end it with a dot alone on a line'),

  stopping: replyOf('421 4.3.2', 'The server is stopping; try again soon'),
  timeout: replyOf('421 4.4.2', 'Waited too long for you'),
  tooManyErrors: replyOf('421 4.7.0', 'Too many errors'),
  tooMuchJunk: replyOf('421 4.7.0', 'Too many commands without a message'),
  postponedTooOften: replyOf('421 4.3.2', 'Nothing can be taken at the moment; try again later'),
  tooManyLogins: replyOf('421 4.7.0', 'Too many failed logins'),
  tooManyRecipients: replyOf('452 4.5.3', 'Too many recipients; send the message to the others separately'),
  noTlsNow: replyOf('454 4.7.0', 'TLS is not available at the moment'),
  loginLater: replyOf('454 4.7.0', 'Logins cannot be checked at the moment; try again later'),

  unknownCommand: replyOf('500 5.5.2', 'That is no command'),
  badLine: replyOf('500 5.5.2', 'A command is printable text'),
  lineTooLong: replyOf('500 5.5.2', 'The line is too long'),
  badBase64: replyOf('501 5.5.2', 'That is not base64'),
  noArgument: replyOf('501 5.5.4', 'This command takes no argument'),
  heloArgument: replyOf('501 5.5.4', 'Say your host name'),
  mailSyntax: replyOf('501 5.5.4', 'Syntax: MAIL FROM:<address>'),
  rcptSyntax: replyOf('501 5.5.4', 'Syntax: RCPT TO:<address>'),
  authSyntax: replyOf('501 5.5.4', 'Syntax: AUTH mechanism [initial response]'),
  badParameter: replyOf('501 5.5.4', 'A parameter is malformed'),
  cancelled: replyOf('501 5.7.0', 'Login cancelled'),
  badCredentials: replyOf('501 5.5.2', 'That is not what this mechanism sends'),
  badSender: replyOf('501 5.1.7', 'That is no sender address'),
  badRecipient: replyOf('501 5.1.3', 'That is no recipient address'),
  notImplemented: replyOf('502 5.5.1', 'This command is not implemented'),
  alreadyTls: replyOf('503 5.5.1', 'TLS is already active'),
  helloFirst: replyOf('503 5.5.1', 'Say EHLO first'),
  mailFirst: replyOf('503 5.5.1', 'MAIL comes first'),
  mailTwice: replyOf('503 5.5.1', 'MAIL was given already'),
  rcptFirst: replyOf('503 5.5.1', 'RCPT comes first'),
  chunkAfterRefusal: replyOf('503 5.5.1', 'A chunk was refused before; say RSET'), // RFC 3030 §2
  dataAfterChunk: replyOf('503 5.5.1', 'The message comes in chunks; DATA does not go with them'), // RFC 3030 §2
  rcptAfterChunk: replyOf('503 5.5.1', 'The message has begun; it is too late for recipients'),
  notNow: replyOf('503 5.5.1', 'Not in the middle of a transaction'),
  alreadyLoggedIn: replyOf('503 5.5.1', 'You are logged in already'),
  unknownMechanism: replyOf('504 5.5.4', `Mechanisms are ${saslMechanisms.join(' and ')}`),
  // RFC 7504: nothing further will be answered on this connection
  talkedFirst: replyOf('521 5.5.1', 'A client waits for the banner'),
  chunkSyntax: replyOf('521 5.5.4', 'Syntax: BDAT size [LAST]'),
  bareNewline: replyOf('521 5.5.2', 'Lines end with CR LF; a CR or LF alone is not accepted'),
  notSmtp: replyOf('521 5.5.1', 'This is a mail server'),
  tlsFirst: replyOf('530 5.7.0', 'Issue STARTTLS first'),
  loginFirst: replyOf('530 5.7.0', 'Log in first'),
  loginFailed: replyOf('535 5.7.8', 'Wrong login or password'),
  loginNeedsTls: replyOf('538 5.7.11', 'A login needs TLS'),
  tooLarge: replyOf('552 5.3.4', 'The message is too large'),
  senderLiteral: replyOf('553 5.1.7', 'Address literals are not accepted'),
  recipientLiteral: replyOf('553 5.1.3', 'Address literals are not accepted'),
  utf8NotAnnounced: replyOf('553 5.6.7', 'An address beyond ASCII needs the SMTPUTF8 parameter'),
  noRecipients: replyOf('554 5.5.1', 'No valid recipients'),
  unknownParameter: replyOf('555 5.5.4', 'A parameter is not known or not offered'),
} as const satisfies Record<string, Reply>;

export function banner(session: ServerSession): Reply {
  return { code: 220, text: `${session.options.hostname} ESMTP Posthorn` }; // RFC 2034 §4: no status here, nor in EHLO's
}

export function greeting(session: ServerSession, extended: boolean): Reply {
  return { code: 250, text: session.options.hostname, more: extended ? extensionsOf(session) : [] };
}

export function help({ options }: ServerSession): Reply {
  const data = options.offers.chunking ? 'DATA BDAT' : 'DATA';
  return {
    ...replyOf('214 2.0.0', 'Commands:'),
    more: [`EHLO HELO STARTTLS AUTH MAIL RCPT ${data}`, 'RSET NOOP VRFY HELP QUIT'],
  };
}

/** RFC 5321 §4.1.1.1 */
function extensionsOf(session: ServerSession): string[] {
  const { options, tls, loggedIn } = session;
  const { offers } = options;
  const keywords = ['PIPELINING', `SIZE ${options.limits.message_bytes}`]; // RFC 2920, RFC 1870
  if (options.startTls && !tls) keywords.push('STARTTLS'); // RFC 3207 §4.2: not again once it is active
  // RFC 4954 §4: nor before TLS, nor after the login
  if (tls && options.login !== 'none' && !loggedIn) keywords.push(`AUTH ${mechanismsOffered.join(' ')}`);
  keywords.push('ENHANCEDSTATUSCODES', '8BITMIME', 'SMTPUTF8'); // RFC 2034, RFC 6152, RFC 6531
  if (offers.dsn) keywords.push('DSN'); // RFC 3461 §3
  if (offers.chunking) keywords.push('CHUNKING'); // RFC 3030. BINARYMIME is not offered (MAIL_RULES 13)
  // RFC 9422 §4.2. No MAILMAX: a connection may carry any number of messages.
  if (offers.limits) keywords.push(`LIMITS RCPTMAX=${Math.min(options.limits.recipients_per_message, limitValueMax)}`);
  return keywords;
}

/** RFC 9422 §4.2: six digits at most. */
const limitValueMax = 999_999;

const mechanismsOffered: readonly SaslMechanism[] = saslMechanisms;
