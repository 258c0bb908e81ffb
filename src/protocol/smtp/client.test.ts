/** Transcripts of the client machine. `C:` it says, `S:` it hears, `>` it is told, `*` it wants done. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../base/bytes.ts';
import { Bug } from '../../base/outcome.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import { awaitedStage, newSession, step } from './client.ts';
import { judgeEnding } from './client-ending.ts';
import type { ClientEffect, ClientInput, ClientOptions, Envelope, Session } from './client-state.ts';
import { ReplyReader } from './read-reply.ts';

const plain: ClientOptions = { ehloName: 'out.test', startTls: 'when-offered', chunking: 'when-offered' };
const proven: TlsFacts = { protocol: 'TLSv1.3', cipher: 'X', authorized: true };
const unproven: TlsFacts = { protocol: 'TLSv1.3', cipher: 'X', authorized: false, authorizationError: 'EXPIRED' };

function envelope(to: readonly string[], more: Partial<Envelope> = {}): Envelope {
  return {
    mailFrom: 'a@sender.test',
    recipients: to.map((address) => ({ address, internationalised: !/^[\x00-\x7f]*$/.test(address) })),
    size: 100,
    smtpUtf8: false,
    eightBit: false,
    ...more,
  };
}

function tell(effect: ClientEffect): string[] {
  switch (effect.do) {
    case 'say':
      return effect.lines.map((line) => `C: ${line}`);
    case 'not-opened':
      return [`* not-opened ${JSON.stringify(judgeEnding(effect.ending)).replace(/.*"enhanced":"([0-9.]+)".*/, '$1')}`];
    case 'settle':
      return [
        `* settle ${effect.endings.map((ending) => `${judgeEnding(ending).kind} ${judgeEnding(ending).enhanced}`).join(', ')}`,
      ];
    case 'send-content':
      return [`* send-content${effect.chunk === undefined ? '' : `: ${effect.chunk}`}`];
    default:
      return [`* ${effect.do}`];
  }
}

function play(
  script: string,
  setting: { options?: ClientOptions; session?: Session; envelope?: Envelope } = {},
): Session {
  let session = setting.session ?? newSession(setting.options ?? plain);
  const out: string[] = [];
  const reader = new ReplyReader();
  const feed = (input: ClientInput) => {
    const { next, effects } = step(session, input);
    session = next;
    out.push(...effects.flatMap(tell));
  };
  const inputs: Record<string, () => ClientInput> = {
    begin: () => ({ kind: 'begin', envelope: setting.envelope ?? envelope(['b@example.net']) }),
    dotted: () => ({ kind: 'dotted' }),
    proven: () => ({ kind: 'secured', tls: proven }),
    unproven: () => ({ kind: 'secured', tls: unproven }),
    quit: () => ({ kind: 'quit' }),
    unfit: () => ({ kind: 'unfit', why: 'bare-lf', begun: true }),
    'unfit unsaid': () => ({ kind: 'unfit', why: 'bare-lf', begun: false }),
    lost: () => ({ kind: 'trouble', trouble: { what: 'lost', say: 'gone' } }),
    nonsense: () => ({ kind: 'trouble', trouble: { what: 'nonsense', say: 'what?', heard: 'what?' } }),
    badtls: () => ({ kind: 'trouble', trouble: { what: 'tls', say: 'no handshake' } }),
  };
  for (const line of script.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const body = line.slice(line.indexOf(' ') + 1);
    if (line.startsWith('S:')) {
      reader.push(utf8(`${body}\r\n`));
      for (let heard = reader.next(); heard; heard = reader.next()) {
        assert.deepEqual(out, [], `said before: ${line}`);
        assert.equal(heard.kind, 'reply');
        if (heard.kind === 'reply') feed(heard);
      }
    } else if (line.startsWith('>')) {
      assert.deepEqual(out, [], `said before: ${line}`);
      const input = inputs[body];
      assert.ok(input, body);
      feed(input());
    } else assert.equal(out.shift(), line);
  }
  assert.deepEqual(out, []);
  return session;
}

const hello = `
  S: 220 mx.test
  C: EHLO out.test
`;
const pipelining = `${hello}
  S: 250-mx.test
  S: 250-PIPELINING
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250 SIZE 1000
  * opened
`;
const bare = `${hello}
  S: 250 mx.test
  * opened
