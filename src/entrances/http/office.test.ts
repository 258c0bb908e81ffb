import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, httpOffice } from '../../../test/support/http-office.ts';
import { domain } from '../../../test/support/temp-office.ts';

test('keys: made, shown once, used, revoked', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  const json = { name: 'shop', mode: 'test', scopes: ['send', 'send', 'read'], domains: ['EXAMPLE.com'] };
  const made = await ask(office, 'POST /v1/keys', { key, json });
  assert.equal(made.status, 201);
  assert.match(made.body.token, /^ph_test_/);
  assert.equal(made.headers.get('cache-control'), 'no-store');
  assert.partialDeepStrictEqual(made.body, {
    name: 'shop',
    mode: 'test',
    scopes: ['send', 'read'],
    domains: ['example.com'],
  });
  const { token, ...shown } = made.body;
  const list = await ask(office, 'GET /v1/keys', { key });
  assert.ok(!list.text.includes(token));
  assert.partialDeepStrictEqual(
    list.body.data.find((each: { id: string }) => each.id === shown.id),
    shown,
  );
  assert.equal((await ask(office, 'GET /v1/emails', { key: token })).status, 200);
  assert.equal((await ask(office, `DELETE /v1/keys/${shown.id}`, { key })).status, 204);
  assert.equal((await ask(office, 'GET /v1/emails', { key: token })).status, 401);
  assert.equal((await ask(office, `DELETE /v1/keys/${shown.id}`, { key })).status, 404);
  assert.equal((await ask(office, 'DELETE /v1/keys/x', { key })).status, 404);
});

test('keys: what cannot be one', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  const bad = {
    '/name': { name: 'a\nb', scopes: ['send'] },
    '/scopes': { name: 'a', scopes: [] },
    '/scopes/0': { name: 'a', scopes: ['sned'] },
    '/domains/0': { name: 'a', scopes: ['send'], domains: ['a b'] },
    '/domains': { name: 'a', scopes: ['send'], domains: [] },
    '/mode': { name: 'a', scopes: ['send'], mode: 'x' },
    '/token': { name: 'a', scopes: ['send'], token: 'ph_live_mine' },
  };
  for (const [pointer, json] of Object.entries(bad)) {
    const { status, body } = await ask(office, 'POST /v1/keys', { key, json });
    assert.equal(status, 422, pointer);
    assert.equal(body.errors[0].pointer, pointer);
  }
});

test('a repeated POST under its Idempotency-Key makes one key, and shows it again', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  const headers = { 'idempotency-key': 'k1' };
  const json = { name: 'shop', scopes: ['send'] };
  const first = await ask(office, 'POST /v1/keys', { key, json, headers });
  const again = await ask(office, 'POST /v1/keys', { key, json, headers });
  assert.deepEqual(again.body, first.body);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  const other = await ask(office, 'POST /v1/keys', { key, json: { ...json, name: 'x' }, headers });
  assert.equal(other.body.code, 'idempotency_key_reused');
  const elsewhere = await ask(office, 'POST /v1/users', { key, json, headers });
  assert.equal(elsewhere.body.code, 'idempotency_key_reused');
  const both = ['k2', 'k2'].map((each) =>
    ask(office, 'POST /v1/keys', { key, json, headers: { 'idempotency-key': each } }),
  );
  const statuses = (await Promise.all(both)).map(({ status, body }) => `${status} ${body.code ?? ''}`);
  assert.deepEqual(statuses.sort(), ['201 ', '409 idempotency_key_in_use']);
  // A request that was refused may be corrected under its key.
  const wrong = { 'idempotency-key': 'k3' };
  assert.equal((await ask(office, 'POST /v1/keys', { key, json: { name: 'x' }, headers: wrong })).status, 422);
  assert.equal((await ask(office, 'POST /v1/keys', { key, json, headers: wrong })).status, 201);
});

test('logins: with a password that was made, or one that a person chose', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin']);
  const made = await ask(office, 'POST /v1/users', { key, json: { login: 'ann', domains: ['example.com'] } });
  assert.equal(made.status, 201);
  const { accounts } = office.directory;
  assert.equal((await accounts.authenticate('ann', made.body.app_password)).ok, true);
  const chosen = { login: 'bob', domains: ['example.com'], password: 'correct horse' };
  const second = await ask(office, 'POST /v1/users', { key, json: chosen });
  assert.equal(second.body.app_password, undefined);
  assert.equal((await accounts.authenticate('bob', 'correct horse')).ok, true);
  const list = await ask(office, 'GET /v1/users', { key });
  assert.deepEqual(
    list.body.data.map((each: { login: string }) => each.login),
    ['ann', 'bob'],
  );
  assert.ok(!list.text.includes('horse'));
  assert.equal(
    (await ask(office, 'POST /v1/users', { key, json: { ...chosen, login: 'ANN' } })).body.code,
    'login_taken',
  );
  const bad = {
    '/login': { login: 'a b', domains: ['example.com'] },
    '/domains': { login: 'c' },
    '/domains/0': { login: 'c', domains: ['...'] },
    '/password': { login: 'c', domains: ['example.com'], password: '' },
  };
  for (const [pointer, json] of Object.entries(bad)) {
    assert.equal((await ask(office, 'POST /v1/users', { key, json })).body.errors[0].pointer, pointer);
  }
});

