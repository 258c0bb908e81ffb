import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { describeEnding, type Ending, isTooManyRecipients, judgeEnding } from './client-ending.ts';
import { type ReplyStage, replyStages } from './client-stages.ts';
import { type HeardReply, ReplyReader } from './read-reply.ts';

function reply(text: string): HeardReply {
  const reader = new ReplyReader();
  reader.push(fromLatin1(`${text}\r\n`));
  const heard = reader.next();
  assert.ok(heard?.kind === 'reply');
  return heard.reply;
}
const answered = (stage: ReplyStage, text: string, afterAccepted = false): Ending & { kind: 'answered' } => ({
  kind: 'answered',
  stage,
  reply: reply(text),
  ...(afterAccepted ? { afterAccepted } : {}),
});
const judge = (stage: ReplyStage, text: string, afterAccepted = false) =>
  judgeEnding(answered(stage, text, afterAccepted));

/** stage, reply -> kind, scope, enhanced, whether another host may be asked. MAIL_RULES 19 */
const table: readonly (readonly [ReplyStage, string, string, string, string, boolean])[] = [
  ['end-of-data', '250 2.0.0 queued', 'delivered', 'recipient', '2.0.0', false],
  ['end-of-data', '250 queued', 'delivered', 'recipient', '2.0.0', false],
  ['end-of-data', '250 5.0.0 odd', 'delivered', 'recipient', '2.0.0', false],
  ['end-of-data', '451 4.3.0 later', 'deferred', 'host', '4.3.0', false],
  ['end-of-data', '450 later', 'deferred', 'message', '4.0.0', false],
  ['end-of-data', '550 5.7.26 not aligned', 'refused', 'infrastructure', '5.7.26', false],
  ['end-of-data', '550 5.1.1 no such user', 'refused', 'recipient', '5.1.1', false],
  ['end-of-data', '552 5.2.2 full', 'refused', 'recipient', '5.2.2', false],
  ['end-of-data', '554 spam', 'refused', 'message', '5.0.0', false],
  ['end-of-data', '421 4.3.2 stopping', 'deferred', 'host', '4.3.2', false],
  ['end-of-data', '354 what', 'deferred', 'host', '4.5.0', false],
  ['greeting', '554 5.7.1 listed', 'deferred', 'infrastructure', '4.0.0', true],
  ['greeting', '451 4.3.0 later', 'deferred', 'host', '4.3.0', true],
  ['ehlo', '550 5.7.1 who are you', 'deferred', 'infrastructure', '4.0.0', true],
  ['starttls', '554 5.7.0 no', 'deferred', 'infrastructure', '4.0.0', true],
  ['auth', '535 5.7.8 wrong', 'deferred', 'infrastructure', '4.0.0', true],
  ['mail', '550 5.7.1 blocked', 'deferred', 'infrastructure', '4.0.0', true],
  ['mail', '530 say STARTTLS first', 'deferred', 'infrastructure', '4.0.0', true],
  ['mail', '553 5.1.8 sender domain', 'refused', 'message', '5.1.8', false],
  ['mail', '552 5.3.4 too large', 'refused', 'message', '5.3.4', false],
  ['mail', '550 no', 'refused', 'message', '5.0.0', false],
  ['mail', '450 4.7.1 slow down', 'deferred', 'infrastructure', '4.7.1', true],
  ['mail', '452 4.3.1 disk', 'deferred', 'host', '4.3.1', true],
  ['mail', '450 later', 'deferred', 'message', '4.0.0', false],
  ['mail', '421 bye', 'deferred', 'host', '4.3.2', true],
  ['rcpt', '550 5.1.1 no such user', 'refused', 'recipient', '5.1.1', false],
  ['rcpt', '550 no such user', 'refused', 'recipient', '5.1.0', false],
  ['rcpt', '552 5.2.2 full', 'refused', 'recipient', '5.2.2', false],
  ['rcpt', '550 5.2.3 too long for you', 'refused', 'message', '5.2.3', false],
  ['rcpt', '554 5.7.1 relaying denied', 'refused', 'infrastructure', '5.7.1', false],
  ['rcpt', '550 5.4.6 loop', 'refused', 'domain', '5.4.6', false],
  ['rcpt', '503 5.5.1 order', 'refused', 'message', '5.5.1', false],
  ['rcpt', '450 4.2.0 greylisted', 'deferred', 'recipient', '4.2.0', false],
  ['rcpt', '450 4.7.1 greylisted', 'deferred', 'recipient', '4.7.1', false],
  ['rcpt', '451 4.3.0 trouble', 'deferred', 'host', '4.3.0', false],
  ['rcpt', '421 bye', 'deferred', 'host', '4.3.2', true],
  ['data', '554 5.5.1 no', 'refused', 'message', '5.5.1', false],
  ['data', '451 4.7.1 policy', 'deferred', 'infrastructure', '4.7.1', false],
];
for (const [stage, text, kind, scope, enhanced, tryNextHost] of table) {
  test(`${stage}: ${text} -> ${kind}, ${scope}`, () => {
    assert.deepEqual(judge(stage, text), { kind, scope, enhanced, tryNextHost });
  });
}

