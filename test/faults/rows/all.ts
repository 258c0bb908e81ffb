/** The rows of the table, in the order of docs/RELIABILITY.md. */
import type { Fault } from '../support/trial.ts';
import { backup } from './backup.ts';
import { clock } from './clock.ts';
import { damage } from './damage.ts';
import { dns } from './dns.ts';
import { downgrade } from './downgrade.ts';
import { durable } from './durable.ts';
import { failingCalls } from './failing-calls.ts';
import { fullDisk, fullExt4 } from './full-disk.ts';
import { fullQueue } from './full-queue.ts';
import { kill } from './kill.ts';
import { memory } from './memory.ts';
import { migration } from './migration.ts';
import { receivers } from './receivers.ts';
import { descriptors, inodes } from './scarcity.ts';
import { soak } from './soak.ts';
import { twoOffices } from './two-offices.ts';

export const rows: readonly Fault[] = [
  kill,
  fullQueue,
  durable,
  failingCalls,
  fullDisk,
  fullExt4,
  inodes,
  descriptors,
  memory,
  dns,
  receivers,
  clock,
  twoOffices,
  damage,
  backup,
  migration,
  downgrade,
  soak,
];
