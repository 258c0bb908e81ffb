/** Log lines, gathered. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { gatherLogLines } from './log-lines.ts';

test('the lines of a turn are one write, in order; the next turn’s another', async () => {
  const written: string[] = [];
  const { log } = gatherLogLines((lines) => written.push(lines));
  log('a\n');
  log('b\n');
  assert.deepEqual(written, []);
  await turn();
  log('c\n');
  await turn();
  assert.deepEqual(written, ['a\nb\n', 'c\n']);
});

test('at the end nothing is left behind, and nothing is written twice', async () => {
  const written: string[] = [];
  const { log, flush } = gatherLogLines((lines) => written.push(lines));
  log('a\n');
  flush();
  await turn();
  assert.deepEqual(written, ['a\n']);
});

test('very many lines do not wait for the turn to end', () => {
  let characters = 0;
  const { log } = gatherLogLines((lines) => {
    characters += lines.length;
  });
  for (let i = 0; i < 1_000; i++) log(`${'x'.repeat(99)}\n`);
  assert.ok(characters > 0);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
