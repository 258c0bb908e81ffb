import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sdkTypes } from '../tools/generate-sdk-types.ts';

test('types.ts is what the API’s schemas say (node tools/generate-sdk-types.ts writes it)', () => {
  assert.equal(readFileSync(new URL('types.ts', import.meta.url), 'utf8'), sdkTypes());
});
