/** RFC 3461 from a submitter's side: what he asked to be told he is told, once, and nothing else. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  eventsOf,
  letterText,
  login,
  mailbox,
  minute,
  type PostOfficeOptions,
  patience,
  postOffice,
  type RawWish,
  rawRequest,
  receive,
  storedMail,
  submit,
} from '../../../test/support/post-office.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { fieldText, indexMessage } from '../../format/message/message-index.ts';
import { partContent, partTree } from '../../format/message/part-tree.ts';
import type { DsnOccasion, RecipientWishes } from '../../protocol/dsn/dsn-wishes.ts';
import { readDsn } from '../../protocol/dsn/read-dsn.ts';
import { type DsnRecipient, writeDsn } from '../../protocol/dsn/write-dsn.ts';
import type { MessageId, RawRequest } from './types.ts';

const t0 = Date.UTC(2027, 0, 1);
const hour = 60 * minute;
const via = { host: 'mx.b.test', address: '192.0.2.25', port: 25, localAddress: '192.0.2.1', why: '', reused: false };
const bob = 'bob@b.test';

type Wish = RawWish & { readonly asks?: readonly RecipientWishes[] };

async function open(t: TestContext, options: Omit<PostOfficeOptions, 'timers'> = {}) {
  const timers = flowingTime(t0);
  const office = await postOffice(t, { start: true, ...options, timers });
  const ask = async ({ asks = [], ...wish }: Wish): Promise<MessageId> => {
    const plain = await rawRequest(office, wish);
    const recipients = plain.recipients.map((one, nth) => ({ ...one, wishes: asks[nth] ?? {} }));
    const request: RawRequest = { ...plain, recipients };
    const accepted = await office.outbound.submitWhole(login, request);
    assert.ok(accepted.ok);
    return accepted.value.id;
  };
  /** Until nothing is under way, notifications included. */
  const emptied = () =>
    timers.flowUntil(
      (async () => {
        for (const signal = patience(); ; ) {
          const after = await office.db.read((reader) => office.events.lastSequence(reader));
          if ((await office.outbound.counts()).open === 0) return;
          assert.ok(await office.events.waitFor({ after, signal }));
        }
      })(),
    );
  /** What our postmaster told senders: subject, and of each recipient what and how. */
  const news = async () =>
    (await storedMail(office)).map(({ text, mail }) => {
      assert.equal(mail.envelopeFrom, '');
      const told = readDsn(fromLatin1(text));
      return [
        mail.subject,
        ...(told?.recipients.map((one) => [one.finalRecipient, one.action, one.status].join(' ')) ?? []),
      ];
    });
  return { office, timers, ask, emptied, news };
}

const notify = (...occasions: DsnOccasion[]): RecipientWishes => ({ notify: occasions });

test('RFC 3461 §4.1: a failure is told unless NOTIFY says otherwise; the event is there anyway', async (t) => {
  const { office, ask, emptied, news } = await open(t, { answer: () => ({ kind: 'refused' }) });
  const to = ['a@b.test', 'c@b.test', 'd@b.test', 'e@b.test'];
  const id = await ask({ to, asks: [notify(), notify('success', 'delay'), notify('failure'), {}] });
  await emptied();
  assert.deepEqual(await news(), [['Undelivered mail', 'd@b.test failed 5.1.1', 'e@b.test failed 5.1.1']]);
  assert.equal((await eventsOf(office, id)).filter(({ type }) => type === 'email.bounced').length, 4);
  await ask({ to: [bob], asks: [notify()] });
  await emptied();
  assert.equal((await news()).length, 1);
});

test('RFC 3461 §5.2.1: the next hop hears what was asked, and of a login’s recipients who they were', async (t) => {
  const { office, ask, emptied } = await open(t);
  const original = { type: 'x400', address: '/G=bob/' };
  const asks = [{ notify: ['success'], originalRecipient: original } as const, {}];
  await ask({ to: [bob, 'eve@b.test'], asks, wishes: { ret: 'hdrs', envelopeId: 'Q 1' } });
  await submit(office);
  await emptied();
  const [asked, ofApi] = office.outside.sent.map(({ job }) => [
    job.wishes,
    ...job.recipients.map(({ wishes }) => wishes),
  ]);
  assert.deepEqual(asked, [
    { ret: 'hdrs', envelopeId: 'Q 1' },
    { notify: ['success'], originalRecipient: original },
    { originalRecipient: { type: 'rfc822', address: 'eve@b.test' } },
  ]);
  assert.deepEqual(ofApi, [{}, {}], 'mail through the API ends in events');
});

