import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../base/outcome.ts';
import { describeFailure } from './describe-failure.ts';

test('a path that is not there: the next command can be typed', () => {
  const next = (said: string) =>
    describeFailure(new Fault('ENOENT', said), { command: 'posthorn', argv: ['score'] }).next;
  assert.equal(next('my mail/a.eml cannot be read: there is no such file.'), "ls 'my mail'");
  assert.equal(next('a.eml cannot be read: there is no such file.'), 'ls .');
  assert.equal(next('/a.eml cannot be read: there is no such file.'), 'ls /');
  assert.equal(next('out/new/x cannot be written: there is no such file.'), 'mkdir -p out/new');
});
