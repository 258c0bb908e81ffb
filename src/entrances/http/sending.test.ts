import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, httpOffice } from '../../../test/support/http-office.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { patience } from '../../../test/support/post-office.ts';
import { Fault, refuse } from '../../base/outcome.ts';

const hello = { from: 'Ann <ann@example.com>', to: 'bob@example.net', subject: 'Hi', text: 'It works.' };

test('send and wait: the answer tells each recipient’s end in the receiver’s words', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const json = { ...hello, to: ['Bob <bob@example.net>', 'nobody@example.net'], tags: ['a'], metadata: { order: '7' } };
  const { status, headers, body } = await ask(office, 'POST /v1/emails?wait=settled', { key, json });
  assert.equal(status, 202);
  assert.equal(headers.get('location'), `/v1/emails/${body.id}`);
  assert.partialDeepStrictEqual(body, {
    object: 'email',
    from: 'ann@example.com',
    subject: 'Hi',
    settled: true,
    tags: ['a'],
    metadata: { order: '7' },
    recipients: [
      { address: 'bob@example.net', state: 'delivered', host: 'mx.example.net', reply: { code: 250 } },
      {
        address: 'nobody@example.net',
        state: 'bounced',
        host: 'mx.example.net',
        reply: { code: 550, enhanced: '5.1.1', text: 'No such user', stage: 'rcpt' },
      },
    ],
  });
});

test('every member reaches the message, and Bcc does not', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const json = {
    ...hello,
    cc: ['Cleo <cleo@example.net>'],
    bcc: 'dora@example.net',
    reply_to: 'answers@example.com',
    subject: 'Grüße',
    html: '<p>It <b>works</b>. <img src="cid:logo"></p>',
    headers: { 'X-Order': '1234', 'List-Id': '<a.example.com>' },
    attachments: [
      { filename: 'bill.pdf', content: Buffer.from('%PDF').toString('base64'), content_type: 'application/pdf' },
      { content_id: 'logo', content: Buffer.from('PNG').toString('base64'), content_type: 'image/png' },
    ],
  };
  const { body } = await ask(office, 'POST /v1/emails?wait=settled', { key, json });
  assert.deepEqual(
    body.recipients.map((each: { address: string }) => each.address),
    ['bob@example.net', 'cleo@example.net', 'dora@example.net'],
  );
  const [message = ''] = office.received;
  assert.match(message, /^From: Ann <ann@example.com>\r$/m);
  assert.match(message, /^To: bob@example.net\r$/m);
  assert.match(message, /^Cc: Cleo <cleo@example.net>\r$/m);
  assert.match(message, /^Reply-To: answers@example.com\r$/m);
  assert.match(message, /^Subject: =\?utf-8\?/im);
  assert.match(message, /^X-Order: 1234\r$/m);
  assert.match(message, /^Content-Disposition: attachment; filename=bill.pdf/m);
  assert.match(message, /^Content-Disposition: inline/m);
  assert.match(message, /^DKIM-Signature: /m);
  assert.ok(!office.received.some((each) => each.includes('dora@')));
});

test('the message can be followed: list, one, events, timeline, raw', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const sent = await ask(office, 'POST /v1/emails?wait=settled', { key, json: hello });
  const { id } = sent.body;
  const list = await ask(office, 'GET /v1/emails', { key });
  assert.deepEqual(list.body, { data: [sent.body], next_cursor: null });
  assert.deepEqual((await ask(office, `GET /v1/emails/${id}`, { key })).body, sent.body);
  const events = await ask(office, `GET /v1/emails/${id}/events?limit=1`, { key });
  assert.equal(events.body.data[0].type, 'email.accepted');
  const more = await ask(office, `GET /v1/emails/${id}/events?cursor=${events.body.next_cursor}`, { key });
  assert.equal(more.body.data[0].type, 'email.delivered');
  const timeline = await ask(office, `GET /v1/emails/${id}/timeline`, { key });
  const steps: string[] = timeline.body.data.map((each: { step: string }) => each.step);
  assert.deepEqual([steps[0], steps.at(-1)], ['accepted', 'settled']);
  const raw = await ask(office, `GET /v1/emails/${id}/raw`, { key });
  assert.equal(raw.headers.get('content-type'), 'message/rfc822');
  assert.match(raw.headers.get('content-disposition') ?? '', /^attachment/);
  assert.equal(raw.text, office.received[0]);
});

