/**
 * Writes the pages that are made from tables in the code: docs/EVENTS.md, docs/CONFIG.md, docs/CONFORMANCE.md, and the SDK's types.
 * `npm run docs` writes them; `test/tidy.test.ts` holds the committed pages against what would be written.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentName } from '../src/app/config.ts';
import { type SettingName, settings } from '../src/app/settings.ts';
import { eventTypes } from '../src/services/events/types.ts';
import { sdkTypes } from './generate-sdk-types.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

export type Page = { readonly path: string; readonly text: string };

export function generatedPages(): Page[] {
  return [eventsPage(), configPage(), conformancePage(), { path: 'sdk/types.ts', text: sdkTypes() }];
}

function eventsPage(): Page {
  const sections = Object.entries(eventTypes).map(([type, doc]) => {
    const members = Object.entries(doc.members).map(([name, says]) => `| \`${name}\` | ${says} |`);
    return [
      `## \`${type}\``,
      '',
      doc.says,
      '',
      `Subject: the ${doc.subject}.`,
      '',
      '| member | meaning |',
      '|---|---|',
      ...members,
      '',
    ].join('\n');
  });
  return page('docs/EVENTS.md', 'Events', 'src/services/events/types.ts', [
    'What happened, in the order in which it became true: an append-only log, written in the same transaction as the facts.',
    'Every event has `id`, `sequence`, `at`, `type`, `subject` and the members below in `data`. Message text and secrets never enter one.',
    '',
    ...sections,
  ]);
}

function configPage(): Page {
  const rows = (Object.keys(settings) as SettingName[]).map((name) => {
    const { fallback, doc } = settings[name];
    return `| \`${name}\` | \`${fallback === undefined ? '' : JSON.stringify(fallback)}\` | ${doc} | \`${environmentName(name)}\` |`;
  });
  return page('docs/CONFIG.md', 'Configuration', 'src/app/settings.ts', [
    'Static settings: `posthorn.toml`, then `POSTHORN_*` from the environment, then flags; the later one wins. All are optional.',
    'Domains, keys, logins and mailboxes live in the database and are changed with commands or by API.',
    '`posthorn config explain` prints this with the values in force and where each came from.',
    '',
    'A dotted name is a key in a table: `retry.delays` is `delays` under `[retry]`.',
    '',
    '| setting | default | meaning | environment |',
    '|---|---|---|---|',
    ...rows.map((row) => row.replace('| `` |', '| |')),
    '',
  ]);
}

/** `RFC 7208 §4.6.4`; a section is optional only in prose, so references without one do not count. */
const reference = /RFC (\d{3,5}) §([0-9A-Z][0-9A-Za-z.]*[0-9A-Za-z]|[0-9A-Z])/g;

function conformancePage(): Page {
  const obeyed = new Map<string, { where: Set<string>; tested: Set<string> }>();
  for (const path of sources()) {
    for (const [, rfc, section] of readFileSync(join(root, path), 'utf8').matchAll(reference)) {
      const key = `${rfc} ${section}`;
      const entry = obeyed.get(key) ?? { where: new Set(), tested: new Set() };
      (path.endsWith('.test.ts') ? entry.tested : entry.where).add(path);
      obeyed.set(key, entry);
    }
  }
  const list = (paths: Set<string>) =>
    [...paths]
      .sort()
      .map((path) => `\`${path.replace(/^src\//, '')}\``)
      .join(' ');
  const rows = [...obeyed]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([key, { where, tested }]) => `| RFC ${key.replace(' ', ' | §')} | ${list(where)} | ${list(tested)} |`);
  return page('docs/CONFORMANCE.md', 'Conformance', 'the RFC comments in src/', [
    'Where a section of an RFC is obeyed, and which tests name it. The comment at the line says how; `deviates` marks what we do otherwise.',
    '',
    '| RFC | section | obeyed in | named by tests |',
    '|---|---|---|---|',
    ...rows,
    '',
  ]);
}

function sources(): string[] {
  return ['src', 'test']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

function page(path: string, title: string, from: string, lines: readonly string[]): Page {
  return {
    path,
    text: [`# ${title}`, '', `<!-- Made by \`npm run docs\` from ${from}. Change it there. -->`, '', ...lines].join(
      '\n',
    ),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of generatedPages()) writeFileSync(join(root, path), text);
}
