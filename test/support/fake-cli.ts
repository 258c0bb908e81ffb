/** A command line without a machine: what it prints is kept, what it would open is given by the test. */
import { loadCatalogue } from '../../src/app/load-catalogue.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Bug, Fault } from '../../src/base/outcome.ts';
import { CliError } from '../../src/entrances/cli/cli-error.ts';
import type { CliHost } from '../../src/entrances/cli/cli-host.ts';
import { runCli } from '../../src/entrances/cli/run-cli.ts';
import { plainStyle } from '../../src/entrances/cli/style.ts';

export type CliResult = { readonly code: number; readonly out: string; readonly err: string };

export type FakeCli = Partial<CliHost> & {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly input?: string | Uint8Array;
};

/** Runs a command line to its end. Words with blanks in them come as a list. */
export async function cli(line: string | readonly string[], fake: FakeCli = {}): Promise<CliResult> {
  const printed: Uint8Array[] = [];
  let err = '';
  const host = fakeHost(fake, {
    out: (output) => printed.push(typeof output === 'string' ? utf8(output) : output),
    err: (text) => {
      err += text;
    },
  });
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const code = await runCli(argv, host);
  return { code, out: Buffer.concat(printed).toString('utf8'), err };
}

function fakeHost({ files = {}, input, ...given }: FakeCli, streams: Pick<CliHost, 'out' | 'err'>): CliHost {
  const notHere = (what: string) => () => Promise.reject(new Bug(`${what} is not part of this test`));
  return {
    version: '1.2.3',
    command: 'posthorn',
    ...streams,
    outStyle: plainStyle,
    errStyle: plainStyle,
    errIsTerminal: false,
    columns: undefined,
    environment: {},
    stdin: { isTerminal: false, chunks: () => chunks(input) },
    readFile: async (path) => {
      const content = files[path];
      if (content === undefined) throw new Fault('ENOENT', `${path} cannot be read: there is no such file`);
      return typeof content === 'string' ? utf8(content) : content;
    },
    timers: systemClock,
    fetch: notHere('the network'),
    signal: new AbortController().signal,
    resolver: notHere('the DNS'),
    systemServers: async () => ['127.0.0.53'],
    doctorEyes: notHere('the DNS'),
    dns: notHere('the DNS'),
    catalogue: loadCatalogue,
    policyFiles: notHere('the network'),
    askWeb: notHere('the network'),
    fetchNamed: notHere('the network'),
    publisher: notHere('a DNS host'),
    dnsHosts: async () => (await import('../../src/app/dns-hosts.ts')).dnsHosts,
    shownTls: notHere('the network'),
    home: notHere('an office'),
    writeNew: notHere('the disk'),
    openOffice: () =>
      Promise.reject(
        new CliError({ exit: 78, code: 'no_office', say: 'There is no office here.', next: 'posthorn sandbox' }),
      ),
    settingNames: async () => ['data', 'hostname', 'listen.http', 'retry.delays'],
    settings: notHere('the configuration'),
    serve: notHere('serve'),
    sandbox: notHere('the sandbox'),
    story: notHere('the story'),
    checkStore: notHere('the store'),
    backup: notHere('the store'),
    ...given,
  };
}

async function* chunks(input: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (input !== undefined) yield typeof input === 'string' ? utf8(input) : input;
}