test('lists go page by page, newest first', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  for (const subject of ['1', '2', '3']) await ask(office, 'POST /v1/emails', { key, json: { ...hello, subject } });
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await ask(office, `GET /v1/emails?limit=2${cursor && `&cursor=${cursor}`}`, { key });
    seen.push(...page.body.data.map((each: { subject: string }) => each.subject));
    cursor = page.body.next_cursor;
  }
  assert.deepEqual(seen, ['3', '2', '1']);
});

test('a waiting answer ends with its time, and tells how things stand', async (t) => {
  const never = Promise.withResolvers<void>();
  const office = await httpOffice(t, { gate: () => never.promise });
  const key = await office.key(['send']);
  const { body, status } = await ask(office, 'POST /v1/emails?wait=settled&timeout=20ms', { key, json: hello });
  never.resolve();
  assert.equal(status, 202);
  assert.equal(body.settled, false);
  assert.equal(body.recipients[0].state, 'queued');
});

test('a wait asked for longer than a minute is a minute', async (t) => {
  const timers = createManualTimers();
  const never = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const gate = () => {
    reached.resolve();
    return never.promise;
  };
  const office = await httpOffice(t, { timers, gate });
  const key = await office.key(['send']);
  let over = false;
  const answer = ask(office, 'POST /v1/emails?wait=settled&timeout=10m', { key, json: hello }).finally(() => {
    over = true;
  });
  await reached.promise; // the message is accepted: from here on only the wait holds the answer back
  let seconds = 0;
  for (; !over && seconds < 200; seconds++) await timers.pass(1_000);
  assert.equal((await answer).body.settled, false);
  assert.ok(seconds >= 55 && seconds <= 90, `it took ${seconds} s`);
  never.resolve();
});

test('wait=delivered ends as soon as one recipient cannot get it any more', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const json = { ...hello, to: ['later@example.net', 'nobody@example.net'] };
  const { body } = await ask(office, 'POST /v1/emails?wait=delivered', { key, json });
  assert.equal(body.settled, false);
  assert.equal(body.recipients[1].state, 'bounced');
});

test('an Idempotency-Key makes two requests one message', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const headers = { 'idempotency-key': 'order 7' };
  const first = await ask(office, 'POST /v1/emails', { key, json: hello, headers });
  const again = await ask(office, 'POST /v1/emails?wait=settled', { key, json: hello, headers });
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.body.id, first.body.id);
  const other = await ask(office, 'POST /v1/emails', { key, json: { ...hello, subject: 'Other' }, headers });
  assert.equal(other.status, 409);
  assert.equal(other.body.code, 'idempotency_key_reused');
  const stranger = await ask(office, 'POST /v1/emails', { key: await office.key(['send']), json: hello, headers });
  assert.notEqual(stranger.body.id, first.body.id);
  for (const bad of ['x'.repeat(257), 'tab\there', 'sch\xf6n']) {
    const refused = await ask(office, 'POST /v1/emails', { key, json: hello, headers: { 'idempotency-key': bad } });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.errors[0].parameter, 'Idempotency-Key');
  }
});

test('two requests at once under one Idempotency-Key are one message', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const headers = { 'idempotency-key': 'k' };
  const both = await Promise.all([1, 2].map(() => ask(office, 'POST /v1/emails', { key, json: hello, headers })));
  assert.equal(both[0]?.body.id, both[1]?.body.id);
});

test('what outbound refuses is a problem with its words, its status, and the member it is about', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const cases = [
    [{ ...hello, from: 'ann@example.org' }, 403, 'domain_unknown', '/from'],
    [{ ...hello, to: undefined }, 422, 'no_recipients', '/to'],
    [{ ...hello, to: Array.from({ length: 101 }, (_, i) => `u${i}@example.net`) }, 422, 'too_many_recipients', '/to'],
  ] as const;
  for (const [json, status, code, pointer] of cases) {
    const refused = await ask(office, 'POST /v1/emails', { key, json });
    assert.partialDeepStrictEqual(refused.body, { status, code, type: `/problems/${code}`, errors: [{ pointer }] });
  }
  const restricted = await office.key(['send'], ['example.org']);
  assert.equal((await ask(office, 'POST /v1/emails', { key: restricted, json: hello })).body.code, 'from_not_allowed');
});

