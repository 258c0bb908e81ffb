import assert from 'node:assert/strict';
import test from 'node:test';
import { acceptorsWithin, connectionsWithin, openFilesMax, parseOpenFiles } from './open-files.ts';

test('as /proc/self/limits tells it', () => {
  const head = 'Limit                     Soft Limit           Hard Limit           Units     \n';
  assert.equal(
    parseOpenFiles(`${head}Max open files            1024                 524288               files     \n`),
    1024,
  );
  assert.equal(
    parseOpenFiles(`${head}Max open files            unlimited            unlimited            files     \n`),
    undefined,
  );
  assert.equal(parseOpenFiles(''), undefined);
});

test('this process has a limit, or none that it could tell', () => {
  const here = openFilesMax();
  assert.ok(here === undefined || here > 0);
});

test('connections of all listeners together stay within the limit, with room for deliveries and bodies', () => {
  const office = { wanted: 2_000, listeners: 4, deliveries: 50 };
  assert.equal(connectionsWithin(undefined, office), 2_000);
  assert.equal(connectionsWithin(1_048_576, office), 2_000);
  for (const openFiles of [64, 256, 1_024, 4_096]) {
    const each = connectionsWithin(openFiles, office);
    assert.ok(each >= 1 && each < 2_000, `${each} of ${openFiles}`);
    assert.ok(each * 2 * office.listeners <= openFiles - Math.min(364, openFiles / 2));
  }
  assert.equal(connectionsWithin(8, office), 1);
});

test('several sockets accept for one listener where files are plenty', () => {
  assert.equal(acceptorsWithin(64), 1);
  assert.equal(acceptorsWithin(1_024), 4);
  assert.equal(acceptorsWithin(undefined), 4);
});
