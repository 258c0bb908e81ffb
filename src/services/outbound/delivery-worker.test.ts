/** The worker against a scripted world and a clock that jumps: every way a delivery can go, and what a fault or a restart leaves. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type FlowingTime, flowingTime } from '../../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  eventsOf,
  letterText,
  minute,
  type PostOffice,
  type PostOfficeOptions,
  patience,
  postOffice,
  relay,
  storedMail,
  submit,
  submitRaw,
} from '../../../test/support/post-office.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import { fieldText, indexMessage } from '../../format/message/message-index.ts';
import { readDsn } from '../../protocol/dsn/read-dsn.ts';
import type { MessageId } from './types.ts';

const t0 = Date.UTC(2027, 0, 1);

async function open(t: TestContext, options: Omit<PostOfficeOptions, 'timers'> = {}) {
  const timers = flowingTime(t0);
  const office = await postOffice(t, { start: true, ...options, timers });
  const settled = async (id: MessageId) => {
    const view = await timers.flowUntil(office.outbound.settled(id, patience()));
    assert.ok(view?.settled, 'settled in time');
    return view;
  };
  const kinds = async (id: MessageId) => (await eventsOf(office, id)).map(({ type }) => type.replace('email.', ''));
  /** Everything in the queue has ended. */
  const emptied = () =>
    timers.flowUntil(
      (async () => {
        const signal = patience();
        for (;;) {
          const after = await office.db.read((reader) => office.events.lastSequence(reader));
          if ((await office.outbound.counts()).open === 0) return;
          assert.ok(await office.events.waitFor({ after, signal }), 'the queue moves on');
        }
      })(),
    );
  return { ...office, office, timers, settled, kinds, emptied };
}

/** Times of the attempts, in minutes since the first. */
function watchTimes(office: PostOffice): () => number[] {
  const times: number[] = [];
  const answer = office.outside.answer;
  office.outside.answer = (...told) => {
    times.push(office.timers.nowMs());
    return answer(...told);
  };
  return () => times.map((ms) => (ms - (times[0] ?? 0)) / minute);
}

test('delivered: the state, the words, the host, one event', async (t) => {
  const { office, outside, settled, kinds } = await open(t, {
    answer: async (_job, context) => {
      await context.beforeFinalDot();
      context.note?.({ atMs: 1, step: 'said', line: 'EHLO mx.example.com' });
      const via = {
        host: 'mx.b.test',
        address: '192.0.2.25',
        port: 25,
        localAddress: '192.0.2.1',
        why: 'only one',
        reused: false,
      };
      return { kind: 'delivered', via };
    },
  });
  const id = await submit(office);
  const view = await settled(id);
  assert.partialDeepStrictEqual(view.recipients, [
    { address: 'bob@b.test', state: 'delivered', tries: 1, say: 'taken', host: 'mx.b.test', reply: { code: 250 } },
  ]);
  assert.deepEqual(await kinds(id), ['accepted', 'delivered']);
  assert.partialDeepStrictEqual((await eventsOf(office, id))[1]?.data, {
    recipient: 'bob@b.test',
    tries: 1,
    transcript: [{ step: 'said', line: 'EHLO mx.example.com' }],
  });
  const [sent] = outside.sent;
  assert.equal(sent?.text, latin1((await office.outbound.raw(id)) ?? fromLatin1('')));
  assert.equal(sent?.job.mailFrom, (await deliveriesOf(office, id))[0]?.return_path);
  assert.deepEqual(await office.outbound.counts(), { open: 0, ready: 0 });
});

