/** A publisher for a command: the host that keeps the zone, and a journal in the office where there is one, else in a file. */
import { existsSync } from 'node:fs';
import { fileJournal } from '../adapters/journal/file-journal.ts';
import { databaseFile, openSqlite } from '../adapters/store/sqlite-db.ts';
import { systemClock } from '../base/clock.ts';
import { createIds } from '../base/id.ts';
import { accept } from '../base/outcome.ts';
import { systemRandom } from '../base/random.ts';
import type { OpenedPublisher, PublisherWish } from '../entrances/cli/cli-host.ts';
import { createJournal } from '../services/setup/publish/publication-journal.ts';
import { publicationStore } from '../services/setup/publish/publication-store.ts';
import { createPublisher, createWatcher } from '../services/setup/publish/publish.ts';
import { migrations } from './compose.ts';
import { openDnsHost, zoneEditorByRules } from './dns-hosts.ts';
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
  const world = { resolver, timers: systemClock, random: systemRandom, environment, ...(db && { db }) };
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
    [Symbol.asyncDispose]: async () => db?.close(),
  };
}
