/** What strangers may not make us hold or count. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { mailbox, type PostOffice, postOffice, receive, spooled, stranger } from '../../../test/support/post-office.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import type { Spooled } from '../../base/port/blobs.ts';
import { plentyOfMemory } from '../../base/port/memory.ts';
import type { Destination } from './types.ts';

const text = 'From: bob@b.test\r\nSubject: hi\r\n\r\nHello\r\n';

function admitBounce(office: PostOffice, address: string) {
  const path = { kind: 'mailbox', mailbox: mailbox('ada@example.com'), route: false } as const;
  return office.inbound.admit({ ...stranger, address }, undefined, path);
}

test('MAIL_RULES 4: bounces are counted by network, so that no /64 is as many clients as it has addresses', async (t) => {
  const office = await postOffice(t);
  let taken = 0;
  for (let i = 0; i < 210; i++) taken += Number((await admitBounce(office, `2001:db8::${i}`)).kind === 'accept');
  assert.equal(taken, 200);
  assert.deepEqual(await admitBounce(office, '2001:db8::ffff'), {
    kind: 'refuse',
    reply: { code: 451, enhanced: '4.7.1', text: 'Too many bounces from this address, come again later' },
  });
  assert.equal((await admitBounce(office, '2001:db8:0:1::1')).kind, 'accept');
});

test('large messages that are too many at once are asked to come again; small ones go on', async (t) => {
  const office = await postOffice(t);
  const go = Promise.withResolvers<void>();
  const small = await spooled(office, text);
  const destinations: Destination[] = [{ kind: 'mailbox', mailbox: 'mbx_1', recipient: mailbox('ada@example.com') }];
  const endless = async function* () {
    yield fromLatin1('Subject: where the header ends is not known');
  };
  const large = (size: number) =>
    office.inbound.receive({
      peer: stranger,
      mailFrom: mailbox('bob@b.test'),
      destinations,
      smtpUtf8: false,
      body: { ...small, size, inMemory: false, chunks: endless, read: () => go.promise.then(() => small.read()) },
    });
  const first = large(100_000_000);
  const second = await large(100_000_000);
  assert.partialDeepStrictEqual(second, { disposition: 'later', reply: { code: 451, enhanced: '4.3.2' } });
  assert.equal((await receive(office, { text })).reply.code, 250);
  go.resolve();
  assert.equal((await first).reply.code, 250);
  assert.equal((await large(100_000_000)).reply.code, 250);
});

test("where memory is small, few messages that wait for somebody else's DNS are held; what lies in a file is not", async (t) => {
  const state = { short: false };
  const memory = { ...plentyOfMemory, limitBytes: 8 * 600_000, isShort: () => state.short };
  const office = await postOffice(t, { memory });
  const go = Promise.withResolvers<void>();
  const small = await spooled(office, text);
  let wholeReads = 0;
  const letter = (size: number, inMemory: boolean) => ({
    ...small,
    size,
    inMemory,
    read: async () => {
      wholeReads++;
      await go.promise;
      return small.read();
    },
    chunks: async function* (from?: number) {
      await go.promise;
      yield* small.chunks(from);
    },
  });
  const codeOf = async (body: Spooled) => (await receive(office, { body })).reply.code;
  const held = [codeOf(letter(250_000, true)), codeOf(letter(250_000, true))];
  assert.equal(await codeOf(letter(250_000, true)), 451);
  assert.equal(wholeReads, 2);
  const lying = codeOf(letter(50_000, false));
  assert.equal(await codeOf(letter(50_000, false)), 451, 'its header may be as long as itself, and is held twice');
  assert.equal(wholeReads, 2);
  assert.equal((await receive(office, { text })).reply.code, 250);
  go.resolve();
  assert.deepEqual(await Promise.all([...held, lying]), [250, 250, 250]);
  state.short = true;
  assert.equal(await codeOf(letter(20_000, true)), 451);
  assert.equal((await receive(office, { text })).reply.code, 250);
});