`;

test('RFC 2920 §3.1: MAIL, RCPT and DATA leave together where PIPELINING is offered', () => {
  const session = play(`${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: DATA
    S: 250 2.1.0 ok
    S: 250 2.1.5 ok
    S: 354 go
    * send-content
    > dotted
    S: 250 2.0.0 queued
    * settle delivered 2.0.0
    > quit
    C: QUIT
    S: 221 bye
    * close
  `);
  assert.equal(session.state.at, 'closed');
});

const wishing = envelope([], {
  recipients: [
    {
      address: 'b@example.net',
      internationalised: false,
      wishes: { notify: ['success', 'delay'], originalRecipient: { type: 'rfc822', address: 'b+x@example.org' } },
    },
    { address: 'c@example.net', internationalised: false, wishes: { notify: [] } },
    { address: 'd@example.net', internationalised: false },
  ],
  wishes: { ret: 'hdrs', envelopeId: 'QQ=314 b' },
});

/** Sends with all that can be wished for. */
function playWishing(transcript: string): void {
  play(transcript, { envelope: wishing });
}

test('RFC 3461 §5.2.1: what the sender asked for is passed on where DSN is offered', () => {
  playWishing(`${hello}
    S: 250-mx.test
    S: 250-PIPELINING
    S: 250 DSN
    * opened
    > begin
    C: MAIL FROM:<a@sender.test> RET=HDRS ENVID=QQ+3D314+20b
    C: RCPT TO:<b@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bx@example.org
    C: RCPT TO:<c@example.net> NOTIFY=NEVER
    C: RCPT TO:<d@example.net>
    C: DATA
  `);
});

test('RFC 3461 §5.2.2: where DSN is not offered nothing of it is said', () => {
  playWishing(`${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    C: RCPT TO:<d@example.net>
    C: DATA
  `);
});

test('without PIPELINING each command waits for its reply; without SIZE none is said', () => {
  play(
    `${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 550 5.1.1 who?
    C: RCPT TO:<c@example.net>
    S: 251 will forward
    C: DATA
    S: 354 go
    * send-content
    > dotted
    S: 250 ok
    * settle refused 5.1.1, delivered 2.0.0
  `,
    { envelope: envelope(['b@example.net', 'c@example.net']) },
  );
});

test('the null sender', () => {
  play(`${bare}\n> begin\nC: MAIL FROM:<>`, { envelope: envelope(['b@example.net'], { mailFrom: '' }) });
});

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

test('RFC 2920 §3.1: DATA answered 354 without a valid recipient gets a lone dot', () => {
  play(`${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: DATA
    S: 250 ok
    S: 550 5.1.1 who?
    S: 354 go
    * settle refused 5.1.1
    * send-lone-dot
    S: 554 5.5.1 nobody
    > quit
    C: QUIT
  `);
});

test("a refused MAIL is everybody's answer; what its followers are told is only an echo", () => {
  play(
    `${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    C: DATA
    S: 553 5.1.8 no such sender
    S: 503 5.5.1 no MAIL
    S: 250 2.1.5 ok
    S: 503 5.5.1 no MAIL
    * settle refused 5.1.8, refused 5.1.8
  `,
    { envelope: envelope(['b@example.net', 'c@example.net']) },
  );
});

test('after a refused MAIL even a 354 gets nothing but a dot', () => {
  play(`${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: DATA
    S: 451 later
    S: 250 ok
    S: 354 go
    * settle deferred 4.0.0
    * send-lone-dot
  `);
});

test('no recipient taken: RSET, and the connection is good for the next message', () => {
  const session = play(`${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 450 4.2.0 greylisted
    * settle deferred 4.2.0
    C: RSET
    S: 250 ok
    > begin
    C: MAIL FROM:<a@sender.test>
  `);
  assert.equal(awaitedStage(session.state), 'mail');
});

test('a refused DATA is the answer of those that were taken', () => {
  play(
    `${pipelining}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    C: DATA
    S: 250 ok
    S: 550 5.1.1 who?
    S: 250 ok
    S: 451 4.3.0 disk
    * settle refused 5.1.1, deferred 4.3.0
    C: RSET
    S: 250 ok
  `,
    { envelope: envelope(['b@example.net', 'c@example.net']) },
  );
});

test('a lost connection: deferred before the final dot, unsure after it', () => {
  const sent = `${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    * send-content
  `;
  play(`${sent}\n> lost\n* settle deferred 4.4.2\n* close`);
  play(`${sent}\n> dotted\n> lost\n* settle unsure 4.4.2\n* close`);
});

test('nonsense is never a yes and never a final no, before and after the dot', () => {
  const sent = `${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
  `;
  play(`${sent}\n> nonsense\n* settle deferred 4.5.0\n* close`);
  play(`${sent}\nS: 250 ok\n* settle deferred 4.5.0\n* close`);
  play(`${sent}\nS: 354 go\n* send-content\n> dotted\n> nonsense\n* settle deferred 4.5.0\n* close`);
  play(`${sent}\nS: 354 go\n* send-content\n> dotted\nS: 354 more\n* settle deferred 4.5.0\n* close`);
  play(`${bare}\n> begin\nC: MAIL FROM:<a@sender.test>\nS: 354 go\n* settle deferred 4.5.0\n* close`);
});

test('a word in the middle of the message ends it: told as an answer to DATA', () => {
  play(`${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    * send-content
    S: 552 5.3.4 too large
    * settle refused 5.3.4
    * close
  `);
});

test('a message that may not leave ends its connection and is refused', () => {
  play(`${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    * send-content
    > unfit
    * settle refused 5.6.0
    * close
  `);
});

const chunking = `${hello}
  S: 250-mx.test
  S: 250-PIPELINING
  S: 250-CHUNKING
  S: 250 SIZE 1000
  * opened
`;
const chunkingAlone = `${hello}
  S: 250-mx.test
  S: 250 CHUNKING
  * opened
`;

test('RFC 3030 §2: where CHUNKING is offered the message follows the last reply to RCPT in one chunk', () => {
  const session = play(
    `${chunking}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    S: 250 2.1.0 ok
    S: 250 2.1.5 ok
    S: 550 5.1.1 who?
    * send-content: BDAT 100 LAST
    > dotted
    S: 250 2.0.0 queued
    * settle delivered 2.0.0, refused 5.1.1
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
  `,
    { envelope: envelope(['b@example.net', 'c@example.net']) },
  );
  assert.equal(awaitedStage(session.state), 'mail');
});

test('without PIPELINING the chunk saves the wait for 354', () => {
  play(
    `${chunkingAlone}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 450 4.2.0 greylisted
    C: RCPT TO:<c@example.net>
    S: 250 ok
    * send-content: BDAT 100 LAST
    > dotted
    S: 250 ok
    * settle deferred 4.2.0, delivered 2.0.0
  `,
    { envelope: envelope(['b@example.net', 'c@example.net']) },
  );
});

test('no chunk where nobody is taken, and none where it is not wanted', () => {
  const opened = play(`${chunking}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    S: 250 ok
    S: 550 5.1.1 who?
    * settle refused 5.1.1
    C: RSET
    S: 250 ok
  `);
  play(
    `
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    S: 451 later
    S: 503 no MAIL
    * settle deferred 4.0.0
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    S: 250 ok
    S: 421 4.3.2 stopping
    * settle deferred 4.3.2
    * close
  `,
    { session: opened },
  );
  play(
    `${chunking}
    > begin
    C: MAIL FROM:<a@sender.test> SIZE=100
    C: RCPT TO:<b@example.net>
    C: DATA
  `,
    { options: { ...plain, chunking: 'never' } },
  );
});

test('RFC 3207 §4.2: CHUNKING offered before the handshake counts for nothing', () => {
  play(`${hello}
    S: 250-mx.test
    S: 250-CHUNKING
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    * handshake
    > unproven
    C: EHLO out.test
    S: 250-mx.test
    S: 250 PIPELINING
    * opened
    > begin
    C: MAIL FROM:<a@sender.test>
    C: RCPT TO:<b@example.net>
    C: DATA
  `);
});

test('replies to a chunk are read as those to the final dot; a lost connection is unsure only once its last octets left', () => {
  const sent = `${chunkingAlone}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    * send-content: BDAT 100 LAST
  `;
  play(`${sent}\n> lost\n* settle deferred 4.4.2\n* close`);
  play(`${sent}\n> dotted\n> lost\n* settle unsure 4.4.2\n* close`);
  play(`${sent}\n> dotted\n> nonsense\n* settle deferred 4.5.0\n* close`);
  play(`${sent}\n> dotted\nS: 354 go on\n* settle deferred 4.5.0\n* close`);
  play(`${sent}\n> dotted\nS: 452 4.3.1 disk\n* settle deferred 4.3.1`);
  play(`${sent}\n> dotted\nS: 552 5.3.4 too large\n* settle refused 5.3.4`);
  play(`${sent}\n> dotted\nS: 554 5.7.1 spam\n* settle refused 5.7.1`);
  play(`${sent}\n> dotted\nS: 421 4.3.2 bye\n* settle deferred 4.3.2\n* close`);
  play(`${sent}\nS: 552 5.3.4 too large\n* settle refused 5.3.4\n* close`);
  play(`${sent}\nS: 250 ok\n* settle deferred 4.5.0\n* close`);
});

test('a BDAT refused as a command says nothing about the message: deferred, and known for what it is', () => {
  const sent = `${chunkingAlone}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    * send-content: BDAT 100 LAST
  `;
  for (const code of ['500', '501', '502', '503', '504']) {
    for (const moment of ['', '> dotted\n']) {
      const session = play(`${sent}${moment}S: ${code} 5.5.1 what?\n* settle deferred 4.5.0\n* close`);
      assert.equal(session.chunkRefused, true);
    }
  }
  const withData = `${bare}\n> begin\nC: MAIL FROM:<a@sender.test>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\n* send-content`;
  assert.equal(
    play(`${withData}\n> dotted\nS: 500 5.5.2 a line is too long\n* settle refused 5.5.2`).chunkRefused,
    false,
  );
});

test('a message that turns out not to be fit before its chunk began costs no connection', () => {
  const sent = `${chunkingAlone}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    * send-content: BDAT 100 LAST
  `;
  play(`${sent}\n> unfit unsaid\n* settle refused 5.6.0\nC: RSET\nS: 250 ok\n> begin\nC: MAIL FROM:<a@sender.test>`);
  play(`${sent}\n> unfit\n* settle refused 5.6.0\n* close`);
});

test('MAIL_RULES 11: SMTPUTF8 is said when content or envelope needs it, and only then', () => {
  const first = (more: Partial<Envelope>, to = 'b@example.net') =>
    play(
      `${pipelining}
    > begin
    C: MAIL FROM:<${more.mailFrom ?? 'a@sender.test'}> SIZE=100${more.eightBit ? ' BODY=8BITMIME' : ''}${more.smtpUtf8 || more.mailFrom || to !== 'b@example.net' ? ' SMTPUTF8' : ''}
    C: RCPT TO:<${to}>
    C: DATA
  `,
      { envelope: envelope([to], more) },
    );
  first({});
  first({ eightBit: true });
  first({ smtpUtf8: true });
  first({ mailFrom: 'ä@sender.test' });
  first({}, 'ü@example.net');
});

test('RFC 6531 §3.3: what needs SMTPUTF8 does not go where it is not offered; the others of the envelope do', () => {
  play(`${bare}\n> begin\n* settle refused 5.6.7`, { envelope: envelope(['b@example.net'], { smtpUtf8: true }) });
  play(`${bare}\n> begin\n* settle refused 5.6.7`, { envelope: envelope(['b@example.net'], { mailFrom: 'ä@x.test' }) });
  play(
    `${bare}
    > begin
    C: MAIL FROM:<a@sender.test>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    * send-content
    > dotted
    S: 250 ok
    * settle refused 5.6.7, delivered 2.0.0
  `,
    { envelope: envelope(['ü@example.net', 'b@example.net']) },
  );
});

test('RFC 6152 §3 and RFC 1870 §6.1: 8-bit and large messages stay away from hosts that do not take them', () => {
  play(`${bare}\n> begin\n* settle refused 5.6.3`, { envelope: envelope(['b@example.net'], { eightBit: true }) });
  play(`${pipelining}\n> begin\n* settle refused 5.3.4`, { envelope: envelope(['b@example.net'], { size: 1001 }) });
});

test('a word out of turn while nobody asked closes the connection', () => {
  play(`${bare}\nS: 421 idle\n* close`);
  play(`${bare}\nS: 250 what\n* close`);
});

test('QUIT on a connection that is not ready only closes it', () => {
  play(`${hello}\n> quit\n* close`);
});

test('the driver may not tell what cannot be', () => {
  for (const input of ['begin', 'dotted', 'proven', 'unfit']) assert.throws(() => play(`> ${input}`), Bug);
});

test('every waiting state names the stage whose time-out it has', () => {
  assert.equal(awaitedStage(newSession(plain).state), 'greeting');
  assert.equal(awaitedStage(play(hello).state), 'ehlo');
  assert.equal(awaitedStage(play(bare).state), undefined);
  assert.equal(awaitedStage(play(`${bare}\n> begin\nC: MAIL FROM:<a@sender.test>`).state), 'mail');
});
