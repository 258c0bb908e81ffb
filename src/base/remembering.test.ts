import assert from 'node:assert/strict';
import test from 'node:test';
import { remembering } from './remembering.ts';

test('what was read is remembered, within bounds', () => {
  const asked: string[] = [];
  const read = (text: string) => {
    asked.push(text);
    return { text };
  };
  const remembered = remembering(read, { textsMax: 2, textMax: 5 });
  assert.equal(remembered('a'), remembered('a'));
  remembered('b');
  remembered('c'); // pushes a out
  remembered('b');
  remembered('a');
  assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
  assert.notEqual(remembered('longer'), remembered('longer'));
});
