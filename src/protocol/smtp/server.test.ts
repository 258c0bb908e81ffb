/** The dialogue of a server as a script: commands, their order and their parameters, how it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted, inputOf, mx, play, policy, submission, talk } from '../../../test/support/server-talk.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import { replyOf } from './reply.ts';
import { lineOctetsMax } from './server.ts';
import { readCommand } from './server-arguments.ts';
import type { ServerEffect, ServerOptions } from './server-session.ts';

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
