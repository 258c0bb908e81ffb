/**
 * Holds the real imports against the picture of docs/ARCHITECTURE.md: floors, who may enter whom, and what each floor may not touch.
 * Every import counts, type-only ones too. A rule that no file could break would prove nothing, so each has a floor of files it saw.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Import, productSources, type SourceFile } from './support/source-files.ts';

const floors = ['base', 'format', 'protocol', 'services', 'adapters', 'entrances', 'app'] as const;

/** Which folder of `protocol/` may enter which others; `dns` is open to all (it declares the Resolver port). */
const protocolSiblings: Record<string, readonly string[]> = {
  dmarc: ['spf', 'dkim'],
  arc: ['dkim', 'auth-results'],
  dkim2: ['dkim'],
  smtp: ['sasl', 'dsn'],
};

/** Which service may enter which others: docs/ARCHITECTURE.md, "The services". */
const serviceArrows: Record<string, readonly string[]> = {
  events: [],
  directory: ['events'],
  links: ['directory', 'events'],
  setup: ['directory', 'events'],
  outbound: ['directory', 'links', 'events'],
  mailbox: ['directory', 'events'],
  reports: ['directory', 'outbound', 'events'],
  inbound: ['directory', 'mailbox', 'reports', 'outbound', 'links', 'advice', 'events'],
  advice: ['directory', 'setup', 'reports', 'events'],
};

/** Node's modules that touch nothing outside the process. */
const harmlessModules = ['node:crypto', 'node:url', 'node:util', 'node:buffer'];
/** Packages that a floor below the adapters may use: none of them does I/O. */
const purePackages: Record<string, readonly string[]> = {
  base: ['kysely'],
  format: [],
  protocol: ['tldts'],
  services: ['kysely', 'typebox', 'nodemailer'],
};

const files = productSources;
const code = files.filter((file) => !file.path.endsWith('.test.ts'));
/** -1 for what stands on no floor; as a place to go, outside of `src` counts as above everything. */
const floorOf = (path: string) =>
  path.startsWith('src/') ? floors.indexOf(path.split('/')[1] as (typeof floors)[number]) : floors.length;
const roomOf = (path: string) => (path.split('/').length > 3 ? (path.split('/')[2] as string) : '');
/** A service shows two files to others: its front class and the vocabulary beside it. */
const isFront = (path: string) => path.endsWith(`/${roomOf(path)}.ts`) || path.endsWith('/types.ts');

/** The package's own description, which names its version; `app` may read it. */
const isMeta = (path: string) => path === 'package.json';

function each(
  within: (file: SourceFile) => boolean,
  check: (file: SourceFile, found: Import) => string | undefined,
): string[] {
  return code.filter(within).flatMap((file) =>
    file.imports.flatMap((found) => {
      const wrong = check(file, found);
      return wrong ? [`${file.path} -> ${found.to}: ${wrong}`] : [];
    }),
  );
}
const on = (floor: (typeof floors)[number]) => (file: SourceFile) => floorOf(file.path) === floors.indexOf(floor);

test('every source file stands on a floor, and there are enough of them for this test to mean something', () => {
  assert.deepEqual(
    files.filter((file) => floorOf(file.path) < 0 || floorOf(file.path) === floors.length).map((file) => file.path),
    [],
  );
  assert.ok(code.length > 80, `only ${code.length} files were read`);
  assert.ok(code.flatMap((file) => file.imports).length > 300, 'too few imports were read');
  for (const floor of floors) assert.ok(code.some(on(floor)), `nothing on floor ${floor}`);
});

test('arrows point down', () => {
  const wrong = each(
    () => true,
    (file, found) => (found.own && !isMeta(found.to) && floorOf(found.to) > floorOf(file.path) ? 'climbs' : undefined),
  );
  assert.deepEqual(wrong, []);
});

