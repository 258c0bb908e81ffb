/** A hundred thousand messages wait: the office starts, claims and serves as if there were few. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../../../src/adapters/store/sqlite-db.ts';
import { migrations } from '../../../src/app/compose.ts';
import { OutboundStore } from '../../../src/services/outbound/outbound-store.ts';
import { author, count, type Home, makeHome } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { OfficeProcess } from '../support/office.ts';
import { sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, quantile, type Trial } from '../support/trial.ts';
import { checkShop } from './kill.ts';

const startMs = 2_000;
const residentMb = 300;
const roundMs = 5;
const starts = 3;
const rounds = 200;
/** They are spread over so many destinations. */
const domains = 500;

export const fullQueue: Fault = {
  name: 'full-queue',
  fault: '100,000 queued messages',
  done: 'one real message multiplied in the database; killed and restarted; claims timed; then delivering for a while',
  alone: true,
  limitSeconds: () => 180,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    sink.block = '421 4.3.2 closed';
    const home = await makeHome(`${trial.folder}/data`, {
      routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
      retry: { delays: ['1m'], test: false, give_up_after: '5d' },
    });
    await fill(trial, home);
    const queued = count(home, 'SELECT count(*) FROM outbound_deliveries WHERE settled_at_ms IS NULL');
    trial.check(queued >= trial.options.queued, `${queued} are queued`);
    const claims = await claimTimes(home);
    const restarts: number[] = [];
    let office = await OfficeProcess.start(trial, home);
    restarts.push(await ownRestart(office));
    for (let nth = 1; nth < starts; nth++) {
      await pause(500);
      await office.kill();
      office = await OfficeProcess.start(trial, home);
      restarts.push(await ownRestart(office));
    }
    sink.block = undefined;
    const beganMs = performance.now();
    const before = sink.copies.length;
    await pause(8_000);
    const rate = (sink.copies.length - before) / ((performance.now() - beganMs) / 1_000);
    const talkMs = await oneMore(trial, office);
    const { residentBytes } = office.usage();
    const megabytes = residentBytes / 1_048_576;
    const median = quantile(restarts, 0.5);
    trial.check(median <= startMs, `restart to the first 220 takes ${median.toFixed(0)} ms in the median`);
    trial.check(megabytes < residentMb, `${megabytes.toFixed(0)} MB in memory`);
    trial.check(
      quantile(claims, 0.5) < roundMs,
      `a claim round takes ${quantile(claims, 0.5).toFixed(1)} ms in the median`,
    );
    trial.check(rate > 0, 'nothing is delivered');
    trial.figure(
      `${queued.toLocaleString('en')} queued: kill -9 to the first 220, without waiting for a processor, ${restarts.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    );
    trial.figure(
      `memory ${megabytes.toFixed(0)} MB while delivering ${rate.toFixed(0)} a second; a new message is taken in ${talkMs.toFixed(0)} ms`,
    );
    trial.figure(
      `claim round (look at 64 queues, claim 50): median ${quantile(claims, 0.5).toFixed(2)} ms, p99 ${quantile(claims, 0.99).toFixed(2)} ms`,
    );
    await checkShop(trial, home, office);
  },
};

/** Other work on the machine is no fault of ours. */
async function ownRestart(office: OfficeProcess): Promise<number> {
  const ms = await office.firstBanner();
  return ms - office.usage().heldUpMs;
}

export async function fill(trial: Trial, home: Home): Promise<void> {
  const office = await OfficeProcess.start(trial, home);
  const to = `a@${sinkDomain('ok')}`;
  const talk = await SmtpTalk.greeted(office.ports.mx);
  const { code } = await talk.send(author, [to], letter(tokenOf(trial.seed, 1, 2_000), author, [to]));
  trial.check(code === 250, `the message to multiply is answered ${code}`);
  talk.destroy();
  await pause(300);
  await office.stop();
  const database = new DatabaseSync(join(home.data, 'posthorn.db'));
  try {
    database.exec('PRAGMA synchronous = OFF');
    database.exec('BEGIN');
    const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${trial.options.queued}) `;
    // Ids keep their length and their order; a number takes the place of their last characters.
    const id = (column: string) => `substr(${column}, 1, length(${column}) - 8) || printf('%08d', i)`;
    for (const [table, columns] of Object.entries(multiplied)) {
      const all = database
        .prepare(`SELECT name FROM pragma_table_info('${table}')`)
        .all()
        .map(({ name }) => String(name));
      const values = all.map((name) => (columns[name] === 'id' ? id(name) : (columns[name] ?? name)));
      const one = `(SELECT * FROM ${table} ORDER BY rowid LIMIT 1)`;
      database.exec(`${many}INSERT INTO ${table} (${all.join(', ')}) SELECT ${values.join(', ')} FROM n, ${one}`);
    }
    database.exec('COMMIT');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Table -> column -> how it differs in each copy. */
const multiplied: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  blobs: { id: 'id' },
  outbound_messages: { id: 'id', blob_id: 'id' },
  outbound_deliveries: {
    id: 'id',
    message_id: 'id',
    domain: `'d' || (i % ${domains}) || '.sink.test'`,
    recipient: `'a@d' || (i % ${domains}) || '.sink.test'`,
    state: "'queued'",
    ready: '1',
    due_at_ms: 'NULL',
    leased: '0',
    settled_at_ms: 'NULL',
  },
};

/** What the worker does each time it looks, as it does it, on the same rows; undone afterwards. */
export async function claimTimes(home: Home): Promise<number[]> {
  const times: number[] = [];
  await using db = await openSqlite(home.data, { migrations, office: 'take' });
  const store = new OutboundStore(db);
  for (let nth = 0; nth < rounds; nth++) {
    await db
      .write(async (tx) => {
        const beganMs = performance.now();
        await store.promote(tx, Date.now(), 500);
        const queues = await store.waitingQueues(tx, { lane: undefined, domains: new Map() }, 64);
        for (const queue of queues.slice(0, 50))
          await store.claim(tx, queue, { most: 1, leaseUntilMs: Date.now() + 300_000 });
        times.push(performance.now() - beganMs);
        throw new Undone();
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error;
      });
  }
  return times;
}

class Undone extends Error {}

async function oneMore(trial: Trial, office: OfficeProcess): Promise<number> {
  const to = `new@${sinkDomain('ok')}`;
  const beganMs = performance.now();
  const talk = await SmtpTalk.greeted(office.ports.mx);
  const { code } = await talk.send(author, [to], letter(tokenOf(trial.seed, 2, 2_000), author, [to]));
  talk.destroy();
  trial.check(code === 250, `a new message is answered ${code}`);
  return performance.now() - beganMs;
}
