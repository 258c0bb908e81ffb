/** The client machine with BDAT. RFC 3030 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { bare, envelope, hello, plain, play } from '../../../test/support/client-talk.ts';
import { awaitedStage } from './client.ts';

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
