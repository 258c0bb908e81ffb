import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept, Bug, Fault, invariant, isStorageFull, type Outcome, refuse, unreachable } from './outcome.ts';

test('an outcome is a value, or a no with a code and a sentence', () => {
  const outcomes: Outcome<number, 'too-big'>[] = [accept(1), refuse('too-big', 'the number is too big')];
  assert.deepEqual(outcomes, [
    { ok: true, value: 1 },
    { ok: false, code: 'too-big', say: 'the number is too big' },
  ]);
});

test('a broken invariant and an unreachable place are bugs', () => {
  invariant(true, 'holds');
  assert.throws(() => invariant(0, 'the count is positive'), { name: 'Bug', message: 'the count is positive' });
  assert.throws(() => unreachable('north' as never), { name: 'Bug', message: 'unreachable: "north"' });
  assert.ok(new Bug() instanceof Error);
});

test('a fault carries the word of the system and its cause', () => {
  const cause = new Error('write ENOSPC');
  const fault = new Fault('ENOSPC', 'no space left on the disk', { cause });
  assert.deepEqual(
    [fault.name, fault.code, fault.message, fault.cause],
    ['Fault', 'ENOSPC', 'no space left on the disk', cause],
  );
});

test('a full disk and a used-up quota are one thing to whoever wanted to store', () => {
  assert.ok(isStorageFull(new Fault('ENOSPC', 'full')) && isStorageFull(new Fault('EDQUOT', 'quota')));
  assert.ok(
    !isStorageFull(new Fault('STORE_IO', 'torn')) && !isStorageFull(Object.assign(new Error(), { code: 'ENOSPC' })),
  );
});
