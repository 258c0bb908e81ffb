/**
 * Writes the pages that are made from tables in the code: docs/EVENTS.md, docs/CONFIG.md, docs/CONFORMANCE.md, docs/FINDINGS.md,
 * the guides of the senders, the guides that tell the story and walk through five zones, and the SDK's types.
 * `npm run docs` writes them; `test/tidy.test.ts` holds the committed pages against what would be written.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentName } from '../src/app/config.ts';
import { loadCatalogue } from '../src/app/load-catalogue.ts';
import { playStory } from '../src/app/sandbox/story/run-story.ts';
import type { StoryState } from '../src/app/sandbox/story/story.ts';
import { storyPage } from '../src/app/sandbox/story/tell-story.ts';
import { type SettingName, settings } from '../src/app/settings.ts';
import { eventTypes } from '../src/services/events/types.ts';
import { conformanceLedger } from './conformance-ledger.ts';
import { findingsLines } from './findings-page.ts';
import { sdkTypes } from './generate-sdk-types.ts';
import { senderGuides } from './sender-guides.ts';
import { type Walked, walkZones, zonesPage } from './zones-guide.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

const senderSources = 'tools/sender-guides.ts and src/services/setup/catalogue/senders';

export type Page = { readonly path: string; readonly text: string };

export function generatedPages(): Page[] {
  const guides = senderGuides().map(({ path, title, lines }) => page(path, title, senderSources, lines));
  const findings = page('docs/FINDINGS.md', 'Findings', 'the tables of checks in src/services/advice', findingsLines());
  return [
    eventsPage(),
    configPage(),
    conformancePage(),
    findings,
    { path: 'sdk/types.ts', text: sdkTypes() },
    ...guides,
  ];
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

function conformancePage(): Page {
  const texts = sources().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  const rows = conformanceLedger(texts).map(({ source, section, requirement, where, testedBy }) => {
    const cells = [`${source} §${section}`, cellOf(requirement), codeOf(where), testedBy.map(codeOf).join(' ')];
    return `| ${cells.join(' | ')} |`;
  });
  return page('docs/CONFORMANCE.md', 'Conformance', 'the RFC comments in src/', [
    'What is required, in the words of the line that obeys it; where that line is; the tests that name the same section. `deviates` marks',
    'what we do otherwise. Without words the line only names its section.',
    '',
    '| section | requirement | where | tested by |',
    '|---|---|---|---|',
    ...rows,
    '',
  ]);
}

const codeOf = (path: string) => `\`${path.replace(/^src\//, '')}\``;

/** Text in a table: what Markdown would take for its own is taken from it. */
function cellOf(text: string): string {
  return text.replace(/[|\\<>*_`]/g, (mark) => `\\${mark}`);
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

/** From a run of the sandbox: `test/scenarios/story.test.ts` holds the committed page against another. */
export function storyGuide(states: readonly StoryState[]): Page {
  return page('docs/guides/from-2-to-10.md', 'From 2 to 10', 'a run of `posthorn sandbox --story`', storyPage(states));
}

/** From runs of the doctor: `tools/zones-guide.test.ts` holds the committed page against others. */
export function zonesGuide(walked: readonly Walked[]): Page {
  return page(
    'docs/guides/zones.md',
    'Five zones',
    'runs of `posthorn check --zone` (tools/zones-guide.ts)',
    zonesPage(walked),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const io = {
    environment: {},
    err: (text: string) => process.stderr.write(text),
    signal: AbortSignal.timeout(60_000),
  };
  const zones = zonesGuide(await walkZones(await loadCatalogue()));
  const pages = [...generatedPages(), zones, storyGuide(await playStory(io))];
  for (const { path, text } of pages) writeFileSync(join(root, path), text);
}
