import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('./', import.meta.url);
const sources = readdirSync(folder)
  .filter(
    (name) =>
      (name.endsWith('.ts') && !name.endsWith('.test.ts') && name.startsWith('plan-')) ||
      name === 'find-thin-streams.ts',
  )
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));
const page = readFileSync(new URL('../../../../docs/guides/plan.md', folder), 'utf8');

test('docs/guides/plan.md tells every code of a conflict or note, and no other', () => {
  const used = new Set(
    sources.flatMap((text) =>
      [
        ...text.matchAll(
          /(?:code: (?:\w+ \? '([a-z0-9-]+)' : )?|\bnote\(\s*|purpose === 'dkim' \? ')'?([a-z0-9]+(?:-[a-z0-9]+)*)'/g,
        ),
      ].flatMap(([, one, other]) => [one, other].filter((code) => code !== undefined)),
    ),
  );
  assert.ok(used.size > 25, [...used].join(' '));
  const told = page.slice(page.indexOf('## What has to be decided')).matchAll(/^\| (`.*?) \|/gm);
  const listed = [...told].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, code = '']) => code),
  );
  assert.deepEqual([...used].toSorted(), listed.toSorted());
});
