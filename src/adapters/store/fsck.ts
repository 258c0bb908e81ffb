/**
 * Looks whether what the store holds is what was put in: SQLite's own check of its pages, foreign keys, every body against its
 * SHA-256, and spool files against their rows. Changes nothing; may run beside a serving office.
 */
import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Db, Reader } from '../../base/port/db.ts';
import { orphanAgeMs } from './blobs.ts';
import { type BlobRow, isSpoolName, spoolFolder } from './blobs-schema.ts';
import { codeOf } from './files.ts';

type StoreProblem = {
  readonly kind: 'database' | 'foreign-key' | 'blob-damaged' | 'blob-missing' | 'blob-unreadable' | 'file-without-row';
  /** Table, blob id or file name. */
  readonly subject: string;
  readonly say: string;
};

export type StoreReport = {
  readonly blobs: number;
  readonly bytes: number;
  readonly problems: readonly StoreProblem[];
};

const idsAtOnce = 500;

export async function checkStore(db: Db, dataFolder: string, clock: Clock): Promise<StoreReport> {
  const problems = [...(await checkPages(db)), ...(await checkForeignKeys(db))];
  const owned = new Set<string>();
  let blobs = 0;
  let bytes = 0;
  const unreadable: StoreProblem[] = [];
  for await (const row of allBlobs(db, unreadable)) {
    blobs++;
    bytes += row.size;
    if (row.file !== null) owned.add(row.file);
    const problem =
      row.body === null ? await checkFile(dataFolder, row) : judge(row, row.body.length, hash('sha256', row.body));
    if (problem !== undefined) problems.push(problem);
  }
  // Where rows cannot be read, nobody can say which files they name.
  const strays = unreadable.length === 0 ? await strayFiles(dataFolder, owned, clock) : unreadable;
  return { blobs, bytes, problems: [...problems, ...strays] };
}

async function checkPages(db: Db): Promise<StoreProblem[]> {
  return guarded(
    'database',
    async (reader) => {
      const rows = await reader.all<{ integrity_check: string }>(plain('PRAGMA integrity_check(100)'));
      const said = rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
      return said.map((say) => ({ kind: 'database', subject: 'posthorn.db', say }));
    },
    db,
  );
}

async function checkForeignKeys(db: Db): Promise<StoreProblem[]> {
  return guarded(
    'foreign-key',
    async (reader) => {
      const rows = await reader.all<{ table: string; rowid: number | null; parent: string }>(
        plain('PRAGMA foreign_key_check'),
      );
      return rows.map((row) => ({
        kind: 'foreign-key',
        subject: row.table,
        say: `row ${row.rowid ?? '?'} names a row of ${row.parent} that does not exist`,
      }));
    },
    db,
  );
}

/** Damage that is so bad that the question itself fails is an answer too. */
async function guarded(
  kind: StoreProblem['kind'],
  ask: (reader: Reader) => Promise<StoreProblem[]>,
  db: Db,
): Promise<StoreProblem[]> {
  try {
    return await db.read(ask);
  } catch (error) {
    return [{ kind, subject: 'posthorn.db', say: String(error instanceof Error ? error.message : error) }];
  }
}

/** The ids stand in an index of their own, so that a page which cannot be read hides only the bodies on it, and these can be named. */
async function* allBlobs(db: Db, unreadable: StoreProblem[]): AsyncGenerator<BlobRow> {
  for (let after = ''; ; ) {
    let ids: readonly string[] = [];
    const failure = await guarded(
      'database',
      async (reader) => {
        const sql = 'SELECT id FROM blobs WHERE id > ? ORDER BY id LIMIT ?';
        ids = (await reader.all<{ id: string }>({ sql, parameters: [after, idsAtOnce] })).map(({ id }) => id);
        return [];
      },
      db,
    );
    unreadable.push(...failure);
    for (const id of ids) yield* readBlob(db, id, unreadable);
    const last = ids.at(-1);
    if (last === undefined || ids.length < idsAtOnce) return;
    after = last;
  }
}

async function* readBlob(db: Db, id: string, unreadable: StoreProblem[]): AsyncGenerator<BlobRow> {
  try {
    const sql = 'SELECT id, size, sha256, file, body FROM blobs WHERE id = ?';
    const row = await db.read((reader) => reader.first<BlobRow>({ sql, parameters: [id] }));
    if (row !== undefined) yield row; // else dropped meanwhile
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    unreadable.push({ kind: 'blob-unreadable', subject: id, say: `its row cannot be read: ${error.message}` });
  }
}

async function checkFile(dataFolder: string, row: BlobRow): Promise<StoreProblem | undefined> {
  const digest = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(join(spoolFolder(dataFolder), row.file ?? ''))) {
      digest.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'is gone' : `cannot be read: ${String(error)}`;
    return { kind: 'blob-missing', subject: row.id, say: `its file ${row.file} ${why}` };
  }
  return judge(row, size, digest.digest('hex'));
}

function judge(row: BlobRow, size: number, sha256: string): StoreProblem | undefined {
  if (size === row.size && sha256 === row.sha256) return undefined;
  const say = size === row.size ? 'its SHA-256 differs' : `it has ${size} octets instead of ${row.size}`;
  return { kind: 'blob-damaged', subject: row.id, say };
}

/** Young ones may be bodies that are arriving right now. */
async function strayFiles(dataFolder: string, owned: ReadonlySet<string>, clock: Clock): Promise<StoreProblem[]> {
  const folder = spoolFolder(dataFolder);
  const names = (await namesIn(folder)).filter((name) => isSpoolName(name) && !owned.has(name));
  const strays: StoreProblem[] = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined || clock.nowMs() - found.mtimeMs <= orphanAgeMs) continue;
    const say = `${found.size} octets that no row names; the next start removes it`;
    strays.push({ kind: 'file-without-row', subject: name, say });
  }
  return strays;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // an office that never received anything has no spool
  }
}

function plain(sql: string) {
  return { sql, parameters: [] };
}
