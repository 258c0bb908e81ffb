/** Streams, the score of a message before it leaves, and what is told of one that is not good enough. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, type HttpOffice, httpOffice } from '../../../test/support/http-office.ts';
import { accept } from '../../base/outcome.ts';
import type { AskWeb } from '../../base/port/web.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';

const hello = {
  from: 'Ann <ann@example.com>',
  to: 'bob@example.net',
  subject: 'The plan for next week',
  text: 'It works, as you can read here.',
};
const spf = (domain: string) => `${domain}. TXT "v=spf1 ip4:192.0.2.25 -all"\n`;
const host = 'mx.example.com. A 192.0.2.25\n25.2.0.192.in-addr.arpa. PTR mx.example.com.\n';
const dmarc = '_dmarc.example.com. TXT "v=DMARC1; p=reject; rua=mailto:a@example.com"\n';

/** With the records of its own keys where `signed`. */
async function officeWith(t: TestContext, zone: string, signed = true): Promise<HttpOffice> {
  const keys = { text: '' };
  const office = await httpOffice(t, { resolver: laterZone(() => `${zone}${keys.text}`) });
  if (signed) {
    const all = await office.directory.keysOf('example.com' as never);
    keys.text = all
      .map(({ selector, publicRecord }) => `${selector}._domainkey.example.com. TXT ${quoted(publicRecord)}\n`)
      .join('');
  }
  return office;
}

function laterZone(text: () => string): ReturnType<typeof resolverFromZone> {
  let resolver: ReturnType<typeof resolverFromZone> | undefined;
  return {
    lookup: (name, type, options) => {
      resolver ??= resolverFromZone(text());
      return resolver.lookup(name, type, options);
    },
  };
}

function quoted(text: string): string {
  return (text.match(/.{1,250}/g) ?? []).map((piece) => `"${piece}"`).join(' ');
}

const good = `${spf('example.com')}${spf('bounce.example.com')}${host}${dmarc}`;

test('a message is scored as it would leave, and nothing of it is kept', async (t) => {
  const office = await officeWith(t, good);
  const key = await office.key(['send', 'read']);
  const { status, body } = await ask(office, 'POST /v1/emails/check', { key, json: hello });
  assert.equal(status, 200);
  assert.partialDeepStrictEqual(body, { score: 10, band: { name: 'perfect' }, deductions: [], filters: [] });
  assert.deepEqual(
    [
      body.authentication.spf.result,
      body.authentication.dkim.map((one: { result: string }) => one.result),
      body.authentication.dmarc.result,
    ],
    ['pass', ['pass', 'pass'], 'pass'],
  );
  assert.equal(body.authentication.spf.domain, 'bounce.example.com');
  assert.deepEqual((await ask(office, 'GET /v1/emails', { key })).body.data, []);
  assert.deepEqual(office.received, []);
});

test('each lost point comes with its fix; a finished message is scored as well', async (t) => {
  const office = await officeWith(t, host, false);
  const key = await office.key(['send']);
  const { body } = await ask(office, 'POST /v1/emails/check', {
    key,
    json: { ...hello, text: undefined, html: '<a href="https://bit.ly/x">x</a>' },
  });
  assert.ok(body.score < 3, String(body.score));
  const checks = body.deductions.map(({ check }: { check: string }) => check);
  for (const check of ['SPF-01', 'MSG-04', 'MSG-08']) assert.ok(checks.includes(check), `${check} of ${checks}`);
  for (const { fix } of body.deductions) assert.ok(fix.set.length + fix.delete.length + (fix.steps?.length ?? 0) > 0);
  const message = 'From: ann@example.com\nTo: bob@example.net\nSubject: =?utf-8?b?***?=\n\nHello\n';
  const raw = await ask(office, 'POST /v1/emails/check/raw', {
    key,
    body: message,
    headers: { 'content-type': 'message/rfc822' },
  });
  assert.equal(raw.status, 200);
  assert.ok(
    raw.body.findings.some((one: { id: string; status: string }) => one.id === 'MSG-15' && one.status === 'fail'),
  );
  assert.ok(
    !raw.body.deductions.some((one: { check: string }) => one.check === 'MSG-01'),
    'Date and Message-ID are ours to add',
  );
});

test('the links of a message are followed when that is asked for, of a finished one, too', async (t) => {
  const asked: string[] = [];
  const askWeb: AskWeb = async (url) => {
    asked.push(url);
    return accept({ status: 404 });
  };
  const office = await httpOffice(t, { resolver: resolverFromZone(good), askWeb });
  const key = await office.key(['send']);
  const json = { ...hello, text: 'All about bread:\nhttps://shop.example/bread' };
  const linksOf = ({ body }: { readonly body: { findings: { id: string; status: string }[] } }) =>
    body.findings.find(({ id }) => id === 'MSG-19')?.status;
  assert.equal(linksOf(await ask(office, 'POST /v1/emails/check', { key, json })), 'unknown');
  assert.equal(asked.length, 0);
  assert.equal(linksOf(await ask(office, 'POST /v1/emails/check?follow_links=true', { key, json })), 'fail');
  assert.deepEqual(new Set(asked), new Set(['https://shop.example/bread']));
  const raw = await ask(office, 'POST /v1/emails/check/raw?follow_links=true', {
    key,
    body: 'From: ann@example.com\nTo: bob@example.net\nSubject: Hello\n\nCakes:\nhttps://shop.example/cake\n',
    headers: { 'content-type': 'message/rfc822' },
  });
  assert.equal(linksOf(raw), 'fail');
  assert.ok(asked.includes('https://shop.example/cake'));
  assert.equal((await ask(office, 'POST /v1/emails/check?follow_links=maybe', { key, json })).status, 400);
});

