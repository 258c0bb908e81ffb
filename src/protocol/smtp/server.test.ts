import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromLatin1, utf8 } from '../../base/bytes.ts';
import { smtpLimitsWith } from './limits.ts';
import { isOurTrouble, type Reply, replyOf, writeReply } from './reply.ts';
import { lineOctetsMax, step } from './server.ts';
import { readCommand } from './server-arguments.ts';
import {
  allOffers,
  newServerSession,
  type ServerEffect,
  type ServerInput,
  type ServerOptions,
  type ServerSession,
} from './server-session.ts';

const mx: ServerOptions = {
  hostname: 'mx.example.com',
  limits: smtpLimitsWith(),
  startTls: true,
  login: 'none',
  offers: allOffers,
};
const submission: ServerOptions = { ...mx, login: 'required' };

/** What policy says to a question: recipients that begin with "no" do not exist, "later" is greylisted, password "secret" is right. */
function policy(effect: ServerEffect): ServerInput | undefined {
  switch (effect.kind) {
    case 'ask-mail':
      return { kind: 'verdict', reply: replyOf('250 2.1.0', 'Sender noted') };
    case 'ask-rcpt': {
      const local = effect.rcpt.path.kind === 'mailbox' ? effect.rcpt.path.mailbox.local : 'postmaster';
      if (local.startsWith('no')) return { kind: 'verdict', reply: replyOf('550 5.1.1', 'No such mailbox here') };
      if (local.startsWith('later')) return { kind: 'verdict', reply: replyOf('451 4.7.1', 'Try again') };
      if (local.startsWith('full')) return { kind: 'verdict', reply: replyOf('421 4.3.2', 'Not now') };
      return { kind: 'verdict', reply: replyOf('250 2.1.5', `Recipient noted`) };
    }
    case 'ask-data':
      return { kind: 'go-ahead' };
    case 'ask-message':
      return { kind: 'verdict', reply: replyOf('250 2.0.0', 'Taken') };
    case 'ask-login':
      return { kind: 'login-verdict', verdict: effect.credentials.password === 'secret' ? 'yes' : 'no' };
    default:
      return undefined;
  }
}

type Talk = {
  session: ServerSession;
  readonly transcript: string[];
  hear(input: ServerInput): void;
};

function talk(options: ServerOptions, answer = policy, implicitTls = false): Talk {
  const out: Talk = {
    session: newServerSession(options, implicitTls),
    transcript: [],
    hear(input) {
      const { next, effects } = step(out.session, input);
      out.session = next;
      for (const effect of effects) {
        if (effect.kind === 'reply') {
          for (const line of writeReply(effect.reply).trimEnd().split('\r\n')) out.transcript.push(`S: ${line}`);
        } else {
          const verdict = answer(effect);
          if (verdict) out.hear(verdict);
          else out.transcript.push(`* ${effect.kind}${sizeIn(effect)}`);
        }
      }
    },
  };
  return out;
}

function sizeIn(effect: ServerEffect): string {
  if (effect.kind === 'take-chunk') return ` ${effect.chunk.octets}${effect.chunk.last ? ' last' : ''}`;
  return effect.kind === 'swallow-chunk' ? ` ${effect.octets}` : '';
}

/** One line of a script as an input: `C: text`, `C+ text` (more input waits behind it), `! input kind`. */
function inputOf(line: string): ServerInput {
  const text = line.slice(3);
  switch (line.slice(0, 3)) {
    case 'C: ':
      return { kind: 'line', octets: utf8(text), more: false };
    case 'C+ ':
      return { kind: 'line', octets: utf8(text), more: true };
    default: {
      const [kind = '', as] = line.slice(2).split(' ');
      if (kind === 'opened') return { kind, talked: as === 'talked' };
      return {
        kind,
        as,
        ...(as === 'failed' ? { reply: replyOf('452 4.3.1', 'No space') } : {}),
      } as unknown as ServerInput;
    }
  }
}

/** Plays the client's lines of a transcript and compares the whole with what happened. */
function play(options: ServerOptions, script: string, answer = policy): Talk {
  const lines = script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const talking = talk(options, answer);
  for (const line of lines) {
    if (line.startsWith('S: ') || line.startsWith('* ')) continue;
    talking.transcript.push(line);
    talking.hear(inputOf(line));
  }
  assert.deepEqual(talking.transcript, lines);
  return talking;
}

/** What EHLO offers in the clear, and under TLS. */
const greetingOf = (offer: string) => `
  C: EHLO c.example
  S: 250-mx.example.com
  S: 250-PIPELINING
  S: 250-SIZE 26214400
  ${offer}
  S: 250-ENHANCEDSTATUSCODES
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250-DSN
  S: 250-CHUNKING
  S: 250 LIMITS RCPTMAX=1000`;
const inClear = `
  ! opened
  S: 220 mx.example.com ESMTP Posthorn
  ${greetingOf('S: 250-STARTTLS')}`;
const underTls = `
  ${inClear}
  C: STARTTLS
  S: 220 2.0.0 Ready to start TLS
  * start-tls
  ! tls-established
  ${greetingOf('S: 250-AUTH PLAIN LOGIN')}`;

function hearLines(talking: Talk, ...lines: string[]): void {
  for (const line of lines) talking.hear({ kind: 'line', octets: utf8(line), more: false });
}

/** A session that has said EHLO; a submission session has TLS by then. */
function greeted(options: ServerOptions, script: string, answer = policy): Talk {
  const opening = options.login === 'none' ? inClear : underTls;
  const limit = `RCPTMAX=${options.limits.recipients_per_message}`;
  return play(options, `${opening.replaceAll('RCPTMAX=1000', limit)}\n${script}`, answer);
}

