/** Notifications that come back by mail: to whom they are about, what they change, who is told, and who cannot forge them. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  eventsOf,
  mailbox,
  minute,
  type PostOffice,
  type PostOfficeOptions,
  patience,
  postOffice,
  receive,
  storedMail,
  stranger,
  submit,
  submitRaw,
} from '../../../test/support/post-office.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import { readDsn } from '../../protocol/dsn/read-dsn.ts';
import { type DsnRecipient, writeDsn } from '../../protocol/dsn/write-dsn.ts';
import type { MessageId } from './types.ts';

const t0 = Date.UTC(2027, 0, 1);

function notification(about: readonly Partial<DsnRecipient>[], to = 'ada@example.com'): Uint8Array {
  return writeDsn({
    reportingMta: domain('mx.b.test'),
    from: { local: 'mailer-daemon', domain: domain('b.test') },
    to: mailbox(to),
    messageId: '<1@mx.b.test>',
    dateMs: t0,
    arrivedMs: t0,
    boundary: 'part-1',
    recipients: about.map((one) => ({
      finalRecipient: 'bob@b.test',
      action: 'failed',
      status: '5.1.1',
      say: 'sorry',
      remoteMta: 'mx.b.test',
      diagnostic: '550 5.1.1 gone',
      ...one,
    })),
    subject: 'Undelivered mail',
    originalHeader: fromLatin1('Subject: hello\r\n'),
  });
}

async function open(t: TestContext, options: Omit<PostOfficeOptions, 'timers'> = {}) {
  const timers = flowingTime(t0);
  const office = await postOffice(t, { start: true, ...options, timers });
  const settled = async (id: MessageId) => {
    const view = await timers.flowUntil(office.outbound.settled(id, patience()));
    assert.ok(view?.settled);
    return view;
  };
  const states = async (id: MessageId) => (await deliveriesOf(office, id)).map(({ state }) => state);
  /** The return path of the nth delivery. */
  const pathOf = async (id: MessageId, nth = 0) => (await deliveriesOf(office, id))[nth]?.return_path ?? '';
  const bounce = async (to: string, text: Uint8Array, from = '') =>
    (await receive(office, { from, to: [to], text })).reply.code;
  return { office, timers, settled, states, pathOf, bounce };
}

function admit(office: PostOffice, text: string) {
  return office.inbound.admit(stranger, undefined, { kind: 'mailbox', mailbox: mailbox(text), route: false });
}

test('a bounce of API mail: the delivery it names, its state, one event with the words, no mail to anybody', async (t) => {
  const { office, settled, states, pathOf, bounce } = await open(t);
  const id = await submit(office, { to: ['bob@b.test', 'eve@b.test'] });
  await settled(id);
  assert.equal(await bounce(await pathOf(id, 1), notification([{ finalRecipient: 'somebody-else@c.test' }])), 250);
  assert.deepEqual(
    await states(id),
    ['delivered', 'bounced'],
    'the path names it, whatever address forwarding made of it',
  );
  const event = (await eventsOf(office, id)).at(-1);
  assert.partialDeepStrictEqual(event, {
    type: 'email.bounced',
    data: { recipient: 'eve@b.test', enhanced: '5.1.1', reply: { text: '550 5.1.1 gone', stage: 'notification' } },
  });
  const view = await office.outbound.message(id);
  assert.match(view?.recipients[1]?.say ?? '', /Returned after it had been taken: 550 5\.1\.1 gone/);
  assert.equal(view?.recipients[1]?.host, 'mx.b.test');
  assert.deepEqual(await storedMail(office), []);
  assert.equal((await office.outbound.messages({ limit: 9 })).length, 1);
});

