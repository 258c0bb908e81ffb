/**
 * What every adapter of the `Transport` port promises. An adapter's test calls this with a way to open a transport whose other
 * side takes mail for some recipients, refuses one and, where it can, asks to come back later for another.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Attempt, DeliveryJob, Transport } from '../../src/services/outbound/transport.ts';
import { type JobWish, messageText, watched } from '../support/mail-hosts.ts';

export type TransportUnderTest = {
  readonly transport: Transport;
  readonly job: (wish: JobWish) => DeliveryJob;
  /** Messages the other side has taken, latin1, as they were before dot-stuffing. */
  readonly received: () => readonly string[];
  /** Addresses, by how the other side treats them. */
  readonly takes: readonly [string, string];
  /** 550 5.1.1 */
  readonly refuses: string;
  /** 450 */
  readonly defers: string;
};

const kinds = (attempts: readonly Attempt[]) => attempts.map(({ kind }) => kind);

export function transportContract(open: (t: TestContext) => Promise<TransportUnderTest>): void {
  test('a message arrives octet by octet, once for all recipients of a transaction', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const text = `${messageText}.\r\n..\r\n.x\r\n\t \r\nend`;
    const attempts = await transport.deliver(job({ to: takes, text }), watched());
    assert.deepEqual(kinds(attempts), ['delivered', 'delivered']);
    assert.deepEqual(
      attempts.map(({ recipient }) => recipient),
      takes,
    );
    assert.deepEqual(received(), [`${text}\r\n`]);
  });

  test('each recipient has an attempt of its own, in order, with the words of the other side', async (t) => {
    const { transport, job, received, takes, refuses, defers } = await open(t);
    const attempts = await transport.deliver(job({ to: [refuses, takes[0], defers] }), watched());
    assert.deepEqual(kinds(attempts), ['refused', 'delivered', 'deferred']);
    assert.partialDeepStrictEqual(attempts[0], {
      recipient: refuses,
      scope: 'recipient',
      enhanced: '5.1.1',
      afterFinalDot: false,
      reply: { code: 550, enhanced: '5.1.1', stage: 'rcpt' },
    });
    assert.ok(attempts[0]?.say.includes(attempts[0].reply?.text ?? '?'));
    assert.partialDeepStrictEqual(attempts[1], { afterFinalDot: true, reply: { stage: 'end-of-data' } });
    assert.match(attempts[2]?.enhanced ?? '', /^4\./);
    assert.equal(received().length, 1);
  });

  test('nothing is sent where nobody is taken, and no unsure mark is set', async (t) => {
    const { transport, job, received, refuses, defers } = await open(t);
    const context = watched();
    assert.deepEqual(kinds(await transport.deliver(job({ to: [refuses, defers] }), context)), ['refused', 'deferred']);
    assert.equal(context.dots(), 0);
    assert.deepEqual(
      received().filter((text) => text !== ''),
      [],
    );
  });

  test('the final dot waits until the unsure mark is committed', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const seen: number[] = [];
    const context = watched(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(received().length);
    });
    assert.deepEqual(kinds(await transport.deliver(job({ to: [takes[0]] }), context)), ['delivered']);
    assert.deepEqual(seen, [0]);
    assert.equal(received().length, 1);
  });

  test('when the mark cannot be set the message is not sent, and the caller learns why', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const lost = new Error('the lease is lost');
    await assert.rejects(
      transport.deliver(
        job({ to: [takes[0]] }),
        watched(() => Promise.reject(lost)),
      ),
      lost,
    );
    assert.deepEqual(received(), []);
    assert.deepEqual(kinds(await transport.deliver(job({ to: [takes[0]] }), watched())), ['delivered']);
  });

  test('a body that breaks off is not sent, and the caller learns why', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const damaged = new Error('the blob is damaged');
    const chunks = async function* () {
      yield Buffer.from(messageText);
      throw damaged;
    };
    const context = watched();
    await assert.rejects(transport.deliver(job({ to: [takes[0]], chunks }), context), damaged);
    assert.equal(context.dots(), 0);
    assert.deepEqual(received(), []);
  });

  for (const [what, text] of [
    ['bare LF', 'Subject: x\n\r\nbody\r\n'],
    ['bare CR', 'Subject: x\r\n\r\nbo\rdy\r\n'],
    ['NUL', 'Subject: x\r\n\r\nbo\0dy\r\n'],
    ['a line of 999 octets', `Subject: x\r\n\r\n${'x'.repeat(999)}\r\n`],
  ] as const) {
    test(`a message with ${what} is refused, not repaired and not sent`, async (t) => {
      const { transport, job, received, takes } = await open(t);
      const attempts = await transport.deliver(job({ to: takes, text }), watched());
      for (const attempt of attempts)
        assert.partialDeepStrictEqual(attempt, { kind: 'refused', scope: 'message', enhanced: '5.6.0' });
      assert.deepEqual(received(), []);
    });
  }

  test('a delivery that was stopped before it began is deferred', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const context = watched();
    context.stop();
    assert.partialDeepStrictEqual(await transport.deliver(job({ to: [takes[0]] }), context), [
      { kind: 'deferred', scope: 'infrastructure' },
    ]);
    assert.deepEqual(received(), []);
  });

  test('a body of several megabytes, in chunks of any size', async (t) => {
    const { transport, job, received, takes } = await open(t);
    const line = `.${'x'.repeat(77)}\r\n`;
    const body = `Subject: big\r\n\r\n${line.repeat(40_000)}`;
    const chunks = async function* () {
      const bytes = Buffer.from(body);
      for (let from = 0, size = 1; from < bytes.length; from += size, size = (size * 7 + 3) % 200_003)
        yield bytes.subarray(from, from + size);
    };
    const attempts = await transport.deliver(job({ to: [takes[0]], size: body.length, chunks }), watched());
    assert.deepEqual(kinds(attempts), ['delivered']);
    assert.ok(received()[0] === body, 'the body arrived changed');
  });

  test('closing twice is harmless; a closed transport defers', async (t) => {
    const { transport, job, takes } = await open(t);
    await transport.deliver(job({ to: [takes[0]] }), watched());
    await transport.close();
    await transport.close();
    assert.deepEqual(kinds(await transport.deliver(job({ to: [takes[0]] }), watched())), ['deferred']);
  });
}