test('a command line full of blanks is read in linear time', () => {
  const line = fromLatin1(`NOOP${' '.repeat(1_000_000)}x`);
  assert.equal(readCommand(line)?.argument.length, 1_000_000);
  assert.deepEqual(readCommand(line.subarray(0, -1)), { verb: 'NOOP', argument: '' });
});

test('RFC 5321 §D.1: a message for three, one of them unknown, then goodbye', () => {
  greeted(
    mx,
    `
    C: MAIL FROM:<Smith@bar.com>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<Jones@foo.com>
    S: 250 2.1.5 Recipient noted
    C: RCPT TO:<nobody@foo.com>
    S: 550 5.1.1 No such mailbox here
    C: rcpt to:<Postmaster>
    S: 250 2.1.5 Recipient noted
    C: DATA
    S: 354 Send the message, end it with a dot alone on a line
    * begin-data
    ! data-end complete
    * forget
    S: 250 2.0.0 Taken
    C: MAIL FROM:<>
    S: 250 2.1.0 Sender noted
    C: QUIT
    S: 221 2.0.0 Goodbye
    * close`,
  );
});

test('RFC 5321 §4.1.4: the order of commands', () => {
  play(
    mx,
    `! opened
    S: 220 mx.example.com ESMTP Posthorn
    C: MAIL FROM:<a@b.example>
    S: 503 5.5.1 Say EHLO first
    C: STARTTLS
    S: 503 5.5.1 Say EHLO first
    C: HELO c.example
    S: 250 mx.example.com
    C: STARTTLS
    S: 503 5.5.1 Say EHLO first
    C: RCPT TO:<a@b.example>
    S: 503 5.5.1 MAIL comes first
    C: DATA
    S: 503 5.5.1 MAIL comes first
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: MAIL FROM:<a@b.example>
    S: 503 5.5.1 MAIL was given already
    C: DATA
    S: 503 5.5.1 RCPT comes first
    C: RCPT TO:<nobody@b.example>
    S: 550 5.1.1 No such mailbox here
    C: DATA
    S: 554 5.5.1 No valid recipients
    C: RSET
    * forget
    S: 250 2.0.0 Done
    C: RCPT TO:<a@b.example>
    S: 503 5.5.1 MAIL comes first`,
  );
});

