/**
 * A root folder of its own for a program that was unpacked, not installed: its libraries, its users and its compiled-in paths all
 * lie in there, so nothing of the system has to be changed for it.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isProgram, type Need, programPath } from './wanted.ts';

/** Where `.ci/install-peers` unpacks. */
function unpackedFolder(name: string): string {
  const { POSTHORN_PEERS_CACHE: own, XDG_CACHE_HOME: cache } = process.env;
  return join(own ?? join(cache ?? join(homedir(), '.cache'), 'posthorn-peers'), name);
}

/** @param program path within the package */
export function notUnpacked(name: string, program: string): Need {
  return () => (isProgram(join(unpackedFolder(name), program)) ? false : `${name} is not unpacked`);
}

export type OwnRoot = {
  readonly path: string;
  /** chroot(8) and the program, ready to be started with further arguments. */
  readonly command: (program: string) => readonly [string, readonly string[]];
};

type RootWish = {
  readonly package: string;
  readonly programs: readonly string[];
  /** System users, each with a group of its name. */
  readonly users: readonly string[];
  readonly folders: readonly string[];
};

const firstId = 940;

export function userIdIn(users: readonly string[], name: string): number {
  return firstId + users.indexOf(name);
}

export function makeOwnRoot(path: string, wish: RootWish): OwnRoot {
  const from = unpackedFolder(wish.package);
  for (const folder of ['etc', 'dev', 'tmp', 'run', 'var/log', 'var/spool', ...wish.folders])
    mkdirSync(join(path, folder), { recursive: true, mode: 0o755 });
  for (const program of wish.programs) {
    copy(join(from, program), join(path, program));
    for (const library of librariesOf(join(from, program))) copy(library, join(path, library));
  }
  const ids = wish.users.map((user) => ({ user, id: userIdIn(wish.users, user) }));
  const passwd = [`root:x:0:0::/:/bin/false`, ...ids.map(({ user, id }) => `${user}:x:${id}:${id}::/:/bin/false`)];
  const group = ['root:x:0:', 'mail:x:8:', ...ids.map(({ user, id }) => `${user}:x:${id}:`)];
  writeFileSync(join(path, 'etc/passwd'), `${passwd.join('\n')}\n`);
  writeFileSync(join(path, 'etc/group'), `${group.join('\n')}\n`);
  writeFileSync(join(path, 'etc/hosts'), '127.0.0.1 localhost\n');
  writeFileSync(join(path, 'etc/services'), 'smtp 25/tcp\nlmtp 24/tcp\n');
  // As nobody may make devices everywhere: an empty file, which takes what is written into it.
  writeFileSync(join(path, 'dev/null'), '');
  chmodSync(join(path, 'dev/null'), 0o666);
  const chroot = programPath('chroot') ?? 'chroot';
  return { path, command: (program) => [chroot, [path, `/${program}`]] };
}

function librariesOf(program: string): string[] {
  const listed = execFileSync(programPath('ldd') ?? 'ldd', [program], { encoding: 'utf8' });
  const lost = /^\s*(\S+) => not found/m.exec(listed)?.[1];
  if (lost !== undefined) throw new Error(`${program} needs ${lost}`);
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => file);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
