/** argon2id: few at a time, parameters that may grow, and never an exception for what was typed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { seededRandom, systemRandom } from '../../base/random.ts';
import { PasswordHasher, preparePassword } from './passwords.ts';
import { createToken, tokenKindOf } from './tokens.ts';

const cheap = { memoryKiB: 8, passes: 1 };

test('a hash names its cost, and is verified with that one', async () => {
  const stored = await new PasswordHasher(systemRandom, cheap).hash('secret');
  assert.match(stored ?? '', /^\$argon2id\$v=19\$m=8,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  const dearer = new PasswordHasher(systemRandom, { memoryKiB: 16, passes: 2 });
  assert.equal(await dearer.verify('secret', stored), true);
  assert.equal(await dearer.verify('Secret', stored), false);
  assert.equal(await dearer.verify('secret', undefined), false);
  assert.equal(await dearer.verify('secret', 'not a hash'), false);
});

test('a flood is told to come back, and those who wait are served', async () => {
  const hasher = new PasswordHasher(systemRandom, cheap);
  const answers = await Promise.all(Array.from({ length: 60 }, () => hasher.hash('x')));
  const served = answers.filter((answer) => answer !== undefined).length;
  assert.equal(served, 34); // 2 at work, 32 waiting
  assert.notEqual(await hasher.hash('x'), undefined);
});

test('preparing never throws and is stable', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0x10ffff)), (points) => {
      const text = String.fromCodePoint(...points);
      const prepared = preparePassword(text);
      if (prepared !== undefined) assert.equal(preparePassword(prepared), prepared);
    }),
  );
});

test('a token is recognised, and no single typing error leaves it one', () => {
  fc.assert(
    fc.property(fc.constantFrom('ph_live_', 'ph_test_', 'ph_app_'), fc.nat(), fc.nat(), (kind, seed, at) => {
      const token = createToken(kind, seededRandom(seed));
      assert.equal(tokenKindOf(token), kind);
      const place = at % token.length;
      const typo = token.slice(0, place) + (token[place] === 'x' ? 'y' : 'x') + token.slice(place + 1);
      assert.equal(tokenKindOf(typo), undefined);
      assert.equal(tokenKindOf(token.slice(0, place)), undefined);
    }),
    { numRuns: 200 },
  );
});