test('deferred, then delivered: the same bytes and return path, after the first gap', async (t) => {
  const { office, outside, settled, kinds } = await open(t, {
    answer: (_job, _context, nth) => ({ kind: nth === 0 ? 'deferred' : 'delivered' }),
  });
  const times = watchTimes(office);
  const id = await submit(office);
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'delivered', tries: 2 }]);
  assert.deepEqual(times(), [0, 1]);
  assert.deepEqual(await kinds(id), ['accepted', 'deferred', 'delivered']);
  const [deferred] = (await eventsOf(office, id)).filter(({ type }) => type === 'email.deferred');
  assert.partialDeepStrictEqual(deferred?.data, { say: 'said: 450 come again', tries: 1 });
  assert.equal(outside.sent[0]?.text, outside.sent[1]?.text);
  assert.equal(outside.sent[0]?.job.mailFrom, outside.sent[1]?.job.mailFrom);
});

test('refused: bounced at once with the receiver’s own words; API mail gets an event and no notification', async (t) => {
  const { office, outside, settled, kinds } = await open(t, { answer: () => ({ kind: 'refused' }) });
  const id = await submit(office);
  const { recipients } = await settled(id);
  assert.partialDeepStrictEqual(recipients, [
    { state: 'bounced', reply: { code: 550, text: 'no such user', stage: 'rcpt' } },
  ]);
  assert.deepEqual(await kinds(id), ['accepted', 'bounced']);
  assert.partialDeepStrictEqual((await eventsOf(office, id))[1]?.data, {
    say: 'said: 550 5.1.1 no such user',
    enhanced: '5.1.1',
  });
  assert.equal(outside.sent.length, 1);
  assert.equal((await office.outbound.messages({ limit: 10 })).length, 1);
});

test('RFC 5321 §4.5.4.1: still deferred when time is up: failed, with the last words', async (t) => {
  const { office, settled, kinds } = await open(t, { answer: () => ({ kind: 'deferred' }) });
  const times = watchTimes(office);
  const id = await submit(office);
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'failed', say: 'said: 450 come again' }]);
  assert.deepEqual(times(), [0, 1, 6, 21, 36, 40]);
  assert.equal((await kinds(id)).at(-1), 'failed');
});

test('MAIL_RULES 22: without an answer after the dot it is tried once more, later, and then it ends as unsure', async (t) => {
  const { office, outside, settled, kinds } = await open(t, {
    answer: async (_job, context) => {
      await context.beforeFinalDot();
      return { kind: 'unsure' };
    },
  });
  const times = watchTimes(office);
  const id = await submit(office);
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'unsure', tries: 2 }]);
  assert.deepEqual(times(), [0, 5]);
  assert.deepEqual(await kinds(id), ['accepted', 'deferred', 'unsure']);
  assert.equal(outside.sent.length, 2, 'two copies at most');
  assert.equal(outside.sent[0]?.text, outside.sent[1]?.text, 'with one Message-ID');
});

test('unsure, then answered: the answer counts', async (t) => {
  const { office, settled } = await open(t, {
    answer: (_job, _context, nth) => ({ kind: nth === 0 ? 'unsure' : 'delivered' }),
  });
  assert.partialDeepStrictEqual((await settled(await submit(office))).recipients, [{ state: 'delivered', tries: 2 }]);
});

test('the mark is on the disk before the dot, and gone with the answer', async (t) => {
  const marks: (number | undefined)[] = [];
  const { office, settled } = await open(t, {
    answer: async (_job, context) => {
      const mark = async () => (await deliveriesOf(office, id))[0]?.unsure;
      marks.push(await mark());
      await context.beforeFinalDot();
      marks.push(await mark());
      return { kind: 'deferred' };
    },
  });
  const id = await submit(office);
  await settled(id);
  assert.deepEqual(marks.slice(0, 3), [0, 1, 0]);
  assert.equal((await deliveriesOf(office, id))[0]?.unsure, 0);
});

test('a transport that breaks is our trouble, not the recipient’s: deferred before the dot, unsure after it', async (t) => {
  const { office, outside, settled, kinds, signals } = await open(t, {
    answer: async (_job, context, nth) => {
      if (nth > 0) await context.beforeFinalDot();
      throw new Error('a bug');
    },
  });
  const id = await submit(office);
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'unsure', tries: 3 }]);
  assert.deepEqual(await kinds(id), ['accepted', 'deferred', 'deferred', 'unsure']);
  assert.equal(outside.sent.length, 3);
  assert.equal(signals.filter(({ name }) => name === 'outbound.attempt_broke').length, 3);
  assert.doesNotMatch(JSON.stringify(await eventsOf(office, id)), /a bug/);
});

