/** The client machine until it may send: greeting, EHLO, STARTTLS, AUTH. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bare, envelope, hello, pipelining, plain, play } from '../../../test/support/client-talk.ts';
import type { ClientOptions } from './client-state.ts';

test('RFC 5321 §3.2: HELO follows a refused EHLO, and then nothing is offered', () => {
  const session = play(`${hello}
    S: 500 5.5.1 what?
    C: HELO out.test
    S: 250 mx.test
    * opened
  `);
  assert.equal(session.capabilities.extended, false);
  assert.equal(session.plainBecause, 'STARTTLS was not offered');
});

test('HELO does not follow a temporary no, nor where TLS is demanded', () => {
  play(`${hello}
    S: 451 4.3.0 later
    * not-opened 4.3.0
    C: QUIT
  `);
  play(
    `${hello}
    S: 502 5.5.1 no EHLO here
    * not-opened 4.0.0
    C: QUIT
  `,
    { options: { ...plain, startTls: 'always' } },
  );
});

test('MAIL_RULES 19: a 5yz at the greeting is about the host, never about the mail', () => {
  play(`
    S: 554 5.7.1 you are on a list
    * not-opened 4.0.0
    C: QUIT
  `);
});

test('a greeting that is no 220 is no greeting', () => {
  play('S: 250 ok\n* not-opened 4.5.0\nC: QUIT');
});

test('421 ends the connection, wherever it comes', () => {
  play('S: 421 4.3.2 full\n* not-opened 4.3.2\n* close');
  play(`${hello}\nS: 421 bye\n* not-opened 4.3.2\n* close`);
  play(`${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: DATA
    S: 421 4.3.2 stopping
    * settle deferred 4.3.2
    * close
  `);
  const both = { envelope: envelope(['b@example.net', 'c@example.net']) };
  play(
    `${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 550 5.1.1 who?
    C: RCPT TO:<c@example.net>
    S: 421 enough
    * settle refused 5.1.1, deferred 4.3.2
    * close
  `,
    both,
  );
  play(`${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    * send-content
    > dotted
    S: 421 4.3.0 no
    * settle deferred 4.3.0
    * close
  `);
});

test('RFC 3207 §4.2: after the handshake EHLO is said again and only that answer counts', () => {
  const session = play(`${hello}
    S: 250-mx.test
    S: 250-STARTTLS
    S: 250 PIPELINING
    C: STARTTLS
    S: 220 go
    * handshake
    > unproven
    C: EHLO out.test
    S: 250-mx.test
    S: 250 STARTTLS
    * opened
  `);
  assert.equal(session.capabilities.pipelining, false);
  assert.equal(session.tls?.protocol, 'TLSv1.3');
});

test('opportunistic TLS: a refused STARTTLS leaves the connection usable in the clear', () => {
  const session = play(`${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 454 4.7.0 not now
    * opened
  `);
  assert.equal(session.plainBecause, 'STARTTLS was refused with 454');
});

test('opportunistic TLS: a failed handshake ends the connection', () => {
  play(`${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    * handshake
    > badtls
    * not-opened 4.7.5
    * close
  `);
});

test('TLS is not asked for after a failed handshake', () => {
  const session = play(
    `${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    * opened
  `,
    { options: { ...plain, startTls: 'never' } },
  );
  assert.equal(session.plainBecause, 'a TLS handshake had failed');
});

test('where TLS is demanded, neither its absence nor its refusal lets mail pass', () => {
  const demanding = { options: { ...plain, startTls: 'always' as const } };
  play(`${hello}\nS: 250 mx.test\n* not-opened 4.7.4\nC: QUIT`, demanding);
  play(
    `${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 454 4.7.0 not now
    * not-opened 4.7.0
    C: QUIT
  `,
    demanding,
  );
});

const login: ClientOptions = { ...plain, startTls: 'always', login: { user: 'us', password: 'pä\r\nQUIT' } };
const offersLogin = (mechanisms: string) => `${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    * handshake
    > proven
    C: EHLO out.test
    S: 250-mx.test
    S: 250 AUTH ${mechanisms}
  `;
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('RFC 4616: AUTH PLAIN in one line', () => {
  play(
    `${offersLogin('LOGIN PLAIN')}
    C: AUTH PLAIN ${base64('\0us\0pä\r\nQUIT')}
    S: 235 2.7.0 welcome
    * opened
  `,
    { options: login },
  );
});

test('AUTH LOGIN where PLAIN is not offered', () => {
  play(
    `${offersLogin('LOGIN')}
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${base64('us')}
    S: 334 UGFzc3dvcmQ6
    C: ${base64('pä\r\nQUIT')}
    S: 235 2.7.0 welcome
    * opened
  `,
    { options: login },
  );
});

test('a refused login is our trouble: deferred, never bounced', () => {
  play(
    `${offersLogin('PLAIN')}
    C: AUTH PLAIN ${base64('\0us\0pä\r\nQUIT')}
    S: 535 5.7.8 wrong
    * not-opened 4.0.0
    C: QUIT
  `,
    { options: login },
  );
  play(`${offersLogin('CRAM-MD5')}\n* not-opened 4.7.0\nC: QUIT`, { options: login });
});

test('credentials are never said over a connection that is not proven safe', () => {
  play(`${hello}\nS: 250-mx.test\nS: 250 AUTH PLAIN\n* not-opened 4.7.0\nC: QUIT`, {
    options: { ...login, startTls: 'when-offered' },
  });
  play(
    `${hello}
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    * handshake
    > unproven
    C: EHLO out.test
    S: 250-mx.test
    S: 250 AUTH PLAIN
    * not-opened 4.7.0
    C: QUIT
  `,
    { options: { ...login, startTls: 'when-offered' } },
  );
});
