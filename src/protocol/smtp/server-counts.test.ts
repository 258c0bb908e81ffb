/** What is too large or too much, and what does not count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted, hearLines, inputOf, mx, policy, submission, talk } from '../../../test/support/server-talk.ts';
import { smtpLimitsWith } from './limits.ts';
import { isOurTrouble, replyOf } from './reply.ts';
import type { ServerEffect, ServerInput, ServerOptions } from './server-session.ts';

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

test('RFC 9422 §4.2: the limit of recipients is announced, in six digits', () => {
  const announced = (recipientsMax: number) => {
    const talking = talk({ ...mx, limits: smtpLimitsWith({ recipients_per_message: recipientsMax }) });
    for (const line of ['! opened', 'C: EHLO c.example']) talking.hear(inputOf(line));
    return talking.transcript.at(-1);
  };
  assert.equal(announced(7), 'S: 250 LIMITS RCPTMAX=7');
  assert.equal(announced(2_000_000), 'S: 250 LIMITS RCPTMAX=999999');
});