test('RFC 5321 §4.5.3.1.10: 552 at RCPT after a taken recipient is 452', () => {
  assert.deepEqual(judge('rcpt', '552 too many', true), {
    kind: 'deferred',
    scope: 'recipient',
    enhanced: '4.5.3',
    tryNextHost: false,
  });
  assert.equal(judge('rcpt', '552 too many').kind, 'refused');
  assert.equal(isTooManyRecipients(answered('rcpt', '552 too many', true)), true);
  assert.equal(isTooManyRecipients(answered('rcpt', '452 4.5.3 too many', true)), true);
  assert.equal(isTooManyRecipients(answered('rcpt', '452 4.5.3 too many')), false);
  assert.equal(isTooManyRecipients(answered('rcpt', '452 4.2.2 full', true)), false);
  assert.equal(isTooManyRecipients(answered('data', '452 4.5.3 too many', true)), false);
});

test('only a 2yz to the final dot delivers, whatever the stage, the digit or the enhanced code', () => {
  for (const stage of Object.keys(replyStages) as ReplyStage[]) {
    for (let code = 200; code < 600; code += 7) {
      for (const enhanced of ['', ' 2.0.0', ' 4.2.0', ' 5.1.1', ' 5.7.1']) {
        const judged = judge(stage, `${code}${enhanced} x`);
        const positive = code < 300 && stage === 'end-of-data';
        assert.equal(judged.kind === 'delivered', positive);
        assert.ok(
          judged.enhanced.startsWith({ delivered: '2.', deferred: '4.', refused: '5.', unsure: '4.' }[judged.kind]),
        );
        if (judged.kind === 'refused') assert.ok(code >= 500);
        assert.ok(!(judged.tryNextHost && stage === 'end-of-data'), 'a second host after the dot would make a copy');
      }
    }
  }
});

test('trouble is deferred, except silence after the final dot, which is unsure', () => {
  for (const what of ['timeout', 'lost'] as const) {
    assert.partialDeepStrictEqual(judgeEnding({ kind: 'trouble', trouble: { what, say: '' }, stage: 'content' }), {
      kind: 'deferred',
      tryNextHost: true,
    });
    assert.partialDeepStrictEqual(judgeEnding({ kind: 'trouble', trouble: { what, say: '' }, stage: 'end-of-data' }), {
      kind: 'unsure',
      tryNextHost: false,
    });
  }
  const nonsense = { what: 'nonsense', say: '' } as const;
  assert.partialDeepStrictEqual(judgeEnding({ kind: 'trouble', trouble: nonsense, stage: 'end-of-data' }), {
    kind: 'deferred',
    tryNextHost: false,
  });
});

test('an ending reads as a sentence behind the name of a host', () => {
  assert.equal(describeEnding(answered('rcpt', '550 5.1.1 no such user')), 'said: 550 5.1.1 no such user');
  assert.equal(describeEnding(answered('rcpt', '550')), 'said: 550');
  assert.match(describeEnding({ kind: 'lacking', what: 'smtputf8' }), /^does not take internationalised/);
  assert.match(describeEnding({ kind: 'unfit', why: 'nul' }), /NUL octet/);
});
