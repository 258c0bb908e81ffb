import { test } from 'node:test';
import { greeted, inClear, mx, play, policy } from '../../../test/support/server-talk.ts';
import { smtpLimitsWith } from './limits.ts';
import { replyOf } from './reply.ts';
import type { ServerEffect, ServerOptions } from './server-session.ts';

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
