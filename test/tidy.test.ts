/** Keeps the house tidy: no state in modules, every file says what it is for, generated pages match what they are generated from. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { generatedPages } from '../tools/generate-docs.ts';
import { productSources, root, sourceFiles } from './support/source-files.ts';

const files = [...productSources, ...sourceFiles('sdk'), ...sourceFiles('tools')];
const code = files.filter((file) => !file.path.endsWith('.test.ts'));

test('no module keeps state of its own', () => {
  assert.ok(code.length > 80, `only ${code.length} files were read`);
  assert.deepEqual(
    code.flatMap((file) => file.moduleLets.map((line) => `${file.path}: ${line}`)),
    [],
  );
});

test('every file opens with its purpose', () => {
  const silent = code.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text));
  assert.deepEqual(
    silent.map((file) => file.path),
    [],
  );
});

test('nothing is left for later in the code', () => {
  const found = code.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(file.text));
  assert.deepEqual(
    found.map((file) => file.path),
    [],
  );
});

test('no word of another machine in the repository', () => {
  const found = files.filter((file) => /["'`\s]\/(home|work|root|Users)\/[a-z]/.test(file.text));
  assert.deepEqual(
    found.map((file) => file.path),
    [],
  );
});

for (const page of generatedPages()) {
  test(`${page.path} is what its table says (npm run docs writes it)`, () => {
    assert.ok(readFileSync(join(root, page.path), 'utf8') === page.text, `${page.path} is out of date: npm run docs`);
  });
}
