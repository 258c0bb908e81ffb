/** What a receiver may do to us, stage by stage: nothing of it counts as sent, nothing but a clear 5yz as refused, and nothing hangs. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Act, BadMx, BadMxStage } from '../../../test/support/bad-mx.ts';
import {
  impatience,
  type JobWish,
  jobFor,
  mailHosts,
  only,
  type Watched,
  watched,
} from '../../../test/support/mail-hosts.ts';
import { type ClientPatience, defaultPatience } from '../../protocol/smtp/client-stages.ts';
import type { Attempt } from '../../services/outbound/transport.ts';
import { createDirectMx } from './direct-mx.ts';

type Setting = {
  readonly wish?: JobWish;
  readonly pipelining?: boolean;
  readonly patience?: ClientPatience;
  readonly watch?: (mx: BadMx) => Watched;
};
type Meeting = {
  readonly attempt: Attempt;
  readonly mx: BadMx;
  readonly dots: number;
  readonly again: () => Promise<Attempt>;
};

/** One delivery to a host that keeps to this script. */
async function meet(
  t: TestContext,
  script: Partial<Record<BadMxStage, Act | readonly Act[]>>,
  setting: Setting = {},
): Promise<Meeting> {
  const offers = setting.pipelining === false ? { offers: [] } : {};
  const world = await mailHosts(t, 'example.net A 192.0.2.1', { '192.0.2.1': { script, ...offers } });
  const transport = createDirectMx(world.ports, {
    ehloName: 'mx.sender.test',
    ...(setting.patience && { patience: setting.patience }),
  });
  t.after(() => transport.close());
  const mx = world.mx('192.0.2.1');
  const context = setting.watch?.(mx) ?? watched();
  const deliver = (watch: Watched) => transport.deliver(jobFor('example.net', setting.wish), watch);
  const attempt = only(await deliver(context));
  return { attempt, mx, dots: context.dots(), again: async () => only(await deliver(watched())) };
}

const stages = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'end-of-data'] as const;
const soonMs = 10;
/** More than all socket buffers on the way hold. */
const longText = `Subject: long\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(200_000)}`;

const nonsense: Readonly<Record<string, Act>> = {
  '000': '000 ok\r\n',
  '999': '999 ok\r\n',
  '199': '199 ok\r\n',
  'text without a code': 'everything is fine\r\n',
  'an empty line': '\r\n',
  'a blank line': '   \r\n',
  NUL: '250 o\0k\r\n',
  'a bare LF': '250 ok\n250 ok\n354 ok\n',
  'octets that are no UTF-8': '250 \xff\xfe\r\n',
  'lines that disagree': '250-ok\r\n550 no\r\n',
  'another protocol': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
};

for (const stage of stages) {
  for (const [what, act] of Object.entries(nonsense)) {
    test(`nonsense is deferred: ${what} (${stage})`, async (t) => {
      const { attempt, mx, dots } = await meet(t, { [stage]: act });
      assert.equal(attempt.kind, 'deferred');
      assert.equal(attempt.enhanced, '4.5.0');
      assert.partialDeepStrictEqual(attempt.reply, { code: 0, stage });
      assert.equal(attempt.afterFinalDot, stage === 'end-of-data');
      assert.equal(dots, stage === 'end-of-data' ? 1 : 0);
      assert.equal(mx.received().length, stage === 'end-of-data' ? 1 : 0);
    });
  }

  test(`4yz is deferred, 5yz is read by its stage (${stage})`, async (t) => {
    const temporary = await meet(t, { [stage]: '451 4.3.0 later\r\n' });
    assert.partialDeepStrictEqual(temporary.attempt, {
      kind: 'deferred',
      enhanced: '4.3.0',
      reply: { code: 451, text: 'later', stage },
    });
    const { attempt } = await meet(t, { [stage]: '554 no\r\n', ...(stage === 'ehlo' ? { helo: '554 no\r\n' } : {}) });
    assert.equal(attempt.kind, ['greeting', 'ehlo'].includes(stage) ? 'deferred' : 'refused');
    assert.equal(attempt.reply?.code, 554);
  });

  for (const by of ['close', 'reset'] as const) {
    test(`a connection that ends by ${by} (${stage}) is ${stage === 'end-of-data' ? 'unsure' : 'deferred'}`, async (t) => {
      const { attempt } = await meet(t, { [stage]: { by } });
      assert.equal(attempt.kind, stage === 'end-of-data' ? 'unsure' : 'deferred');
      assert.match(attempt.enhanced, /^4\.4\.[12]$/); // a reset may come before we know of the connection
      assert.equal(attempt.scope, 'host');
    });
  }

  test(`silence ends with its time-out (${stage})`, async (t) => {
    const { attempt } = await meet(t, { [stage]: { by: 'hang' } }, { patience: impatience(soonMs, stage) });
    assert.equal(attempt.kind, stage === 'end-of-data' ? 'unsure' : 'deferred');
    assert.match(attempt.say, /gave no answer for 0\.01 s/);
  });

  test(`half a reply and then nothing is no reply (${stage})`, async (t) => {
    const dropped = await meet(t, { [stage]: { by: 'close', say: '250-more to come\r\n250 o' } });
    assert.equal(dropped.attempt.kind, stage === 'end-of-data' ? 'unsure' : 'deferred');
    const hung = await meet(t, { [stage]: { by: 'hang', say: '354' } }, { patience: impatience(soonMs, stage) });
    assert.equal(hung.attempt.kind, stage === 'end-of-data' ? 'unsure' : 'deferred');
  });

  for (const [what, say] of [
    ['lines', '250-and so on\r\n'],
    ['one line', '250 and so on '],
    ['blank lines', '\r\n'],
  ] as const) {
    test(`an endless reply (${what}) is cut off and deferred (${stage})`, async (t) => {
      const { attempt } = await meet(t, { [stage]: { by: 'repeat', say: say.repeat(100) } });
      assert.equal(attempt.kind, 'deferred');
      assert.ok((attempt.reply?.text.length ?? 0) <= 200);
    });
  }
}