test('MAIL_RULES 3: a bounce of a login’s mail becomes a notification to its envelope sender', async (t) => {
  const { office, timers, settled, states, pathOf, bounce } = await open(t);
  const id = await submitRaw(office, { to: ['bob@b.test', 'eve@b.test', 'mal@c.test'] });
  await settled(id);
  const about = [{ finalRecipient: 'EVE@b.test' }, { finalRecipient: 'x@y.test', originalRecipient: 'mal@c.test' }];
  assert.equal(await bounce(await pathOf(id), notification(about)), 250);
  assert.deepEqual(await states(id), ['delivered', 'bounced', 'bounced']);
  await timers.flowUntil(
    office.events.waitFor({
      types: ['email.received'],
      match: ({ data }) => JSON.stringify(data).includes('"ada@example.com"'),
      signal: patience(),
    }),
  );
  const [told, ...others] = await storedMail(office);
  assert.deepEqual(others, []);
  assert.partialDeepStrictEqual(told?.mail, { recipient: 'ada@example.com', envelopeFrom: '' });
  assert.deepEqual(
    readDsn(fromLatin1(told?.text ?? ''))?.recipients.map((one) => [one.finalRecipient, one.status, one.diagnostic]),
    [
      ['eve@b.test', '5.1.1', '550 5.1.1 gone'],
      ['mal@c.test', '5.1.1', '550 5.1.1 gone'],
    ],
  );
});

test('a return path we did not sign is no mailbox: 550 5.1.1 at RCPT', async (t) => {
  const { office, settled, pathOf } = await open(t);
  const id = await submit(office);
  await settled(id);
  const path = await pathOf(id);
  const forged = [
    path.replace(/.@/, (end) => (end === 'x@' ? 'y@' : 'x@')),
    path.replace(/^b\+d./, 'b+dz'),
    'b+x@bounce.example.com',
    'ada@bounce.example.com',
  ];
  for (const address of forged) {
    const admission = await admit(office, address);
    assert.partialDeepStrictEqual(admission, { kind: 'refuse', reply: { code: 550, enhanced: '5.1.1' } }, address);
  }
  assert.equal((await admit(office, path)).kind, 'accept');
  assert.equal((await admit(office, path.toUpperCase())).kind, 'accept');
  // the host of a domain that is not proven, and of one that is not ours
  for (const host of ['bounce.example.org', 'bounce.elsewhere.test'])
    assert.partialDeepStrictEqual(await admit(office, path.replace('bounce.example.com', host)), {
      kind: 'refuse',
      reply: { code: 550, enhanced: '5.7.1' },
    });
});

test('a return path runs out thirty days after the queue would have given up', async (t) => {
  const { office, timers, settled, pathOf } = await open(t);
  const id = await submit(office);
  await settled(id);
  const path = await pathOf(id);
  const lifeMs = 30 * 86_400_000 + 40 * minute;
  timers.setWall(t0 + lifeMs);
  assert.equal((await admit(office, path)).kind, 'accept');
  timers.setWall(t0 + lifeMs + 1_000);
  assert.partialDeepStrictEqual(await admit(office, path), { kind: 'refuse', reply: { code: 550, enhanced: '5.1.1' } });
});

test('mail to a return path that is no notification of a failure lands with the operator, and changes nothing', async (t) => {
  const { office, settled, states, pathOf, bounce } = await open(t);
  const id = await submit(office);
  await settled(id);
  const path = await pathOf(id);
  const others = [
    fromLatin1(
      'From: bob@b.test\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\n550 5.1.1 until Monday\r\n',
    ),
    fromLatin1('no header at all'),
    notification([{ action: 'delayed', status: '4.4.1' }]),
    notification([{ action: 'delivered', status: '2.0.0' }]),
  ];
  for (const text of others) assert.equal(await bounce(path, text), 250);
  assert.deepEqual(await states(id), ['delivered']);
  const operator = await office.directory.operatorMailbox();
  const stored = await storedMail(office);
  assert.equal(stored.length, others.length);
  assert.ok(stored.every(({ mail }) => mail.mailbox === operator.id && mail.folder === 'INBOX'));
});

