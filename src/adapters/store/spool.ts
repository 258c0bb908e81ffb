/**
 * Where bodies arrive: in memory up to `inlineBytesMax`, beyond that in a file of the spool folder. `finish` answers only when
 * such a file and its folder entry are on the disk; a write that fails takes its file away again.
 */
import { createHash, hash } from 'node:crypto';
import { type FileHandle, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { OctetPool } from '../../base/limits.ts';
import { Bug, Fault } from '../../base/outcome.ts';
import { Pieces } from '../../base/pieces.ts';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import type { Memory } from '../../base/port/memory.ts';
import { codeOf, fileFault, syncFolder } from './files.ts';

/** Bodies up to this size are rows of the commit that owns them; a file of its own costs two more fsyncs. */
export const inlineBytesMax = 256 * 1024;

/** Of all bodies that are arriving; beyond it also a small one goes to a file. Thousands of slow clients cost disk, not memory. */
export const arrivingBytesMax = 32 * 1024 * 1024;
/** The same where memory is small. */
export const arrivingShareMax = 1 / 16;

const readChunkBytes = 64 * 1024;

export type SpoolPlace = {
  readonly folder: string;
  readonly newName: () => string;
  /** Names of files that are arriving, or have arrived and are not yet a row's: no orphans, however old. */
  readonly held: Set<string>;
  /** Memory for bodies that are arriving. */
  readonly arriving: OctetPool;
  readonly memory: Pick<Memory, 'wentBy'>;
  /** True once a commit failed with its end unknown: files that a row may name stay for the next start to judge. */
  readonly isUncertain: () => boolean;
  /** The disk failed to sync: no later sync proves anything. */
  readonly syncFailed: (fault: Fault) => void;
};

/** A file in pieces; each is the reader's own. */
export async function* readPieces(
  { folder, memory }: SpoolPlace,
  name: string,
  from: number,
): AsyncIterable<Uint8Array> {
  await using handle = await open(join(folder, name), 'r');
  for (let at = from; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(readChunkBytes), 0, readChunkBytes, at);
    if (bytesRead === 0) return;
    memory.wentBy(bytesRead);
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** A finished body that fits a row. */
export class SpooledBytes implements Spooled {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly sha256: string;
  readonly inMemory = true;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
    this.sha256 = hash('sha256', bytes);
  }

  async read(): Promise<Uint8Array> {
    return this.bytes;
  }

  async *chunks(from = 0): AsyncIterable<Uint8Array> {
    for (let at = from; at < this.size; at += readChunkBytes) yield this.bytes.subarray(at, at + readChunkBytes);
  }

  async discard(): Promise<void> {}
}

/** A finished body in a synced file. */
export class SpooledFile implements Spooled {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly inMemory = false;
  readonly #place: SpoolPlace;
  #isNamed = false;
  #isKept = false;

  constructor(place: SpoolPlace, name: string, facts: { readonly size: number; readonly sha256: string }) {
    this.#place = place;
    this.name = name;
    this.size = facts.size;
    this.sha256 = facts.sha256;
  }

  get #path(): string {
    return join(this.#place.folder, this.name);
  }

  /** Called before a row names the file: whether it is durable may never be known. */
  markNamed(): void {
    this.#isNamed = true;
  }

  /** Called once the row that owns the file is durable. */
  markKept(): void {
    this.#isKept = true;
    this.#place.held.delete(this.name);
  }

  async read(): Promise<Uint8Array> {
    try {
      return await readFile(this.#path);
    } catch (error) {
      throw fileFault(error, 'reading a spooled body');
    }
  }

  async *chunks(from = 0): AsyncIterable<Uint8Array> {
    try {
      yield* readPieces(this.#place, this.name, from);
    } catch (error) {
      throw fileFault(error, 'reading a spooled body');
    }
  }

  async discard(): Promise<void> {
    if (this.#isKept || (this.#isNamed && this.#place.isUncertain())) return;
    await removeFile(this.#path);
    this.#place.held.delete(this.name);
  }
}

/** memory -more than inlineBytesMax-> file -finish-> finished; any failure or discard -> over */
export class Spooling implements SpoolWriter {
  readonly #place: SpoolPlace;
  readonly #held = new Pieces();
  #size = 0;
  /** Of the octets held, those that count among the arriving. */
  #taken = 0;
  #file: SpoolFile | undefined;
  /** Why nothing more is taken; a sentence until somebody asks, for an error costs 3 µs. */
  #over: Fault | string | undefined;

  constructor(place: SpoolPlace) {
    this.#place = place;
  }

  write(chunk: Uint8Array): Promise<void> | void {
    if (this.#over !== undefined) return Promise.reject(faultOf(this.#over));
    this.#size += chunk.length;
    if (this.#file !== undefined) return this.#toFile(chunk);
    this.#held.add(chunk);
    if (this.#size <= inlineBytesMax && this.#place.arriving.take(chunk.length)) {
      this.#taken += chunk.length;
      return;
    }
    this.#file = new SpoolFile(this.#place);
    return this.#toFile(this.#letGo());
  }

  #letGo(): Uint8Array {
    const held = this.#held.take();
    this.#place.arriving.give(this.#taken);
    this.#taken = 0;
    return held;
  }

  async #toFile(chunk: Uint8Array): Promise<void> {
    try {
      await this.#file?.append(chunk);
    } catch (error) {
      await this.#end(error);
      throw error;
    }
  }

  async finish(): Promise<Spooled> {
    if (this.#over !== undefined) throw faultOf(this.#over);
    this.#over = 'the spool was finished';
    if (this.#file === undefined) return new SpooledBytes(this.#letGo());
    try {
      return await this.#file.finish();
    } catch (error) {
      await this.#end(error);
      throw error;
    }
  }

  async discard(): Promise<void> {
    await this.#end('the spool was thrown away');
  }

  async #end(error: unknown): Promise<void> {
    this.#over = error instanceof Fault ? error : String(error);
    this.#letGo();
    const file = this.#file;
    this.#file = undefined;
    await file?.abandon();
  }
}

function faultOf(over: Fault | string): Fault {
  return over instanceof Fault ? over : new Fault('SPOOL_OVER', over);
}

/** One file being written. Appends keep their order even when the caller does not wait for each. */
class SpoolFile {
  readonly #place: SpoolPlace;
  readonly #name: string;
  readonly #hash = createHash('sha256');
  #size = 0;
  #handle: FileHandle | undefined;
  #last: Promise<void>;

  constructor(place: SpoolPlace) {
    this.#place = place;
    this.#name = place.newName();
    place.held.add(this.#name);
    this.#last = this.#open();
    this.#last.catch(() => {}); // the first append reports it
  }

  get #path(): string {
    return join(this.#place.folder, this.#name);
  }

  async #open(): Promise<void> {
    try {
      this.#handle = await open(this.#path, 'wx', 0o600);
    } catch (error) {
      throw fileFault(error, 'opening a spool file');
    }
  }

  append(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    this.#last = this.#last.then(() => this.#writeAll(chunk));
    return this.#last;
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    if (this.#handle === undefined) throw new Bug('a spool file was written after its end');
    try {
      let at = 0;
      while (at < chunk.length) at += (await this.#handle.write(chunk, at)).bytesWritten;
    } catch (error) {
      throw fileFault(error, 'writing a spool file');
    }
    this.#place.memory.wentBy(chunk.length);
  }

  async finish(): Promise<SpooledFile> {
    await this.#last;
    const handle = this.#handle;
    if (handle === undefined) throw new Bug('a spool file was finished twice');
    await this.#sync(() => handle.datasync(), ['EIO']);
    // The names of others stand in the folder too, and their syncs would call it well: whatever the reason, nobody is to rely on it.
    await this.#sync(() => syncFolder(this.#place.folder), ['EIO', 'ENOSPC', 'EDQUOT']);
    this.#handle = undefined;
    await handle.close();
    return new SpooledFile(this.#place, this.#name, { size: this.#size, sha256: this.#hash.digest('hex') });
  }

  async #sync(sync: () => Promise<void>, fatal: readonly string[]): Promise<void> {
    try {
      await sync();
    } catch (error) {
      const fault = fileFault(error, 'syncing a spool file');
      // After it the kernel may have thrown away more than this file, and call the next sync a success.
      if (fault instanceof Fault && fatal.includes(fault.code)) this.#place.syncFailed(fault);
      throw fault;
    }
  }

  async abandon(): Promise<void> {
    await this.#last.catch(() => {});
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
    await removeFile(this.#path);
    this.#place.held.delete(this.#name);
  }
}

/** Best effort: what stays behind is an orphan that the next start sweeps. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return;
  }
}
