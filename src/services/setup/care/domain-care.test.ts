/** Domains looked after over weeks of a clock that tests turn: what is published, what the office does about it. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createManualTimers } from '../../../../test/support/manual-timers.ts';
import { domain, tempOffice } from '../../../../test/support/temp-office.ts';
import type { Authorities } from '../../../protocol/dns/authorities.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { DomainCare } from './domain-care.ts';

const example = domain('example.com');
const dayMs = 86_400_000;

async function scene(t: TestContext) {
  const timers = createManualTimers();
  const office = await tempOffice(t, { timers, close: () => care.stop() });
  /** What each of the two servers shows, and what a resolver does. */
  const zones = { ns1: '', ns2: '', resolver: '' };
  const queue: { oldestMs: number | undefined } = { oldestMs: undefined };
  const over = (zone: keyof typeof zones): Resolver => ({
    lookup: (name, type) => resolverFromZone(`$TTL 300\n${zones[zone]}`).lookup(name, type),
  });
  const authorities: Authorities = {
    lookup: async (name, type) => ({
      kind: 'asked',
      zone: example,
      answers: [
        { server: 'ns1', answer: await over('ns1').lookup(name, type) },
        { server: 'ns2', answer: await over('ns2').lookup(name, type) },
      ],
    }),
  };
  const ports = { ...office, authorities, resolver: over('resolver'), oldestOpenMs: async () => queue.oldestMs };
  const failures: string[] = [];
  const signals = { emit: (level: string, name: string) => void (level === 'error' && failures.push(name)) };
  const care = new DomainCare({ ...ports, signals });
  const records = async () => {
    const proof = office.directory.ownership.proofOf(example);
    const keys = await office.directory.keysOf(example);
    return [
      `${proof.name}. TXT "${proof.value}"`,
      ...keys.map(({ selector, publicRecord }) => {
        const strings = (publicRecord.match(/.{1,255}/g) ?? []).map((piece) => `"${piece}"`).join(' ');
        return `${selector}._domainkey.${example}. TXT ${strings}`;
      }),
    ].join('\n');
  };
  return {
    ...office,
    timers,
    care,
    failures,
    zones,
    queue,
    publish: async () => {
      zones.ns1 = zones.ns2 = await records();
    },
    records,
    keys: async () =>
      (await office.directory.keysOf(example)).map(({ selector, state }) => `${selector} ${state}`).join(', '),
    told: async () =>
      (await office.db.read((reader) => office.events.list(reader, { limit: 100 }))).map(({ type, data }) =>
        'state' in data ? `${type} ${data.state}` : 'selector' in data ? `${type} ${data.selector}` : type,
      ),
  };
}

test('a new domain: verified and signing on its own, once every server shows proof and keys', async (t) => {
  const { care, directory, zones, timers, publish, keys, told, records } = await scene(t);
  care.start();
  await directory.addDomain(example);
  await timers.pass(60_000);
  assert.equal(await directory.maySendFor(example), false);
  zones.ns1 = await records();
  await timers.pass(600_000);
  assert.equal(await directory.maySendFor(example), false, 'the second server does not show it yet');
  await publish();
  await timers.pass(600_000);
  assert.equal(await directory.maySendFor(example), true);
  assert.equal(await keys(), 'ph1 active, ph2 active');
  assert.deepEqual(await told(), ['domain.verified', 'key.rotated ph1', 'key.rotated ph2']);
});

