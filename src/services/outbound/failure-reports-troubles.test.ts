/** A notification that cannot be made must not keep its delivery from ending: the receiver would be asked the same for ever. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import { patience, postOffice, storedMail, submitRaw } from '../../../test/support/post-office.ts';
import { Bug, Fault } from '../../base/outcome.ts';
import { FailureReports } from './failure-reports.ts';

function refusing() {
  return { timers: flowingTime(Date.UTC(2026, 0, 1)), answer: () => ({ kind: 'refused' as const }) };
}

test('a key that cannot be opened: the sender is told without a signature', async (t) => {
  const options = refusing();
  const office = await postOffice(t, options);
  const id = await submitRaw(office);
  t.mock.method(office.directory, 'activeSigners', async () => {
    throw new Fault('SECRET_UNREADABLE', 'the key of this folder is another one');
  });
  await office.outbound.start();
  const view = await options.timers.flowUntil(office.outbound.settled(id, patience()));
  assert.equal(view?.recipients[0]?.state, 'bounced');
  assert.equal(office.outside.sent.length, 1);
  await options.timers.flowUntil(office.events.waitFor({ types: ['email.received'], signal: patience() }));
  const [told] = await storedMail(office);
  const [header = ''] = told?.text.split('\r\n\r\n') ?? [];
  assert.match(header, /^Subject: Undelivered mail/m);
  assert.doesNotMatch(header, /^DKIM-Signature/m);
});

test('MAIL_RULES 3: also an end in doubt is told to who cannot look for events', async (t) => {
  const timers = flowingTime(Date.UTC(2026, 0, 1));
  const office = await postOffice(t, { timers, answer: () => ({ kind: 'unsure' }), start: true });
  const id = await submitRaw(office);
  const view = await timers.flowUntil(office.outbound.settled(id, patience()));
  assert.equal(view?.recipients[0]?.state, 'unsure');
  await timers.flowUntil(office.events.waitFor({ types: ['email.received'], signal: patience() }));
  const [told] = await storedMail(office);
  assert.equal(told?.mail.recipient, 'ada@example.com');
  assert.match(told?.text ?? '', /bob@b\.test: failed\r\n {2}no answer after the final dot/);
});

test('news of a refusal says what its words mean and what to do, for the author’s own domain', async (t) => {
  const timers = flowingTime(Date.UTC(2026, 0, 1));
  const reply = { code: 550, enhanced: '5.7.23', text: 'SPF validation failed', stage: 'end-of-data' };
  const answer = () => ({ kind: 'refused' as const, enhanced: '5.7.23', reply, say: 'it was refused' });
  const office = await postOffice(t, { timers, answer, start: true });
  const id = await submitRaw(office);
  await timers.flowUntil(office.outbound.settled(id, patience()));
  await timers.flowUntil(office.events.waitFor({ types: ['email.received'], signal: patience() }));
  const text = (await storedMail(office))[0]?.text.replaceAll(/=\r\n/g, '') ?? '';
  assert.match(text, /bob@b\.test: failed\r\n {2}it was refused\r\n/);
  assert.match(text, /What it means: .*SPF.* does not name the server/);
  assert.match(text, /What to do: posthorn check example\.com /);
});

test('a mistake of ours in the notification is logged, and the delivery ends all the same', async (t) => {
  const options = refusing();
  const office = await postOffice(t, options);
  const id = await submitRaw(office);
  t.mock.method(FailureReports.prototype, 'prepare', async () => {
    throw new Bug('a field cannot be written');
  });
  await office.outbound.start();
  const view = await options.timers.flowUntil(office.outbound.settled(id, patience()));
  assert.equal(view?.recipients[0]?.state, 'bounced');
  assert.equal(office.outside.sent.length, 1);
  assert.ok(office.signals.some(({ level, name }) => level === 'error' && name === 'outbound.report_failed'));
});