test('a full disk: 503, nothing accepted', async (t) => {
  const office = await httpOffice(t, { isDiskLow: () => true });
  const refused = await ask(office, 'POST /v1/emails', { key: await office.key(['send']), json: hello });
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, 'storage_full');
  assert.ok(refused.headers.get('retry-after'));
});

test('short of memory: 503 before the message is read; everything else goes on', async (t) => {
  const office = await httpOffice(t, { isMemoryShort: () => true });
  const key = await office.key(['send', 'read']);
  const refused = await ask(office, 'POST /v1/emails', { key, json: { no: 'message' } });
  assert.partialDeepStrictEqual(refused.body, { status: 503, code: 'busy' });
  assert.equal(refused.headers.get('retry-after'), '5');
  assert.equal((await ask(office, 'GET /v1/emails', { key })).status, 200);
});

test('too much being taken in: 503 busy, with the time to come again', async (t) => {
  const office = await httpOffice(t);
  const full = refuse('busy', 'Busy with other large messages; nothing was accepted.');
  t.mock.method(office.outbound, 'submit', () => Promise.resolve(full), { times: 1 });
  const key = await office.key(['send']);
  const refused = await ask(office, 'POST /v1/emails', { key, json: hello });
  assert.partialDeepStrictEqual(refused.body, { status: 503, code: 'busy', detail: full.say });
  assert.equal(refused.headers.get('retry-after'), '5');
});

test('faults of the store are 503, mistakes of ours 500; neither tells more than a request id', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const broken = [
    [new Fault('STORE_BUSY', 'secret words'), 503, 'unavailable'],
    [new Error('secret words'), 500, 'internal_error'],
  ] as const;
  for (const [error, status, code] of broken) {
    t.mock.method(office.outbound, 'submit', () => Promise.reject(error), { times: 1 });
    const heard = await ask(office, 'POST /v1/emails', { key, json: hello });
    assert.partialDeepStrictEqual(heard.body, { status, code });
    assert.ok(!heard.text.includes('secret'));
    const logged = office.signals.find(({ fields }) => fields.request_id === heard.body.request_id);
    assert.match(String(logged?.fields.error), /secret words/);
  }
});

test('cancel and retry: of delayed mail; else they say why not', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const json = { ...hello, to: 'later@example.net' };
  const { body: sent } = await ask(office, 'POST /v1/emails?wait=settled&timeout=1ms', { key, json });
  const wait = { subject: sent.id, signal: patience() };
  assert.ok(await office.events.waitFor({ ...wait, types: ['email.deferred'] }));
  const before = await ask(office, `GET /v1/emails/${sent.id}`, { key });
  assert.equal(before.body.recipients[0].state, 'delayed');
  assert.ok(before.body.recipients[0].next_try_at);
  assert.equal((await ask(office, 'GET /v1/emails?open=true', { key })).body.data.length, 1);
  const retried = await ask(office, `POST /v1/emails/${sent.id}/retry`, { key });
  assert.equal(retried.status, 200);
  assert.ok(await office.events.waitFor({ ...wait, match: ({ data }) => 'tries' in data && data.tries === 2 }));
  const cancelled = await ask(office, `POST /v1/emails/${sent.id}/cancel`, { key });
  assert.equal(cancelled.body.recipients[0].state, 'cancelled');
  assert.equal((await ask(office, `POST /v1/emails/${sent.id}/cancel`, { key })).body.code, 'too_late');
  assert.equal((await ask(office, `POST /v1/emails/${sent.id}/retry`, { key })).body.code, 'nothing_to_retry');
});

test('a key sees its own messages; read sees all; only admin changes what others sent', async (t) => {
  const office = await httpOffice(t);
  const mine = await office.key(['send']);
  const { body: sent } = await ask(office, 'POST /v1/emails', {
    key: mine,
    json: { ...hello, to: 'later@example.net' },
  });
  const sees = async (key: string) => [
    (await ask(office, `GET /v1/emails/${sent.id}`, { key })).status,
    (await ask(office, `GET /v1/emails/${sent.id}/raw`, { key })).status,
    (await ask(office, 'GET /v1/emails', { key })).body.data.length,
  ];
  assert.deepEqual(await sees(mine), [200, 200, 1]);
  assert.deepEqual(await sees(await office.key(['send'])), [404, 404, 0]);
  assert.deepEqual(await sees(await office.key(['read'])), [200, 200, 1]);
  assert.deepEqual(await sees(await office.key(['read'], ['example.com'])), [404, 404, 0]);
  assert.deepEqual(await sees(await office.key(['admin'])), [200, 200, 1]);
  const cancel = async (key: string) => (await ask(office, `POST /v1/emails/${sent.id}/cancel`, { key })).status;
  assert.equal(await cancel(await office.key(['send'])), 404);
  assert.equal(await cancel(await office.key(['read'])), 403);
  assert.equal(await cancel(await office.key(['read', 'send'])), 403);
  assert.equal(await cancel(await office.key(['admin'])), 200);
});

