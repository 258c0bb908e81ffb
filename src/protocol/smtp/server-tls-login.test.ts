/** STARTTLS and AUTH. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted, mx, play, submission } from '../../../test/support/server-talk.ts';

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
