/** Mail to our return paths that is no bounce: it reaches the envelope sender whose address they stand in for. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  letterText,
  mailbox,
  type PostOffice,
  type PostOfficeOptions,
  patience,
  postOffice,
  receive,
  relay,
  storedMail,
  submitRaw,
} from '../../../test/support/post-office.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { fieldsNamed, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { writeDsn } from '../../protocol/dsn/write-dsn.ts';

const t0 = Date.UTC(2027, 0, 1);
const away =
  'From: bob@b.test\r\nTo: ada@example.com\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nuntil Monday\r\n';

function notice(action: 'delayed' | 'delivered' | 'relayed'): string {
  const bytes = writeDsn({
    reportingMta: domain('mx.b.test'),
    from: { local: 'mailer-daemon', domain: domain('b.test') },
    to: mailbox('ada@example.com'),
    messageId: '<1@mx.b.test>',
    dateMs: t0,
    arrivedMs: t0,
    boundary: 'part-1',
    recipients: [{ finalRecipient: 'bob@b.test', action, status: action === 'delayed' ? '4.4.1' : '2.0.0', say: 'so' }],
    subject: 'News of your mail',
    originalHeader: fromLatin1('Subject: hello\r\n'),
  });
  return latin1(bytes);
}

async function open(t: TestContext, options: PostOfficeOptions = {}) {
  const timers = flowingTime(t0);
  const office = await postOffice(t, { start: true, ...options, timers });
  /** Mail with our author and this envelope sender, delivered; its return path. */
  const sentBy = async (from: string, sender = relay) => {
    const id = await submitRaw(office, { from }, sender);
    assert.ok((await timers.flowUntil(office.outbound.settled(id, patience())))?.settled);
    return (await deliveriesOf(office, id))[0]?.return_path ?? '';
  };
  const write = (to: string, text: string, from = '') => receive(office, { from, to: [to], text });
  return { office, timers, sentBy, write };
}

/** The passed-on message when it has its end. */
async function passedOn({ outbound }: PostOffice, timers: ReturnType<typeof flowingTime>) {
  const message = (await outbound.messages({ limit: 9, account: 'office' })).at(-1);
  assert.ok(message);
  const settled = await timers.flowUntil(outbound.settled(message.id, patience()));
  assert.ok(settled?.settled);
  return settled;
}

test('vacation replies, delay and success notices reach the mailbox of the original envelope sender', async (t) => {
  const { office, sentBy, write } = await open(t);
  const path = await sentBy('ada@example.com');
  const texts = [away, notice('delayed'), notice('delivered'), notice('relayed')];
  for (const text of texts) assert.equal((await write(path, text)).reply.code, 250);
  const stored = await storedMail(office);
  assert.equal(stored.length, texts.length);
  for (const { mail, text } of stored) {
    assert.partialDeepStrictEqual(mail, { folder: 'INBOX', recipient: 'ada@example.com', verdicts: { dmarc: 'none' } });
    const index = indexMessage(fromLatin1(text));
    assert.equal(fieldText(index, 'delivered-to'), 'ada@example.com');
    assert.equal(fieldsNamed(index, 'delivered-to').length, 1);
    assert.match(fieldText(index, 'received') ?? '', /for <b\+\S+@bounce\.example\.com>/);
  }
  assert.equal(office.outside.sent.length, 1, 'nothing leaves but the first message');
});

test('for a sender whose mail is received elsewhere it goes on as it came, from nobody, before we say 250', async (t) => {
  const { office, timers, sentBy, write } = await open(t);
  const path = await sentBy('eve@elsewhere.test');
  for (const from of ['', 'bob@b.test']) {
    assert.equal((await write(path, away, from)).reply.code, 250);
    const [message] = await office.outbound.messages({ limit: 1 });
    assert.partialDeepStrictEqual(message, { mailFrom: '', recipients: [{ address: 'eve@elsewhere.test' }] });
    await passedOn(office, timers);
    const sent = office.outside.sent.at(-1);
    assert.partialDeepStrictEqual(sent?.job, { mailFrom: '', recipients: [{ address: 'eve@elsewhere.test' }] });
    assert.ok(sent?.text.endsWith(`\r\n${away}`));
    const index = indexMessage(fromLatin1(sent?.text ?? ''));
    assert.equal(index.fields[0]?.name, 'received');
    assert.equal(fieldsNamed(index, 'dkim-signature').length, 0);
  }
  assert.deepEqual(await storedMail(office), []);
});

test('what cannot be passed on is told to the postmaster, never to the null sender', async (t) => {
  const { office, timers, sentBy, write } = await open(t, {
    answer: (job) => ({ kind: job.domain === 'elsewhere.test' ? 'refused' : 'delivered' }),
  });
  await write(await sentBy('eve@elsewhere.test'), away);
  assert.equal((await passedOn(office, timers)).recipients[0]?.state, 'bounced');
  const found = office.events.waitFor({
    types: ['email.received'],
    match: ({ data }) => JSON.stringify(data).includes('postmaster@mx.example.com'),
    signal: patience(),
  });
  assert.ok(await timers.flowUntil(found));
  assert.deepEqual(
    (await storedMail(office)).map(({ mail }) => mail.subject),
    ['Undelivered mail'],
  );
});

test('a forgery is kept by the operator, not passed on; without a mailbox of the sender so is everything', async (t) => {
  const { office, sentBy, write } = await open(t, {
    zone: '_dmarc.b.test TXT "v=DMARC1; p=reject"\nb.test TXT "v=spf1 -all"',
  });
  await write(await sentBy('eve@elsewhere.test'), away);
  await write(await sentBy('nobody@example.com'), away);
  await write(await sentBy('root@mx.example.com'), away);
  const operator = await office.directory.operatorMailbox();
  const stored = await storedMail(office);
  assert.equal(stored.length, 3);
  for (const { mail } of stored)
    assert.partialDeepStrictEqual(mail, { mailbox: operator.id, verdicts: { author: 'unauthenticated' } });
  assert.equal(office.outside.sent.length, 3, 'the three first messages');
});

test('RFC 5321 §6.3: what goes round in circles is not passed on', async (t) => {
  const { office, sentBy, write } = await open(t);
  const path = await sentBy('eve@elsewhere.test');
  const answer = await write(path, `${'Received: by x.test; now\r\n'.repeat(101)}${letterText}`);
  assert.partialDeepStrictEqual(answer.reply, { code: 550, enhanced: '5.4.6' });
  assert.equal((await office.outbound.messages({ limit: 9 })).length, 1);
});
