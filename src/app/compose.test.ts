/** Where an office's mail goes: inside the house, to a fixed route, to nobody, or out to the MX. And what stays after a stop. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startBadMx } from '../../test/support/bad-mx.ts';
import { patience, sendRequest } from '../../test/support/post-office.ts';
import { domain, tempFolder } from '../../test/support/temp-office.ts';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { systemClock } from '../base/clock.ts';
import { silentSignals } from '../base/port/signals.ts';
import { systemRandom } from '../base/random.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import type { Sender } from '../services/outbound/types.ts';
import { type Office, openOffice } from './compose.ts';
import { readConfig } from './config.ts';
import type { SettingName } from './settings.ts';

const hostname = domain('mx.example.com');

function open(
  folder: string,
  routes: Readonly<Record<string, string>>,
  more: readonly (readonly [SettingName, unknown])[] = [],
): Promise<Office> {
  const flags = new Map<SettingName, unknown>([
    ['data', folder],
    ['routes', routes],
    ['delivery.allow_loopback_mx', true],
    ...more,
  ]);
  const read = readConfig({ environment: {}, flags });
  assert.ok('config' in read);
  const resolver = resolverFromZone('null.test MX 0 .\nsends.example.com MX 0 .\nhome.test A 10.0.0.1');
  const world = {
    net: createNodeNet(),
    resolver,
    timers: systemClock,
    random: systemRandom,
    signals: silentSignals,
    trust: [],
  };
  return openOffice(read.config, hostname, world);
}

test('each recipient goes the way that is his, and a second start finds everything as it was', async (t) => {
  const sink = await startBadMx();
  let office: Office | undefined;
  const folder = tempFolder(t, async () => {
    await office?.stop();
    await sink.close();
  });
  office = await open(folder, { 'routed.test': `127.0.0.1:${sink.port}` });
  const { directory, outbound } = office;
  const own = domain('example.com');
  assert.ok((await directory.addDomain(own, { verifiedBy: 'operator' })).ok);
  assert.ok((await directory.addDomain(domain('sends.example.com'), { verifiedBy: 'operator', receives: false })).ok);
  assert.ok((await directory.addMailbox({ local: 'ada', domain: own })).ok);
  await office.start();

  const send = async (to: readonly string[], sender: Sender = { kind: 'key', account: 'key_1' }) => {
    const accepted = await outbound.submit(sender, sendRequest({ to }), { kind: 'http', clientAddress: '127.0.0.1' });
    assert.ok(accepted.ok);
    const view = await outbound.settled(accepted.value.id, patience());
    return view?.recipients.map(
      ({ address, state, reply }) => `${address} ${state}${reply ? ` ${reply.enhanced ?? reply.code}` : ''}`,
    );
  };
  const ways = [
    ['ada@example.com', 'delivered 2.0.0'],
    ['nobody@example.com', 'bounced 5.1.1'],
    ['postmaster@mx.example.com', 'delivered 2.0.0'],
    ['ada@mx.example.com', 'bounced 5.7.1'],
    ['b+m.x@bounce.example.com', 'bounced 5.1.1'],
    ['bob@routed.test', 'delivered 2.0.0'],
    ['bob@null.test', 'bounced'],
    ['bob@sends.example.com', 'bounced'],
  ] as const;
  assert.deepEqual(
    await send(ways.map(([address]) => address)),
    ways.map((way) => way.join(' ')),
  );
  assert.equal(sink.received().length, 1);
  assert.deepEqual(await send(['bob@routed.test'], { kind: 'key', account: 'key_2', test: true }), [
    'bob@routed.test delivered',
  ]);
  assert.equal(sink.received().length, 1, 'mail of a test key leaves for nowhere');

  const before = await outbound.messages({ limit: 10 });
  const stored = await office.mailbox.list({ limit: 10 });
  assert.deepEqual(stored.map(({ recipient }) => recipient).toSorted(), [
    'ada@example.com',
    'postmaster@mx.example.com',
  ]);
  await office.stop();
  office = await open(folder, {});
  assert.deepEqual(await office.outbound.messages({ limit: 10 }), before);
  assert.deepEqual(await office.mailbox.list({ limit: 10 }), stored);
  assert.equal((await office.directory.activeSigners(own)).length, 2);
});

test('links in mail to a test address are followed as the settings say, and never into our own network', async (t) => {
  let office: Office | undefined;
  const folder = tempFolder(t, async () => office?.stop());
  office = await open(folder, {}, [['tests.follow_links', true]]);
  await office.directory.addDomain(domain('example.com'), { verifiedBy: 'operator' });
  await office.start();
  const made = await office.tests.create(domain('example.com'));
  assert.ok(made.ok);
  const request = sendRequest({ to: [made.value.address], text: 'All about bread:\nhttps://home.test/bread' });
  const sender = { kind: 'key', account: 'key_1' } as const;
  const accepted = await office.outbound.submit(sender, request, { kind: 'http', clientAddress: '127.0.0.1' });
  assert.ok(accepted.ok);
  await office.outbound.settled(accepted.value.id, patience());
  const { arrival } = (await office.tests.find(made.value.token)) ?? {};
  const links = arrival?.result.findings.find(({ id }) => id === 'MSG-19')?.meaning;
  assert.match(links ?? '', /^1 link could not be followed, .*: home\.test leads to no public address\.$/);
});

test('one folder, one office', async (t) => {
  let office: Office | undefined;
  const folder = tempFolder(t, async () => office?.stop());
  office = await open(folder, {});
  await assert.rejects(open(folder, {}), { code: 'STORE_IN_USE' });
});
