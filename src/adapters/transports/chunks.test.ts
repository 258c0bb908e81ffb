/** RFC 3030 from our side: one chunk per message where it is offered, nothing sure that is not, and DATA where BDAT is only pretended. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { transportContract } from '../../../test/contracts/transport-contract.ts';
import type { Act, BadMxOptions } from '../../../test/support/bad-mx.ts';
import {
  impatience,
  type JobWish,
  jobFor,
  mailHosts,
  messageText,
  only,
  type Watched,
  watched,
} from '../../../test/support/mail-hosts.ts';
import { Fault } from '../../base/outcome.ts';
import { type ClientPatience, defaultPatience } from '../../protocol/smtp/client-stages.ts';
import { createDirectMx, type DirectMxOptions } from './direct-mx.ts';

const offers = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 50000000', 'ENHANCEDSTATUSCODES', 'CHUNKING'];
const textOf = (lines: number) => `Subject: long\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(lines)}`;
/** More than all socket buffers on the way hold. */
const longText = textOf(200_000);
/** A few blocks. */
const blocksText = textOf(3_000);

async function open(t: TestContext, host: BadMxOptions = {}, options: Partial<DirectMxOptions> = {}) {
  const world = await mailHosts(t, 'example.net A 192.0.2.1', { '192.0.2.1': { offers, ...host } });
  const transport = createDirectMx(world.ports, {
    ehloName: 'mx.sender.test',
    ...options,
  });
  t.after(() => transport.close());
  const mx = world.mx('192.0.2.1');
  return {
    transport,
    mx,
    send: (wish?: JobWish, context: Watched = watched()) => transport.deliver(jobFor('example.net', wish), context),
    /** What was said on the nth connection from the first MAIL on, without QUIT. */
    said: (nth = 0) => mx.sessions[nth]?.lines.slice(1).filter((line) => line !== 'QUIT'),
  };
}

const byRecipient = (line: string): Act =>
  line.includes('unknown')
    ? '550 5.1.1 no such user\r\n'
    : line.includes('busy')
      ? '450 4.2.0 greylisted\r\n'
      : '250 ok\r\n';

transportContract(async (t) => {
  const { transport, mx } = await open(t, { script: { rcpt: byRecipient } });
  return {
    transport,
    job: (wish) => jobFor('example.net', wish),
    // A receiver finishes the last line: chunks are sent as they are.
    received: () => mx.received().map((text) => (text.endsWith('\r\n') ? text : `${text}\r\n`)),
    takes: ['b@example.net', 'c@example.net'],
    refuses: 'unknown@example.net',
    defers: 'busy@example.net',
  };
});

test('the message leaves in one chunk, octet by octet, dots as they are', async (t) => {
  const { send, mx, said } = await open(t);
  const text = `${messageText}.\r\n..\r\nMAIL FROM:<x@y.test>\r\n`;
  const context = watched();
  assert.partialDeepStrictEqual(only(await send({ text }, context)), {
    kind: 'delivered',
    afterFinalDot: true,
    reply: { code: 250, text: 'queued as 4711', stage: 'end-of-data' },
  });
  assert.deepEqual(said(), [
    `MAIL FROM:<a@sender.test> SIZE=${text.length}`,
    'RCPT TO:<b@example.net>',
    `BDAT ${text.length} LAST`,
  ]);
  assert.deepEqual(mx.received(), [text]);
  assert.deepEqual(
    context.steps.flatMap((step) => (step.step === 'said' ? [step.line.split(' ')[0]] : [])),
    ['EHLO', 'MAIL', 'RCPT', 'BDAT'],
  );
});

test('without PIPELINING too; and DATA where chunks are not offered or not wanted', async (t) => {
  const alone = await open(t, { offers: ['CHUNKING'] });
  assert.equal(only(await alone.send()).kind, 'delivered');
  assert.equal(alone.said()?.at(-1), `BDAT ${messageText.length} LAST`);
  const without = await open(t, { offers: ['PIPELINING'] });
  assert.equal(only(await without.send()).kind, 'delivered');
  assert.equal(without.said()?.at(-1), 'DATA');
  const unwanted = await open(t, {}, { chunking: 'never' });
  assert.equal(only(await unwanted.send()).kind, 'delivered');
  assert.equal(unwanted.said()?.at(-1), 'DATA');
});