test('a lease lost before the dot: nothing is sent, nothing is stored; whoever holds it next delivers', async (t) => {
  const { office, settled, kinds, signals } = await open(t, {
    answer: async (_job, context, nth) => {
      // another worker takes it over
      if (nth === 0)
        await office.db.write((tx) =>
          tx.run({ sql: 'UPDATE outbound_deliveries SET fence = fence + 1', parameters: [] }),
        );
      await context.beforeFinalDot();
      dots++;
      return { kind: 'delivered' };
    },
  });
  let dots = 0;
  const id = await submit(office);
  await settled(id);
  assert.equal(dots, 1);
  assert.deepEqual(await kinds(id), ['accepted', 'delivered']);
  assert.ok(signals.some(({ name }) => name === 'outbound.lease_lost'));
});

test('a lease lost while waiting for the answer: the stale result is refused and counted', async (t) => {
  const { office, settled, kinds, signals } = await open(t, {
    answer: async (_job, context, nth) => {
      await context.beforeFinalDot();
      if (nth === 0)
        await office.db.write((tx) =>
          tx.run({ sql: 'UPDATE outbound_deliveries SET fence = fence + 1', parameters: [] }),
        );
      return { kind: nth === 0 ? 'refused' : 'delivered' };
    },
  });
  const id = await submit(office);
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'delivered' }]);
  assert.deepEqual(await kinds(id), ['accepted', 'delivered']);
  assert.ok(signals.some(({ name }) => name === 'outbound.stale_write_refused'));
});

test('an attempt longer than its lease keeps it', async (t) => {
  const { office, outside, settled, timers } = await open(t, {
    answer: async () => {
      await timers.sleep(15 * minute);
      return { kind: 'delivered' };
    },
  });
  await settled(await submit(office));
  assert.equal(outside.sent.length, 1);
});

test('an answer that cannot be stored is stored later, and never asked for again', async (t) => {
  const { office, outside, settled, kinds, events, timers } = await open(t, { start: false });
  const append = events.append.bind(events);
  let failures = 0;
  t.mock.method(events, 'append', (...told: Parameters<typeof append>) => {
    if (told[1].type !== 'email.delivered' || failures === 3) return append(...told);
    failures++;
    return Promise.reject(new Fault('ENOSPC', 'the disk is full'));
  });
  const id = await submit(office);
  await office.outbound.start();
  await settled(id);
  assert.equal(failures, 3);
  assert.equal(outside.sent.length, 1);
  assert.deepEqual(await kinds(id), ['accepted', 'delivered']);
  assert.equal(timers.nowMs() - t0, 7_000);
});

test('a damaged body keeps nothing from ending, and its sender is told', async (t) => {
  const { office, blobs, outside, settled, emptied } = await open(t, { start: false });
  const id = await submitRaw(office);
  const read = blobs.read.bind(blobs);
  const { blob_id } = (await office.db.read((reader) => office.store.message(reader, id))) ?? {};
  t.mock.method(blobs, 'read', (...told: Parameters<typeof read>) =>
    told[1] === blob_id ? Promise.reject(new Fault('BLOB_DAMAGED', 'its SHA-256 differs')) : read(...told),
  );
  await office.outbound.start();
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'failed' }]);
  await emptied();
  assert.equal(outside.sent.length, 0);
  assert.match((await storedMail(office))[0]?.text ?? '', /SHA-256 differs/);
});

