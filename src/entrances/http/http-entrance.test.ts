import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, httpOffice } from '../../../test/support/http-office.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { operation, operationIds } from './operations.ts';
import { type ProblemCode, problems } from './problems.ts';

const hello = { from: 'ann@example.com', to: 'bob@example.net', subject: 'Hi', text: 'x' };
const asJson = { 'content-type': 'application/json' };

test('no key, no answer: the same for every key that is not valid', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  for (const id of operationIds) {
    const { method, path } = operation(id);
    const line = `${method} ${path.replaceAll(/\{\w+\}/g, 'x')}`;
    const missing = await ask(office, line);
    assert.equal(missing.body.code, 'key_missing', line);
    assert.equal(missing.headers.get('www-authenticate'), 'Bearer realm="posthorn"');
  }
  const revoked = await office.key(['read']);
  const keys = await ask(office, 'GET /v1/keys', { key });
  const id = keys.body.data.find((each: { scopes: string[] }) => each.scopes.includes('read')).id;
  assert.equal((await ask(office, `DELETE /v1/keys/${id}`, { key })).status, 204);
  const wrong = [revoked, `${key}x`, key.slice(0, -1), 'ph_live_x', 'x', `ph_app_${'0'.repeat(60)}`];
  const answers = await Promise.all(wrong.map((each) => ask(office, 'GET /v1/emails', { key: each })));
  const told = answers.map(({ status, headers, body: { request_id: _, ...body } }) => [
    status,
    headers.get('www-authenticate'),
    body,
  ]);
  for (const each of told) assert.deepEqual(each, told[0]);
  assert.equal(told[0]?.[0], 401);
  for (const scheme of [`Basic ${key}`, `Bearer  `, `Bearer ${key} ${key}`, key]) {
    const heard = await ask(office, 'GET /v1/emails', { headers: { authorization: scheme } });
    assert.equal(heard.status, 401, scheme);
  }
  assert.equal((await ask(office, 'GET /v1/emails', { headers: { authorization: `bearer ${key}` } })).status, 200);
});

test('a key does what its scopes say, and a restricted one nothing that is about the whole office', async (t) => {
  const office = await httpOffice(t);
  const keys = {
    send: await office.key(['send']),
    read: await office.key(['read']),
    admin: await office.key(['admin']),
    restricted: await office.key(['admin'], ['example.com']),
  };
  for (const id of operationIds.filter((each) => each !== 'streamEvents')) {
    const { method, path, scopes, wholeOffice } = operation(id);
    const line = `${method} ${path.replaceAll(/\{\w+\}/g, 'x')}`;
    const status = async (key: string) => (await ask(office, line, { key })).status;
    for (const scope of ['send', 'read'] as const) {
      const allowed = (scopes as readonly string[]).includes(scope);
      assert.equal((await status(keys[scope])) === 403, !allowed, `${scope}: ${line}`);
    }
    assert.notEqual(await status(keys.admin), 403, line);
    assert.equal((await status(keys.restricted)) === 403, wholeOffice, line);
  }
});

test('paths, methods, parameters that are not there', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  for (const line of ['GET /v1', 'GET /v2/emails', 'GET /v1/emails/', 'GET /nope', 'POST /nope']) {
    assert.equal((await ask(office, line, { key })).status, 404, line);
  }
  const methods = {
    'PUT /v1/emails': 'POST, GET, HEAD',
    'DELETE /v1/emails/x': 'GET, HEAD',
    'POST /': 'GET, HEAD',
    'OPTIONS /v1/emails': 'POST, GET, HEAD',
  };
  for (const [line, allow] of Object.entries(methods)) {
    const heard = await ask(office, line, { key });
    assert.equal(heard.status, 405, line);
    assert.equal(heard.headers.get('allow'), allow);
    assert.equal(heard.headers.get('access-control-allow-origin'), null);
  }
  for (const method of ['__proto__', 'constructor', 'toString', 'BREW']) {
    const heard = await ask(office, `${method} /v1/emails`, { key });
    assert.equal(heard.status, 405, method);
    assert.equal(heard.headers.get('allow'), 'POST, GET, HEAD, PUT, DELETE');
  }
  assert.ok(!('params' in {}), 'the router has written to what every object inherits from');
  const bad: Record<string, string> = {
    'GET /v1/emails?limit=0': 'limit',
    'GET /v1/emails?limit=101': 'limit',
    'GET /v1/emails?limit=1&limit=2': 'limit',
    'GET /v1/emails?limit=x': 'limit',
    'GET /v1/emails?cursor=x': 'cursor',
    'GET /v1/emails?lmit=1': 'lmit',
    'GET /v1/emails?__proto__=1': '__proto__',
    'GET /v1/emails?open=yes': 'open',
    'GET /v1/emails/x?wait=forever': 'wait',
    'GET /v1/emails/x?timeout=30': 'timeout',
    'GET /v1/events?types=email.delivrd': 'types',
    'GET /v1/events?after=x': 'after',
    'GET /v1/events?cursor=evt_x': 'cursor',
    'GET /v1/inbox?folder=Trash': 'folder',
    'GET /v1/inbox?mailbox=nobody@example.com': 'mailbox',
  };
  for (const [line, parameter] of Object.entries(bad)) {
    const heard = await ask(office, line, { key });
    assert.equal(heard.body.code, 'parameter_invalid', line);
    assert.equal(heard.body.errors[0].parameter, parameter, line);
  }
  assert.match((await ask(office, 'GET /v1/emails?lmit=1', { key })).body.detail, /did you mean limit\?/);
  assert.match((await ask(office, 'GET /v1/events?types=email.delivrd', { key })).body.detail, /email.delivered/);
});