test('a message of many blocks is one chunk, and so is an empty one', async (t) => {
  const { send, mx, said } = await open(t);
  assert.equal(only(await send({ text: blocksText })).kind, 'delivered');
  assert.ok(mx.received()[0] === blocksText);
  assert.equal(only(await send({ text: '' })).kind, 'delivered');
  assert.equal(said()?.at(-1), 'BDAT 0 LAST');
  assert.equal(mx.sessions.length, 1);
});

test('no octet of the chunk leaves before somebody was taken', async (t) => {
  const { send, mx, said } = await open(t, { script: { rcpt: ['550 5.1.1 who?\r\n', '250 ok\r\n'] } });
  const context = watched();
  assert.equal(only(await send({}, context)).kind, 'refused');
  assert.equal(context.dots(), 0);
  assert.equal(only(await send()).kind, 'delivered');
  assert.deepEqual(
    said()?.map((line) => line.split(' ')[0]),
    ['MAIL', 'RCPT', 'RSET', 'MAIL', 'RCPT', 'BDAT'],
  );
  assert.equal(mx.sessions.length, 1);
});

test('the replies to a chunk have their usual meaning', async (t) => {
  const verdict = async (act: Act) => {
    const { send } = await open(t, { script: { 'end-of-data': act } });
    const { kind, scope, enhanced, afterFinalDot } = only(await send());
    return [kind, scope, enhanced, afterFinalDot];
  };
  assert.deepEqual(await verdict('452 4.3.1 disk\r\n'), ['deferred', 'host', '4.3.1', true]);
  assert.deepEqual(await verdict('552 5.3.4 too large\r\n'), ['refused', 'message', '5.3.4', true]);
  assert.deepEqual(await verdict('550 5.7.1 spam\r\n'), ['refused', 'infrastructure', '5.7.1', true]);
  assert.deepEqual(await verdict('421 4.3.2 stopping\r\n'), ['deferred', 'host', '4.3.2', true]);
  assert.deepEqual(await verdict('354 go on\r\n'), ['deferred', 'host', '4.5.0', true]);
  assert.deepEqual(await verdict('everything is fine\r\n'), ['deferred', 'host', '4.5.0', true]);
  assert.deepEqual(await verdict({ by: 'close' }), ['unsure', 'host', '4.4.2', true]);
  assert.deepEqual(await verdict({ by: 'reset' }), ['unsure', 'host', '4.4.2', true]);
  assert.deepEqual(await verdict({ by: 'close', say: '250 o' }), ['unsure', 'host', '4.4.2', true]);
});

test('silence after a chunk is unsure', async (t) => {
  const patience: ClientPatience = impatience(10, 'end-of-data');
  const { send } = await open(t, { script: { 'end-of-data': { by: 'hang' } } }, { patience });
  assert.partialDeepStrictEqual(only(await send()), { kind: 'unsure', enhanced: '4.4.2' });
});

for (const by of ['close', 'reset'] as const) {
  test(`a drop in the middle of a chunk (${by}) is deferred: its last octets never left`, async (t) => {
    const { send, mx } = await open(t, { script: { content: { by } } });
    const context = watched();
    assert.partialDeepStrictEqual(only(await send({ text: longText }, context)), {
      kind: 'deferred',
      enhanced: '4.4.2',
      afterFinalDot: false,
    });
    assert.deepEqual(mx.received(), []);
    assert.equal(context.dots(), 0);
  });
}

test('a host that stops reading in a chunk ends with its time-out, before the last octets', async (t) => {
  const patience = { ...defaultPatience, dataBlockMs: 50 };
  const { send } = await open(t, { script: { content: { by: 'stall' } } }, { patience });
  const context = watched();
  assert.partialDeepStrictEqual(only(await send({ text: longText }, context)), { kind: 'deferred', enhanced: '4.4.2' });
  assert.equal(context.dots(), 0);
});

test('a refusal in the middle of a chunk is heard', async (t) => {
  const content = { by: 'close', say: '552 5.3.4 too large for us\r\n' } as const;
  const { send } = await open(t, { script: { content } });
  const context = watched();
  const attempt = only(await send({ text: longText }, context));
  assert.ok(attempt.kind === 'refused' || attempt.kind === 'deferred', attempt.kind); // a reset may overtake the words
  assert.equal(context.dots(), 0);
});