test('MAIL_RULES 16: a real notification is not refused for its From', async (t) => {
  const { office, settled, states, pathOf, bounce } = await open(t, {
    zone: '_dmarc.b.test TXT "v=DMARC1; p=reject"\nb.test TXT "v=spf1 -all"',
  });
  for (const from of ['From: MAILER-DAEMON', 'X-From: nobody', 'From: mailer-daemon@b.test']) {
    const id = await submit(office);
    await settled(id);
    const text = Buffer.from(notification([{}]))
      .toString('latin1')
      .replace(/^From: .*$/m, from);
    assert.equal(await bounce(await pathOf(id), fromLatin1(text)), 250, from);
    assert.deepEqual(await states(id), ['bounced'], from);
  }
});

test('the same bounce twice changes and tells nothing twice', async (t) => {
  const { office, settled, pathOf, bounce } = await open(t);
  const id = await submit(office);
  await settled(id);
  for (let nth = 0; nth < 2; nth++) assert.equal(await bounce(await pathOf(id), notification([{}])), 250);
  assert.equal((await eventsOf(office, id)).filter(({ type }) => type === 'email.bounced').length, 1);
  assert.deepEqual(await storedMail(office), []);
});

test('two notifications of one end at the same moment: one event, one message to the sender', async (t) => {
  const { office, timers, settled, pathOf, bounce } = await open(t);
  const id = await submitRaw(office);
  await settled(id);
  const to = await pathOf(id);
  const endless = notification([{ diagnostic: `550 ${'x '.repeat(400)}` }]);
  assert.deepEqual(await Promise.all([bounce(to, endless), bounce(to, endless)]), [250, 250]);
  const kinds = (await eventsOf(office, id)).map(({ type }) => type);
  assert.deepEqual(kinds, ['email.accepted', 'email.delivered', 'email.bounced']);
  await timers.flowUntil(office.outbound.stop());
  assert.equal((await office.outbound.messages({ limit: 9 })).length, 2);
});

test('a recipient who has the message cannot end the deliveries of others that have not left', async (t) => {
  const { office, settled, states, pathOf, bounce } = await open(t, {
    answer: (job, _context, nth) => ({ kind: job.domain === 'slow.test' && nth < 2 ? 'deferred' : 'delivered' }),
  });
  const id = await submitRaw(office, { to: ['mal@b.test', 'bob@slow.test'] });
  await office.events.waitFor({ subject: id, types: ['email.deferred'], signal: patience() });
  assert.equal(await bounce(await pathOf(id), notification([{ finalRecipient: 'bob@slow.test' }])), 250);
  assert.deepEqual(await states(id), ['delivered', 'delayed']);
  await settled(id);
  assert.deepEqual(await states(id), ['delivered', 'delivered']);
});

test('a bounce of what was sent without an answer ends the waiting for a second try', async (t) => {
  const { office, settled, states, pathOf, bounce } = await open(t, { answer: () => ({ kind: 'unsure' }) });
  const id = await submit(office);
  await office.events.waitFor({ subject: id, types: ['email.deferred'], signal: patience() });
  assert.equal(await bounce(await pathOf(id), notification([{}])), 250);
  assert.deepEqual(await states(id), ['bounced']);
  await settled(id);
  assert.equal(office.outside.sent.length, 1);
});

test('a bounce of a message we no longer know goes to the operator', async (t) => {
  const { office, pathOf, bounce, settled } = await open(t);
  const id = await submit(office);
  await settled(id);
  const path = await pathOf(id);
  await office.db.write((tx) => tx.run({ sql: 'DELETE FROM outbound_deliveries', parameters: [] }));
  await office.db.write((tx) => tx.run({ sql: 'DELETE FROM outbound_messages', parameters: [] }));
  assert.equal(await bounce(path, notification([{}])), 250);
  assert.equal((await storedMail(office)).length, 1);
});
