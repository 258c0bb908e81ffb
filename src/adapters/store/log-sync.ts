/**
 * The sync of SQLite's write-ahead log, in Node's thread pool: the disk's time is not the event loop's. SQLite commits with
 * `synchronous = NORMAL`, which writes a commit to the log and syncs the log before it is moved into the database (a checkpoint) and
 * before it is begun anew; that a commit is durable before anybody hears of it is what `sync` adds. Both together are `FULL`.
 *
 * A commit whose sync failed stands in the log, where the next start would find it. `takeBack` makes the log what it was before:
 * the first of the commit's frames counts no more, so nothing behind it does, and SQLite reads the log anew as after a death.
 */
import { closeSync, fdatasync, openSync, readSync, writeSync } from 'node:fs';
import { Fault } from '../../base/outcome.ts';
import { fileFault } from './files.ts';

// https://www.sqlite.org/walformat.html §2.1: the log's header, then frames of a header and a page
const logHeaderBytes = 32;
const frameHeaderBytes = 24;
const frameSizeAfterCommitAt = 4;
// §2.2: the log's index begins with two copies of its header
const indexHeaderBytes = 48;
const indexPageSizeAt = 14;
const indexLastFrameAt = 16;

export interface LogSync {
  /** Resolves when all that was written to the log before is on the disk. Rejects with a `Fault`. */
  sync(): Promise<void>;
  /**
   * Takes the last commit out of the log. The caller holds the write lock, and nobody has committed since.
   * Throws a `Fault` where the disk gives or takes nothing any more.
   */
  takeBack(): void;
  close(): void;
}

/** @param database its log is there already, as a connection has been opened */
export function openLogSync(database: string): LogSync {
  return new OpenLogSync(database, openSync(`${database}-wal`, 'r+'));
}

class OpenLogSync implements LogSync {
  readonly #database: string;
  readonly #log: number;

  constructor(database: string, log: number) {
    this.#database = database;
    this.#log = log;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#log, (error) => {
        if (error === null) return resolve();
        reject(
          new Fault('STORE_IO', `the log of the database could not be synced: ${error.message}`, { cause: error }),
        );
      });
    });
  }

  takeBack(): void {
    try {
      // Never closed: closing any descriptor of this file would give up SQLite's locks on it (POSIX).
      const index = openSync(`${this.#database}-shm`, 'r+');
      const { lastFrame, frameBytes } = readIndex(index);
      const first = this.#frameAfterCommitBefore(lastFrame, frameBytes);
      if (first > lastFrame) return;
      writeSync(this.#log, Buffer.alloc(frameHeaderBytes), 0, frameHeaderBytes, frameAt(first, frameBytes));
      // An index without a valid header is made anew from the log by whoever comes next (§2.2).
      writeSync(index, Buffer.alloc(2 * indexHeaderBytes), 0, 2 * indexHeaderBytes, 0);
    } catch (error) {
      throw fileFault(error, 'a commit that was not synced cannot be taken out of the log');
    }
  }

  /** The first frame of the commit that ends with `lastFrame`; frames are counted from one. */
  #frameAfterCommitBefore(lastFrame: number, frameBytes: number): number {
    const header = Buffer.alloc(frameHeaderBytes);
    for (let frame = lastFrame - 1; frame >= 1; frame--) {
      readSync(this.#log, header, 0, frameHeaderBytes, frameAt(frame, frameBytes));
      if (header.readUInt32BE(frameSizeAfterCommitAt) !== 0) return frame + 1;
    }
    return 1;
  }

  close(): void {
    closeSync(this.#log);
  }
}

/** In the machine's own order of octets, which is little-endian wherever Node runs. */
function readIndex(index: number): { readonly lastFrame: number; readonly frameBytes: number } {
  const header = Buffer.alloc(indexHeaderBytes);
  readSync(index, header, 0, indexHeaderBytes, 0);
  const pageSize = header.readUInt16LE(indexPageSizeAt);
  return {
    lastFrame: header.readUInt32LE(indexLastFrameAt),
    frameBytes: frameHeaderBytes + (pageSize === 1 ? 65_536 : pageSize),
  };
}

function frameAt(frame: number, frameBytes: number): number {
  return logHeaderBytes + (frame - 1) * frameBytes;
}
