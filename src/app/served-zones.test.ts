/** Master files and hosted zones answered together, and swapped in as they change. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { until } from '../../test/support/sandbox-scene.ts';
import { domain, tempDb, tempFolder } from '../../test/support/temp-office.ts';
import { systemClock } from '../base/clock.ts';
import { silentSignals } from '../base/port/signals.ts';
import { hostedMigrations } from '../services/setup/hosted/hosted-migrations.ts';
import { HostedZoneStore } from '../services/setup/hosted/hosted-zones.ts';
import { ConfigMistakes, readConfig } from './config.ts';
import { openServedZones } from './served-zones.ts';

test('a hosted zone is answered as soon as it is there, again after a restart, and never beside a file of its name', async (t) => {
  const db = await tempDb(t, hostedMigrations);
  const file = join(tempFolder(t), 'own.zone');
  writeFileSync(file, 'own.example. 60 SOA a. b. 1 1 1 1 1\n');
  const settings = new Map<string, unknown>([
    ['listen.dns', '127.0.0.1:0'],
    ['dns.zones', [file]],
    ['dns.hosted_zone', 'hosted.example'],
    ['dns.name_servers', ['ns.elsewhere.example']],
  ]);
  const read = readConfig({ environment: {}, flags: settings as never });
  assert.ok('config' in read, JSON.stringify(read));
  const open = () => openServedZones(read.config, { db, timers: systemClock, signals: silentSignals });
  const served = await open();
  assert.deepEqual([...served.zones().keys()].sort(), ['hosted.example', 'own.example']);
  const store = new HostedZoneStore(db);
  await store.add(domain('x.hosted.example'), ['ns.elsewhere.example']);
  await until('the new zone', async () => served.zones().has('x.hosted.example') || undefined);
  // A change builds its own zone and no other; a zone that went and came again is never taken for the one it was.
  const [own, x] = ['own.example', 'x.hosted.example'].map((name) => served.zones().get(name));
  const serial = () => served.zones().get('x.hosted.example')?.soa.data;
  const before = serial();
  await store.remove(domain('x.hosted.example'));
  await store.add(domain('x.hosted.example'), ['ns.other.example']);
  await until('the zone anew', async () => served.zones().get('x.hosted.example') !== x || undefined);
  assert.partialDeepStrictEqual(
    [before, serial()],
    [{ serial: 1 }, { serial: 2, primary: ['ns', 'other', 'example'] }],
  );
  assert.equal(served.zones().get('own.example'), own);
  await store.add(domain('own.example'), ['ns.elsewhere.example']);
  await store.add(domain('y.hosted.example'), ['ns.elsewhere.example']);
  await served.close();
  assert.equal(
    served.zones().has('y.hosted.example'),
    false,
    'what contradicts itself leaves the zones of before in force',
  );
  await assert.rejects(
    open(),
    (error) => error instanceof ConfigMistakes && /own\.example stands in a file/.test(error.message),
  );
  await store.remove(domain('own.example'));
  const again = await open();
  t.after(() => again.close());
  assert.ok(again.zones().has('x.hosted.example') && again.zones().has('y.hosted.example'));
});
