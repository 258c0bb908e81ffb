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

test('a path that is in the way: the next command names it', () => {
  const next = (code: string, said: string) =>
    describeFailure(new Fault(code, said), { command: 'posthorn', argv: ['check'] }).next;
  assert.equal(next('EACCES', '/sys/a b/x cannot be written: this user may not write there'), "ls -ld '/sys/a b'");
  assert.equal(next('EACCES', 'look.json cannot be written: this user may not write there'), 'ls -ld .');
  assert.equal(next('EACCES', '/etc/shadow cannot be read: this user may not read it'), 'ls -ld /etc/shadow');
  assert.equal(
    next('ENOTDIR', 'a.zone/x cannot be written: what stands before the last / is no folder'),
    'ls -ld a.zone',
  );
  assert.equal(next('EISDIR', '/tmp cannot be read: it is a folder'), 'ls /tmp');
  assert.equal(next('EROFS', '/media/cd/x cannot be written: what is there cannot be changed'), 'df /media/cd');
  assert.equal(next('EPERM', "EPERM: operation not permitted, open '/srv/x'"), 'ls -ld /srv/x');
  for (const code of ['EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'EEXIST', 'EROFS', 'ENOENT'])
    assert.match(next(code, 'something else'), /^(?:ls|df)(?: -ld)? \.$/);
});
