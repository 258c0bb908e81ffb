/** The real command line in this process: what it prints is kept, and it touches what it is pointed at. */
import { Readable, Writable } from 'node:stream';
import { createCliHost } from '../../src/app/cli-host.ts';
import type { CliHost } from '../../src/entrances/cli/cli-host.ts';
import { runCli } from '../../src/entrances/cli/run-cli.ts';

export type Ended = { readonly code: number; readonly out: string; readonly err: string };
export type Given = {
  readonly input?: string;
  /** Somebody sits there: questions are asked, `input` is what is typed. */
  readonly isTerminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
};

/** A process of its own, as far as the command can see. */
export function makeHost(given: Given): { readonly host: CliHost; readonly ended: (code: number) => Ended } {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written[name] += chunk.toString('utf8');
        done();
      },
    });
  const stdin = Readable.from(given.input === undefined ? [] : [Buffer.from(given.input)]);
  const streams = {
    stdin: Object.assign(stdin, { isTTY: given.isTerminal ?? false }),
    stdout: into('out'),
    stderr: into('err'),
    env: { PWD: '/', ...given.env },
  };
  const host = createCliHost(streams as unknown as Parameters<typeof createCliHost>[0], new AbortController().signal);
  return { host: given.fetch ? { ...host, fetch: given.fetch } : host, ended: (code) => ({ code, ...written }) };
}

/** Words with blanks in them come as a list. */
export async function posthorn(line: string | readonly string[], given: Given = {}): Promise<Ended> {
  const { host, ended } = makeHost(given);
  return ended(await runCli(typeof line === 'string' ? line.split(' ') : line, host));
}