test('stopping lets attempts end, claims nothing more, and the next start goes on', async (t) => {
  const answered = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { office, outside, settled } = await open(t, {
    concurrency: 1,
    answer: async (_job, _context, nth) => {
      begun.resolve();
      if (nth === 0) await answered.promise;
      return { kind: 'delivered' };
    },
  });
  const first = await submit(office);
  await begun.promise;
  const second = await submit(office);
  const stopped = office.outbound.stop();
  answered.resolve();
  await stopped;
  assert.partialDeepStrictEqual(await office.outbound.message(first), { settled: true });
  assert.partialDeepStrictEqual(await office.outbound.message(second), { settled: false });
  assert.equal(outside.sent.length, 1);
  await office.again().start();
  await settled(second);
  assert.equal(outside.sent.length, 2);
});

test('an attempt that outlasts the patience of a stop is cut, and stays in the queue', async (t) => {
  const begun = Promise.withResolvers<void>();
  const { office, settled, timers } = await open(t, {
    answer: async (_job, context, nth) => {
      begun.resolve();
      if (nth === 0) await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
      return { kind: nth === 0 ? 'deferred' : 'delivered' };
    },
  });
  const id = await submit(office);
  await begun.promise;
  await timers.flowUntil(office.outbound.stop());
  assert.ok(timers.nowMs() - t0 >= 20_000);
  assert.partialDeepStrictEqual(await office.outbound.message(id), { settled: false });
  await office.again().start();
  await settled(id);
});

test('after a death in mid-attempt the next start sends again at once', async (t) => {
  const { office, outside, settled, timers, signals } = await open(t, { start: false, answer: () => never });
  const id = await submit(office);
  await dieInMidAttempt(office);
  outside.answer = () => ({ kind: 'delivered' });
  await office.outbound.start();
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'delivered', tries: 1 }]);
  assert.equal(outside.sent.length, 2);
  assert.ok(timers.nowMs() - t0 < minute);
  assert.ok(signals.some(({ name, fields }) => name === 'outbound.resumed' && fields.deliveries === 1));
});

test('after a death behind the dot the next start waits longer, for the receiver may have the message', async (t) => {
  const { office, outside, settled, timers } = await open(t, { start: false, answer: silentBehindTheDot });
  const id = await submit(office);
  await dieInMidAttempt(office);
  outside.answer = () => ({ kind: 'delivered' });
  await office.outbound.start();
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'delivered' }]);
  assert.ok(timers.nowMs() - t0 >= 5 * minute);
  assert.equal((await deliveriesOf(office, id))[0]?.unsure_ends, 1);
});

test('no message that kills the office behind the dot does so for ever', async (t) => {
  const { office, outside, settled, kinds } = await open(t, { start: false, answer: silentBehindTheDot });
  const id = await submit(office);
  for (let death = 1; death <= 4; death++) await dieInMidAttempt(office);
  await office.outbound.start();
  assert.partialDeepStrictEqual((await settled(id)).recipients, [{ state: 'unsure' }]);
  assert.equal(outside.sent.length, 4);
  assert.deepEqual(await kinds(id), ['accepted', 'unsure']);
});

test('a recipient is one transaction for API mail', async (t) => {
  const { office, outside, settled } = await open(t);
  await settled(await submit(office, { to: ['a@b.test', 'b@b.test', 'c@b.test'] }));
  assert.deepEqual(
    outside.sent.map(({ job }) => job.recipients.map(({ address }) => address)),
    [['a@b.test'], ['b@b.test'], ['c@b.test']],
  );
  assert.equal(new Set(outside.sent.map(({ job }) => job.mailFrom)).size, 3);
});

test('MAIL_RULES 2: mail of a login is one transaction per message and site, each recipient with its own end', async (t) => {
  const { office, outside, settled } = await open(t, {
    answer: (job) =>
      job.recipients.map(({ address }) => ({ kind: address.startsWith('bad') ? 'refused' : 'delivered' })),
  });
  const id = await submitRaw(office, { to: ['a@b.test', 'bad@b.test', 'c@b.test', 'd@b.test', 'e@c.test'] });
  const view = await settled(id);
  assert.deepEqual(outside.sent.map(({ job }) => [job.domain, job.recipients.length]).toSorted(), [
    ['b.test', 4],
    ['c.test', 1],
  ]);
  assert.deepEqual(
    view.recipients.map(({ address, state }) => [address, state]),
    [
      ['a@b.test', 'delivered'],
      ['bad@b.test', 'bounced'],
      ['c@b.test', 'delivered'],
      ['d@b.test', 'delivered'],
      ['e@c.test', 'delivered'],
    ],
  );
});

