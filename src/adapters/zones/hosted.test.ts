import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import {
  changeOf,
  contractNameServers,
  contractZone,
  set,
  zoneEditorContract,
} from '../../../test/contracts/zone-editor.ts';
import { hostedMigrations } from '../../services/setup/hosted/hosted-migrations.ts';
import { HostedZoneStore, hostedZonesChannel } from '../../services/setup/hosted/hosted-zones.ts';
import type { RecordSet } from '../../services/setup/types.ts';
import { openSqlite, type SqliteDb } from '../store/sqlite-db.ts';
import { hostedEditor } from './hosted.ts';

let db: SqliteDb;
let close: (() => Promise<void>) | undefined;
before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-hosted-'));
  db = await openSqlite(folder, { migrations: hostedMigrations, office: 'take' });
  close = async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  };
});
after(() => close?.());

/** One database for all: making it takes longer than what is tested. */
async function open(_: TestContext, sets: readonly RecordSet[]) {
  for (const table of ['setup_hosted_sets', 'setup_hosted_zones'])
    await db.write((tx) => tx.run({ sql: `DELETE FROM ${table}`, parameters: [] }));
  const zones = new HostedZoneStore(db);
  await zones.add(contractZone, contractNameServers);
  const filled = await zones.change(
    contractZone,
    sets.map((one) => changeOf(undefined, one)),
  );
  assert.ok(filled.ok, filled.ok ? '' : filled.say);
  return { db, zones, editor: hostedEditor(zones) };
}

zoneEditorContract({
  open: async (t, sets) => {
    const { zones, editor } = await open(t, sets);
    return {
      editor,
      meddle: async (one) => {
        const now = (await zones.find(contractZone))?.sets.find(
          ({ name, type }) => name === one.name && type === one.type,
        );
        const change = changeOf(now, one.values.length === 0 ? undefined : one);
        assert.ok((await zones.change(contractZone, [change])).ok);
      },
      foreign: async () => (await zones.find(contractZone))?.nameServers,
    };
  },
});

test('a change raises the serial, and is told to whoever serves the zone', async (t) => {
  const { db, zones, editor } = await open(t, []);
  let told = 0;
  t.after(db.onNotify(hostedZonesChannel, () => told++));
  const before = (await zones.find(contractZone))?.serial ?? 0;
  await editor.apply(contractZone, [changeOf(undefined, set(contractZone, 'TXT', ['x']))]);
  assert.equal((await zones.find(contractZone))?.serial, before + 1);
  assert.equal(told, 1);
  assert.equal(await zones.add(contractZone, []), false);
});

test('what could not be served is not kept', async (t) => {
  const { zones, editor } = await open(t, [set(`a.${contractZone}`, 'TXT', ['x'])]);
  const before = await zones.find(contractZone);
  const bad = [
    changeOf(undefined, set(`a.${contractZone}`, 'CNAME', ['b.example'])),
    changeOf(undefined, set('elsewhere.example', 'TXT', ['x'])),
    changeOf(undefined, set(contractZone, 'MX', ['ten mx'])),
    changeOf(set(contractZone, 'NS', contractNameServers), undefined),
  ];
  for (const change of bad)
    assert.partialDeepStrictEqual(await editor.apply(contractZone, [change]), {
      ok: false,
      code: 'not-supported',
      done: 0,
    });
  assert.deepEqual(await zones.find(contractZone), before);
});
