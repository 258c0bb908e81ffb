import assert from 'node:assert/strict';
import test from 'node:test';
import { printable } from './printable.ts';

test('one line of printable ASCII, whatever was said', () => {
  assert.equal(printable('plain text'), 'plain text');
  assert.equal(printable('a\r\nb\\\u00fc\u2028'), 'a\\x0d\\x0ab\\x5c\\xfc\\u2028');
});

test('no longer than asked, escapes included', () => {
  assert.equal(printable('abcdef', 3), 'abc...');
  assert.equal(printable('\0'.repeat(100), 8), '\\x00\\x00...');
  assert.equal(printable('\u2028'.repeat(1_000_000), 400).length, 403);
});
