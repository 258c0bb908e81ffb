/**
 * The port to stored bodies. Bytes flow into a spool first; `keep` then makes them part of a transaction: small bodies become
 * rows of the same commit, large ones are files that were synced before (`finish` has fsynced file and folder).
 */
import type { Reader, Tx } from './db.ts';

export type BlobId = `blob_${string}`;

/** Bytes that have arrived and are not yet owned by a row. */
export interface Spooled {
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  /** Its octets are held already; otherwise they lie elsewhere, and who reads them in pieces holds little of them. */
  readonly inMemory: boolean;
  read(): Promise<Uint8Array>;
  /** In pieces of bounded size. @param from octets at the start that are left out */
  chunks(from?: number): AsyncIterable<Uint8Array>;
  /** Throws the bytes away; without effect after `keep` committed. */
  discard(): Promise<void>;
}

/** A body that a row owns, read piece by piece. */
export interface StoredBody {
  readonly size: number;
  /**
   * From the start at each call. A body that is gone or damaged throws a `Fault` (`BLOB_MISSING`, `BLOB_DAMAGED`), the latter
   * before its last piece: whoever got all of them got what was stored.
   */
  chunks(): AsyncIterable<Uint8Array>;
}

export interface SpoolWriter {
  /** Resolves when more may be written; memory stays bounded however large the body is. */
  write(chunk: Uint8Array): Promise<void> | void;
  finish(): Promise<Spooled>;
  discard(): Promise<void>;
}

export interface Blobs {
  open(): SpoolWriter;
  keep(tx: Tx, body: Spooled | Uint8Array): Promise<BlobId>;
  /** The bytes, checked against their SHA-256. A blob that is gone or damaged throws a `Fault` (`BLOB_MISSING`, `BLOB_DAMAGED`). */
  read(reader: Reader, id: BlobId): Promise<Uint8Array>;
  /** The same in pieces, for bodies that should not be held whole. */
  find(reader: Reader, id: BlobId): Promise<StoredBody>;
  drop(tx: Tx, id: BlobId): Promise<void>;
}