test('RFC 5321 §4.1.4: EHLO in the middle forgets the transaction', () => {
  const talking = greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: HELO other.example
    * forget
    S: 250 mx.example.com
    C: RCPT TO:<a@b.example>
    S: 503 5.5.1 MAIL comes first
    C: MAIL FROM:<a@b.example> SIZE=1
    S: 555 5.5.4 A parameter is not known or not offered`,
  );
  assert.equal(talking.session.helo, 'other.example');
});

test('small commands, alike for every name', () => {
  greeted(
    mx,
    `
    C: NOOP whatever
    S: 250 2.0.0 Done
    C: VRFY postmaster
    S: 252 2.5.0 Names are not verified here; send the mail and see
    C: VRFY nobody
    S: 252 2.5.0 Names are not verified here; send the mail and see
    C: EXPN staff
    S: 502 5.5.1 This command is not implemented
    C: HELP
    S: 214-2.0.0 Commands:
    S: 214-2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT
    S: 214 2.0.0 RSET NOOP VRFY HELP QUIT
    C: ETRN x
    S: 502 5.5.1 This command is not implemented
    C: WIZ
    S: 500 5.5.2 That is no command
    C: __proto__
    S: 500 5.5.2 That is no command
    C: QUIT now
    S: 501 5.5.4 This command takes no argument
    C: RSET now
    S: 501 5.5.4 This command takes no argument
    C: EHLO
    S: 501 5.5.4 Say your host name
    C: EHLO two words
    S: 501 5.5.4 Say your host name
    C: noop${'  '}
    S: 250 2.0.0 Done`,
  );
});

test('RFC 5321 §4.1.1.11: parameters of MAIL and RCPT', () => {
  const cases: [string, string][] = [
    ['MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME SMTPUTF8', '250'],
    ['MAIL FROM: <a@b.example>', '250'],
    ['mail from:<"a> b"@b.example> body=7bit', '250'],
    ['MAIL FROM:<@relay.example:a@b.example>', '250'],
    ['MAIL FROM:<jürgen@b.example> SMTPUTF8', '250'],
    ['MAIL FROM:<a@bücher.example> SMTPUTF8', '250'],
    ['MAIL FROM:<jürgen@b.example>', '553 5.6.7'],
    ['MAIL FROM:<a@bücher.example>', '553 5.6.7'],
    ['MAIL FROM:<a@b.example> SIZE=26214401', '552 5.3.4'],
    ['MAIL FROM:<a@b.example> SIZE=99999999999999999999', '552 5.3.4'],
    ['MAIL FROM:<a@b.example> SIZE=1x', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SIZE', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SIZE=1 SIZE=2', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> SMTPUTF8=yes', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> BODY', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> BODY=BINARYMIME', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> RET=HDRS ENVID=QQ+2B314', '250'],
    ['MAIL FROM:<a@b.example> ret=full', '250'],
    ['MAIL FROM:<a@b.example> RET=BODY', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> RET', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> RET=HDRS RET=HDRS', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> ENVID', '501 5.5.4'],
    ['MAIL FROM:<a@b.example> ENVID=a+0D+0Ab', '501 5.5.4'],
    [`MAIL FROM:<a@b.example> ENVID=${'x'.repeat(101)}`, '501 5.5.4'],
    ['MAIL FROM:<a@b.example> NOTIFY=NEVER', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> AUTH=<>', '555 5.5.4'],
    ['MAIL FROM:<a@b.example> __proto__=1', '501 5.5.4'],
    ['MAIL FROM:<a@b.example>SIZE=1', '501 5.5.4'],
    ['MAIL FROM:a@b.example', '501 5.5.4'],
    ['MAIL FROM:<a@b.example', '501 5.5.4'],
    ['MAIL FROM:<"a@b.example>', '501 5.5.4'],
    ['MAIL FROM <a@b.example>', '501 5.5.4'],
    ['MAIL TO:<a@b.example>', '501 5.5.4'],
    ['MAIL', '501 5.5.4'],
    ['MAIL FROM:<Postmaster>', '501 5.1.7'],
    ['MAIL FROM:<a b@b.example>', '501 5.1.7'],
    ['MAIL FROM:<a@b.example.>', '501 5.1.7'],
    [`MAIL FROM:<${'a'.repeat(65)}@b.example>`, '501 5.1.7'],
    ['MAIL FROM:<a@[192.0.2.1]>', '553 5.1.7'],
    ['RCPT TO:<>', '501 5.1.3'],
    ['RCPT TO:<a@b.example> NOTIFY=NEVER', '250'],
    ['RCPT TO:<a@b.example> ORCPT=rfc822;a@b.example notify=success,Delay', '250'],
    ['RCPT TO:<a@b.example> ORCPT=utf-8;\\x{FC}@b.example', '250'],
    ['RCPT TO:<a@b.example> ORCPT=utf-8;ü@b.example', '501 5.5.4'],
    ['RCPT TO:<a@b.example> ORCPT=a@b.example', '501 5.5.4'],
    ['RCPT TO:<a@b.example> ORCPT', '501 5.5.4'],
    ['RCPT TO:<a@b.example> NOTIFY=NEVER,FAILURE', '501 5.5.4'],
    ['RCPT TO:<a@b.example> NOTIFY=DELAY NOTIFY=DELAY', '501 5.5.4'],
    ['RCPT TO:<a@b.example> NOTIFY', '501 5.5.4'],
    ['RCPT TO:<a@b.example> RET=FULL', '555 5.5.4'],
    ['RCPT TO:<a%b@c.example>', '250'],
    ['RCPT TO:<jürgen@b.example>', '553 5.6.7'],
    ['RCPT TO:<a@[IPv6:2001:db8::1]>', '553 5.1.3'],
    ['RCPT FROM:<a@b.example>', '501 5.5.4'],
  ];
  for (const [command, expected] of cases) {
    const talking = talk(mx);
    for (const line of ['! opened', 'C: EHLO c.example']) talking.hear(inputOf(line));
    if (command.startsWith('RCPT')) talking.hear(inputOf('C: MAIL FROM:<a@b.example>'));
    talking.hear(inputOf(`C: ${command}`));
    assert.equal(talking.transcript.at(-1)?.slice(3, 3 + expected.length), expected, command);
  }
});

test('RFC 3461 §4: what is asked for goes to policy, decoded', () => {
  const asked: ServerEffect[] = [];
  const talking = talk(mx, (effect) => {
    asked.push(effect);
    return policy(effect);
  });
  for (const line of [
    ...['! opened', 'C: EHLO c.example', 'C: MAIL FROM:<a@b.example> SMTPUTF8 RET=FULL ENVID=QQ+2B314'],
    ...['C: RCPT TO:<b@c.example> NOTIFY=DELAY,SUCCESS ORCPT=utf-8;bü@c.example', 'C: RCPT TO:<d@c.example>'],
  ])
    talking.hear(inputOf(line));
  assert.deepEqual(
    asked.map((effect) =>
      effect.kind === 'ask-mail' ? effect.mail.wishes : effect.kind === 'ask-rcpt' && effect.rcpt.wishes,
    ),
    [
      { ret: 'full', envelopeId: 'QQ+314' },
      { notify: ['success', 'delay'], originalRecipient: { type: 'utf-8', address: 'bü@c.example' } },
      {},
    ],
  );
});

test('where DSN was not announced, or EHLO not said, its parameters are unknown', () => {
  const without: ServerOptions = { ...mx, offers: { ...mx.offers, dsn: false } };
  for (const [options, hello] of [
    [without, 'EHLO'],
    [mx, 'HELO'],
  ] as const)
    for (const command of ['MAIL FROM:<a@b.example> RET=HDRS', 'RCPT TO:<a@b.example> NOTIFY=NEVER']) {
      const talking = talk(options);
      for (const line of ['! opened', `C: ${hello} c.example`]) talking.hear(inputOf(line));
      if (command.startsWith('RCPT')) talking.hear(inputOf('C: MAIL FROM:<a@b.example>'));
      talking.hear(inputOf(`C: ${command}`));
      assert.equal(talking.transcript.at(-1), 'S: 555 5.5.4 A parameter is not known or not offered', command);
    }
});

test('RFC 6531 §3.3: SMTPUTF8 at MAIL opens RCPT too', () => {
  greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example> SMTPUTF8
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<jürgen@bücher.example>
    S: 250 2.1.5 Recipient noted`,
  );
});

