/**
 * Makes one process run the tests of many files. `npm test` starts two such processes side by side, one for each core it can count on:
 * the whole suite in one took 50 s, each file in a process of its own takes minutes of loading.
 */
import { globSync } from 'node:fs';
import test, { before } from 'node:test';
import { fileURLToPath } from 'node:url';
import '../support/one-seed.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Loading took 4 s on a machine with nothing else to do and 16 s on a busy one. Without a limit of its own it has that of a test, which
 * runs out on a slow machine: then no test of this half begins.
 */
const loadingMs = 900_000;

/** No test begins before all files are there: what is still loading would disturb it. */
export async function loadTests(patterns: readonly string[]): Promise<void> {
  const loaded = Promise.withResolvers<void>();
  before(() => loaded.promise, { timeout: loadingMs });
  for (const file of globSync(patterns, { cwd: root }).toSorted()) {
    try {
      await import(new URL(`../../${file}`, import.meta.url).href);
    } catch (error) {
      test(`${file} can be loaded`, () => Promise.reject(error));
    }
  }
  loaded.resolve();
}
