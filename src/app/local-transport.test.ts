/** The way from the queue straight into our own mailboxes, and the way to nowhere. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { jobFor, only, watched } from '../../test/support/mail-hosts.ts';
import { type PostOffice, postOffice, storedMail } from '../../test/support/post-office.ts';
import { domain } from '../../test/support/temp-office.ts';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Attempt, Transport } from '../services/outbound/transport.ts';
import { createLocalTransport } from './local-transport.ts';
import { createTestTransport } from './test-transport.ts';

async function open(t: TestContext): Promise<{ office: PostOffice; local: Transport }> {
  const office = await postOffice(t);
  const local = createLocalTransport({
    hostname: domain('mx.example.com'),
    timers: office.timers,
    blobs: office.blobs,
    signals: { emit: () => {} },
    inbound: () => office.inbound,
  });
  return { office, local };
}

test('each recipient has its own end', async (t) => {
  const { office, local } = await open(t);
  const job = jobFor('example.com', { to: ['ada@example.com', 'nobody@example.com', 'postmaster@example.com'] });
  const context = watched();
  const attempts = await local.deliver(job, context);
  assert.deepEqual(
    attempts.map(({ recipient, kind, scope, enhanced }) => [recipient, kind, scope, enhanced]),
    [
      ['ada@example.com', 'delivered', 'recipient', '2.0.0'],
      ['nobody@example.com', 'refused', 'recipient', '5.1.1'],
      ['postmaster@example.com', 'delivered', 'recipient', '2.0.0'],
    ],
  );
  assert.equal(context.dots(), 1, 'all of it is stored at once');
  assert.deepEqual(
    (await storedMail(office)).map(({ mail }) => mail.recipient),
    ['ada@example.com', 'postmaster@example.com'],
  );
  assert.ok(attempts.every(({ route }) => route.source === 'local'));
  assert.equal(attempts[1]?.reply?.stage, 'rcpt');
});

test('mail of the house is not judged again, and its sender is named as the envelope says', async (t) => {
  const { office, local } = await open(t);
  const text =
    'From: ceo@bank.test\r\nReturn-Path: <forged@x.test>\r\nAuthentication-Results: mx.example.com; dmarc=pass\r\n\r\nhi\r\n';
  await local.deliver(jobFor('example.com', { to: ['ada@example.com'], from: '', text }), watched());
  const [stored] = await storedMail(office);
  assert.partialDeepStrictEqual(stored?.mail, { envelopeFrom: '', verdicts: { via: 'this office' }, folder: 'INBOX' });
  assert.match(
    stored?.text ?? '',
    /^Return-Path: <>\r\nDelivered-To: ada@example\.com\r\nReceived: by mx\.example\.com with local/,
  );
  assert.doesNotMatch(stored?.text ?? '', /Authentication-Results|forged/);
});

test('a full disk is waited out', async (t) => {
  const { office, local } = await open(t);
  office.disk.low = true;
  const attempt = only(await local.deliver(jobFor('example.com', { to: ['ada@example.com'] }), watched()));
  assert.partialDeepStrictEqual(attempt, { kind: 'deferred', scope: 'infrastructure', enhanced: '4.3.1' });
});

test('what could not be stored is deferred, never in doubt', async (t) => {
  const { office, local } = await open(t);
  t.mock.method(office.blobs, 'keep', () =>
    Promise.reject(new Fault('STORE_BUSY', 'another process holds the database')),
  );
  const attempt = only(await local.deliver(jobFor('example.com', { to: ['ada@example.com'] }), watched()));
  assert.partialDeepStrictEqual(attempt, { kind: 'deferred', scope: 'infrastructure', enhanced: '4.3.0' });
  assert.deepEqual(await storedMail(office), []);
});

test('what the queue notes is noted together with the message, or neither is', async (t) => {
  const { office, local } = await open(t);
  const job = jobFor('example.com', { to: ['nobody@example.com', 'ada@example.com'] });
  const context = watched();
  const noted: unknown[] = [];
  const recordWithin = async (attempts: readonly (Attempt | undefined)[]) => {
    noted.push(attempts.map((attempt) => attempt?.kind));
    return async () => {
      if (noted.length === 1) throw new Error('the lease is lost');
    };
  };
  const [refused, first] = await local.deliver(job, { ...context, recordWithin });
  assert.equal(refused?.kind, 'refused');
  assert.equal(first?.kind, 'deferred');
  assert.deepEqual(await storedMail(office), []);
  const [, second] = await local.deliver(job, { ...context, recordWithin });
  assert.equal(second?.kind, 'delivered');
  assert.equal((await storedMail(office)).length, 1);
  assert.deepEqual(noted, [
    [undefined, 'delivered'],
    [undefined, 'delivered'],
  ]);
  assert.equal(context.dots(), 0, 'nothing is ever in doubt');
});

test('a lease that was lost stops it before anything is stored', async (t) => {
  const { office, local } = await open(t);
  const lost = watched(() => Promise.reject(new Error('lost')));
  await assert.rejects(local.deliver(jobFor('example.com', { to: ['ada@example.com'] }), lost), /lost/);
  assert.deepEqual(await storedMail(office), []);
});

test('when everybody is refused there is nothing to store and no dot', async (t) => {
  const { office, local } = await open(t);
  const context = watched();
  const attempts = await local.deliver(jobFor('example.com', { to: ['x@example.com', 'y@example.com'] }), context);
  assert.ok(attempts.every(({ kind, reply }) => kind === 'refused' && reply?.stage === 'rcpt'));
  assert.equal(context.dots(), 0);
  assert.deepEqual(await storedMail(office), []);
});

test('the recipients of one message do not learn of each other', async (t) => {
  const { office, local } = await open(t);
  await office.directory.addMailbox({ local: 'eve', domain: domain('example.com') });
  await local.deliver(jobFor('example.com', { to: ['ada@example.com', 'eve@example.com'] }), watched());
  const [first, second] = await storedMail(office);
  assert.doesNotMatch(first?.text ?? '', /eve@/);
  assert.doesNotMatch(second?.text ?? '', /ada@/);
});

test('of a large message exactly one file stays, and none when it is refused', async (t) => {
  const { office, local } = await open(t);
  const files = () => readdir(join(office.folder, 'spool'));
  const text = `From: ada@example.com\r\n\r\n${'a long letter\r\n'.repeat(30_000)}`;
  await local.deliver(jobFor('example.com', { to: ['ada@example.com'], text }), watched());
  assert.equal((await files()).length, 1);
  await local.deliver(jobFor('example.com', { to: ['nobody@example.com'], text }), watched());
  t.mock.method(office.blobs, 'keep', () => Promise.reject(new Fault('ENOSPC', 'full')), { times: 1 });
  await local.deliver(jobFor('example.com', { to: ['ada@example.com'], text }), watched());
  assert.equal((await files()).length, 1);
  const [stored] = await storedMail(office);
  assert.ok(stored?.text.endsWith(text));
});

test('mail of a test key ends delivered, to nobody, and says so', async () => {
  const transport = createTestTransport(systemClock);
  const attempts = await transport.deliver(jobFor('b.test', { to: ['a@b.test', 'b@b.test'] }), watched());
  assert.deepEqual(
    attempts.map(({ recipient, kind }) => [recipient, kind]),
    [
      ['a@b.test', 'delivered'],
      ['b@b.test', 'delivered'],
    ],
  );
  assert.match(attempts[0]?.say ?? '', /test key.*not handed to anybody/);
});