test('what may not be sent is not scored', async (t) => {
  const office = await officeWith(t, good);
  const key = await office.key(['send']);
  const stranger = await ask(office, 'POST /v1/emails/check', { key, json: { ...hello, from: 'a@example.org' } });
  assert.partialDeepStrictEqual(stranger, { status: 403, body: { code: 'domain_unknown' } });
  const nowhere = await ask(office, 'POST /v1/emails/check', { key, json: { ...hello, stream: 'news' } });
  assert.partialDeepStrictEqual(nowhere, {
    status: 422,
    body: { code: 'stream_unknown', errors: [{ pointer: '/stream' }] },
  });
});

test('a stream is set, seen, changed and removed', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  const set = await ask(office, 'PUT /v1/streams/news', { key, json: { kind: 'bulk', min_score: 8.5 } });
  const news = { object: 'stream', name: 'news', kind: 'bulk', min_score: 8.5, when_unscored: 'send' };
  assert.partialDeepStrictEqual(set, { status: 200, body: news });
  assert.match(set.body.created_at, /^20/);
  const changed = await ask(office, 'PUT /v1/streams/news', {
    key,
    json: { min_score: null, when_unscored: 'refuse' },
  });
  assert.partialDeepStrictEqual(changed.body, { kind: 'bulk', min_score: null, when_unscored: 'refuse' });
  const { body } = await ask(office, 'GET /v1/streams', { key });
  assert.deepEqual(
    body.data.map(({ name }: { name: string }) => name),
    ['default', 'news'],
  );
  assert.equal((await ask(office, 'DELETE /v1/streams/news', { key })).status, 204);
  assert.equal((await ask(office, 'GET /v1/streams/news', { key })).status, 404);
  assert.equal((await ask(office, 'DELETE /v1/streams/news', { key })).status, 404);
  assert.equal((await ask(office, 'PUT /v1/streams/News', { key, json: {} })).status, 404);
  for (const score of [-1, 10.1, 8.55])
    assert.equal(
      (await ask(office, 'PUT /v1/streams/a', { key, json: { min_score: score } })).status,
      422,
      String(score),
    );
});

test('a message below the lowest score of its stream is refused with all there is to mend', async (t) => {
  const office = await officeWith(t, host, false);
  const key = await office.key(['admin']);
  await ask(office, 'PUT /v1/streams/default', { key, json: { min_score: 8 } });
  const { status, body } = await ask(office, 'POST /v1/emails', { key, json: hello });
  assert.equal(status, 422);
  assert.equal(body.code, 'score_too_low');
  assert.match(body.detail, /^The message scores \d(\.\d)? of 10, and mail of the stream default needs 8\. /);
  assert.partialDeepStrictEqual(body.score, { stream: 'default', min_score: 8 });
  assert.ok(body.score.score < 8);
  assert.ok(body.score.deductions.length > 0);
  for (const one of body.score.deductions) assert.ok(one.points > 0 && one.fix.length > 0, JSON.stringify(one));
  assert.deepEqual((await ask(office, 'GET /v1/emails', { key })).body.data, []);
  // another stream has rules of its own
  await ask(office, 'PUT /v1/streams/tests', { key, json: {} });
  assert.equal((await ask(office, 'POST /v1/emails', { key, json: { ...hello, stream: 'tests' } })).status, 202);
});

test('a good message of such a stream goes out, and its event has the score', async (t) => {
  const office = await officeWith(t, good);
  const key = await office.key(['admin']);
  await ask(office, 'PUT /v1/streams/news', { key, json: { kind: 'bulk', min_score: 9 } });
  const headers = {
    'List-Unsubscribe': '<https://example.com/u/1>',
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
  const bulk = { ...hello, stream: 'news', headers, text: `${hello.text}\nUnsubscribe: https://example.com/u/1` };
  const { status, body } = await ask(office, 'POST /v1/emails?wait=settled', { key, json: bulk });
  assert.equal(status, 202, JSON.stringify(body));
  const events = await ask(office, `GET /v1/emails/${body.id}/events`, { key });
  assert.partialDeepStrictEqual(events.body.data[0], { type: 'email.accepted', data: { stream: 'news', score: 10 } });
  const poor = await ask(office, 'POST /v1/emails', { key, json: { ...hello, stream: 'news' } });
  assert.partialDeepStrictEqual(poor.body, { code: 'score_too_low', score: { stream: 'news', score: 8.5 } });
});