test('a reply of 20 MB does not stay in memory', async (t) => {
  const { attempt } = await meet(t, { 'end-of-data': `250 ${'x'.repeat(20_000_000)}\r\n` });
  assert.partialDeepStrictEqual(attempt, { kind: 'deferred', enhanced: '4.5.0' });
  assert.ok(JSON.stringify(attempt).length < 2_000);
});

for (const by of ['close', 'reset'] as const) {
  test(`a drop in the middle of the message (${by}) is deferred: the final dot never left`, async (t) => {
    const { attempt, dots, mx } = await meet(t, { content: { by } }, { wish: { text: longText } });
    assert.partialDeepStrictEqual(attempt, { kind: 'deferred', enhanced: '4.4.2', afterFinalDot: false });
    assert.deepEqual(mx.received(), []);
    assert.equal(dots, 0);
  });
}

test('a reply in the middle of the message is heard before the connection is gone', async (t) => {
  const { attempt, dots } = await meet(
    t,
    { content: { by: 'close', say: '552 5.3.4 too large for us\r\n' } },
    { wish: { text: longText } },
  );
  assert.ok(attempt.kind === 'refused' || attempt.kind === 'deferred', attempt.kind); // a reset may overtake the words
  assert.equal(dots, 0);
});

test('a reply that is given twice is not taken for the answer to the next command', async (t) => {
  const twice = await meet(t, { ehlo: '250 mx.test\r\n250 ok\r\n' });
  assert.partialDeepStrictEqual(twice.attempt, { kind: 'deferred' });
  assert.equal(twice.mx.received().length, 0);
  const early = await meet(t, { data: '354 go\r\n250 2.0.0 queued already\r\n' }, { pipelining: false });
  assert.equal(early.attempt.kind, 'deferred', 'an acceptance before the message is none');
  assert.equal(early.dots, 0);
});

test('a final reply given twice spoils the connection, not the next message', async (t) => {
  const { attempt, again, mx } = await meet(t, { 'end-of-data': ['250 ok\r\n250 ok\r\n', '550 5.7.1 no\r\n'] });
  assert.equal(attempt.kind, 'delivered');
  assert.partialDeepStrictEqual(await again(), { kind: 'refused', enhanced: '5.7.1', via: { reused: false } });
  assert.equal(mx.sessions.length, 2);
});

test('a host that takes no message text ends with its time-out, before the dot', async (t) => {
  const { attempt, dots } = await meet(
    t,
    { content: { by: 'stall' } },
    { wish: { text: longText }, patience: { ...defaultPatience, dataBlockMs: 50 } },
  );
  assert.partialDeepStrictEqual(attempt, { kind: 'deferred', enhanced: '4.4.2' });
  assert.equal(dots, 0);
});

test('stopped while the final reply is awaited: unsure, never sent or lost', async (t) => {
  const stopping = watched();
  const { attempt } = await meet(
    t,
    { 'end-of-data': { by: 'hang' } },
    {
      watch: (mx) => {
        const look = setInterval(() => {
          if (mx.received().length === 0) return;
          clearInterval(look);
          stopping.stop();
        }, 2);
        return stopping;
      },
    },
  );
  assert.partialDeepStrictEqual(attempt, { kind: 'unsure', scope: 'infrastructure' });
});

test('the words of a refusal come back as they were said', async (t) => {
  const { attempt } = await meet(t, {
    rcpt: '550-5.1.1 <b@example.net>: Recipient address rejected:\r\n550 5.1.1 User unknown in \x1b[31mtable\r\n',
  });
  assert.partialDeepStrictEqual(attempt, {
    kind: 'refused',
    scope: 'recipient',
    reply: {
      code: 550,
      enhanced: '5.1.1',
      text: '<b@example.net>: Recipient address rejected: User unknown in \x1b[31mtable',
      stage: 'rcpt',
    },
  });
});

test('DATA answered 354 though nobody was taken gets a lone dot, and the connection lives on', async (t) => {
  const { attempt, mx, dots, again } = await meet(t, {
    rcpt: ['550 5.1.1 who?\r\n', '250 ok\r\n'],
    data: '354 go\r\n',
    'end-of-data': ['554 5.5.1 nobody\r\n', '250 ok\r\n'],
  });
  assert.equal(attempt.kind, 'refused');
  assert.equal(dots, 0);
  assert.deepEqual(mx.received(), ['']);
  assert.partialDeepStrictEqual(await again(), { kind: 'delivered', via: { reused: true } });
});

test('RFC 5321 §3.2: an old host that knows only HELO gets its mail', async (t) => {
  const { attempt, mx } = await meet(t, { ehlo: '502 5.5.1 what?\r\n' });
  assert.equal(attempt.kind, 'delivered');
  assert.deepEqual(mx.sessions[0]?.lines.slice(0, 3), [
    'EHLO mx.sender.test',
    'HELO mx.sender.test',
    'MAIL FROM:<a@sender.test>',
  ]);
});
