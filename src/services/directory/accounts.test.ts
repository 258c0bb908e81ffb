/** API keys and logins: given out once, found again, refused alike. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { domain, tempOffice } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { lastUsedGrainMs } from './accounts.ts';
import { hasScope, mayUseFrom } from './directory.ts';

const example = domain('example.com');
const other = domain('other.example');

test('a key is found by its token, with what it may do', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createKey({ name: 'shop', mode: 'live', scopes: ['send', 'send'], domains: [example] });
  assert.ok(made.ok);
  assert.match(made.value.token, /^ph_live_[0-9a-hjkmnp-tv-z]{38}$/);
  assert.deepEqual(await accounts.findKey(made.value.token), {
    ok: true,
    value: { kind: 'key', account: made.value.key.id, name: 'shop', scopes: ['send'], domains: [example], test: false },
  });
});

test('a test key says that it is one', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createKey({ name: '', mode: 'test', scopes: ['admin'] });
  assert.ok(made.ok && made.value.token.startsWith('ph_test_'));
  const found = await accounts.findKey(made.value.token);
  assert.ok(found.ok && found.value.test && found.value.domains === undefined);
});

test('a mistyped, a foreign and a revoked key are told apart', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const elsewhere = (await tempOffice(t)).directory.accounts;
  const made = await accounts.createKey({ name: 'a', mode: 'live', scopes: ['send'] });
  const foreign = await elsewhere.createKey({ name: 'a', mode: 'live', scopes: ['send'] });
  assert.ok(made.ok && foreign.ok);
  const { token, key } = made.value;
  const code = async (text: string) => {
    const answer = await accounts.findKey(text);
    return answer.ok ? 'ok' : answer.code;
  };
  const typo = token.slice(0, 20) + (token[20] === '0' ? '1' : '0') + token.slice(21);
  for (const text of ['', 'ph_live_', typo, token.slice(0, -1), `${token}0`, token.toUpperCase(), ` ${token}`])
    assert.equal(await code(text), 'key-malformed', text);
  assert.equal(await code(foreign.value.token), 'key-unknown');
  assert.ok((await accounts.revokeKey(key.id)).ok);
  assert.equal(await code(token), 'key-revoked');
  const again = await accounts.revokeKey(key.id);
  assert.ok(!again.ok && again.code === 'key-unknown');
  assert.equal((await accounts.keys())[0]?.revokedAtMs !== undefined, true);
});

test('a key needs a scope', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createKey({ name: 'a', mode: 'live', scopes: [] });
  assert.ok(!made.ok && made.code === 'scope-missing');
});

test('use is noted once an hour, not once a request', async (t) => {
  let nowMs = Date.UTC(2026, 0, 1);
  const office = await tempOffice(t, { timers: { ...systemClock, nowMs: () => nowMs } });
  const { accounts } = office.directory;
  const made = await accounts.createKey({ name: 'a', mode: 'live', scopes: ['send'] });
  assert.ok(made.ok);
  const lastUsed = async () => {
    await accounts.findKey(made.value.token);
    await office.db.write(async () => {}); // stands behind the note in the queue
    return (await accounts.keys())[0]?.lastUsedAtMs;
  };
  const startMs = nowMs;
  assert.equal(await lastUsed(), startMs);
  nowMs += lastUsedGrainMs - 1;
  assert.equal(await lastUsed(), startMs);
  nowMs += 1;
  assert.equal(await lastUsed(), nowMs);
});

test('a login with an app password made for it', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createUser('App@Example.com', { domains: [example] });
  assert.ok(made.ok);
  const { appPassword = '' } = made.value;
  assert.match(appPassword, /^ph_app_[0-9a-hjkmnp-tv-z]{58}$/);
  for (const login of ['app@example.com', 'APP@EXAMPLE.COM'])
    assert.deepEqual(await accounts.authenticate(login, appPassword), {
      ok: true,
      value: { kind: 'login', account: 'app@example.com', domains: [example] },
    });
  const second = await accounts.addAppPassword('app@example.com');
  assert.ok(second.ok && (await accounts.authenticate('app@example.com', second.value)).ok);
  assert.ok((await accounts.authenticate('app@example.com', appPassword)).ok, 'the first one stays');
});

test('a password chosen by a person, in any composition, and replaced', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createUser('ann', { domains: [], password: 'Gr\u00fc\u00dfe 1' });
  assert.ok(made.ok && made.value.appPassword === undefined);
  assert.ok((await accounts.authenticate('ann', 'Gr\u00fc\u00dfe 1')).ok);
  assert.ok((await accounts.authenticate('ann', 'Gru\u0308\u00dfe\u00a01')).ok);
  assert.ok((await accounts.choosePassword('ann', 'another')).ok);
  assert.ok(!(await accounts.authenticate('ann', 'Gr\u00fc\u00dfe 1')).ok);
  assert.ok((await accounts.authenticate('ann', 'another')).ok);
});

test('wrong login and wrong password get the same answer', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const app = await accounts.createUser('app', { domains: [] });
  const foreign = await accounts.createUser('other', { domains: [] });
  await accounts.createUser('ann', { domains: [], password: 'secret' });
  assert.ok(app.ok && foreign.ok);
  const foreignPassword = foreign.value.appPassword ?? '';
  const refusal = { ok: false, code: 'bad-credentials', say: 'Login or password is wrong.' };
  for (const [login, password] of [
    ['ann', 'wrong'],
    ['ann', ''],
    ['ann', 'secret\u0000'],
    ['ann', foreignPassword],
    ['nobody', 'secret'],
    ['nobody', foreignPassword],
    ['app', 'secret'],
    ['app', foreignPassword],
    ['', ''],
    ['a\u0000nn', 'secret'],
  ] as const)
    assert.deepEqual(await accounts.authenticate(login, password), refusal, `${login} ${password}`);
});

test('an API key that may send is a password for any login; one that may not is none', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const sender = await accounts.createKey({ name: 'a', mode: 'live', scopes: ['send'] });
  const reader = await accounts.createKey({ name: 'b', mode: 'live', scopes: ['read'] });
  assert.ok(sender.ok && reader.ok);
  const proven = await accounts.authenticate('apikey', sender.value.token);
  assert.ok(proven.ok && proven.value.kind === 'key' && proven.value.account === sender.value.key.id);
  const refused = await accounts.authenticate('apikey', reader.value.token);
  assert.ok(!refused.ok && refused.code === 'bad-credentials');
});

test('a login that is taken, cannot be, or is not there', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  await accounts.createUser('ann', { domains: [] });
  const code = (answer: { ok: boolean; code?: string }) => (answer.ok ? 'ok' : answer.code);
  assert.equal(code(await accounts.createUser('ANN', { domains: [] })), 'login-taken');
  for (const login of ['', 'a b', 'a\u0000', 'a\r\n', 'x'.repeat(255)])
    assert.equal(code(await accounts.createUser(login, { domains: [] })), 'bad-login');
  for (const password of ['', 'a\nb', 'x'.repeat(1_025)])
    assert.equal(code(await accounts.createUser('bob', { domains: [], password })), 'bad-password');
  assert.equal(code(await accounts.addAppPassword('nobody')), 'login-unknown');
  assert.equal(code(await accounts.choosePassword('nobody', 'x')), 'login-unknown');
  assert.equal(code(await accounts.removeUser('nobody')), 'login-unknown');
});

test('a removed login is gone with its passwords', async (t) => {
  const { accounts } = (await tempOffice(t)).directory;
  const made = await accounts.createUser('ann', { domains: [] });
  assert.ok(made.ok && (await accounts.removeUser('ann')).ok);
  assert.ok(!(await accounts.authenticate('ann', made.value.appPassword ?? '')).ok);
  assert.deepEqual(await accounts.users(), []);
});

test('no token and no password is readable in the database or its log', async (t) => {
  const office = await tempOffice(t);
  const { accounts } = office.directory;
  const key = await accounts.createKey({ name: 'a', mode: 'live', scopes: ['send'] });
  const app = await accounts.createUser('app', { domains: [] });
  await accounts.createUser('ann', { domains: [], password: 'a very own secret' });
  assert.ok(key.ok && app.ok);
  const bytes = Buffer.concat([readFileSync(office.db.file), readFileSync(`${office.db.file}-wal`)]);
  for (const secret of [key.value.token, app.value.appPassword ?? '', 'a very own secret'])
    assert.ok(!bytes.includes(secret.slice(0, 20)));
});

test('who may use which From, and which scope', () => {
  const login = { kind: 'login', account: 'ann', domains: [example] } as const;
  const key = { kind: 'key', account: 'key_1', name: '', scopes: ['read'], test: false } as const;
  assert.ok(mayUseFrom(login, { domain: example }).ok);
  const refused = mayUseFrom(login, { domain: other });
  assert.ok(!refused.ok && refused.say === 'This account may send only as example.com, not as other.example.');
  assert.ok(!mayUseFrom(login, { domain: domain('sub.example.com') }).ok);
  assert.ok(!mayUseFrom({ ...login, domains: [] }, { domain: example }).ok);
  assert.ok(mayUseFrom(key, { domain: other }).ok);
  assert.ok(hasScope(key, 'read') && !hasScope(key, 'send'));
  assert.ok(hasScope({ ...key, scopes: ['admin'] }, 'domains:write'));
  assert.ok(hasScope(login, 'send') && !hasScope(login, 'read'));
});
