/** A process that runs seeds: the simulated system goes under the product before anything of it is loaded. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installSystem } from './os/install.ts';

installSystem();
const { makeTemplates, simulate } = await import('./simulate.ts');

const memory = '/dev/shm';
const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'posthorn-sim-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const templates = await makeTemplates(folder);

export type Job = { readonly seed: number; readonly trace: boolean };

process.on('message', ({ seed, trace }: Job) => {
  const print = trace ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  simulate(seed, templates, print).then(
    (outcome) => process.send?.(outcome),
    (error) => {
      process.stderr.write(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n`);
      process.exit(70);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
