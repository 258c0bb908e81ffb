/**
 * What the office needs of memory, measured from outside: `npm run bench:memory`. Prints idle, peak and ratio, and ends with 1 where a
 * mark is missed. Peaks are the kernel's own (VmHWM, set back before each step), so nothing between two looks is overlooked.
 *
 *   a message of 25 MB through every door, to the receiver or the mailbox: less than 40 MB above idle
 *   1,000 idle SMTP connections: at most 1.3 times what a bare node:net server needs for them
 *   100,000 queued messages: the process below 300 MB, a look for the next work below 5 ms
 *
 *   --only large,idle,queue   some of them
 */
import { parseArgs } from 'node:util';
import { Trial } from '../faults/support/trial.ts';
import { idleConnections } from './memory/idle-connections.ts';
import { largeMessages } from './memory/large-messages.ts';
import { longQueue } from './memory/long-queue.ts';

const parts = { large: largeMessages, idle: idleConnections, queue: longQueue } as const;
const options = { kills: 0, acknowledgements: 0, soakSeconds: 0, queued: 100_000, failures: 0 };
const patienceMs = 120_000;

const { values } = parseArgs({ options: { only: { type: 'string', default: Object.keys(parts).join(',') } } });
const print = (text: string) => void process.stdout.write(`${text}\n`);

let missed = 0;
for (const name of values.only.split(',')) {
  const part = parts[name as keyof typeof parts];
  if (!part) throw new Error(`there is no ${name}; there are ${Object.keys(parts).join(', ')}`);
  const trial = new Trial(1, options, { signal: AbortSignal.timeout(patienceMs), progress: () => {} });
  process.once('exit', () => trial.killAll());
  try {
    await part(trial);
  } catch (error) {
    trial.check(false, error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await trial.close();
  }
  print(`\n${name}`);
  for (const figure of trial.figures) print(`  ${figure}`);
  for (const failure of trial.failures) print(`  MISSED: ${failure}`);
  missed += trial.failures.length;
}
process.exit(missed === 0 ? 0 : 1);
