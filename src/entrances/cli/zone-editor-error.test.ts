import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneEditorError } from './zone-editor-error.ts';

test('a refusal begins as a sentence, a path as it is written; what a host refuses can be put in by hand', () => {
  const about = { program: 'posthorn', domain: 'a.example' };
  const path = zoneEditorError({ code: 'refused', say: 'zones/a.zone: line 6: $INCLUDE is not supported.' }, about);
  assert.match(path.message, /^zones\/a\.zone: line 6/);
  assert.equal(path.next, 'posthorn plan a.example --format zone');
  assert.match(zoneEditorError({ code: 'unavailable', say: 'this account has none' }, about).message, /^This account/);
});