test('bodies of another kind, broken ones, none', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const body = JSON.stringify(hello);
  const post = (headers: Record<string, string>, sent: string | Uint8Array = body) =>
    ask(office, 'POST /v1/emails', { key, body: sent, headers });
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json+x',
    'application/json; charset=latin1',
  ]) {
    assert.equal((await post({ 'content-type': type })).status, 415, type);
  }
  assert.equal((await post({ ...asJson, 'content-encoding': 'gzip' })).status, 415);
  assert.equal((await post({ 'content-type': 'Application/JSON; charset="UTF-8"' })).status, 202);
  const broken: Record<string, string | Uint8Array> = {
    empty: '',
    blank: '  ',
    cut: body.slice(0, -1),
    'single quotes': "{'from':1}",
    'two values': `${body}${body}`,
    'no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'UTF-16': Buffer.from(body, 'utf16le'),
    deep: '['.repeat(100_000),
    twice: '{"from":"a@example.com","from":"b@example.com"}',
    Infinity: '{"a":Infinity}',
  };
  for (const [what, sent] of Object.entries(broken)) {
    const heard = await post(asJson, sent);
    assert.equal(heard.body.code, 'json_malformed', what);
  }
  for (const value of ['[]', '"x"', 'null', '7']) {
    const heard = await post(asJson, value);
    assert.equal(heard.status, 422, value);
    assert.deepEqual(heard.body.errors, [{ pointer: '', detail: 'must be an object' }]);
  }
  assert.equal((await ask(office, 'POST /v1/emails', { key })).status, 415);
});

test('bodies are counted while they come in, whatever their headers say', async (t) => {
  const office = await httpOffice(t, { limits: { send_body_bytes: 10_000, body_bytes: 1_000, bodies_bytes: 15_000 } });
  const key = await office.key(['admin']);
  const announced = await ask(office, 'POST /v1/emails', {
    key,
    body: 'x',
    headers: { ...asJson, 'content-length': '99999' },
  });
  assert.equal(announced.status, 413);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1_000;
      controller.enqueue(new Uint8Array(1_000).fill(0x20));
    },
  });
  assert.equal((await ask(office, 'POST /v1/emails', { key, body: endless, headers: asJson })).status, 413);
  assert.ok(pulled < 20_000);
  const lies = { ...asJson, 'content-length': '5' };
  assert.equal((await ask(office, 'POST /v1/emails', { key, body: JSON.stringify(hello), headers: lies })).status, 400);
  const small = { key, body: ' '.repeat(1_001), headers: asJson };
  assert.equal((await ask(office, 'POST /v1/keys', small)).status, 413);
  const failing = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('reset'));
    },
  });
  assert.equal(
    (await ask(office, 'POST /v1/emails', { key, body: failing, headers: asJson })).body.code,
    'body_incomplete',
  );
  // Two slow bodies of 8,000 octets do not fit into 15,000; once the first is gone there is room again.
  const hold = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(8_000).fill(0x20)),
    async pull(controller) {
      taken.resolve(); // asked for more: the first octets are in
      await hold.promise;
      controller.close();
    },
  });
  const first = ask(office, 'POST /v1/emails', { key, body: slow, headers: asJson });
  const eight = { key, body: ' '.repeat(8_000), headers: asJson };
  await taken.promise;
  assert.equal((await ask(office, 'POST /v1/emails', eight)).body.code, 'busy');
  hold.resolve();
  assert.equal((await first).body.code, 'json_malformed');
  assert.equal((await ask(office, 'POST /v1/emails', eight)).body.code, 'json_malformed');
});

