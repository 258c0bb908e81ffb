/**
 * An office under load is killed (SIGKILL, the whole process) at random moments and started again on the same folder. In the end
 * everything that was acknowledged has arrived, and a second copy exists only of what was in doubt when the office died.
 *
 * POSTHORN_KILLS=100 kills more often; POSTHORN_SEED=2 has other moments and answers of the sink, POSTHORN_SEED=random others each time.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openRecords } from '../../src/app/compose.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentSignals } from '../../src/base/port/signals.ts';
import { seededRandom, systemRandom } from '../../src/base/random.ts';
import { startMixedSink } from '../support/mixed-sink.ts';
import { seed } from '../support/one-seed.ts';
import { domain, tempFolder } from '../support/temp-office.ts';

const kills = Number(process.env.POSTHORN_KILLS ?? 3);
const entry = fileURLToPath(new URL('../support/kill-office.ts', import.meta.url));
const world = { timers: systemClock, random: systemRandom, signals: silentSignals };
/** Deliveries under way at once: `delivery.concurrency`. */
const underWayMax = 50;

type Round = {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<string>;
  readonly lines: string[];
};

function begin(t: TestContext, folder: string, port: number, name: string, mode: 'load' | 'drain'): Round {
  const child = spawn(process.execPath, [entry, folder, String(port), name, mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line === 'ready') ready.resolve();
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const ended = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => {
      ready.reject(new Error(`it ended before it was ready: ${complaints}`));
      resolve(complaints || String(signal ?? code));
    });
  });
  ready.promise.catch(() => {}); // told by whoever awaits it
  return { child, ready: ready.promise, ended, lines };
}

/** So many acknowledgements: that is a load on a slow machine too. */
async function underLoad(round: Round, acknowledgements: number): Promise<void> {
  let isOver = false;
  void round.ended.then(() => {
    isOver = true;
  });
  while (!isOver && round.lines.length < acknowledgements) await systemClock.sleep(1);
}

/** `<subject> <recipient>` of what the dead office may have handed over without hearing the answer. */
async function inDoubt(folder: string): Promise<string[]> {
  const records = await openRecords(folder, 'beside', world);
  const sql = `SELECT m.subject AS subject, d.recipient AS recipient FROM outbound_deliveries d
    JOIN outbound_messages m ON m.id = d.message_id WHERE d.unsure = 1`;
  const rows = await records.db.read((reader) =>
    reader.all<{ subject: string; recipient: string }>({ sql, parameters: [] }),
  );
  await records.close();
  return rows.map(({ subject, recipient }) => `${subject} ${recipient}`);
}

test(`killed ${kills} times under load: nothing acknowledged is lost, and only what was in doubt comes twice (seed ${seed})`, {
  timeout: 60_000 + kills * 10_000,
}, async (t) => {
  const random = seededRandom(seed);
  const sink = await startMixedSink(seededRandom(seed + 1));
  const folder = tempFolder(t, () => sink.close());
  const records = await openRecords(folder, 'take', world);
  assert.ok((await records.directory.addDomain(domain('example.com'), { verifiedBy: 'operator' })).ok);
  await records.close();

  const acknowledged = new Set<string>();
  const doubts = new Map<string, number>();
  for (let nth = 1; nth <= kills; nth++) {
    const round = begin(t, folder, sink.port, `r${nth}`, 'load');
    await round.ready;
    await underLoad(round, 30 + random.float() * 150);
    await systemClock.sleep(random.float() * 30);
    round.child.kill('SIGKILL');
    assert.equal(await round.ended, 'SIGKILL');
    for (const line of round.lines) if (line.startsWith('ack ')) acknowledged.add(line.slice(4));
    const marked = await inDoubt(folder);
    for (const key of marked) doubts.set(key, (doubts.get(key) ?? 0) + 1);
    assert.ok(new Set(marked).size <= underWayMax * 3, `${marked.length} in doubt`);
  }
  const last = begin(t, folder, sink.port, 'end', 'drain');
  assert.equal(await last.ended, '0');

  const lost = [...acknowledged].filter((key) => !sink.copies.has(key));
  assert.deepEqual(lost, [], `seed ${seed}`);
  assert.ok(acknowledged.size >= kills * 10, `only ${acknowledged.size} were acknowledged: no load`);
  const repeated = [...sink.copies].filter(([key, copies]) => copies > 1 + (doubts.get(key) ?? 0));
  assert.deepEqual(repeated, [], `seed ${seed}`);
  const second = [...sink.copies.values()].reduce((sum, copies) => sum + copies - 1, 0);
  t.diagnostic(
    `${acknowledged.size} acknowledged, ${sink.copies.size} arrived, ${doubts.size} in doubt, ${second} second copies, seed ${seed}`,
  );
});
