/**
 * The `Blobs` port beside the SQLite file: small bodies are rows, large ones files of DATA/spool named by a row. Every body
 * carries its SHA-256 and is checked against it when read, as SQLite's own integrity check does not see a flipped byte.
 */
import { createHash, hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { base32 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { OctetPool } from '../../base/limits.ts';
import { Bug, Fault } from '../../base/outcome.ts';
import type { BlobId, Blobs, Spooled, SpoolWriter, StoredBody } from '../../base/port/blobs.ts';
import type { Reader, Tx } from '../../base/port/db.ts';
import { type Memory, plentyOfMemory } from '../../base/port/memory.ts';
import type { Random } from '../../base/random.ts';
import { type BlobRow, isSpoolName, spoolFolder } from './blobs-schema.ts';
import { codeOf, fileFault, syncFolder } from './files.ts';
import {
  arrivingBytesMax,
  arrivingShareMax,
  readPieces,
  removeFile,
  SpooledBytes,
  SpooledFile,
  Spooling,
  type SpoolPlace,
} from './spool.ts';
import type { SqliteDb } from './sqlite-db.ts';

/** Younger files without a row may belong to a command that works beside the office at this moment. */
export const orphanAgeMs = 60 * 60 * 1000;

export interface StoredBlobs extends Blobs {
  /**
   * Removes old spool files that no row names and that nobody here holds (left by a kill between file and commit); answers how many.
   * At any time, whatever the machine's clock does meanwhile.
   */
  sweepOrphans(): Promise<number>;
}

export type BlobsPorts = {
  readonly db: SqliteDb;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  /** What the process may have in all; absent: there is plenty. */
  readonly memory?: Pick<Memory, 'limitBytes' | 'wentBy'>;
};

/** @param dataFolder the folder of the database; its `spool` is made when missing */
export async function openBlobs(dataFolder: string, ports: BlobsPorts): Promise<StoredBlobs> {
  const folder = spoolFolder(dataFolder);
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) await syncFolder(dataFolder);
  } catch (error) {
    throw fileFault(error, 'making the spool folder');
  }
  return new SqliteBlobs(folder, ports);
}

class SqliteBlobs implements StoredBlobs {
  readonly #ports: BlobsPorts;
  readonly #place: SpoolPlace;