test('a key that asks too often waits for the next minute; the headers say when', async (t) => {
  const timers = createManualTimers();
  const office = await httpOffice(t, { timers, limits: { requests_per_minute: 2 } });
  const key = await office.key(['read']);
  const other = await office.key(['read']);
  const first = await ask(office, 'GET /v1/emails', { key });
  assert.equal(first.headers.get('ratelimit-policy'), '"requests";q=2;w=60');
  assert.match(first.headers.get('ratelimit') ?? '', /^"requests";r=1;t=\d+$/);
  await ask(office, 'GET /v1/emails', { key });
  const third = await ask(office, 'GET /v1/emails', { key });
  assert.equal(third.status, 429);
  assert.ok(Number(third.headers.get('retry-after')) <= 60);
  assert.equal((await ask(office, 'GET /v1/emails', { key: other })).status, 200);
  await timers.pass(60_000);
  assert.equal((await ask(office, 'GET /v1/emails', { key })).status, 200);
});

test('every problem has a page, every page a policy without scripts', async (t) => {
  const office = await httpOffice(t);
  const codes = Object.keys(problems) as ProblemCode[];
  for (const path of ['/', '/docs', '/problems', ...codes.map((code) => `/problems/${code}`)]) {
    const { status, headers, text } = await ask(office, `GET ${path}`);
    assert.equal(status, 200, path);
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(
      policy,
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    assert.ok(!/<script|style="|onclick|src=|https?:\/\/(?!office\.test)/i.test(text), path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
  assert.equal((await ask(office, 'GET /problems/nope')).status, 404);
  assert.equal((await ask(office, 'GET /problems/constructor')).status, 404);
});

test('pages escape what they show', async (t) => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const office = await httpOffice(t, { health: async () => [{ name: evil, ok: false, say: evil }] });
  const { text } = await ask(office, 'GET /');
  assert.ok(!text.includes('<img'));
  assert.ok(text.includes('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;'));
  assert.ok(text.includes('Not ready'));
});

test('livez, readyz and metrics need no key', async (t) => {
  const checks = [{ name: 'queue', ok: true, say: 'fine' }];
  const office = await httpOffice(t, { health: async () => checks });
  assert.deepEqual((await ask(office, 'GET /livez')).body, { status: 'live' });
  assert.deepEqual((await ask(office, 'GET /readyz')).body, { status: 'ready', checks });
  checks[0] = { name: 'queue', ok: false, say: 'lagging' };
  const late = await ask(office, 'GET /readyz');
  assert.equal(late.status, 503);
  assert.deepEqual(late.body, { status: 'not_ready', checks });
  assert.equal((await ask(office, 'GET /livez')).status, 200);
  assert.match((await ask(office, 'GET /metrics')).text, /^# HELP/);
});

test('HEAD is GET without a body', async (t) => {
  const office = await httpOffice(t, { limits: { streams: 1 } });
  const key = await office.key(['admin']);
  for (const path of ['/', '/livez', '/v1/emails', '/v1/events/stream', '/v1/events/stream']) {
    const { status, text } = await ask(office, `HEAD ${path}`, { key });
    assert.deepEqual([status, text], [200, ''], path);
  }
});

test('the OpenAPI document describes every operation, and every reference leads somewhere', async (t) => {
  const office = await httpOffice(t);
  const { body: document, text } = await ask(office, 'GET /openapi.json');
  assert.equal(document.openapi, '3.1.0');
  const described = Object.values(document.paths as Record<string, Record<string, { operationId?: string }>>)
    .flatMap((path) => Object.values(path).map((entry) => entry.operationId))
    .filter((id) => id !== undefined);
  assert.deepEqual(described.sort(), [...operationIds].sort());
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(Object.hasOwn(document.components.schemas, name), name);
  }
  const send = document.paths['/v1/emails'].post;
  assert.deepEqual(send.requestBody.content['application/json'].schema, { $ref: '#/components/schemas/SendEmail' });
  assert.ok(send.responses[422].description.includes('validation_failed'));
  assert.equal(document.components.schemas.SendEmail.additionalProperties, false);
});