test('RFC 3461 §5.2.2: success is told by us where the next hop does not know DSN, and by it where it does', async (t) => {
  const { office, ask, emptied, news } = await open(t, {
    answer: ({ domain: name }) => ({
      kind: 'delivered',
      via: { ...via, ...(name === 'dsn.test' ? { dsn: true } : {}) },
    }),
  });
  const originalRecipient = { type: 'rfc822', address: 'Old.Bob@b.test' };
  const asks = [{ ...notify('success'), originalRecipient }, notify('success'), notify('failure')];
  await ask({ to: [bob, 'eve@dsn.test', 'mal@c.test'], asks, wishes: { envelopeId: 'QQ=1', ret: 'full' } });
  await emptied();
  assert.deepEqual(await news(), [['Relayed mail', 'bob@b.test relayed 2.0.0']]);
  const [told] = await storedMail(office);
  const report = readDsn(fromLatin1(told?.text ?? ''));
  assert.equal(report?.envelopeId, 'QQ=1');
  assert.equal(report?.recipients[0]?.originalRecipient, 'Old.Bob@b.test');
  assert.doesNotMatch(told?.text ?? '', /Hello Bob/, 'RFC 3461 §4.3: what did not fail is never returned whole');
});

test('RFC 3461 §4.1: success in a mailbox of our own is delivered', async (t) => {
  const { ask, emptied, office } = await open(t);
  await office.directory.addMailbox({ local: 'ben', domain: domain('example.com') });
  await ask({ to: ['ben@example.com', 'ada@example.com'], asks: [notify('success'), notify('failure')] });
  await emptied();
  const told = (await storedMail(office)).filter(({ mail }) => mail.subject === 'Delivered mail');
  assert.deepEqual(
    told.map(({ text }) => readDsn(fromLatin1(text))?.recipients.map((one) => [one.finalRecipient, one.action])),
    [[['ben@example.com', 'delivered']]],
  );
});

test('DELAY: a try and a notice after four hours, one for the message, with the time that is left', async (t) => {
  let taken = false;
  const { office, timers, ask, emptied, news } = await open(t, {
    retry: { backoff: { delaysMs: [hour, 6 * hour], jitter: 0 }, giveUpAfterMs: 120 * hour },
    answer: () => ({ kind: taken ? 'delivered' : 'deferred' }),
  });
  const asked = await ask({ to: [bob, 'eve@c.test'], asks: [notify('delay'), notify('delay')] });
  const silent = await ask({ to: ['mal@d.test'], text: letterText.replace('<1@', '<2@') });
  /** Puts the clock forward, and waits for the nth try of all three. */
  const tried = async (nth: number, atHour: number) => {
    timers.setWall(t0 + atHour * hour);
    const rows = async () => [...(await deliveriesOf(office, asked)), ...(await deliveriesOf(office, silent))];
    const wait = async () => {
      for (const signal = patience(); ; ) {
        const after = await office.db.read((reader) => office.events.lastSequence(reader));
        if ((await rows()).every(({ tries }) => tries >= nth)) return;
        assert.ok(await office.events.waitFor({ after, signal }));
      }
    };
    await timers.flowUntil(wait());
    return (await rows()).map(({ due_at_ms }) => Math.round(((due_at_ms ?? t0) - t0) / hour));
  };
  assert.deepEqual(await tried(1, 0), [1, 1, 1]);
  assert.deepEqual(await tried(2, 1), [4, 4, 7], 'an extra try for the sake of the notice');
  assert.deepEqual(await news(), []);
  assert.deepEqual((await tried(3, 7)).slice(2), [13]);
  await timers.flowUntil(office.events.waitFor({ types: ['email.received'], signal: patience() }));
  const [told, ...more] = await news();
  assert.deepEqual(more, []);
  assert.match(String(told), /^Delayed mail,(bob@b|eve@c)\.test delayed 4\.2\.1$/);
  const [{ text } = { text: '' }] = await storedMail(office);
  assert.match(text, /^Will-Retry-Until: Wed, 6 Jan 2027 00:00:00 \+0000\r$/m);
  assert.match(text, /^Auto-Submitted: auto-replied\r$/m);
  assert.deepEqual((await tried(4, 14)).length, 3);
  taken = true;
  timers.setWall(t0 + 24 * hour);
  await emptied();
  assert.equal((await news()).length, 1);
  for (const id of [asked, silent])
    assert.ok((await deliveriesOf(office, id)).every(({ state }) => state === 'delivered'));
});

/** The type of the part that is returned, and what it holds. */
function returned(text: string): readonly [string, string] {
  const index = indexMessage(fromLatin1(text));
  const part = partTree(index).root.parts[2];
  assert.ok(part);
  return [part.contentType.value, latin1(partContent(index, part))];
}

test('RFC 3461 §4.3: RET=FULL returns the message, if it is not too large and can travel', async (t) => {
  const { office, ask, emptied } = await open(t, { answer: () => ({ kind: 'refused' }), sizeMaxBytes: 5_000_000 });
  const letter = (nth: number, body: string) => letterText.replace('<1@', `<${nth}@`).replace('Hello Bob', body);
  await ask({ text: letter(1, 'Hello again'), wishes: { ret: 'full' } });
  await ask({ text: letter(2, 'Hello again'), wishes: { ret: 'hdrs' } });
  await ask({ text: letter(3, 'Hello again\r\n'.repeat(100_000)), wishes: { ret: 'full' } });
  await ask({ text: letter(4, 'Gr\xc3\xbc\xc3\x9fe'), wishes: { ret: 'full' } });
  await emptied();
  const parts = new Map(
    (await storedMail(office)).map(({ text }) => {
      const [type, content] = returned(text);
      return [fieldText(indexMessage(fromLatin1(content)), 'message-id'), { type, content }];
    }),
  );
  const typeOf = (nth: number) => parts.get(`<${nth}@example.com>`)?.type;
  assert.deepEqual([1, 2, 3, 4].map(typeOf), [
    'message/rfc822',
    'text/rfc822-headers',
    'text/rfc822-headers',
    'message/rfc822',
  ]);
  assert.match(parts.get('<1@example.com>')?.content ?? '', /^DKIM-Signature:[^\0]*\r\n\r\nHello again\r\n/);
});

