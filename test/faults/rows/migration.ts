/** Killed while it brings a data folder to its own version, or makes a new one: the next start goes on from there. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openFileSecrets } from '../../../src/adapters/secrets/file-secrets.ts';
import { openSqlite } from '../../../src/adapters/store/sqlite-db.ts';
import { migrations } from '../../../src/app/compose.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { ask, author, type Home, makeHome, openDeliveries, writeConfig } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { NotServing, OfficeProcess } from '../support/office.ts';
import { type Sink, sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { straceMissing } from '../support/strace.ts';
import type { Fault, Trial } from '../support/trial.ts';
import { checkShop, reportErrors } from './kill.ts';

const deathsPerKind = 5;
const triesMost = 20;
/** Of a start that makes or migrates; how many there are shows when one outlives its own. */
const writesMost = 120;

export const migration: Fault = {
  name: 'migration',
  fault: 'kill -9 during an upgrade',
  done: `a folder of an older version and a new one: killed at ${deathsPerKind} of their first writes each (strace), every time a fresh one, and started once more`,
  missing: straceMissing,
  limitSeconds: () => 180,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    for (const kind of ['new', 'old'] as const) {
      const writes: number[] = [];
      let most = writesMost;
      for (let nth = 0; nth < triesMost && writes.length < deathsPerKind && !trial.signal.aborted; nth++) {
        const data = `${trial.folder}/${kind}${nth}`;
        const home: Home = { data, config: `${data}.toml`, apiKey: '', password: '' };
        writeConfig(home.config, data, { routes: { '*.sink.test': `127.0.0.1:${sink.port}` } });
        if (kind === 'old') await makeOld(data, trial.between(1, migrations.length - 1));
        const write = trial.between(1, most);
        if (await dies(trial, home, write)) {
          writes.push(write);
          if (writes.length < deathsPerKind) await startsAgain(trial, home, kind);
          else await goesOn(trial, home, sink, kind);
        } else most = Math.max(1, write - 1);
        rmSync(data, { recursive: true, force: true });
      }
      trial.check(writes.length === deathsPerKind, `only ${writes.length} starts were killed at a write (${kind})`);
      trial.figure(`${kind}: killed at its write ${writes.join(', ')}; each time the next start knows all steps`);
    }
    trial.figure(`all ${migrations.length} steps applied, nothing lost, mail taken and delivered, fsck clean`);
  },
};

/** As an older version left it: with the first steps of the schema only, and something in them. */
async function makeOld(data: string, steps: number): Promise<void> {
  mkdirSync(data, { recursive: true });
  openFileSecrets(join(data, 'secret.key'), systemRandom);
  await using db = await openSqlite(data, { migrations: migrations.slice(0, steps), office: 'take' });
  const sql = 'INSERT INTO blobs (id, size, sha256, file, body) VALUES (?, ?, ?, NULL, ?)';
  const sha256 = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'; // of "foo"
  await db.write((tx) => tx.run({ sql, parameters: ['blob_old', 3, sha256, Buffer.from('foo')] }));
}

/** Starts it with a death at its n-th write; false when it came to serve before. */
async function dies(trial: Trial, home: Home, nth: number): Promise<boolean> {
  const wrap = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=pwrite64,write',
    '-e',
    `inject=pwrite64:signal=SIGKILL:when=${nth}`,
  ];
  try {
    const office = await OfficeProcess.start(trial, home, { wrap });
    await office.kill();
    return false;
  } catch (error) {
    if (!(error instanceof NotServing)) throw error;
    trial.check(error.ended.signal === 'SIGKILL', `a start that was to die at write ${nth} says: ${error.message}`);
    return true;
  }
}

async function startsAgain(trial: Trial, home: Home, kind: string): Promise<void> {
  const office = await OfficeProcess.start(trial, home);
  checkSteps(trial, home, kind);
  reportErrors(trial, office);
  await office.kill();
}

function checkSteps(trial: Trial, home: Home, kind: string): void {
  const applied = ask(home, 'SELECT id FROM schema_migrations').length;
  trial.check(applied === migrations.length, `${applied} of ${migrations.length} steps are applied`);
  if (kind === 'old')
    trial.check(
      ask(home, "SELECT id FROM blobs WHERE id = 'blob_old'").length === 1,
      'what the older version stored is gone',
    );
}

async function goesOn(trial: Trial, home: Home, sink: Sink, kind: string): Promise<void> {
  // Furnishing opens it as a command does, before anything serves.
  const furnished = await makeHome(home.data, { routes: { '*.sink.test': `127.0.0.1:${sink.port}` } });
  const office = await OfficeProcess.start(trial, furnished);
  checkSteps(trial, furnished, kind);
  const to = `${kind}@${sinkDomain('ok')}`;
  const talk = await SmtpTalk.greeted(office.ports.mx);
  const { code } = await talk.send(author, [to], letter(tokenOf(trial.seed, 1, 500), author, [to]));
  talk.destroy();
  trial.check(code === 250, `after it mail is answered ${code}`);
  await trial.until(10_000, () => openDeliveries(furnished) === 0 || undefined);
  trial.check(
    sink.copies.some(({ recipient }) => recipient === to),
    'after it mail is not delivered',
  );
  await checkShop(trial, furnished, office);
}
