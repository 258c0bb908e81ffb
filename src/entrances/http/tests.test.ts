/** Test addresses through the API, and the pages that people see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, type HttpOffice, httpOffice } from '../../../test/support/http-office.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import { systemRandom } from '../../base/random.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { createScorer, MessageTests } from '../../services/advice/advice.ts';

const timers = createManualTimers(Date.UTC(2026, 10, 22));

/** A message comes to the address, as the MX takes it in. */
async function arrive(office: HttpOffice, token: string, header: string): Promise<void> {
  const tests = new MessageTests({ db: office.db, timers, random: systemRandom });
  const scorer = createScorer({ resolver: resolverFromZone(''), clock: timers });
  const message = fromLatin1(`${header}\r\n\r\n<b>hello</b>\r\n`);
  const session = { remoteAddress: '192.0.2.1', helo: 'mx.test', mailFrom: 'a@b.test', tls: 'none' };
  const arrival = await tests.prepare(token, message, { scorer, session });
  await office.db.write((tx) => tests.keep(tx, arrival));
}

const page = async (office: HttpOffice, path: string, method = 'GET') => {
  const response = await office.app.fetch(new Request(`http://office.test${path}`, { method }));
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test('an address is made, waits, and tells what came', async (t) => {
  const office = await httpOffice(t, { timers });
  const key = await office.key(['read']);
  const made = await ask(office, 'POST /v1/tests', { key, json: {} });
  assert.equal(made.status, 201, made.text);
  const { id, address } = made.body;
  assert.partialDeepStrictEqual(made.body, { object: 'test', state: 'waiting', url: `/test/${id}` });
  assert.match(address, /^test-[0-9a-z]{16}@example\.com$/);

  const waiting = ask(office, `GET /v1/tests/${id}?timeout=30s`, { key });
  await arrive(office, id, 'From: <a@b.test>\r\nSubject: Hi\r\nContent-Type: text/html');
  const told = await waiting;
  assert.equal(told.body.state, 'scored');
  assert.partialDeepStrictEqual(told.body, { subject: 'Hi', from: '<a@b.test>', session: { tls: 'none' } });
  assert.ok(told.body.result.score < 3);
  assert.ok(told.body.result.deductions.some(({ check }: { check: string }) => check === 'MSG-04'));
});

test('nobody waits for ever, and what is not there is not there', async (t) => {
  const office = await httpOffice(t, { timers });
  const key = await office.key(['send']);
  const { body } = await ask(office, 'POST /v1/tests', { key, json: { domain: 'example.com' } });
  const waiting = ask(office, `GET /v1/tests/${body.id}?timeout=2s`, { key });
  await timers.pass(3_000);
  assert.equal((await waiting).body.state, 'waiting');
  assert.equal((await ask(office, 'GET /v1/tests/0123456789abcdef', { key })).status, 404);
  assert.equal(
    (await ask(office, 'POST /v1/tests', { key, json: { domain: 'example.org' } })).body.code,
    'domain_unknown',
  );
  assert.equal((await ask(office, 'POST /v1/tests', { key, json: { domain: 'a b' } })).status, 422);
  const elsewhere = await office.key(['send'], ['example.org']);
  assert.equal((await ask(office, 'POST /v1/tests', { key: elsewhere, json: {} })).body.code, 'domain_unknown');
  assert.equal((await ask(office, 'POST /v1/tests', { json: {} })).status, 401);
});

test('the page: waits by itself, shows the score without a key, escapes what strangers wrote', async (t) => {
  const office = await httpOffice(t, { timers });
  const { body } = await ask(office, 'POST /v1/tests', { key: await office.key(['read']), json: {} });
  const before = await page(office, body.url);
  assert.match(before.text, /http-equiv="refresh"/);
  assert.ok(before.text.includes(body.address));
  await arrive(office, body.id, 'From: <a@b.test>\r\nSubject: <script>alert(1)</script> "x"');
  const after = await page(office, body.url);
  assert.equal(after.status, 200);
  assert.ok(!after.text.includes('<script'));
  assert.ok(after.text.includes('&lt;script&gt;'));
  assert.match(after.text, /out of 10<\/span>/);
  const [, later = ''] = /<h2>After that<\/h2>([\s\S]*?)<h2>/.exec(after.text) ?? [];
  assert.match(later, /2\.0 more points are open then[\s\S]*no DMARC record[\s\S]*_dmarc\.b\.test/);
  assert.doesNotMatch(after.text, /http-equiv="refresh"/);
  assert.match(after.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/);
  assert.equal((await page(office, '/test/nothing')).status, 404);
});

test('without a key an address is given only where the office lets everybody, and not without end', async (t) => {
  const closed = await httpOffice(t, { timers });
  assert.match((await page(closed, '/test')).text, /posthorn test-address/);
  assert.equal((await page(closed, '/test', 'POST')).status, 200);
  const open = await httpOffice(t, { timers, publicTests: true });
  const start = await page(open, '/test');
  assert.match(start.text, /<form method="post" action="\/test">/);
  assert.match(start.headers.get('content-security-policy') ?? '', /form-action 'self'/);
  const given = await page(open, '/test', 'POST');
  assert.equal(given.status, 303);
  assert.match((await page(open, given.headers.get('location') ?? '')).text, /Send your message/);
  let last = given;
  for (let count = 1; count <= 20; count++) last = await page(open, '/test', 'POST');
  assert.equal(last.status, 200);
  assert.match(last.text, /last hour/);
});
