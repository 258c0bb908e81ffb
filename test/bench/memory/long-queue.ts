/** 100,000 messages wait: what the process needs while it delivers, and how long a look for the next work takes. */
import { claimTimes, fill } from '../../faults/rows/full-queue.ts';
import { makeHome } from '../../faults/support/home.ts';
import { OfficeProcess } from '../../faults/support/office.ts';
import { startSink } from '../../faults/support/sink.ts';
import { pause, quantile, type Trial } from '../../faults/support/trial.ts';
import { forgetPeak, megabytes, peakOf } from './process-memory.ts';

const mostBytes = 300_000_000;
const roundMs = 5;
const deliverMs = 5_000;

export async function longQueue(trial: Trial): Promise<void> {
  const sink = await startSink({ random: trial.random });
  trial.later(() => sink.close());
  sink.block = '421 4.3.2 closed';
  const home = await makeHome(`${trial.folder}/data`, {
    routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
    retry: { delays: ['1m'], test: false, give_up_after: '5d' },
  });
  await fill(trial, home);
  const times = await claimTimes(home);
  sink.block = undefined;
  const office = await OfficeProcess.start(trial, home);
  forgetPeak(office.pid);
  const before = sink.copies.length;
  await pause(deliverMs);
  const delivered = sink.copies.length - before;
  const peak = peakOf(office.pid);
  trial.check(delivered > 0, 'nothing is delivered');
  trial.check(peak < mostBytes, `${megabytes(peak)} MB is not below ${megabytes(mostBytes)} MB`);
  const median = quantile(times, 0.5);
  trial.check(median < roundMs, `a look for the next work takes ${median.toFixed(2)} ms, not below ${roundMs}`);
  trial.figure(
    `${trial.options.queued} queued, ${delivered} delivered in ${deliverMs / 1_000} s: peak ${megabytes(peak)} MB`,
  );
  trial.figure(`look for the next work: median ${median.toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`);
  await office.stop();
}