const whole =
  'From: Ann <ann@example.com>\nTo: bob@example.net\nBcc: dora@example.net\nSubject: Whole\n\nHello,\nBob.\n';
const asMessage = { 'content-type': 'message/rfc822' };

test('a whole message: envelope from its header, LF becomes CRLF, Bcc is removed', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const { body, status } = await ask(office, 'POST /v1/emails/raw?wait=settled', {
    key,
    body: whole,
    headers: asMessage,
  });
  assert.equal(status, 202);
  assert.partialDeepStrictEqual(body, { subject: 'Whole', mail_from: 'ann@example.com', settled: true });
  assert.deepEqual(
    body.recipients.map((each: { address: string }) => each.address),
    ['bob@example.net', 'dora@example.net'],
  );
  const [message = ''] = office.received;
  assert.match(message, /\r\n\r\nHello,\r\nBob.\r\n$/);
  assert.ok(!message.includes('dora@'));
});

test('a large whole message goes by the spool, and nothing of it stays there that is not stored', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const text = Array.from({ length: 40_000 }, (_, nth) => `line ${nth}`);
  const line = 'POST /v1/emails/raw?wait=settled';
  const send = (body: string) => ask(office, line, { key, body, headers: asMessage });
  assert.equal((await send(whole + text.join('\n'))).status, 202);
  assert.ok(office.received[0]?.endsWith(`\r\n\r\nHello,\r\nBob.\r\n${text.join('\r\n')}\r\n`));
  const torn = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(300_000)),
    pull: (controller) => controller.error(new Error('reset')),
  });
  for (const [body, code] of [
    [`${whole}${text.join('\n')}\ry`, 'message_malformed'],
    [whole + 'x'.repeat(31_000_000), 'body_too_large'],
    [torn, 'body_incomplete'],
  ] as const)
    assert.equal((await ask(office, line, { key, body, headers: asMessage })).body.code, code);
  assert.equal((await readdir(join(office.folder, 'spool'))).length, 1, 'the message as it was sent');
});

test('a whole message: the query names another envelope', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const line = 'POST /v1/emails/raw?from=bounces@example.com&to=x@example.net&to=y@example.net';
  const { body } = await ask(office, line, { key, body: whole, headers: asMessage });
  assert.equal(body.mail_from, 'bounces@example.com');
  assert.deepEqual(
    body.recipients.map((each: { address: string }) => each.address),
    ['x@example.net', 'y@example.net'],
  );
  const none = await ask(office, 'POST /v1/emails/raw?from=', { key, body: whole, headers: asMessage });
  assert.equal(none.body.mail_from, '');
});

test('a whole message that cannot be sent says why', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const cases: readonly (readonly [string, string, number, string])[] = [
    ['', 'To: bob@example.net\n\nx', 422, 'from_unclear'],
    ['', 'From: a@example.com\nFrom: b@example.com\nTo: bob@example.net\n\nx', 422, 'from_unclear'],
    ['', 'From: a@example.com\nTo: bob@\n\nx', 422, 'message_malformed'],
    ['', 'From: a@example.com\nTo: bob@example.net\n\nx\ry', 422, 'message_malformed'],
    ['', 'From: a@example.com\n\nx', 422, 'no_recipients'],
    ['', 'From: a@example.org\nTo: bob@example.net\n\nx', 403, 'domain_unknown'],
    ['?from=a@example.org', whole, 403, 'sender_not_allowed'],
    ['?to=nonsense', whole, 400, 'parameter_invalid'],
    ['?to=a%40example.net%0D%0ARCPT', whole, 400, 'parameter_invalid'],
  ];
  for (const [query, body, status, code] of cases) {
    const refused = await ask(office, `POST /v1/emails/raw${query}`, { key, body, headers: asMessage });
    assert.partialDeepStrictEqual(refused.body, { status, code }, body);
  }
  assert.deepEqual(office.received, []);
});
