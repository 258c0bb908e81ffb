/** A few worlds of the simulation in the ordinary suite, each twice: nothing is lost in them, and the same seed makes the same run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = fileURLToPath(new URL('run.ts', import.meta.url));

test('the simulated office loses nothing, and a seed makes the same run twice', async () => {
  // The product under the simulated system is a process of its own: the suite's keeps the real one.
  const { stdout } = await promisify(execFile)(process.execPath, [run, '--seed', '16', '--twice', '--jobs', '1']);
  assert.match(stdout, /^2 runs .*: [1-9]\d* letters, [1-9]\d* deaths, .* 0 failed$/m);
});