test('RFC 3207: STARTTLS once, without arguments, and everything said before is forgotten', () => {
  const talking = greeted(
    mx,
    `
    C: STARTTLS now
    S: 501 5.5.4 This command takes no argument
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: STARTTLS
    S: 503 5.5.1 Not in the middle of a transaction
    C: RSET
    * forget
    S: 250 2.0.0 Done
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    * start-tls
    ! tls-established
    C: MAIL FROM:<a@b.example>
    S: 503 5.5.1 Say EHLO first
    C: EHLO c.example
    S: 250-mx.example.com
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-DSN
  S: 250-CHUNKING
    S: 250 LIMITS RCPTMAX=1000
    C: STARTTLS
    S: 503 5.5.1 TLS is already active`,
  );
  assert.equal(talking.session.errors, 4);
});

test('without a certificate STARTTLS is neither offered nor obeyed', () => {
  play(
    { ...mx, startTls: false },
    `! opened
    S: 220 mx.example.com ESMTP Posthorn
    C: EHLO c.example
    S: 250-mx.example.com
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-DSN
  S: 250-CHUNKING
    S: 250 LIMITS RCPTMAX=1000
    C: STARTTLS
    S: 502 5.5.1 This command is not implemented`,
  );
});

test('an MX has no AUTH; submission has it under TLS only, and takes no mail without it', () => {
  greeted(
    mx,
    `
    C: AUTH PLAIN AHRpbQBzZWNyZXQ=
    S: 502 5.5.1 This command is not implemented`,
  );
  play(
    submission,
    `! opened
    S: 220 mx.example.com ESMTP Posthorn
    C: EHLO c.example
    S: 250-mx.example.com
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-STARTTLS
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-DSN
  S: 250-CHUNKING
    S: 250 LIMITS RCPTMAX=1000
    C: AUTH PLAIN AHRpbQBzZWNyZXQ=
    S: 538 5.7.11 A login needs TLS
    C: MAIL FROM:<a@b.example>
    S: 530 5.7.0 Issue STARTTLS first`,
  );
  greeted(
    submission,
    `
    C: MAIL FROM:<a@b.example>
    S: 530 5.7.0 Log in first`,
  );
});

test('RFC 4954 §4: AUTH with and without initial response, cancelled, malformed, twice', () => {
  greeted(
    submission,
    `
    C: AUTH CRAM-MD5
    S: 504 5.5.4 Mechanisms are PLAIN and LOGIN
    C: AUTH
    S: 501 5.5.4 Syntax: AUTH mechanism [initial response]
    C: AUTH PLAIN
    S: 334
    C: *
    S: 501 5.7.0 Login cancelled
    C: AUTH PLAIN a=b
    S: 501 5.5.2 That is not base64
    C: AUTH PLAIN =
    S: 501 5.5.2 That is not what this mechanism sends
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: dGlt
    S: 334 UGFzc3dvcmQ6
    C: d3Jvbmc=
    S: 535 5.7.8 Wrong login or password
    C: AUTH LOGIN dGlt
    S: 334 UGFzc3dvcmQ6
    C: c2VjcmV0
    S: 235 2.7.0 Logged in
    C: AUTH PLAIN AHRpbQBzZWNyZXQ=
    S: 503 5.5.1 You are logged in already
    C: EHLO c.example
    S: 250-mx.example.com
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-DSN
  S: 250-CHUNKING
    S: 250 LIMITS RCPTMAX=1000
    C: MAIL FROM:<a@b.example> AUTH=<>
    S: 250 2.1.0 Sender noted`,
  );
});

test('five wrong passwords end the connection', () => {
  greeted(
    submission,
    `
    C: AUTH PLAIN AHRpbQB3cm9uZw==
    S: 535 5.7.8 Wrong login or password
    C: AUTH PLAIN AHRpbQB3cm9uZw==
    S: 535 5.7.8 Wrong login or password
    C: AUTH PLAIN AHRpbQB3cm9uZw==
    S: 535 5.7.8 Wrong login or password
    C: AUTH PLAIN AHRpbQB3cm9uZw==
    S: 535 5.7.8 Wrong login or password
    C: AUTH PLAIN AHRpbQB3cm9uZw==
    S: 535 5.7.8 Wrong login or password
    S: 421 4.7.0 Too many failed logins
    * close`,
  );
});

test('who talks before the banner, speaks HTTP or TLS, or ends lines oddly is cut off', () => {
  play(mx, '! opened talked\nS: 521 5.5.1 A client waits for the banner\n* close');
  greeted(mx, 'C: GET / HTTP/1.1\nS: 521 5.5.1 This is a mail server\n* close');
  greeted(mx, 'C: POST / HTTP/1.1\nS: 521 5.5.1 This is a mail server\n* close');
  greeted(mx, '! tls-hello\n* close');
  greeted(mx, '! bare-newline\nS: 521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted\n* close');
});

test('a line that is no text, and one that is too long', () => {
  const talking = talk(mx);
  for (const line of ['! opened', 'C: EHLO c.example', '! too-long']) talking.hear(inputOf(line));
  assert.equal(talking.transcript.at(-1), 'S: 500 5.5.2 The line is too long');
  for (const octets of [Uint8Array.of(0x4e, 0x4f, 0x4f, 0x50, 0), Uint8Array.of(0xff), fromLatin1('NOOP \x1b[31m')]) {
    talking.hear({ kind: 'line', octets, more: false });
    assert.equal(talking.transcript.at(-1), 'S: 500 5.5.2 A command is printable text');
  }
  assert.equal(lineOctetsMax(talking.session), 2048);
});

test('only AUTH may use the long lines it needs', () => {
  const talking = talk(submission, policy, true);
  for (const line of ['! opened', 'C: EHLO c.example', `C: NOOP ${'x'.repeat(3000)}`]) talking.hear(inputOf(line));
  assert.equal(talking.transcript.at(-1), 'S: 500 5.5.2 The line is too long');
  assert.equal(lineOctetsMax(talking.session), 12_288);
  talking.hear(inputOf(`C: AUTH PLAIN ${Buffer.from(`\0tim\0${'x'.repeat(1024)}`).toString('base64')}`));
  assert.equal(talking.transcript.at(-1), 'S: 535 5.7.8 Wrong login or password');
});