test('domains with their DKIM keys and the records that publish them', async (t) => {
  const office = await httpOffice(t);
  await office.directory.addDomain(domain('bücher.example'));
  const key = await office.key(['read']);
  const { body } = await ask(office, 'GET /v1/domains', { key });
  const [first, second] = [...body.data].sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.partialDeepStrictEqual(first, { name: 'example.com', receives: true, verified: { by: 'operator' } });
  assert.equal(first.dkim_keys[0].state, 'active');
  assert.match(first.dkim_keys[0].record.name, /^ph1\._domainkey\.example\.com$/);
  assert.match(first.dkim_keys[0].record.value, /^v=DKIM1;/);
  assert.partialDeepStrictEqual(second, { name: 'xn--bcher-kva.example', unicode: 'bücher.example' });
  assert.equal(second.verified, undefined);
  assert.deepEqual((await ask(office, 'GET /v1/domains/Example.COM', { key })).body, first);
  assert.deepEqual((await ask(office, 'GET /v1/domains/b%C3%BCcher.example', { key })).body, second);
  assert.equal((await ask(office, 'GET /v1/domains/example.org', { key })).status, 404);
  const restricted = await office.key(['read'], ['example.com']);
  assert.equal((await ask(office, 'GET /v1/domains', { key: restricted })).body.data.length, 1);
  assert.equal((await ask(office, 'GET /v1/domains/b%C3%BCcher.example', { key: restricted })).status, 404);
});

test('the inbox: by mailbox, folder and page; raw octet by octet', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['read']);
  const made = await office.directory.addMailbox({ local: 'ann', domain: domain('example.com') });
  assert.ok(made.ok);
  const operator = await office.directory.operatorMailbox();
  const bytes = Buffer.from('Return-Path: <x@example.net>\r\nSubject: <b>\r\n\r\n\xff\r\n', 'latin1');
  const deliver = async (mailbox: string, folder: 'INBOX' | 'Junk') => {
    const body = await office.mailbox.spool(bytes);
    return office.db.write((tx) =>
      office.mailbox.append(tx, {
        mailbox,
        folder,
        body,
        receivedAtMs: 1_700_000_000_000,
        envelopeFrom: 'x@example.net',
        recipient: 'ann@example.com',
        headerFrom: null,
        subject: '<b>',
        verdicts: { spf: 'pass' },
      }),
    );
  };
  const first = await deliver(made.value.id, 'INBOX');
  await deliver(made.value.id, 'Junk');
  await deliver(operator.id, 'INBOX');
  const count = async (query: string) => (await ask(office, `GET /v1/inbox${query}`, { key })).body.data.length;
  assert.equal(await count(''), 3);
  assert.equal(await count('?mailbox=ann@example.com'), 2);
  assert.equal(await count('?mailbox=ann@example.com&folder=Junk'), 1);
  assert.equal(await count('?mailbox=postmaster@example.com'), 1);
  const page = await ask(office, 'GET /v1/inbox?limit=2', { key });
  assert.equal(await count(`?cursor=${page.body.next_cursor}`), 1);
  const one = await ask(office, `GET /v1/inbox/${first.id}`, { key });
  assert.partialDeepStrictEqual(one.body, {
    id: first.id,
    folder: 'INBOX',
    from: null,
    subject: '<b>',
    received_at: '2023-11-14T22:13:20.000Z',
  });
  const request = new Request(`http://office.test/v1/inbox/${first.id}/raw`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const raw = await office.app.fetch(request);
  assert.deepEqual(Buffer.from(await raw.arrayBuffer()), bytes);
  assert.match(raw.headers.get('content-security-policy') ?? '', /sandbox/);
  assert.equal((await ask(office, 'GET /v1/inbox/msg_00000000000000000000000000', { key })).status, 404);
  assert.equal((await ask(office, 'GET /v1/inbox/x/raw', { key })).status, 404);
});
