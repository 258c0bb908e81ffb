/** Domains, their keys, and where addresses lead. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ed25519TestKeyPem, makeTestDkimKey, rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { patience } from '../../../test/support/post-office.ts';
import { domain, officeMigrations, type TempOffice, tempOffice } from '../../../test/support/temp-office.ts';
import { openSqlite } from '../../adapters/store/sqlite-db.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { Directory, directoryChannel } from './directory.ts';

const example = domain('example.com');

test('a new domain has keys, signs nothing and receives nothing until somebody vouches for it', async (t) => {
  const { directory } = await tempOffice(t);
  const added = await directory.addDomain(example);
  assert.ok(added.ok && added.value.verified === undefined);
  assert.deepEqual(await states(directory, example), ['ph1 rsa-sha256 pending', 'ph2 ed25519-sha256 pending']);
  assert.deepEqual(await directory.activeSigners(example), []);
  assert.equal(await directory.ownsDomain(example), false);
  assert.deepEqual(await directory.resolve({ local: 'postmaster', domain: example }), { kind: 'not-ours' });
  assert.deepEqual(
    await directory.domainsAmong([example, domain('other.example')]),
    new Map([[example, { verified: false }]]),
  );
});

test('verified by a record, it may send and signs with nothing yet; by a word it signs with both keys, RSA first', async (t) => {
  const office = await tempOffice(t);
  await office.directory.addDomain(example);
  assert.ok((await office.directory.verifyDomain(example, 'txt')).ok);
  assert.equal(await office.directory.maySendFor(example), true);
  assert.deepEqual(await office.directory.activeSigners(example), []);
  assert.ok((await office.directory.verifyDomain(example, 'operator')).ok);
  assert.ok((await office.directory.verifyDomain(example, 'txt')).ok);
  const signers = await office.directory.activeSigners(example);
  assert.deepEqual(
    signers.map(({ selector, algorithm, privateKey }) => [selector, algorithm, privateKey.asymmetricKeyType]),
    [
      ['ph1', 'rsa-sha256', 'rsa'],
      ['ph2', 'ed25519-sha256', 'ed25519'],
    ],
  );
  assert.equal((await office.directory.domain(example))?.verified?.by, 'operator', 'a word outlives a record');
  assert.deepEqual(await eventsOf(office), ['domain.verified']);
});

test('the proof of a domain is another one for every domain and every office, and the same every day', async (t) => {
  const [one, two] = [await tempOffice(t), await tempOffice(t)];
  const proof = one.directory.ownership.proofOf(example);
  assert.match(proof.value, /^posthorn-domain=[0-9a-z]{26}$/);
  assert.equal(proof.name, '_posthorn.example.com');
  assert.deepEqual(one.directory.ownership.proofOf(example), proof);
  assert.notEqual(one.directory.ownership.proofOf(domain('example.net')).value, proof.value);
  assert.notEqual(two.directory.ownership.proofOf(example).value, proof.value);
});

test('a domain whose proof stayed away may not send, and a word gives it back', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example);
  await directory.ownership.change(example, { kind: 'lapsed', stopsAtMs: 0 });
  assert.equal((await directory.domain(example))?.lapse, undefined, 'nobody had proven it');
  await directory.ownership.change(example, { kind: 'proven' });
  for (const kind of ['lapsed', 'warned', 'stopped'] as const) {
    assert.equal(await directory.maySendFor(example), true, `until it is ${kind}`);
    await directory.ownership.change(example, { kind, stopsAtMs: 0 });
  }
  assert.equal(await directory.maySendFor(example), false);
  const standing = (await directory.domainsAmong([example])).get(example);
  assert.equal(standing?.verified, false);
  assert.equal(standing?.lapsed?.record, '_posthorn.example.com');
  assert.equal(await directory.receivesFor(example), true);
  await directory.verifyDomain(example, 'operator');
  assert.equal(await directory.maySendFor(example), true);
});

test('what is known of a verified domain is not what a read of before has found', async (t) => {
  const { directory, db } = await tempOffice(t);
  await directory.addDomain(example);
  await directory.ownership.change(example, { kind: 'proven' });
  const reading = directory.maySendFor(example);
  db.notify(directoryChannel); // something has changed since the read began
  assert.equal(await reading, true);
  const sql = 'UPDATE directory_domains SET lapsed_since_ms = 1, stopped_at_ms = 1';
  await db.write((tx) => tx.run({ sql, parameters: [] }));
  assert.equal(await directory.maySendFor(example), false);
  assert.equal((await directory.domainsAmong([example])).get(example)?.verified, false);
});

test('an operator’s word counts at once', async (t) => {
  const { directory } = await tempOffice(t);
  const added = await directory.addDomain(example, { verifiedBy: 'operator' });
  assert.ok(added.ok && added.value.verified?.by === 'operator');
  assert.equal(await directory.ownsDomain(example), true);
  assert.equal((await directory.activeSigners(example)).length, 2);
});

test('signers are opened once, and again after a change', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  const before = await directory.activeSigners(example);
  assert.equal(await directory.activeSigners(example), before);
  await directory.dkim.import(example, { selector: 'old', pem: rsaTestKeyPem });
  const after = await directory.activeSigners(example);
  assert.deepEqual(
    after.map(({ selector }) => selector),
    ['old', 'ph2'],
  );
});

test('a domain is there once, and a domain that is not there cannot be verified', async (t) => {
  const { directory } = await tempOffice(t);
  const both = await Promise.all([directory.addDomain(example), directory.addDomain(example)]);
  assert.deepEqual(both.map((one) => (one.ok ? 'ok' : one.code)).sort(), ['domain-exists', 'ok']);
  const unknown = await directory.verifyDomain(domain('other.example'), 'operator');
  assert.ok(!unknown.ok && unknown.code === 'domain-unknown');
});

test('an imported key takes over from ours of its algorithm, and that is an event', async (t) => {
  const office = await tempOffice(t);
  await office.directory.addDomain(example, { verifiedBy: 'operator' });
  const imported = await office.directory.dkim.import(example, { selector: 'S2024.Mail', pem: rsaTestKeyPem });
  assert.ok(imported.ok && imported.value.state === 'active' && imported.value.selector === 's2024.mail');
  assert.match(imported.ok ? imported.value.publicRecord : '', /^v=DKIM1; k=rsa; p=MII/);
  assert.deepEqual(await states(office.directory, example), [
    'ph1 rsa-sha256 retiring',
    'ph2 ed25519-sha256 active',
    's2024.mail rsa-sha256 active',
  ]);
  const rotated = await office.events.waitFor({ types: ['key.rotated'], signal: patience() });
  assert.deepEqual(rotated?.data, {
    domain: 'example.com',
    selector: 's2024.mail',
    algorithm: 'rsa-sha256',
    replaces: ['ph1'],
  });
});

test('an imported key of a domain that its record proves signs no sooner than its own record is seen', async (t) => {
  const { directory } = await tempOffice(t);
  const proven = domain('proven.example');
  await directory.addDomain(proven);
  await directory.ownership.change(proven, { kind: 'proven' });
  const [rsa] = await directory.keysOf(proven);
  assert.ok(rsa && (await directory.dkim.activate(rsa.id)).ok);
  const imported = await directory.dkim.import(proven, { selector: 'old', pem: rsaTestKeyPem });
  assert.ok(imported.ok && imported.value.state === 'pending');
  assert.deepEqual((await states(directory, proven))[0], 'ph1 rsa-sha256 active');
});

test('what cannot be imported is refused with a reason', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example);
  const weak = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const refused = async (name: DomainName, selector: string, pem: string) => {
    const answer = await directory.dkim.import(name, { selector, pem });
    return answer.ok ? 'ok' : answer.code;
  };
  assert.equal(await refused(domain('other.example'), 's', rsaTestKeyPem), 'domain-unknown');
  assert.equal(await refused(example, 'ph1', rsaTestKeyPem), 'selector-in-use');
  assert.equal(await refused(example, 'PH1', rsaTestKeyPem), 'selector-in-use');
  for (const selector of ['', 'a b', 'a..b', '.a', 'a;b', 'ä', 'a\u0000b', 'x'.repeat(64)])
    assert.equal(await refused(example, selector, rsaTestKeyPem), 'bad-selector', selector);
  assert.equal(await refused(example, 's', 'not a key'), 'bad-private-key');
  assert.equal(await refused(example, 's', String(weak)), 'bad-private-key');
  assert.equal(await refused(example, 's', ed25519TestKeyPem), 'ok');
});

test('a retired key is wiped and never signs again', async (t) => {
  const office = await tempOffice(t);
  await office.directory.addDomain(example, { verifiedBy: 'operator' });
  await office.directory.dkim.import(example, { selector: 'next', pem: rsaTestKeyPem });
  const [ph1, ph2] = await office.directory.keysOf(example);
  assert.ok(ph1 !== undefined && ph2 !== undefined);
  const early = await office.directory.dkim.retire(ph2.id);
  assert.ok(!early.ok && early.code === 'key-state', 'an active key has to be replaced first');
  assert.ok((await office.directory.dkim.retire(ph1.id)).ok);
  const again = await office.directory.dkim.activate(ph1.id);
  assert.ok(!again.ok && again.code === 'key-state');
  const sql = 'SELECT sealed_private_key FROM directory_dkim_keys WHERE id = ?';
  const row = await office.db.read((reader) => reader.first({ sql, parameters: [ph1.id] }));
  assert.deepEqual(row, { sealed_private_key: null });
});

test('a retiring key can be taken back', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  await directory.dkim.import(example, { selector: 'next', pem: rsaTestKeyPem });
  const [ph1] = await directory.keysOf(example);
  assert.ok(ph1 !== undefined && (await directory.dkim.activate(ph1.id)).ok);
  assert.deepEqual(await states(directory, example), [
    'ph1 rsa-sha256 active',
    'ph2 ed25519-sha256 active',
    'next rsa-sha256 retiring',
  ]);
});

test('no private key is readable in the database or its log', async (t) => {
  const office = await tempOffice(t);
  await office.directory.addDomain(example, { verifiedBy: 'operator' });
  const bytes = Buffer.concat([readFileSync(office.db.file), readFileSync(`${office.db.file}-wal`)]);
  for (const pem of [rsaTestKeyPem, ed25519TestKeyPem]) {
    const body = pem.split('\n').slice(1, -2).join('');
    assert.ok(!bytes.includes('PRIVATE KEY') && !bytes.includes(body.slice(0, 40)));
    assert.ok(!bytes.includes(Buffer.from(body, 'base64').subarray(20)));
  }
});

test('RFC 5321 §4.5.1: postmaster and abuse of every domain are the operator’s, in any spelling', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  const operator = await directory.operatorMailbox();
  assert.equal(operator.role, 'operator');
  for (const local of ['postmaster', 'Postmaster', 'POSTMASTER', 'abuse', 'Abuse']) {
    assert.deepEqual(await directory.resolve({ local, domain: example }), { kind: 'mailbox', mailbox: operator });
    const taken = await directory.addMailbox({ local, domain: example });
    assert.ok(!taken.ok && taken.code === 'address-reserved');
  }
});

test('bare postmaster has a mailbox before any domain has', async (t) => {
  const { directory } = await tempOffice(t);
  const [one, two] = await Promise.all([directory.operatorMailbox(), directory.operatorMailbox()]);
  assert.deepEqual(one, two);
});

test('an address leads to its mailbox without regard to case and composition, others are unknown', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  const made = await directory.addMailbox({ local: 'Zoë', domain: example });
  assert.ok(made.ok && made.value.name === 'Zoë@example.com');
  const mailbox = made.ok ? made.value : undefined;
  for (const local of ['zoë', 'ZOË', 'zoe\u0308'])
    assert.deepEqual(await directory.resolve({ local, domain: example }), { kind: 'mailbox', mailbox });
  assert.deepEqual(await directory.resolve({ local: 'zoe', domain: example }), { kind: 'unknown' });
  assert.deepEqual(await directory.resolve({ local: 'zoë', domain: domain('www.example.com') }), { kind: 'not-ours' });
  const again = await directory.addMailbox({ local: 'zoe\u0308', domain: example });
  assert.ok(!again.ok && again.code === 'address-taken');
});

test('a mailbox may have several addresses', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  const made = await directory.addMailbox({ local: 'ann', domain: example });
  assert.ok(made.ok);
  assert.ok((await directory.addAddress({ local: 'sales', domain: example }, made.value.id)).ok);
  assert.deepEqual(await directory.addressesOf(made.value.id), ['ann@example.com', 'sales@example.com']);
  const answer = await directory.resolve({ local: 'sales', domain: example });
  assert.deepEqual(answer, { kind: 'mailbox', mailbox: made.value });
  const nobody = await directory.addAddress({ local: 'x', domain: example }, 'mbx_none');
  assert.ok(!nobody.ok && nobody.code === 'mailbox-unknown');
  const elsewhere = await directory.addAddress({ local: 'x', domain: domain('other.example') }, made.value.id);
  assert.ok(!elsewhere.ok && elsewhere.code === 'domain-unknown');
});

test('a domain that only sends from here takes no mail', async (t) => {
  const { directory } = await tempOffice(t);
  await directory.addDomain(example, { verifiedBy: 'operator', receives: false });
  assert.equal(await directory.ownsDomain(example), true);
  assert.equal(await directory.receivesFor(example), false);
  assert.deepEqual(await directory.resolve({ local: 'postmaster', domain: example }), { kind: 'not-ours' });
});

test('what a command beside the office changes is seen by the next who asks', async (t) => {
  const office = await tempOffice(t);
  await using db = await openSqlite(office.folder, { migrations: officeMigrations, office: 'beside' });
  const ports = { ...office, db, clock: office.timers, makeDkimKey: makeTestDkimKey };
  const beside = new Directory(ports, { hashCost: { memoryKiB: 8, passes: 1 } });
  const answers = async () => {
    await nextTurn();
    const kinds = [];
    for (const local of ['ann', 'postmaster'])
      kinds.push((await office.directory.resolve({ local, domain: example })).kind);
    return kinds;
  };
  assert.deepEqual(await answers(), ['not-ours', 'not-ours']);
  await beside.addDomain(example);
  assert.deepEqual(await answers(), ['not-ours', 'not-ours']);
  await beside.verifyDomain(example, 'operator');
  assert.deepEqual(await answers(), ['unknown', 'mailbox']);
  await beside.addMailbox({ local: 'ann', domain: example });
  assert.deepEqual(await answers(), ['mailbox', 'mailbox']);
  const password = 'correct horse';
  const may = async () => (await office.directory.accounts.authenticate('ann@example.com', password)).ok;
  assert.equal(await may(), false);
  await beside.accounts.createUser('ann@example.com', { domains: [example], password });
  assert.equal(await may(), true);
});

async function states(directory: Directory, name: DomainName): Promise<string[]> {
  return (await directory.keysOf(name)).map(({ selector, algorithm, state }) => `${selector} ${algorithm} ${state}`);
}

async function eventsOf(office: TempOffice): Promise<string[]> {
  return office.db.read(async (reader) => (await office.events.list(reader, { limit: 100 })).map(({ type }) => type));
}
