/** Another implementation as a program: cases in as JSON lines, its answers out as JSON lines, in any order. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { World } from './world.ts';

export type Answer = { readonly id: number } & Readonly<Record<string, unknown>>;

export type Peer = {
  readonly name: string;
  /** Undefined when it can run; else why not. */
  readonly missing: () => string | undefined;
  readonly command: readonly [program: string, ...args: string[]];
  /** One case as one line; JSON unless said otherwise. */
  readonly encode?: (one: unknown) => string;
};

const file = (name: string) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
const succeeds = (program: string, args: readonly string[]) =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** The system's own Python: Debian's packages are not seen by another one. */
const python = '/usr/bin/python3';

function pythonPeer(name: string, script: string, module: string, debianPackage: string): Peer {
  return {
    name,
    missing: () =>
      succeeds(python, ['-c', `import ${module}`]) ? undefined : `Debian's ${debianPackage} is not installed`,
    command: [python, file(script)],
  };
}

function perlPeer(name: string, script: string, module: string, debianPackage: string): Peer {
  return {
    name,
    missing: () =>
      succeeds('perl', ['-MJSON::PP', `-M${module}`, '-e', '1'])
        ? undefined
        : `Debian's ${debianPackage} is not installed`,
    command: ['perl', file(script)],
  };
}

const mailauthFolder = fileURLToPath(new URL('node_modules/mailauth', import.meta.url));

export const mailauth: Peer = {
  name: 'mailauth',
  missing: () => (succeeds('test', ['-d', mailauthFolder]) ? undefined : 'not installed: npm ci --prefix oracles'),
  command: [process.execPath, file('mailauth.ts')],
};
export const pyspf = pythonPeer('pyspf', 'pyspf.py', 'spf', 'python3-spf');
export const dkimpy = pythonPeer('dkimpy', 'dkimpy.py', 'dkim, nacl.signing', 'python3-dkim with python3-nacl');
export const mailSpf = perlPeer('Mail::SPF', 'mail-spf.pl', 'Mail::SPF', 'libmail-spf-perl');
export const mailDkim = perlPeer('Mail::DKIM', 'mail-dkim.pl', 'Mail::DKIM', 'libmail-dkim-perl');

const opendkimProgram = `${mkdtempSync(`${tmpdir()}/posthorn-oracle-`)}/opendkim`;

export const opendkim: Peer = {
  name: 'libopendkim',
  missing: () =>
    existsSync(opendkimProgram) ||
    succeeds('gcc', ['-D_GNU_SOURCE', '-O2', '-o', opendkimProgram, file('opendkim.c'), '-lopendkim'])
      ? undefined
      : "Debian's libopendkim-dev and gcc are not installed",
  command: [opendkimProgram],
  encode: (one) => opendkimLine(one as OpendkimCase),
};

type OpendkimCase = {
  readonly id: number;
  readonly message: string;
  readonly world: World;
  readonly pem?: string;
  readonly selector?: string;
  readonly domain?: string;
  readonly header_form?: string;
  readonly body_form?: string;
};

function opendkimLine(one: OpendkimCase): string {
  const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
  if (one.pem !== undefined) {
    return [one.id, one.message, base64(one.pem), one.selector, one.domain, one.header_form, one.body_form].join(' ');
  }
  const records = Object.entries(one.world).flatMap(([name, { TXT }]) =>
    TXT?.[0] ? [base64(name), base64(TXT[0].join(''))] : [],
  );
  return [one.id, one.message, ...records].join(' ');
}

/** Throws when the program ends badly or leaves a case without an answer. */
export async function ask<T extends Answer>(
  peer: Peer,
  job: string,
  cases: readonly { readonly id: number }[],
): Promise<Map<number, T>> {
  const [program, ...args] = peer.command;
  const child = spawn(program, [...args, job], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4_000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {}); // the exit status tells
  child.stdin.end(cases.map((one) => `${(peer.encode ?? JSON.stringify)(one)}\n`).join(''));
  const answers = new Map<number, T>();
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as T;
    answers.set(answer.id, answer);
  }
  const status = await ended;
  if (status !== 0) throw new Error(`${peer.name} ended with ${status}: ${complaints}`);
  const silent = cases.filter(({ id }) => !answers.has(id));
  if (silent.length > 0) throw new Error(`${peer.name} gave no answer to ${silent.length} cases: ${complaints}`);
  return answers;
}