test('nobody is told of mail from the null sender or through the API, whatever it asks', async (t) => {
  const { ask, emptied, news } = await open(t, { answer: () => ({ kind: 'refused' }) });
  await ask({ from: '', asks: [notify('success', 'failure', 'delay')], wishes: { ret: 'full' } });
  await ask({ grouping: 'per-recipient', asks: [notify('failure')] });
  await emptied();
  assert.deepEqual(await news(), []);
});

function notification(about: readonly Partial<DsnRecipient>[]): Uint8Array {
  return writeDsn({
    reportingMta: domain('mx.b.test'),
    from: { local: 'mailer-daemon', domain: domain('b.test') },
    to: mailbox('ada@example.com'),
    messageId: '<1@mx.b.test>',
    dateMs: t0,
    arrivedMs: t0,
    boundary: 'part-1',
    recipients: about.map((one) => ({
      finalRecipient: bob,
      action: 'delivered',
      status: '2.0.0',
      say: 'fine',
      ...one,
    })),
    subject: 'News',
    originalHeader: fromLatin1('Subject: hello\r\n'),
  });
}

test('news from further on, which was asked for, becomes one of ours, once', async (t) => {
  const { office, ask, emptied, news } = await open(t, {
    answer: () => ({ kind: 'delivered', via: { ...via, dsn: true } }),
  });
  const original = { type: 'rfc822', address: 'B.O.B@b.test' };
  const id = await ask({
    to: [bob, 'eve@b.test'],
    asks: [{ ...notify('success', 'delay'), originalRecipient: original }, {}],
  });
  await emptied();
  const path = (await deliveriesOf(office, id))[0]?.return_path ?? '';
  const come = async (text: Uint8Array) =>
    assert.equal((await receive(office, { from: '', to: [path], text })).reply.code, 250);
  const elsewhere = { finalRecipient: 'robert@z.test', originalRecipient: 'b.o.b@b.test' };
  for (let nth = 0; nth < 2; nth++) {
    await come(notification([{ ...elsewhere, action: 'delayed', status: '4.4.1' }, { finalRecipient: 'eve@b.test' }]));
    await come(notification([elsewhere]));
  }
  await emptied();
  const ours = (await news()).filter(([subject]) => subject !== 'News');
  assert.deepEqual(ours, [
    ['Delayed mail', 'bob@b.test delayed 4.4.1'],
    ['Delivered mail', 'bob@b.test delivered 2.0.0'],
  ]);
  assert.deepEqual(
    (await deliveriesOf(office, id)).map(({ state }) => state),
    ['delivered', 'delivered'],
  );
});

test('RFC 3461 §4.1: news from further on that was declined reaches nobody; where nothing was said it goes the way of any mail', async (t) => {
  const { office, ask, emptied } = await open(t);
  for (const [notice, asks] of [
    [0, [notify()]],
    [1, [{}]],
  ] as const) {
    const id = await ask({ asks, text: letterText.replace('<1@', `<${notice}@`) });
    await emptied();
    const path = (await deliveriesOf(office, id))[0]?.return_path ?? '';
    const text = notification([{ action: 'delayed', status: '4.4.1' }]);
    assert.equal((await receive(office, { from: '', to: [path], text })).reply.code, 250);
    await emptied();
    assert.equal((await storedMail(office)).length, notice);
  }
});

test('a bounce from further on ends the delivery, and is told only to who wants to hear of it', async (t) => {
  const { office, ask, emptied, news } = await open(t);
  const list = { originalRecipient: { type: 'rfc822', address: 'list@example.com' } };
  const to = ['a@b.test', 'c@b.test', 'd@b.test'];
  const id = await ask({ to, asks: [{ ...list, ...notify() }, list, list] });
  await emptied();
  const path = (await deliveriesOf(office, id))[0]?.return_path ?? '';
  const failed = { originalRecipient: 'list@example.com', action: 'failed', status: '5.1.1' } as const;
  const text = notification([
    { ...failed, finalRecipient: 'a@b.test' },
    { ...failed, finalRecipient: 'c@b.test' },
  ]);
  assert.equal((await receive(office, { from: '', to: [path], text })).reply.code, 250);
  await emptied();
  assert.deepEqual(await news(), [['Undelivered mail', 'c@b.test failed 5.1.1']]);
  assert.deepEqual(
    (await deliveriesOf(office, id)).map(({ state }) => state),
    ['bounced', 'bounced', 'delivered'],
  );
});