  constructor(folder: string, ports: BlobsPorts) {
    const memory = ports.memory ?? plentyOfMemory;
    this.#ports = ports;
    this.#place = {
      folder,
      arriving: new OctetPool(Math.min(arrivingBytesMax, memory.limitBytes * arrivingShareMax)),
      memory,
      newName: () => base32(ports.random.bytes(20)),
      held: new Set(),
      isUncertain: () => ports.db.refusal !== undefined,
      syncFailed: (fault) => ports.db.endWriting(fault),
    };
  }

  open(): SpoolWriter {
    return new Spooling(this.#place);
  }

  async keep(tx: Tx, body: Spooled | Uint8Array): Promise<BlobId> {
    const stored = body instanceof Uint8Array ? new SpooledBytes(body) : body;
    const id = this.#ports.ids.next('blob');
    if (stored instanceof SpooledBytes) {
      await insert(tx, { id, size: stored.size, sha256: stored.sha256, file: null, body: stored.bytes });
    } else if (stored instanceof SpooledFile) {
      stored.markNamed();
      await insert(tx, { id, size: stored.size, sha256: stored.sha256, file: stored.name, body: null });
      tx.afterCommit(() => stored.markKept());
    } else throw new Bug('a body was spooled elsewhere');
    return id;
  }

  async read(reader: Reader, id: BlobId): Promise<Uint8Array> {
    const row = await this.#row(reader, id);
    const bytes = row.body ?? (await this.#readFile(id, row.file ?? ''));
    if (bytes.length !== row.size || hash('sha256', bytes) !== row.sha256) throw damaged(id);
    return bytes;
  }

  async find(reader: Reader, id: BlobId): Promise<StoredBody> {
    const row = await this.#row(reader, id);
    if (row.body === null) return { size: row.size, chunks: () => this.#filePieces(id, row) };
    const bytes = row.body;
    if (bytes.length !== row.size || hash('sha256', bytes) !== row.sha256) throw damaged(id);
    return { size: row.size, chunks: () => new SpooledBytes(bytes).chunks() };
  }

  async #row(reader: Reader, id: BlobId): Promise<Omit<BlobRow, 'id'>> {
    const row = await reader.first<Omit<BlobRow, 'id'>>({
      sql: 'SELECT size, sha256, file, body FROM blobs WHERE id = ?',
      parameters: [id],
    });
    if (row === undefined) throw new Fault('BLOB_MISSING', `there is no body ${id}`);
    return row;
  }

  /** One piece behind what was read: the last one leaves when all of them were looked at. */
  async *#filePieces(id: BlobId, row: Omit<BlobRow, 'id'>): AsyncIterable<Uint8Array> {
    const sha256 = createHash('sha256');
    let octets = 0;
    let held: Uint8Array | undefined;
    try {
      for await (const piece of readPieces(this.#place, row.file ?? '', 0)) {
        if (held) yield held;
        sha256.update(piece);
        octets += piece.length;
        held = piece;
      }
    } catch (error) {
      throw this.#readFault(error, id, row.file ?? '');
    }
    if (octets !== row.size || sha256.digest('hex') !== row.sha256) throw damaged(id);
    if (held) yield held;
  }

  async #readFile(id: BlobId, name: string): Promise<Uint8Array> {
    try {
      return await readFile(join(this.#place.folder, name));
    } catch (error) {
      throw this.#readFault(error, id, name);
    }
  }

  #readFault(error: unknown, id: BlobId, name: string): unknown {
    if (codeOf(error) !== 'ENOENT') return fileFault(error, `reading the body ${id}`);
    return new Fault('BLOB_MISSING', `the file ${name} of the body ${id} is gone`, { cause: error });
  }

  async drop(tx: Tx, id: BlobId): Promise<void> {
    const row = await tx.first<{ file: string | null }>({
      sql: 'SELECT file FROM blobs WHERE id = ?',
      parameters: [id],
    });
    await tx.run({ sql: 'DELETE FROM blobs WHERE id = ?', parameters: [id] });
    const file = row?.file;
    if (typeof file === 'string') tx.afterCommit(() => void removeFile(join(this.#place.folder, file)));
  }

  async sweepOrphans(): Promise<number> {
    let swept = 0;
    for (const name of await this.#orphans()) {
      await removeFile(join(this.#place.folder, name));
      swept++;
    }
    return swept;
  }

  async #orphans(): Promise<string[]> {
    const old: string[] = [];
    for (const name of await readdir(this.#place.folder))
      if (isSpoolName(name) && !this.#place.held.has(name) && (await this.#ageMs(name)) > orphanAgeMs) old.push(name);
    if (old.length === 0) return [];
    const owned = await this.#ports.db.read((reader) => ownedFiles(reader));
    return old.filter((name) => !owned.has(name));
  }

  async #ageMs(name: string): Promise<number> {
    try {
      return this.#ports.clock.nowMs() - (await stat(join(this.#place.folder, name))).mtimeMs;
    } catch {
      return 0; // gone meanwhile
    }
  }
}

function damaged(id: BlobId): Fault {
  return new Fault('BLOB_DAMAGED', `the body ${id} is not what was stored: its SHA-256 differs`);
}

async function ownedFiles(reader: Reader): Promise<Set<string>> {
  const rows = await reader.all<{ file: string }>({
    sql: 'SELECT file FROM blobs WHERE file IS NOT NULL',
    parameters: [],
  });
  return new Set(rows.map((row) => row.file));
}

async function insert(tx: Tx, row: BlobRow): Promise<void> {
  await tx.run({
    sql: 'INSERT INTO blobs (id, size, sha256, file, body) VALUES (?, ?, ?, ?, ?)',
    parameters: [row.id, row.size, row.sha256, row.file, row.body],
  });
}
