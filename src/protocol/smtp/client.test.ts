/** The client machine by transcripts: a message with its recipients, and what is said when no message is under way. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bare, envelope, hello, pipelining, plain, play } from '../../../test/support/client-talk.ts';
import { Bug } from '../../base/outcome.ts';
import { awaitedStage, newSession } from './client.ts';
import type { Envelope } from './client-state.ts';

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
