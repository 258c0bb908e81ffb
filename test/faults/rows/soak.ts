/** The same office for a long while, with a fault now and then: memory and descriptors stay where they are. */
import { settleAccounts } from '../support/accounts.ts';
import { openDeliveries } from '../support/home.ts';
import { Load } from '../support/load.ts';
import { OfficeProcess } from '../support/office.ts';
import { mannerNames } from '../support/sink.ts';
import { type Fault, pause } from '../support/trial.ts';
import { checkShop, killWorld } from './kill.ts';

const sampleMs = 1_000;
const faultEveryMs = 10_000;
const faultMs = 2_000;
/** What a start needs until caches and heaps have their size does not count. */
const warmUpShare = 1 / 3;
/** A slope means something over ten minutes; before, heaps are still finding their size. */
const judgedFromSeconds = 600;
const slopeMbPerMinute = 1;
const residentMb = 300;

export const soak: Fault = {
  name: 'soak',
  fault: 'running for long',
  done: 'steady load over every entrance; every 10 s the world closes or DNS falls silent for 2 s',
  limitSeconds: ({ soakSeconds }) => soakSeconds + 90,
  run: async (trial) => {
    const { home, sink, names } = await killWorld(trial, 0.02);
    const office = await OfficeProcess.start(trial, home);
    const load = new Load(trial, home, () => office, {
      clients: { relay: 2, submission: 1, api: 1, stranger: 1 },
      manners: mannerNames,
      octets: [500, 8_000],
      largeShare: 0.02,
      pauseMs: 60,
    });
    const samples: { readonly minutes: number; readonly megabytes: number; readonly descriptors: number }[] = [];
    load.start();
    const beganMs = performance.now();
    const durationMs = trial.options.soakSeconds * 1_000;
    let faults = 0;
    let healAtMs = 0;
    for (let nowMs = 0; nowMs < durationMs && !trial.signal.aborted; nowMs = performance.now() - beganMs) {
      if (nowMs > (faults + 1) * faultEveryMs) {
        faults++;
        healAtMs = nowMs + faultMs;
        if (faults % 2 === 0) names.moodOf = () => 'silent';
        else sink.block = '421 4.3.2 closed';
      }
      if (nowMs > healAtMs) {
        names.moodOf = () => 'honest';
        sink.block = undefined;
      }
      const { residentBytes, descriptors } = office.usage();
      trial.progress(
        `${(residentBytes / 1_048_576).toFixed(0)} MB, ${descriptors} descriptors, ${load.entries.length} messages`,
      );
      samples.push({ minutes: nowMs / 60_000, megabytes: residentBytes / 1_048_576, descriptors });
      await pause(sampleMs);
    }
    names.moodOf = () => 'honest';
    sink.block = undefined;
    await load.stop();
    const drained = await trial.until(40_000, () => openDeliveries(home) === 0 || undefined);
    trial.check(drained === true, `${openDeliveries(home)} deliveries stay open`);
    const accounts = settleAccounts(trial, home, load.entries, sink.copies, []);
    const steady = samples.slice(Math.floor(samples.length * warmUpShare));
    const slope = slopeOf(steady.map(({ minutes, megabytes }) => [minutes, megabytes]));
    const open = steady.map(({ descriptors }) => descriptors);
    const last = steady.at(-1)?.megabytes ?? Number.NaN;
    trial.check(last < residentMb, `${last.toFixed(0)} MB in memory`);
    if (trial.options.soakSeconds >= judgedFromSeconds)
      trial.check(slope < slopeMbPerMinute, `memory grows by ${slope.toFixed(2)} MB a minute`);
    const openSlope = slopeOf(steady.map(({ minutes, descriptors }) => [minutes, descriptors]));
    trial.check(
      openSlope * Math.max(1, trial.options.soakSeconds / 60) < 20,
      `descriptors grow by ${openSlope.toFixed(1)} a minute`,
    );
    trial.figure(
      `${trial.options.soakSeconds} s, ${faults} faults, ${accounts.acknowledged} acknowledged (${(accounts.acknowledged / trial.options.soakSeconds).toFixed(0)} a second), lost 0`,
    );
    trial.figure(
      `memory ${last.toFixed(0)} MB at the end, slope ${slope.toFixed(2)} MB/min after the first third; descriptors ${Math.min(...open)} to ${Math.max(...open)}`,
    );
    await checkShop(trial, home, office);
  },
};

/** Least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  const variance = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}
