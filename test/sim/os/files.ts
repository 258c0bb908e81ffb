/**
 * In the place of `node:fs/promises` for the files of a simulated machine: each call takes its time, may fail, and reaches the disk
 * for good only when it was synced, the content of a file as well as its name. Paths elsewhere are the real ones.
 */
import * as real from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Life, type Machine, never, type SimFile } from '../machine.ts';
import { machineOf } from './machines.ts';

export type { FileHandle } from 'node:fs/promises';
export * from 'node:fs/promises';

const empty = new Uint8Array(0);

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** Runs `act` when the disk comes to it; never where the process died before. */
async function onDisk<T>(machine: Machine, what: string, act: () => T): Promise<T> {
  const life = machine.life;
  if (!life || life.dead) return never;
  life.call(what);
  if (life.dead) return never;
  return new Promise<T>((resolve, reject) => {
    machine.schedule.after(0.05 + machine.random.float() * 2, () => {
      if (life.dead) return;
      try {
        const done = act();
        life.call(`${what} done`);
        if (!life.dead) resolve(done);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function fileAt(machine: Machine, path: string): SimFile {
  const file = machine.files.get(path);
  if (!file) throw errno('ENOENT', path);
  return file;
}

export async function open(path: string, flags = 'r', mode?: number): Promise<object> {
  const machine = machineOf(path);
  if (!machine) return real.open(path, flags, mode);
  return onDisk(machine, `open ${flags}`, () => {
    const isFolder = path === machine.folder || dirname(path) === machine.folder;
    if (isFolder) return new SimFolderHandle(machine, path);
    if (flags.startsWith('w')) {
      if (flags.includes('x') && machine.files.has(path)) throw errno('EEXIST', path);
      if (machine.takesNothing) throw errno('ENOSPC', path);
      const file = { content: empty, synced: undefined, nameSynced: false, mtimeMs: machine.wallMs };
      machine.files.set(path, file);
      return new SimHandle(machine, file);
    }
    return new SimHandle(machine, fileAt(machine, path));
  });
}

class SimHandle {
  readonly #machine: Machine;
  readonly #file: SimFile;
  readonly #life: Life | undefined;
  #at = 0;
  #closed = false;

  constructor(machine: Machine, file: SimFile) {
    this.#machine = machine;
    this.#file = file;
    this.#life = machine.life;
  }

  write(bytes: Uint8Array, from = 0, length = bytes.length - from): Promise<{ bytesWritten: number }> {
    return this.#do('write', () => {
      if (this.#machine.takesNothing) throw errno('ENOSPC', 'write');
      const part = bytes.subarray(from, from + length);
      this.#file.content = appended(this.#file.content, part);
      this.#file.mtimeMs = this.#machine.wallMs;
      return { bytesWritten: part.length };
    });
  }

  async writev(parts: readonly Uint8Array[]): Promise<{ bytesWritten: number }> {
    return this.write(Buffer.concat(parts));
  }

  read(
    buffer: Uint8Array,
    offset = 0,
    length = buffer.length - offset,
    position: number | null = null,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    return this.#do('read', () => {
      const from = position ?? this.#at;
      const part = this.#file.content.subarray(from, from + length);
      buffer.set(part, offset);
      if (position === null) this.#at += part.length;
      return { bytesRead: part.length, buffer };
    });
  }

  datasync(): Promise<void> {
    return this.#do('sync', () => {
      failSync(this.#machine);
      this.#file.synced = this.#file.content;
    });
  }

  sync(): Promise<void> {
    return this.datasync();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #do<T>(what: string, act: () => T): Promise<T> {
    if (this.#life?.dead) return never;
    if (this.#closed) return Promise.reject(errno('EBADF', what));
    return onDisk(this.#machine, what, act);
  }
}

/** Into what is left of the room behind it; the room doubles. What others see of the content stays as it is. */
function appended(content: Uint8Array, part: Uint8Array): Uint8Array {
  const length = content.length + part.length;
  const room = content.byteOffset === 0 ? content.buffer.byteLength : 0;
  const buffer = length <= room && content.length > 0 ? content.buffer : new ArrayBuffer(Math.max(4_096, 2 * length));
  const next = new Uint8Array(buffer, 0, length);
  if (buffer !== content.buffer) next.set(content);
  next.set(part, content.length);
  return next;
}

class SimFolderHandle {
  readonly #machine: Machine;
  readonly #path: string;

  constructor(machine: Machine, path: string) {
    this.#machine = machine;
    this.#path = path;
  }

  sync(): Promise<void> {
    return onDisk(this.#machine, 'sync folder', () => {
      failSync(this.#machine);
      const isIn = (path: string) => dirname(path) === this.#path;
      for (const [path, file] of this.#machine.files) if (isIn(path)) file.nameSynced = true;
      for (const path of [...this.#machine.removed.keys()]) if (isIn(path)) this.#machine.removed.delete(path);
    });
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

function failSync(machine: Machine): void {
  if (machine.faults.failingFileSyncs <= 0) return;
  machine.faults.failingFileSyncs--;
  machine.trace.say(machine.name, 'a file fails to sync');
  throw errno('EIO', 'fsync');
}

export async function readFile(path: string): Promise<Uint8Array> {
  const machine = machineOf(path);
  if (!machine) return real.readFile(path);
  return onDisk(machine, 'read file', () => Uint8Array.from(fileAt(machine, path).content));
}

export async function unlink(path: string): Promise<void> {
  const machine = machineOf(path);
  if (!machine) return real.unlink(path);
  return onDisk(machine, 'unlink', () => {
    const file = fileAt(machine, path);
    machine.files.delete(path);
    if (file.nameSynced) machine.removed.set(path, file);
  });
}

export async function readdir(path: string): Promise<string[]> {
  const machine = machineOf(path);
  if (!machine) return real.readdir(path);
  return onDisk(machine, 'read folder', () =>
    [...machine.files.keys()].filter((file) => dirname(file) === path).map((file) => file.slice(path.length + 1)),
  );
}

export async function stat(path: string): Promise<{ mtimeMs: number; size: number }> {
  const machine = machineOf(path);
  if (!machine) return real.stat(path);
  return onDisk(machine, 'stat', () => {
    const { mtimeMs, content } = fileAt(machine, path);
    return { mtimeMs, size: content.length };
  });
}