test('input behind a refused DATA is not run as commands', () => {
  greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<nobody@b.example>
    S: 550 5.1.1 No such mailbox here
    C+ DATA
    S: 554 5.5.1 No valid recipients
    * close`,
  );
  const full = (effect: ServerEffect) =>
    effect.kind === 'ask-data'
      ? ({ kind: 'verdict', reply: replyOf('452 4.3.1', 'No space') } as const)
      : policy(effect);
  greeted(
    mx,
    `
    C+ MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C+ RCPT TO:<a@b.example>
    S: 250 2.1.5 Recipient noted
    C: DATA
    * forget
    S: 452 4.3.1 No space
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted`,
    full,
  );
});

test('messages too large: refused after they were read, or cut off when they do not end', () => {
  const begin = `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<a@b.example>
    S: 250 2.1.5 Recipient noted
    C: DATA
    S: 354 Send the message, end it with a dot alone on a line
    * begin-data`;
  greeted(
    mx,
    `${begin}
    ! data-end too-large
    * forget
    S: 552 5.3.4 The message is too large
    C: NOOP
    S: 250 2.0.0 Done`,
  );
  greeted(mx, `${begin}\n! data-end endless\nS: 552 5.3.4 The message is too large\n* close`);
  greeted(mx, `${begin}\n! bare-newline\nS: 521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted\n* close`);
  greeted(mx, `${begin}\n! timeout\nS: 421 4.4.2 Waited too long for you\n* close`);
});

test('counts: recipients, errors, junk', () => {
  const few: ServerOptions = {
    ...mx,
    limits: smtpLimitsWith({ recipients_per_message: 2, errors_per_connection: 3, junk_commands_per_connection: 4 }),
  };
  greeted(
    few,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<a@b.example>
    S: 250 2.1.5 Recipient noted
    C: RCPT TO:<later@b.example>
    S: 451 4.7.1 Try again
    C: RCPT TO:<b@b.example>
    S: 250 2.1.5 Recipient noted
    C: RCPT TO:<c@b.example>
    S: 452 4.5.3 Too many recipients; send the message to the others separately
    C: RCPT TO:<d@b.example>
    S: 452 4.5.3 Too many recipients; send the message to the others separately
    C: NOOP
    S: 250 2.0.0 Done
    C: NOOP
    S: 250 2.0.0 Done
    C: DATA
    S: 354 Send the message, end it with a dot alone on a line
    * begin-data
    ! data-end complete
    * forget
    S: 250 2.0.0 Taken
    C: NOOP
    S: 250 2.0.0 Done
    C: NOOP
    S: 250 2.0.0 Done
    C: NOOP
    S: 250 2.0.0 Done
    C: NOOP
    S: 250 2.0.0 Done
    C: NOOP
    S: 250 2.0.0 Done
    S: 421 4.7.0 Too many commands without a message
    * close`,
  );
  greeted(
    few,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<no1@b.example>
    S: 550 5.1.1 No such mailbox here
    C: RCPT TO:<no2@b.example>
    S: 550 5.1.1 No such mailbox here
    C: RCPT TO:<no3@b.example>
    S: 550 5.1.1 No such mailbox here
    S: 421 4.7.0 Too many errors
    * close`,
  );
  greeted({ ...few }, '! endless\n! endless\n! endless\nS: 421 4.7.0 Too many errors\n* close');
});

test('what we refuse for want of something of ours is no offence of the client, nor is what only follows from it', () => {
  const limits = { errors_per_connection: 2, junk_commands_per_connection: 2, postponed_commands_per_connection: 12 };
  const options: ServerOptions = { ...mx, limits: smtpLimitsWith(limits) };
  let full = true;
  const noSpace: ServerInput = { kind: 'verdict', reply: replyOf('452 4.3.1', 'No space') };
  const of = (kind: ServerEffect['kind']) => (effect: ServerEffect) =>
    effect.kind === kind && full ? noSpace : policy(effect);
  const atRcpt = `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<a@b.example>
    S: 452 4.3.1 No space
    C: DATA
    S: 554 5.5.1 No valid recipients
    C: RSET
    * forget
    S: 250 2.0.0 Done`;
  const talking = greeted(options, atRcpt.repeat(3), of('ask-rcpt'));
  assert.partialDeepStrictEqual(talking.session, { errors: 0, junk: 1, postponed: 9, postponing: false });
  hearLines(talking, 'NOOP'); // behind EHLO, and between two transactions: junk, as ever
  assert.equal(talking.session.junk, 2);
  full = false;
  hearLines(talking, 'MAIL FROM:<a@b.example>', 'RCPT TO:<a@b.example>', 'DATA');
  talking.hear({ kind: 'data-end', as: 'complete' });
  assert.partialDeepStrictEqual(talking.session, { junk: 0, postponed: 0 });

  full = true;
  const atMail = `
    C: MAIL FROM:<a@b.example>
    S: 452 4.3.1 No space
    C: RCPT TO:<a@b.example>
    S: 503 5.5.1 MAIL comes first
    C: DATA
    S: 503 5.5.1 MAIL comes first
    C: RSET
    S: 250 2.0.0 Done`;
  const last = '    S: 421 4.3.2 Nothing can be taken at the moment; try again later\n    * close';
  greeted(options, `${atMail.repeat(3)}\n${last}`, of('ask-mail'));

  const chunks = greeted(
    options,
    'C: MAIL FROM:<a@b.example>\nS: 452 4.3.1 No space\nC: BDAT 3 LAST\n* swallow-chunk 3\n! chunk-end complete\nS: 503 5.5.1 MAIL comes first',
    of('ask-mail'),
  );
  assert.partialDeepStrictEqual(chunks.session, { errors: 0, postponed: 2 });
  hearLines(chunks, 'BOGUS', 'BOGUS');
  assert.equal(chunks.session.phase.at, 'closed', 'what has nothing to do with it counts as ever');
});

test('RFC 3463 §3.4: only a temporary no with a status of the mail system is trouble of ours', () => {
  const ours = ['452 4.3.1', '451 4.3.0', '451 4.3.2'];
  const others = ['451 4.7.1', '452 4.5.3', '451 4.4.3', '550 5.1.1', '552 5.3.4', '354'];
  assert.deepEqual(
    [...ours, ...others].map((status) => isOurTrouble(replyOf(status, ''))),
    [...ours.map(() => true), ...others.map(() => false)],
  );
});

test('an account may name any number of recipients that are refused', () => {
  const talking = greeted(
    submission,
    `
    C: AUTH PLAIN AHRpbQBzZWNyZXQ=
    S: 235 2.7.0 Logged in
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted`,
  );
  for (let i = 0; i < 100; i++) talking.hear(inputOf(`C: RCPT TO:<no${i}@b.example>`));
  assert.equal(talking.session.phase.at, 'command');
});

test('RFC 5321 §3.8: a 421 of policy ends the connection', () => {
  greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<full@b.example>
    S: 421 4.3.2 Not now
    * close`,
  );
});