test('RFC 5321 §4.5.3.1.8: more than 100 recipients at one site are several transactions', async (t) => {
  const { office, outside, settled } = await open(t, { recipientsMax: 500 });
  await settled(await submitRaw(office, { to: Array.from({ length: 230 }, (_, nth) => `u${nth}@b.test`) }));
  assert.deepEqual(
    outside.sent.map(({ job }) => job.recipients.length),
    [100, 100, 30],
  );
});

test('mail from the null sender goes to one recipient at a time', async (t) => {
  const { office, outside, settled } = await open(t);
  await settled(await submitRaw(office, { from: '', to: ['a@b.test', 'b@b.test'] }));
  assert.deepEqual(
    outside.sent.map(({ job }) => [job.mailFrom, job.recipients.length]),
    [
      ['', 1],
      ['', 1],
    ],
  );
});

test('a recipient that may have the message takes no other along', async (t) => {
  const { office, outside, settled } = await open(t, {
    answer: (job, _context, nth) =>
      job.recipients.map(({ address }) => ({
        kind: nth > 0 ? 'delivered' : address.startsWith('a') ? 'unsure' : 'deferred',
      })),
    retry: { backoff: { delaysMs: [minute], jitter: 0 }, giveUpAfterMs: 60 * minute },
  });
  await settled(await submitRaw(office, { to: ['a@b.test', 'b@b.test', 'c@b.test'] }));
  const later = outside.sent.slice(1).map(({ job }) => job.recipients.map(({ address }) => address).join());
  assert.deepEqual(later.toSorted(), ['a@b.test', 'b@b.test,c@b.test']);
});

test('an internationalised recipient is told to the transport, the content’s needs apart', async (t) => {
  const { office, outside, settled } = await open(t);
  await settled(await submit(office, { to: ['bob@b.test'], bcc: ['jürgen@c.test'] }));
  assert.deepEqual(
    outside.sent.map(({ job }) => [job.domain, job.needs.smtpUtf8, job.recipients[0]?.internationalised]).toSorted(),
    [
      ['b.test', false, false],
      ['c.test', false, true],
    ],
  );
});

test('MAIL_RULES 3: mail of a login that is refused comes back to its envelope sender, signed, from the null sender', async (t) => {
  const { office, settled, emptied } = await open(t, {
    answer: (job) =>
      job.recipients.map(({ address }) => ({ kind: address.startsWith('bad') ? 'refused' : 'delivered' })),
  });
  const id = await submitRaw(office, { to: ['good@b.test', 'bad@b.test'] });
  await settled(id);
  await emptied();
  const [notification, ...others] = await storedMail(office);
  assert.deepEqual(others, []);
  assert.ok(notification);
  assert.partialDeepStrictEqual(notification.mail, { recipient: 'ada@example.com', envelopeFrom: '', folder: 'INBOX' });
  const bytes = fromLatin1(notification.text);
  const index = indexMessage(bytes);
  assert.equal(fieldText(index, 'auto-submitted'), 'auto-replied');
  assert.match(notification.text, /^DKIM-Signature: [^\0]*d=example\.com/m);
  assert.deepEqual(readDsn(bytes)?.recipients, [
    { finalRecipient: 'bad@b.test', action: 'failed', status: '5.1.1', diagnostic: '550 5.1.1 no such user' },
  ]);
  assert.match(notification.text, /Subject: hello/);
  assert.doesNotMatch(notification.text, /Hello Bob/, 'the header comes back, not the body');
});

