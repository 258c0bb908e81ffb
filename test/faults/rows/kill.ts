/** kill -9 at random moments under load. The page cache survives a process; what was acknowledged has to. */
import { settleAccounts } from '../support/accounts.ts';
import { posthorn } from '../support/command.ts';
import { type Home, makeHome, openDeliveries } from '../support/home.ts';
import { Load } from '../support/load.ts';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { OfficeProcess } from '../support/office.ts';
import { mannerNames, type Sink, startSink } from '../support/sink.ts';
import { type Fault, pause, quantile, type Trial } from '../support/trial.ts';

const lifeMs = [80, 900] as const;
/** After the last kill everything queued has to come to its end. */
const drainMs = 60_000;
const restartMs = 2_000;
/** Below the patience of whoever waits for a lock: a start that waits for one that nobody gives back would show. */
const waitedMostMs = 4_500;

type Restart = { readonly ms: number; readonly cpuMs: number; readonly heldUpMs: number; readonly nth: number };

export const kill: Fault = {
  name: 'kill',
  fault: 'kill -9 under load',
  done: 'killed at random moments while clients send over every entrance and the world answers in every way, then counted',
  alone: true,
  limitSeconds: ({ kills }) => 120 + kills * 4,
  run: async (trial) => {
    const world = await killWorld(trial);
    const { home, sink } = world;
    let office: OfficeProcess | undefined = await OfficeProcess.start(trial, home);
    const load = new Load(trial, home, () => office, {
      clients: { relay: 2, submission: 1, api: 2, stranger: 1 },
      manners: mannerNames,
      octets: [200, 6_000],
      largeShare: 0.02,
      pauseMs: 25,
    });
    load.start();
    const deaths: number[] = [];
    const first = await office.firstBanner();
    const restarts: Restart[] = [];
    let underWay = 0;
    for (let nth = 0; nth < trial.options.kills && !trial.signal.aborted; nth++) {
      await pause(trial.between(...lifeMs));
      const dying: OfficeProcess = office;
      const dead = dying.kill(); // the signal is out
      office = undefined;
      deaths.push(performance.now());
      underWay += sink.underWay();
      await dead;
      reportErrors(trial, dying);
      office = await OfficeProcess.start(trial, home);
      const ms = await office.firstBanner();
      const { cpuMs, heldUpMs } = office.usage();
      restarts.push({ ms, cpuMs, heldUpMs, nth });
      trial.progress(`${nth + 1} kills, ${load.acknowledged.length} acknowledged`);
    }
    await load.stop();
    const left = await trial.until(drainMs, () => (openDeliveries(home) === 0 ? 0 : undefined));
    trial.check(
      left === 0,
      `${openDeliveries(home)} deliveries are still open ${drainMs / 1_000} s after the last kill`,
    );
    const accounts = settleAccounts(trial, home, load.entries, sink.copies, deaths);
    await checkShop(trial, home, office);
    trial.check(
      accounts.byDeath <= underWay,
      `${accounts.byDeath} second copies, ${underWay} deliveries were under way`,
    );
    const median = quantile(
      restarts.map(({ ms }) => ms),
      0.5,
    );
    // Other work on the machine is no fault of ours.
    const ownMedian = quantile(
      restarts.map(({ ms, heldUpMs }) => ms - heldUpMs),
      0.5,
    );
    const longest = restarts.reduce((one, other) => (other.ms > one.ms ? other : one));
    trial.check(ownMedian <= restartMs, `restart to the first 220 takes ${ownMedian.toFixed(0)} ms in the median`);
    const waited = Math.max(...restarts.map(({ ms, cpuMs, heldUpMs }) => ms - cpuMs - heldUpMs));
    trial.check(waited <= waitedMostMs, `a restart waited ${waited.toFixed(0)} ms for something`);
    trial.figure(
      `${deaths.length} kills, ${accounts.acknowledged} acknowledged, lost ${trial.failures.filter((each) => each.startsWith('LOST')).length}`,
    );
    trial.figure(
      `own second copies ${accounts.byDeath} of ${underWay} deliveries under way, unexplained ${trial.failures.filter((each) => each.startsWith('OUR')).length}`,
    );
    trial.figure(
      `${accounts.unheard} taken without the client hearing so; ends: ${accounts.delivered} delivered, ${accounts.bounced} bounced, ${accounts.unsure} unsure`,
    );
    trial.figure(
      `restart to the first 220: median ${median.toFixed(0)} ms (${ownMedian.toFixed(0)} without waiting for a processor), longest ${longest.ms.toFixed(0)} ms (the ${longest.nth + 1}th, of which ${longest.cpuMs} ms at work and ${longest.heldUpMs.toFixed(0)} ms waiting for a processor); first start ${first.toFixed(0)} ms`,
    );
  },
};

/** A world that answers, names that exist, and a home whose mail goes there. @param shut share of the time in which the world is closed */
export async function killWorld(
  trial: Trial,
  shut = 0.03,
): Promise<{ readonly home: Home; readonly sink: Sink; readonly names: NameServer }> {
  const sink = await startSink({ random: trial.random, shut });
  trial.later(() => sink.close());
  const names = await startNameServer('world.test. 60 IN TXT "v=spf1 ip4:127.0.0.2 -all"\n');
  trial.later(() => names.close());
  const home = await makeHome(`${trial.folder}/data`, {
    routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
  });
  return { home, sink, names };
}

/**
 * A log line at level error is a mistake of ours; a receiver's manners are none.
 * @param expected what the row itself brought about, and the operator is told
 */
export function reportErrors(trial: Trial, office: OfficeProcess, expected = /^(?!)/): void {
  for (const line of office.errors.map((each) => JSON.stringify(each)))
    trial.check(expected.test(line), `the office logged an error: ${line}`);
}

/** After everything: no error in the log, it stops when asked, and its store is as it should be. */
export async function checkShop(trial: Trial, home: Home, office: OfficeProcess, expected?: RegExp): Promise<void> {
  reportErrors(trial, office, expected);
  const { code } = await office.stop();
  trial.check(code === 0, `the office ended with ${code}`);
  await checkFsck(trial, home);
}

export async function checkFsck(trial: Trial, home: Home): Promise<void> {
  const { code, out, err } = await posthorn('fsck', '--json', '--config', home.config);
  trial.check(code === 0, `fsck answers ${code}: ${out}${err}`);
}