test('a stop lets a transaction finish and ends what is idle', () => {
  greeted(mx, '! stop\nS: 421 4.3.2 The server is stopping; try again soon\n* close');
  greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    ! stop
    C: RCPT TO:<a@b.example>
    S: 250 2.1.5 Recipient noted
    C: DATA
    S: 354 Send the message, end it with a dot alone on a line
    * begin-data
    ! data-end complete
    * forget
    S: 250 2.0.0 Taken
    S: 421 4.3.2 The server is stopping; try again soon
    * close`,
  );
});

const recipients = `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: RCPT TO:<a@b.example>
    S: 250 2.1.5 Recipient noted`;

test('RFC 3030 §4.1: a message in chunks, and another in one', () => {
  greeted(
    mx,
    `${recipients}
    C: BDAT 1000
    * take-chunk 1000
    ! chunk-end complete
    S: 250 2.0.0 1000 octets received
    C: bdat 86 last
    * take-chunk 86 last
    ! chunk-end complete
    * forget
    S: 250 2.0.0 Taken
    ${recipients}
    C: BDAT 0 LAST
    * take-chunk 0 last
    ! chunk-end complete
    * forget
    S: 250 2.0.0 Taken
    C: BDAT 5 LAST
    * swallow-chunk 5
    ! chunk-end complete
    S: 503 5.5.1 MAIL comes first`,
  );
});

test('RFC 3030 §2: between chunks there is neither DATA nor RCPT; RSET drops what came', () => {
  greeted(
    mx,
    `${recipients}
    C: BDAT 5
    * take-chunk 5
    ! chunk-end complete
    S: 250 2.0.0 5 octets received
    C: DATA
    S: 503 5.5.1 The message comes in chunks; DATA does not go with them
    C: RCPT TO:<b@b.example>
    S: 503 5.5.1 The message has begun; it is too late for recipients
    C: MAIL FROM:<b@b.example>
    S: 503 5.5.1 MAIL was given already
    C: NOOP
    S: 250 2.0.0 Done
    C: RSET
    * forget
    S: 250 2.0.0 Done
    C: BDAT 5 LAST
    * swallow-chunk 5
    ! chunk-end complete
    S: 503 5.5.1 MAIL comes first
    ${recipients}
    C: DATA
    S: 354 Send the message, end it with a dot alone on a line
    * begin-data
    ! data-end complete
    * forget
    S: 250 2.0.0 Taken`,
  );
  greeted(
    mx,
    `${recipients}
    C: BDAT 5
    * take-chunk 5
    ! chunk-end complete
    S: 250 2.0.0 5 octets received
    C+ DATA
    S: 503 5.5.1 The message comes in chunks; DATA does not go with them
    * close`,
  );
});

test('RFC 3030 §2: a chunk of a refused transaction is swallowed by its size, and so are all behind it', () => {
  greeted(
    mx,
    `
    C+ MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C+ RCPT TO:<nobody@b.example>
    S: 550 5.1.1 No such mailbox here
    C+ BDAT 1000
    * forget
    * swallow-chunk 1000
    ! chunk-end complete
    S: 554 5.5.1 No valid recipients
    C: RCPT TO:<somebody@b.example>
    S: 503 5.5.1 The message has begun; it is too late for recipients
    C: BDAT 20
    * swallow-chunk 20
    ! chunk-end complete
    S: 503 5.5.1 A chunk was refused before; say RSET
    C: BDAT 30 LAST
    * swallow-chunk 30
    ! chunk-end complete
    * forget
    S: 503 5.5.1 A chunk was refused before; say RSET
    ${recipients}`,
  );
  greeted(
    mx,
    `
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted
    C: BDAT 3 LAST
    * forget
    * swallow-chunk 3
    ! chunk-end complete
    * forget
    S: 503 5.5.1 RCPT comes first
    C: MAIL FROM:<a@b.example>
    S: 250 2.1.0 Sender noted`,
  );
});

test('a chunk that finds no place, or cannot be stored: read, then refused, and with it the message', () => {
  const full = (effect: ServerEffect) =>
    effect.kind === 'ask-data'
      ? ({ kind: 'verdict', reply: replyOf('452 4.3.1', 'No space') } as const)
      : policy(effect);
  greeted(
    mx,
    `${recipients}
    C: BDAT 5
    * forget
    * swallow-chunk 5
    ! chunk-end complete
    S: 452 4.3.1 No space
    C: BDAT 0 LAST
    * swallow-chunk 0
    ! chunk-end complete
    * forget
    S: 503 5.5.1 A chunk was refused before; say RSET`,
    full,
  );
  for (const [ending, reply] of [
    ['failed', '452 4.3.1 No space'],
    ['too-large', '552 5.3.4 The message is too large'],
  ]) {
    greeted(
      mx,
      `${recipients}
      C: BDAT 5
      * take-chunk 5
      ! chunk-end ${ending}
      * forget
      S: ${reply}
      C: BDAT 5 LAST
      * swallow-chunk 5
      ! chunk-end complete
      * forget
      S: 503 5.5.1 A chunk was refused before; say RSET
      ${recipients}
      C: BDAT 5 LAST
      * take-chunk 5 last
      ! chunk-end ${ending}
      * forget
      S: ${reply}
      C: NOOP
      S: 250 2.0.0 Done`,
    );
  }
});

test('sizes of chunks: counted over the message, refused by their sum, and not even read beyond all measure', () => {
  const small: ServerOptions = { ...mx, limits: smtpLimitsWith({ message_bytes: 1_000, oversize_bytes: 500 }) };
  const begin = `${inClear.replace('26214400', '1000')}\n${recipients}`;
  play(
    small,
    `${begin}
    C: BDAT 600
    * take-chunk 600
    ! chunk-end complete
    S: 250 2.0.0 600 octets received
    C: BDAT 401
    * forget
    * swallow-chunk 401
    ! chunk-end complete
    S: 552 5.3.4 The message is too large
    C: BDAT 499 LAST
    * swallow-chunk 499
    ! chunk-end complete
    * forget
    S: 503 5.5.1 A chunk was refused before; say RSET
    ${recipients}
    C: BDAT 1001
    * forget
    * swallow-chunk 1001
    ! chunk-end complete
    S: 552 5.3.4 The message is too large
    C: BDAT 500
    S: 552 5.3.4 The message is too large
    * close`,
  );
  for (const size of ['1501', '4294967297', '9007199254740993', '18446744073709551616', '9'.repeat(1_000)]) {
    play(small, `${begin}\nC: BDAT ${size} LAST\nS: 552 5.3.4 The message is too large\n* close`);
  }
});

test('a size that cannot be read ends the connection: what follows may be anything', () => {
  for (const argument of [
    '',
    'LAST',
    '-1',
    '+1',
    '1.5',
    '0x10',
    '1e3',
    '5 FIRST',
    '5 LAST LAST',
    '5  LAST',
    ' 5',
    '５',
  ]) {
    greeted(mx, `${recipients}\nC: BDAT ${argument}\nS: 521 5.5.4 Syntax: BDAT size [LAST]\n* close`);
  }
});

test('where chunks were not announced BDAT ends the connection', () => {
  const without: ServerOptions = { ...mx, offers: { chunking: false, limits: false, dsn: false } };
  play(
    without,
    `! opened
    S: 220 mx.example.com ESMTP Posthorn
    C: EHLO c.example
    S: 250-mx.example.com
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-STARTTLS
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250 SMTPUTF8
    C: HELP
    S: 214-2.0.0 Commands:
    S: 214-2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA
    S: 214 2.0.0 RSET NOOP VRFY HELP QUIT
    C: BDAT 20 LAST
    S: 502 5.5.1 This command is not implemented
    * close`,
  );
  play(
    mx,
    `! opened
    S: 220 mx.example.com ESMTP Posthorn
    C: HELO c.example
    S: 250 mx.example.com
    C: BDAT 20 LAST
    S: 502 5.5.1 This command is not implemented
    * close`,
  );
});

test('a broken chunk ends the connection, as broken data do', () => {
  const begin = `${recipients}
    C: BDAT 5
    * take-chunk 5`;
  greeted(mx, `${begin}\n! bare-newline\nS: 521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted\n* close`);
  greeted(mx, `${begin}\n! timeout\nS: 421 4.4.2 Waited too long for you\n* close`);
  greeted(
    mx,
    `${begin}\n! stop\n! chunk-end complete\nS: 250 2.0.0 5 octets received\nC: RSET
    * forget
    S: 250 2.0.0 Done
    S: 421 4.3.2 The server is stopping; try again soon
    * close`,
  );
});

test('counts: the echoes of one refusal are no further offences, empty chunks move nothing on', () => {
  const few: ServerOptions = {
    ...mx,
    limits: smtpLimitsWith({ errors_per_connection: 2, junk_commands_per_connection: 4 }),
  };
  const once = `${recipients}
    C: BDAT 5
    * take-chunk 5
    ! chunk-end too-large
    * forget
    S: 552 5.3.4 The message is too large`;
  const echo = `
    C: BDAT 5
    * swallow-chunk 5
    ! chunk-end complete
    S: 503 5.5.1 A chunk was refused before; say RSET`;
  greeted(
    few,
    `${once}${echo.repeat(4)}
    S: 421 4.7.0 Too many commands without a message
    * close`,
  );
  const empty = `
    C: BDAT 0
    * take-chunk 0
    ! chunk-end complete
    S: 250 2.0.0 0 octets received`;
  greeted(
    few,
    `${recipients}${empty.repeat(4)}
    S: 421 4.7.0 Too many commands without a message
    * close`,
  );
});

test('RFC 9422 §4.2: the limit of recipients is announced, in six digits', () => {
  const announced = (recipientsMax: number) => {
    const talking = talk({ ...mx, limits: smtpLimitsWith({ recipients_per_message: recipientsMax }) });
    for (const line of ['! opened', 'C: EHLO c.example']) talking.hear(inputOf(line));
    return talking.transcript.at(-1);
  };
  assert.equal(announced(7), 'S: 250 LIMITS RCPTMAX=7');
  assert.equal(announced(2_000_000), 'S: 250 LIMITS RCPTMAX=999999');
});

const anyReply: fc.Arbitrary<Reply> = fc.constantFrom(
  ...['250 2.0.0', '450 4.2.0', '550 5.7.1', '421 4.3.2'].map((status) => replyOf(status, 'so it is')),
);
const anyLine = fc.oneof(
  fc.constantFrom(
    ...['EHLO c.example', 'HELO c', 'STARTTLS', 'MAIL FROM:<a@b.example>', 'RCPT TO:<a@b.example>', 'DATA', 'RSET'],
    ...['BDAT 10', 'BDAT 10', 'BDAT 10 LAST', 'BDAT 0 LAST', 'BDAT 30000000', 'BDAT x', 'RCPT TO:<no@b.example>'],
    ...['AUTH PLAIN AHRpbQBzZWNyZXQ=', 'AUTH LOGIN', 'dGlt', '*', 'NOOP', 'VRFY x', 'QUIT', 'GET / HTTP/1.0', ''],
  ),
  fc.string({ maxLength: 30 }),
);

/** What may come next at all: the loop's side of the contract. */
function anyInput(session: ServerSession, seed: { line: string; n: number; reply: Reply }): ServerInput {
  if (seed.n === 0) return { kind: 'timeout' };
  if (seed.n === 1) return { kind: 'stop' };
  const { phase } = session;
  switch (phase.at) {
    case 'opening':
      return { kind: 'opened', talked: false };
    case 'securing':
      return { kind: 'tls-established' };
    case 'data':
      return { kind: 'data-end', as: seed.n % 5 === 0 ? 'too-large' : 'complete' };
    case 'chunk':
      if (seed.n % 5 === 0) return { kind: 'chunk-end', as: 'failed', reply: seed.reply };
      return { kind: 'chunk-end', as: seed.n % 7 === 0 ? 'too-large' : 'complete' };
    case 'refused-chunk':
      return { kind: 'chunk-end', as: 'complete' };
    case 'asking':
      if (phase.about === 'login') return { kind: 'login-verdict', verdict: seed.n % 2 ? 'yes' : 'no' };
      if ((phase.about === 'data' || phase.about === 'chunk') && seed.n % 3) return { kind: 'go-ahead' };
      return { kind: 'verdict', reply: seed.n % 3 ? replyOf('250 2.0.0', 'fine') : seed.reply };
    default:
      return { kind: 'line', octets: utf8(seed.line), more: seed.n % 2 === 0 };
  }
}

test('whatever is said, the machine neither throws nor forgets its rules', () => {
  const seeds = fc.array(fc.record({ line: anyLine, n: fc.nat({ max: 40 }), reply: anyReply }), { maxLength: 60 });
  fc.assert(
    fc.property(
      seeds,
      fc.constantFrom<ServerOptions>(mx, submission, { ...submission, login: 'optional' }),
      (inputs, options) => {
        let session = newServerSession(options, false);
        let recipients = 0;
        /** A chunk of this transaction was refused. */
        let failed = false;
        for (const seed of inputs) {
          const before = session;
          const input = anyInput(session, seed);
          const { next, effects } = step(session, input);
          session = next;
          const kinds = effects.map((effect) => effect.kind);
          if (input.kind === 'line')
            assert.ok(
              before.phase.at === 'closed' ||
                kinds.some(
                  (kind) => ['reply', 'take-chunk', 'swallow-chunk'].includes(kind) || kind.startsWith('ask-'),
                ),
            );
          if (
            input.kind === 'verdict' &&
            before.phase.at === 'asking' &&
            before.phase.about === 'rcpt' &&
            input.reply.code === 250
          )
            recipients++;
          if (kinds.includes('forget') || kinds.includes('close'))
            recipients = kinds.includes('begin-data') ? recipients : 0;
          if (kinds.includes('begin-data')) assert.ok(recipients > 0, 'data without a recipient');
          if (kinds.includes('take-chunk')) assert.ok(recipients > 0 && !failed, 'a chunk of no message');
          if (before.phase.at === 'chunk' && input.kind === 'chunk-end' && input.as !== 'complete') failed = true;
          if (kinds.includes('swallow-chunk')) failed = before.transaction !== undefined;
          if (!session.transaction) failed = false;
          if (kinds.includes('ask-message')) assert.ok(!failed, 'a torso');
          if (kinds.includes('ask-login')) assert.ok(before.tls, 'a password in clear');
          if (kinds.includes('ask-mail') && options.login === 'required')
            assert.ok(before.loggedIn, 'mail without a login');
          assert.ok(kinds.filter((kind) => kind.startsWith('ask-')).length <= 1);
          assert.equal(session.phase.at === 'closed', before.phase.at === 'closed' || kinds.at(-1) === 'close');
        }
      },
    ),
    { numRuns: 500 },
  );
});