test('given up is told as a permanent failure', async (t) => {
  const { office, settled, emptied } = await open(t, { answer: () => ({ kind: 'deferred' }) });
  await settled(await submitRaw(office));
  await emptied();
  const [notification] = await storedMail(office);
  assert.partialDeepStrictEqual(readDsn(fromLatin1(notification?.text ?? ''))?.recipients, [
    { action: 'failed', status: '5.2.1' },
  ]);
});

test('nobody is told of mail from the null sender', async (t) => {
  const { office, settled, emptied } = await open(t, { answer: () => ({ kind: 'refused' }) });
  await settled(await submitRaw(office, { from: '' }));
  await emptied();
  assert.equal((await office.outbound.messages({ limit: 10 })).length, 1);
  assert.deepEqual(await storedMail(office), []);
});

test('MAIL_RULES 3: a notification that cannot be delivered goes to the postmaster once, and then there is silence', async (t) => {
  const { office, outside, settled, emptied, disk } = await open(t, { answer: () => ({ kind: 'refused' }) });
  const foreign = letterText.replaceAll('example.com', 'else.test');
  await settled(await submitRaw(office, { text: foreign, from: 'x@else.test' }, relay));
  await emptied();
  assert.deepEqual(
    outside.sent.map(({ job }) => [job.mailFrom, job.recipients[0]?.address]),
    [
      ['x@else.test', 'bob@b.test'],
      ['', 'x@else.test'],
    ],
  );
  const [copy, ...others] = await storedMail(office);
  assert.deepEqual(others, []);
  const operator = await office.directory.operatorMailbox();
  assert.partialDeepStrictEqual(copy?.mail, { mailbox: operator.id, recipient: 'postmaster@mx.example.com' });

  // and when not even that can be stored, nobody hears of it any more
  disk.low = false;
  const before = (await office.outbound.messages({ limit: 50 })).length;
  const id = await submitRaw(office, { text: foreign, from: 'x@else.test' }, relay);
  disk.low = true;
  await settled(id);
  await emptied();
  assert.equal(
    (await office.outbound.messages({ limit: 50 })).length,
    before + 3,
    'the message, its notification, the postmaster’s copy',
  );
  assert.equal((await storedMail(office)).length, 1);
});

test('mail to our own domain goes straight into the mailbox', async (t) => {
  const { office, outside, settled, kinds } = await open(t);
  const id = await submit(office, { to: ['ada@example.com', 'nobody@example.com'] });
  const view = await settled(id);
  assert.equal(outside.sent.length, 0);
  assert.partialDeepStrictEqual(view.recipients, [
    { address: 'ada@example.com', state: 'delivered' },
    { address: 'nobody@example.com', state: 'bounced', reply: { code: 550, enhanced: '5.1.1', stage: 'rcpt' } },
  ]);
  assert.deepEqual((await kinds(id)).toSorted(), ['accepted', 'bounced', 'delivered']);
  const [stored] = await storedMail(office, 'INBOX');
  assert.match(
    stored?.text ?? '',
    /^Return-Path: <b\+d\w+\.\w+@bounce\.example\.com>\r\nDelivered-To: ada@example\.com\r\nReceived: by mx/,
  );
});

test('a sender with very many messages does not hold up another', async (t) => {
  const { office, outside, settled } = await open(t, { start: false, concurrency: 4, perDomain: 3 });
  for (let nth = 0; nth < 15; nth++) await submit(office, { to: [`u${nth}@b.test`] });
  for (let nth = 0; nth < 15; nth++) await submit(office, { to: [`u@d${nth}.test`] });
  const single = await submit(office, { to: ['late@b.test'] }, { kind: 'key', account: 'key_2' });
  await office.outbound.start();
  await settled(single);
  const place = outside.sent.findIndex(({ job }) => job.recipients[0]?.address === 'late@b.test');
  assert.ok(place >= 0 && place < 6, `it was number ${place + 1} of ${outside.sent.length}`);
});

