/** The simulated system keeps the promises of the store's ports, or nothing that a run shows would mean anything. Run by `run.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { Machine } from './machine.ts';
import { installSystem } from './os/install.ts';
import { plugIn } from './os/machines.ts';
import { Schedule } from './schedule.ts';
import { Trace } from './trace.ts';

installSystem();
const { blobsContract } = await import('../contracts/blobs-contract.ts');
const { contractMigrations, dbContract } = await import('../contracts/db-contract.ts');
const { openSqlite } = await import('../../src/adapters/store/sqlite-db.ts');
const { openBlobs } = await import('../../src/adapters/store/blobs.ts');
const { blobMigrations } = await import('../../src/adapters/store/blobs-schema.ts');
const { inlineBytesMax } = await import('../../src/adapters/store/spool.ts');
const { createIds } = await import('../../src/base/id.ts');

const schedule = new Schedule(seededRandom(1), setImmediate);
const going = { on: true };
after(() => {
  going.on = false;
});

/** Time goes on as long as there are tests. */
async function keepGoing(): Promise<void> {
  while (going.on) {
    await schedule.run(() => !going.on);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
void keepGoing();

async function openStore(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-sim-contract-'));
  const machine = new Machine('contract', folder, {
    schedule,
    trace: new Trace(schedule, undefined),
    seed: 1,
    startsAtMs: 0,
  });
  const unplug = plugIn(machine);
  const { timers } = machine.boot();
  const db = await openSqlite(folder, {
    migrations: [...blobMigrations, ...contractMigrations],
    office: 'take',
    timers,
  });
  const random = seededRandom(2);
  const blobs = await openBlobs(folder, { db, clock: timers, ids: createIds(timers, random), random });
  t.after(async () => {
    await db.close();
    unplug();
    rmSync(folder, { recursive: true, force: true });
  });
  return { db, blobs };
}

dbContract(async (t) => (await openStore(t)).db);
blobsContract(openStore, [inlineBytesMax, inlineBytesMax + 1, 3 * inlineBytesMax]);