test('an engine enters only the siblings listed for it', () => {
  const wrong = each(on('protocol'), (file, found) => {
    const from = roomOf(file.path);
    const to = roomOf(found.to);
    if (!found.own || floorOf(found.to) !== floors.indexOf('protocol') || from === '' || from === to || to === 'dns')
      return undefined;
    return protocolSiblings[from]?.includes(to)
      ? undefined
      : `protocol/${from} may not enter protocol/${to || '(root)'}`;
  });
  assert.deepEqual(wrong, []);
});

test('a service enters another only by its front, and only along the listed arrows', () => {
  const wrong = each(on('services'), (file, found) => {
    const from = roomOf(file.path);
    const to = roomOf(found.to);
    if (!found.own || floorOf(found.to) !== floors.indexOf('services') || from === to) return undefined;
    if (!serviceArrows[from]?.includes(to)) return `${from} may not enter ${to}`;
    return isFront(found.to) ? undefined : 'not a front file';
  });
  assert.deepEqual(wrong, []);
});

test('an adapter knows ports, never another adapter, an entrance, or the inside of a service', () => {
  const wrong = each(on('adapters'), (file, found) => {
    if (!found.own) return undefined;
    if (floorOf(found.to) === floors.indexOf('adapters'))
      return roomOf(file.path) === roomOf(found.to) ? undefined : 'another adapter';
    if (floorOf(found.to) === floors.indexOf('services'))
      return found.typeOnly ? undefined : 'more than a port type of a service';
    return undefined;
  });
  assert.deepEqual(wrong, []);
});

test('an entrance enters services by their fronts and never touches an adapter', () => {
  const wrong = each(on('entrances'), (_file, found) => {
    if (!found.own) return undefined;
    if (floorOf(found.to) === floors.indexOf('adapters')) return 'an adapter';
    return floorOf(found.to) === floors.indexOf('services') && !isFront(found.to)
      ? 'the inside of a service'
      : undefined;
  });
  assert.deepEqual(wrong, []);
});

test('below the adapters nothing touches sockets, files, processes or databases', () => {
  const wrong = each(
    (file) => floorOf(file.path) < floors.indexOf('adapters'),
    (file, found) => {
      if (found.own) return undefined;
      if (found.to.startsWith('node:')) return harmlessModules.includes(found.to) ? undefined : 'touches the world';
      const name = found.to
        .split('/')
        .slice(0, found.to.startsWith('@') ? 2 : 1)
        .join('/');
      return purePackages[file.path.split('/')[1] as string]?.includes(name)
        ? undefined
        : 'a package this floor may not use';
    },
  );
  assert.deepEqual(wrong, []);
});

test('entrances get sockets and files as ports', () => {
  const wrong = each(on('entrances'), (_file, found) =>
    found.to.startsWith('node:') && !harmlessModules.includes(found.to) ? 'touches the world' : undefined,
  );
  assert.deepEqual(wrong, []);
});

test('time, chance and the environment come in through parameters', () => {
  const owners = ['src/base/clock.ts', 'src/base/random.ts'];
  const wrong = code
    .filter((file) => !owners.includes(file.path) && floorOf(file.path) < floors.indexOf('app'))
    .flatMap((file) =>
      [
        ...file.text.matchAll(
          /\b(Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.(env|argv|exit)|setInterval\()/g,
        ),
      ].map((match) => `${file.path}: ${match[0]}`),
    );
  assert.deepEqual(wrong, []);
});

test('format is synchronous, and base knows no word of mail', () => {
  const waits = code.filter(on('format')).filter((file) => /\basync\b|\bawait\b|\bPromise</.test(file.text));
  assert.deepEqual(
    waits.map((file) => file.path),
    [],
  );
  const words = code
    .filter(on('base'))
    .filter((file) =>
      /smtp|dkim|dmarc|mailbox|recipient|envelope/i.test(file.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    );
  assert.deepEqual(
    words.map((file) => file.path),
    [],
  );
});
