/** The table of stored bodies; `blobs.ts`, `fsck.ts` and `backup.ts` read it. */
import { join } from 'node:path';
import type { Migration } from '../../base/port/db.ts';

export const blobMigrations: readonly Migration[] = [
  {
    id: 'blobs-1',
    statements: [
      `CREATE TABLE blobs (
        id TEXT NOT NULL PRIMARY KEY,
        size BIGINT NOT NULL,
        sha256 TEXT NOT NULL,
        file TEXT UNIQUE,
        body BYTEA,
        CHECK ((file IS NULL) <> (body IS NULL))
      )`,
    ],
  },
];

export type BlobRow = {
  readonly id: string;
  readonly size: number;
  readonly sha256: string;
  /** Name in the spool folder, for bodies above `inlineBytesMax`. */
  readonly file: string | null;
  readonly body: Uint8Array | null;
};

export function spoolFolder(dataFolder: string): string {
  return join(dataFolder, 'spool');
}

/** Names we gave; whatever else lies in the folder is not ours to remove. */
export function isSpoolName(name: string): boolean {
  return /^[0-9a-z]{32}$/.test(name);
}
