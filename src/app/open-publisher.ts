/** A publisher for a command: the host that keeps the zone, and a journal in the office where there is one, else in a file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileJournal } from '../adapters/journal/file-journal.ts';
import { openFileSecrets } from '../adapters/secrets/file-secrets.ts';
import { databaseFile, openSqlite, type SqliteDb } from '../adapters/store/sqlite-db.ts';
import { systemClock } from '../base/clock.ts';
import { createIds } from '../base/id.ts';
import { accept, refuse } from '../base/outcome.ts';
import { systemRandom } from '../base/random.ts';
import type { OpenedPublisher, PublisherWish } from '../entrances/cli/cli-host.ts';
import { KeptCredentials } from '../services/setup/publish/kept-credentials.ts';
import { createJournal } from '../services/setup/publish/publication-journal.ts';
import { publicationStore } from '../services/setup/publish/publication-store.ts';
import { createPublisher, createWatcher } from '../services/setup/publish/publish.ts';
import { migrations } from './compose.ts';
import { openDnsHost, readSettings, zoneEditorByRules } from './dns-hosts.ts';
import { runningSandbox } from './office-dns.ts';
import { sandboxZoneEditor } from './sandbox/zone-files.ts';
import type { Config } from './settings.ts';
import type { OpenZoneEditor } from './setup-desk.ts';

type Around = { readonly config: Config; readonly environment: Readonly<Record<string, string | undefined>> };

/** Beside the plan, which usually stands under version control in the same folder. */
const journalFile = 'posthorn-journal.jsonl';

export async function openPublisher(
  { config, environment: given }: Around,
  wish: PublisherWish,
): Promise<OpenedPublisher> {
  const folder = config.data;
  const isOffice = wish.journal === undefined && existsSync(databaseFile(folder));
  const db = isOffice ? await openSqlite(folder, { migrations, office: 'beside' }) : undefined;
  const { resolver, authorities } = wish.eyes;
  const lines = db ? publicationStore(db, `the office in ${folder}`) : fileJournal(wish.journal ?? journalFile);
  const journal = createJournal({ lines, clock: systemClock, ids: createIds(systemClock, systemRandom) });
  const ports = { resolver, authorities, journal, timers: systemClock };
  const environment = { ...given, ...wish.settings };
  const kept = db && keptIn(folder, db);
  const around = { resolver, timers: systemClock, random: systemRandom, environment };
  const world = { ...around, ...(db && { db }), ...(kept && { kept }) };
  const openEditor = (): ReturnType<OpenZoneEditor> => {
    if (wish.kind !== undefined) return openDnsHost(world, wish.kind);
    const open = runningSandbox(folder) ? sandboxZoneEditor(folder) : zoneEditorByRules(world, config.dns_hosts);
    return open(wish.domain);
  };
  return {
    publisher: async () => {
      const editor = await openEditor();
      const { withOptional } = wish;
      return editor.ok ? accept(createPublisher({ ...ports, editor: editor.value }, { withOptional })) : editor;
    },
    watcher: createWatcher(ports),
    remember: async (kind) => {
      if (kept === undefined) return noOffice(folder);
      const read = await readSettings(world, kind);
      if (read.ok) await kept.keep(kind, read.value.values);
      return read.ok ? accept(`the office in ${folder}`) : read;
    },
    forget: async (kind) => {
      if (kept === undefined) return noOffice(folder);
      await kept.keep(kind, new Map());
      return accept(`the office in ${folder}`);
    },
    [Symbol.asyncDispose]: async () => db?.close(),
  };
}

function noOffice(folder: string) {
  return refuse('no-credentials', `There is no office in ${folder} that could keep credentials.`);
}

/** Without the office's key nothing of it opens; whoever needs that key will say so. */
function keptIn(folder: string, db: SqliteDb): KeptCredentials | undefined {
  const file = join(folder, 'secret.key');
  return existsSync(file) ? new KeptCredentials({ db, secrets: openFileSecrets(file, systemRandom) }) : undefined;
}
