import assert from 'node:assert/strict';
import test from 'node:test';
import { login, postOffice, rawRequest, submit, submitRaw } from '../../../test/support/post-office.ts';
import type { StreamRecord } from '../directory/types.ts';
import { type Draft, decidePreflight, type PreflightScore } from './preflight.ts';

const stream = (change: Partial<StreamRecord>): StreamRecord => {
  return { name: 'news', kind: 'ordinary', whenUnscored: 'send', createdAtMs: 0, ...change };
};
const fault = (check: string, tenths: number) => ({ check, tenths, say: `Fault ${check}.`, steps: ['Mend it.'] });
const poor: PreflightScore = {
  tenths: 56,
  deductions: [fault('A-1', 24), fault('B-1', 12), fault('C-1', 5), fault('D-1', 3)],
};

test('a stream without a lowest score takes everything', () => {
  assert.equal(decidePreflight(stream({}), poor).ok, true);
  assert.equal(decidePreflight(stream({ whenUnscored: 'refuse' }), undefined).ok, true);
});

test('below the lowest score is refused with the dearest faults; at it is not', () => {
  assert.equal(decidePreflight(stream({ minScoreTenths: 56 }), poor).ok, true);
  assert.deepEqual(decidePreflight(stream({ minScoreTenths: 80 }), poor), {
    ok: false,
    code: 'score-too-low',
    stream: 'news',
    minTenths: 80,
    score: poor,
    say: 'The message scores 5.6 of 10, and mail of the stream news needs 8. A-1 -2.4: Fault A-1. B-1 -1.2: Fault B-1. C-1 -0.5: Fault C-1. And 1 more.',
  });
});

test('what could not be scored follows the wish of its stream', () => {
  assert.equal(decidePreflight(stream({ minScoreTenths: 80 }), undefined).ok, true);
  const refused = decidePreflight(stream({ minScoreTenths: 80, whenUnscored: 'refuse' }), undefined);
  assert.partialDeepStrictEqual(refused, { ok: false, code: 'score-too-low', score: undefined });
  assert.match(refused.ok ? '' : refused.say, /could not be scored in time/);
});

test('a login names the stream in the header, which is not sent; the scorer gets the message as it would leave', async (t) => {
  const drafts: Draft[] = [];
  const office = await postOffice(t, {
    preflight: async (draft) => {
      drafts.push(draft);
      return poor;
    },
  });
  await office.directory.streams.set('news', { kind: 'bulk', minScoreTenths: 50 });
  await office.directory.streams.set('strict', { minScoreTenths: 80 });
  const text = (name: string) =>
    `From: ada@example.com\r\nTo: bob@b.test\r\nSubject: Hi\r\nPosthorn-Stream: ${name}\r\n\r\nHello\r\n`;
  const send = async (name: string) =>
    office.outbound.submitWhole(login, await rawRequest(office, { text: text(name) }));
  const id = await submitRaw(office, { text: text('news') });
  const sent = (await office.outbound.raw(id)) ?? new Uint8Array();
  const [draft] = drafts;
  assert.equal(Buffer.from(draft?.message ?? '').toString(), Buffer.from(sent).toString());
  assert.doesNotMatch(Buffer.from(sent).toString(), /posthorn-stream/i);
  assert.partialDeepStrictEqual(draft, { domain: 'example.com', isBulk: true });
  assert.match(draft?.returnPath ?? '', /^b\+.*@bounce\.example\.com$/);
  assert.partialDeepStrictEqual(await send('strict'), { ok: false, code: 'score-too-low', score: poor });
  assert.partialDeepStrictEqual(await send('nowhere'), { ok: false, code: 'stream-unknown' });
});

test('without a scorer, or where it is too late, mail goes and the operator is told', async (t) => {
  const office = await postOffice(t);
  await office.directory.streams.set('default', { minScoreTenths: 80 });
  await submit(office, { to: ['bob@b.test'] });
  const told = office.signals.filter(({ name }) => name === 'outbound.not_scored');
  assert.partialDeepStrictEqual(told, [{ level: 'warn', fields: { stream: 'default' } }]);
});
