/** SECURITY.md says what is so: its limits are those of the code, and what it calls a test is one. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { settings } from '../src/app/settings.ts';
import { root } from './support/source-files.ts';

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

function number(text: string): number {
  return Number(/\d[\d,_]*/.exec(text)?.[0].replaceAll(/[,_]/g, ''));
}

test('its limits are the defaults of the code', () => {
  const told = rows.filter(
    ([, value = '', where = '']) => /^\d/.test(value) && /^`(?:limits\.|src\/)[^`]*`(?: \w+)?$/.test(where),
  );
  assert.ok(told.length >= 30, `only ${told.length} limits are told`);
  for (const [what = '', value = '', where = ''] of told) {
    const [, place = '', name = ''] = /^`([^`]+)`(?: (\w+))?$/.exec(where) ?? [];
    const setting = new Map<string, { readonly fallback: unknown }>(Object.entries(settings)).get(place);
    const inCode = setting
      ? setting.fallback
      : number(new RegExp(`\\b${name}(?: =|:) ([\\d_]+)`).exec(read(place))?.[1] ?? '');
    assert.equal(number(value), inCode, `${what}: the page says ${value}, ${where} says ${String(inCode)}`);
  }
});

test('every file and every command it names exists', () => {
  const files = [...page.matchAll(/`((?:src|test|docs)\/[\w./-]+)`|\]\((\w[\w./-]*)\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  assert.ok(files.length > 30);
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, file))),
    [],
  );
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = [...page.matchAll(/`npm (?:run )?([\w-]+)`/g)].map(([, name = '']) => name);
  assert.ok(commands.length > 5);
  assert.deepEqual(
    commands.filter((name) => scripts[name] === undefined),
    [],
  );
});
