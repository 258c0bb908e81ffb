/** What DKIM keys become. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { decideActivation, decideFirstActivations, type KeyFacts, mayBecome } from './decide-keys.ts';
import { dkimKeyStates } from './types.ts';

test('a key goes forward only; back only from retiring to active', () => {
  const moves = dkimKeyStates.flatMap((from) =>
    dkimKeyStates.filter((to) => mayBecome(from, to)).map((to) => `${from} -> ${to}`),
  );
  assert.deepEqual(moves, [
    'pending -> active',
    'pending -> retired',
    'active -> retiring',
    'retiring -> active',
    'retiring -> retired',
  ]);
});

test('whoever takes over retires only keys of its own algorithm', () => {
  const keys = [
    key('a', 'rsa-sha256', 'active'),
    key('b', 'ed25519-sha256', 'active'),
    key('c', 'rsa-sha256', 'pending'),
  ];
  assert.deepEqual(decideActivation(keys, key('c', 'rsa-sha256', 'pending')), [
    { id: 'key_a', to: 'retiring' },
    { id: 'key_c', to: 'active' },
  ]);
});

test('at first the oldest pending key of each algorithm begins, unless one signs already', () => {
  const keys = [
    key('a', 'rsa-sha256', 'active'),
    key('b', 'rsa-sha256', 'pending'),
    key('c', 'ed25519-sha256', 'retired'),
    key('d', 'ed25519-sha256', 'pending'),
    key('e', 'ed25519-sha256', 'pending'),
  ];
  assert.deepEqual(decideFirstActivations(keys), [{ id: 'key_d', to: 'active' }]);
});

function key(name: string, algorithm: KeyFacts['algorithm'], state: KeyFacts['state']): KeyFacts {
  return { id: `key_${name}`, selector: name, algorithm, state };
}