test('rotation: the old keys sign until every server shows the new ones for long enough, and go after a week', async (t) => {
  const { care, directory, zones, queue, timers, publish, keys, told, records } = await scene(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  care.start();
  const before = await records();
  zones.ns1 = before;
  zones.ns2 = before;
  assert.ok((await directory.dkim.rotate(example)).ok);
  const again = await directory.dkim.rotate(example);
  assert.ok(!again.ok && again.code === 'rotation-under-way');
  await timers.pass(3_600_000);
  assert.equal(await keys(), 'ph1 active, ph2 active, ph3 pending, ph4 pending');
  await publish();
  zones.ns2 = before;
  await timers.pass(dayMs);
  assert.equal(await keys(), 'ph1 active, ph2 active, ph3 pending, ph4 pending', 'one server shows them');
  await publish();
  await care.look(example);
  await timers.pass(200_000);
  assert.equal(await keys(), 'ph1 active, ph2 active, ph3 pending, ph4 pending', 'caches may remember');
  await timers.pass(200_000);
  assert.equal(await keys(), 'ph1 retiring, ph2 retiring, ph3 active, ph4 active');
  queue.oldestMs = timers.nowMs() - 2 * dayMs;
  await timers.pass(8 * dayMs);
  assert.equal(await keys(), 'ph1 retiring, ph2 retiring, ph3 active, ph4 active', 'a message still carries them');
  queue.oldestMs = undefined;
  await timers.pass(dayMs);
  assert.equal(await keys(), 'ph1 retired, ph2 retired, ph3 active, ph4 active');
  await timers.pass(8 * dayMs);
  assert.ok((await directory.dkim.rotate(example)).ok);
  assert.equal(await keys(), 'ph3 active, ph4 active, ph1 pending, ph2 pending', 'names come round again');
  assert.deepEqual((await told()).slice(1), [
    'key.rotated ph3',
    'key.rotated ph4',
    'key.retired ph1',
    'key.retired ph2',
  ]);
});

test('a proof that vanishes: told, warned, stopped; and sending goes on when it is back', async (t) => {
  const { care, directory, zones, timers, publish, told } = await scene(t);
  await directory.addDomain(example);
  care.start();
  await publish();
  await timers.pass(600_000);
  zones.ns1 = zones.ns2 = '';
  await timers.pass(3 * dayMs);
  assert.equal(await directory.maySendFor(example), true);
  await timers.pass(dayMs + 7_200_000);
  assert.equal(await directory.maySendFor(example), false);
  assert.equal(await directory.ownsDomain(example), true, 'bounces of what was sent still come home');
  await publish();
  await timers.pass(dayMs);
  assert.equal(await directory.maySendFor(example), true);
  const expected = ['domain.broken lapsed', 'domain.broken warned', 'domain.broken stopped', 'domain.verified'];
  assert.deepEqual((await told()).slice(-4), expected);
});

test('a domain that cannot be looked after holds up none of the others', async (t) => {
  const { care, directory, timers, publish, keys, failures } = await scene(t);
  await directory.addDomain(domain('broken.example'));
  await directory.addDomain(example);
  await publish();
  const proofOf = directory.ownership.proofOf.bind(directory.ownership);
  t.mock.method(directory.ownership, 'proofOf', (name: typeof example) => {
    if (name !== example) throw new Error('it is broken');
    return proofOf(name);
  });
  care.start();
  await timers.pass(60_000);
  assert.equal(await keys(), 'ph1 active, ph2 active');
  assert.deepEqual(failures, ['domains.look_failed'], 'and is left alone for a while');
});

test('a look that is cut off after any of its writes is simply made again', async (t) => {
  let writes = 1;
  for (let cutAfter = 0; cutAfter < writes; cutAfter++) {
    const { care, db, directory, publish, keys, told } = await scene(t);
    await directory.addDomain(example);
    await publish();
    const write = db.write.bind(db);
    let made = 0;
    const cut = t.mock.method(db, 'write', (work: Parameters<typeof write>[0]) =>
      made++ < cutAfter ? write(work) : Promise.reject(new Error('killed')),
    );
    await assert.rejects(care.look(example), /killed/);
    cut.mock.restore();
    made = 0;
    const counted = t.mock.method(db, 'write', (work: Parameters<typeof write>[0]) => {
      made++;
      return write(work);
    });
    await care.look(example);
    counted.mock.restore();
    writes = Math.max(writes, made);
    assert.equal(await keys(), 'ph1 active, ph2 active', `cut after ${cutAfter}`);
    const once = ['domain.verified', 'key.rotated ph1', 'key.rotated ph2'];
    assert.deepEqual(await told(), once, `cut after ${cutAfter}`);
  }
  assert.ok(writes >= 5, `only ${writes} writes were cut`);
});

test('what another process has changed is known at once', async (t) => {
  const { care, directory, timers, publish, keys } = await scene(t);
  await directory.addDomain(example);
  care.start();
  await timers.pass(60_000);
  await directory.ownership.lookAgain(example, timers.nowMs() + 500_000);
  await timers.pass(1_000);
  await publish();
  await directory.ownership.lookAgain(example, timers.nowMs() + 20_000);
  await timers.pass(25_000);
  assert.equal(await keys(), 'ph1 active, ph2 active');
});

test('where no server can be asked, a resolver’s word is taken', async (t) => {
  const { care, directory, zones, records, keys } = await scene(t);
  await directory.addDomain(example);
  zones.ns1 = zones.ns2 = [
    `;!TIMEOUT _posthorn.${example}.`,
    `;!TIMEOUT ph1._domainkey.${example}.`,
    `;!TIMEOUT ph2._domainkey.${example}.`,
  ].join('\n');
  zones.resolver = await records();
  const report = await care.look(example);
  assert.ok(report?.proof.sighting?.second && report.domain.verified?.by === 'txt');
  assert.equal(await keys(), 'ph1 pending, ph2 pending', 'not before its cache is surely fresh');
});

test('nothing is asked of an office whose domains want nothing', async (t) => {
  const { care, directory, timers, db } = await scene(t);
  await directory.addDomain(example, { verifiedBy: 'operator' });
  care.start();
  await timers.pass(60_000);
  let reads = 0;
  const read = db.read.bind(db);
  t.mock.method(db, 'read', (work: Parameters<typeof read>[0]) => {
    reads++;
    return read(work);
  });
  await timers.pass(dayMs);
  assert.ok(reads <= 2 * 144, `${reads} reads in a day`);
});