test('MAIL_RULES 24: one sender whose destination never answers leaves a slot to others', async (t) => {
  const forever = Promise.withResolvers<void>();
  const { office, outside, settled } = await open(t, {
    concurrency: 6,
    perDomain: 3,
    answer: async (job) => {
      if (job.recipients[0]?.address.startsWith('stuck')) await forever.promise;
      return { kind: 'delivered' };
    },
  });
  for (let nth = 0; nth < 12; nth++) await submit(office, { to: [`stuck${nth}@d${nth % 3}.test`] });
  await begunJobs(office, 5);
  const other = { kind: 'key', account: 'key_2' } as const;
  await settled(await submit(office, { to: ['bob@d0.test'] }, other));
  await settled(await submit(office, { to: ['bob@b.test'] }, other));
  assert.equal(outside.sent.filter(({ job }) => job.recipients[0]?.address.startsWith('stuck')).length, 5);
  forever.resolve();
});

test('cancelling ends what has not begun; what is under way goes on', async (t) => {
  const go = Promise.withResolvers<void>();
  const { office, outside, settled, kinds } = await open(t, {
    concurrency: 2,
    perDomain: 1,
    answer: async () => {
      await go.promise;
      return { kind: 'delivered' };
    },
  });
  const id = await submit(office, { to: ['a@b.test', 'b@b.test'] });
  await begunJobs(office, 1);
  assert.equal(await office.outbound.cancel(id), 1);
  go.resolve();
  const view = await settled(id);
  assert.deepEqual(
    view.recipients.map(({ state }) => state),
    ['delivered', 'cancelled'],
  );
  assert.deepEqual(await kinds(id), ['accepted', 'cancelled', 'delivered']);
  assert.equal(outside.sent.length, 1);
  assert.equal(await office.outbound.cancel(id), 0);
});

test('an operator’s "now" does not wait for the gap', async (t) => {
  const { office, timers, settled } = await open(t, {
    answer: (_job, _context, nth) => ({ kind: nth === 0 ? 'deferred' : 'delivered' }),
  });
  const id = await submit(office);
  await office.events.waitFor({ subject: id, types: ['email.deferred'], signal: patience() });
  assert.partialDeepStrictEqual((await office.outbound.message(id))?.recipients, [
    { state: 'delayed', nextTryAtMs: t0 + minute },
  ]);
  assert.equal(await office.outbound.retryNow(id), 1);
  await settled(id);
  assert.ok(timers.nowMs() - t0 < minute);
});

test('a wall clock that is set back or forward ends no delivery twice and loses none', async (t) => {
  const { office, outside, timers, settled, kinds } = await open(t, {
    answer: (_job, _context, nth) => {
      if (nth === 0) timers.setWall(t0 - 2 * 60 * minute);
      return { kind: nth < 2 ? 'deferred' : 'delivered' };
    },
  });
  const id = await submit(office);
  await settled(id);
  assert.deepEqual(await kinds(id), ['accepted', 'deferred', 'deferred', 'delivered']);
  assert.equal(outside.sent.length, 3);
});

const never = new Promise<never>(() => {});

const silentBehindTheDot: NonNullable<PostOfficeOptions['answer']> = async (_job, context) => {
  await context.beforeFinalDot();
  return never;
};

/** An office begins one job more, and is gone. */
async function dieInMidAttempt(office: PostOffice): Promise<void> {
  const { timers } = office;
  assert.ok('flowUntil' in timers);
  const mortal = office.again();
  await mortal.start();
  const begun = begunJobs(office, office.outside.sent.length + 1);
  await (timers as FlowingTime).flowUntil(begun);
  office.kill(mortal);
}

async function begunJobs(office: PostOffice, count: number): Promise<void> {
  const signal = patience();
  while (office.outside.sent.length < count && !signal.aborted) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!signal.aborted, `${office.outside.sent.length} jobs have begun`);
  // the mark before the dot is a write of its own
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