test('who offers chunks and knows no BDAT gets the message by DATA, once', async (t) => {
  for (const reply of ['500 what?', '502 5.5.1 not implemented', '503 5.5.1 bad sequence']) {
    const { send, mx, said } = await open(t, { script: { bdat: { by: 'close', say: `${reply}\r\n` } } });
    assert.partialDeepStrictEqual(only(await send()), {
      kind: 'delivered',
      via: { reused: false },
      route: { passedOver: [{ why: `offered CHUNKING and refused BDAT: ${reply}` }] },
    });
    assert.equal(mx.sessions.length, 2);
    assert.equal(said(1)?.at(-1), 'DATA');
    assert.deepEqual(mx.received(), [messageText]);
  }
});

test('also when it was a kept connection, and for the recipients that were taken only', async (t) => {
  const { send, mx, said } = await open(t, {
    script: {
      rcpt: byRecipient,
      'end-of-data': ['250 ok\r\n', '502 5.5.1 not any more\r\n', '250 ok\r\n'],
    },
  });
  assert.equal(only(await send()).kind, 'delivered');
  const attempts = await send({ to: ['b@example.net', 'unknown@example.net', 'c@example.net'] });
  assert.deepEqual(
    attempts.map(({ kind }) => kind),
    ['delivered', 'refused', 'delivered'],
  );
  assert.equal(mx.sessions.length, 2);
  assert.deepEqual(said(1), [
    `MAIL FROM:<a@sender.test> SIZE=${messageText.length}`,
    'RCPT TO:<b@example.net>',
    'RCPT TO:<c@example.net>',
    'DATA',
  ]);
});

test('where DATA does not help either the host is given up, and mail waits', async (t) => {
  const { send, mx } = await open(t, {
    script: { bdat: { by: 'close', say: '502 5.5.1 no\r\n' }, data: '502 5.5.1 no\r\n' },
  });
  assert.equal(only(await send()).reply?.stage, 'data');
  assert.equal(mx.sessions.length, 2);
});

test('a message that is not fit is found out before its chunk begins; the connection lives on', async (t) => {
  const { send, mx } = await open(t);
  for (const text of ['Subject: x\r\n\r\na\nb\r\n', 'a\rb\r\n', 'a\0b\r\n', `${'x'.repeat(999)}\r\n`, 'a\r'])
    assert.partialDeepStrictEqual(only(await send({ text })), { kind: 'refused', scope: 'message', enhanced: '5.6.0' });
  assert.partialDeepStrictEqual(only(await send({ text: 'Subject: \xe4\r\n' })), {
    kind: 'refused',
    enhanced: '5.6.3',
  });
  assert.equal(only(await send()).kind, 'delivered');
  assert.equal(mx.sessions.length, 1);
  assert.deepEqual(mx.received(), [messageText]);
});

test('one that is found out in the middle is cut off', async (t) => {
  const { send, mx } = await open(t);
  const context = watched();
  assert.partialDeepStrictEqual(only(await send({ text: `${blocksText}a\nb` }, context)), {
    kind: 'refused',
    enhanced: '5.6.0',
  });
  assert.equal(context.dots(), 0);
  assert.deepEqual(mx.received(), []);
  assert.equal(only(await send()).via?.reused, false);
});

test('a body that is damaged at rest is our trouble, also where the damage looks like a fault of its author', async (t) => {
  const { send, mx } = await open(t);
  const damaged = async function* () {
    yield Buffer.from('a\rb\r\n');
    yield Buffer.from('c\r\n');
    throw new Fault('BLOB_DAMAGED', 'the body is not what was stored'); // said with the last piece: what is stored proves itself at its end
  };
  const context = watched();
  await assert.rejects(send({ chunks: damaged, size: 8 }, context), { code: 'BLOB_DAMAGED' });
  assert.equal(context.dots(), 0);
  assert.deepEqual(mx.received(), []);
});

test('a message that is not as long as was announced is not sent; nothing of it runs as commands', async (t) => {
  const evil = `${messageText}MAIL FROM:<x@y.test>\r\n`;
  const inTwo = async function* () {
    yield Buffer.from(messageText);
    yield Buffer.from('MAIL FROM:<x@y.test>\r\n');
  };
  for (const wish of [
    { text: evil, size: messageText.length },
    { chunks: inTwo, size: messageText.length },
    { text: messageText, size: messageText.length + 1 },
    { text: blocksText, size: blocksText.length - 1 },
    { text: blocksText, size: blocksText.length + 1 },
  ]) {
    const { send, mx, said } = await open(t);
    const context = watched();
    await assert.rejects(send(wish, context), (error) => error instanceof Fault && error.code === 'MESSAGE_TORN');
    assert.equal(context.dots(), 0);
    assert.deepEqual(mx.received(), []);
    assert.ok(!said()?.some((line) => line.includes('y.test')));
  }
});
