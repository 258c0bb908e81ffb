/** The world of the command line: terminal, files, settings, data folder, network. What a command does not ask for is not loaded. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import { CliError } from '../entrances/cli/cli-error.ts';
import type { CliHost, Place, ServerAddress, ShownTls, StoreCheck, TlsWish } from '../entrances/cli/cli-host.ts';
import { exits } from '../entrances/cli/exits.ts';
import { colourStyle, plainStyle } from '../entrances/cli/style.ts';
import { parseDomainName } from '../format/domain-name.ts';
import { version } from './version.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const terminalWidth = 80;
/** For a look at a mail host's certificate. */
const probeMs = 60_000;

type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env'>;

/** @param signal aborts when the process is asked to stop */
export function createCliHost(streams: Streams, signal: AbortSignal): CliHost {
  const { stdin, stdout, stderr, env } = streams;
  const closed = new AbortController();
  const ended = AbortSignal.any([signal, closed.signal]);
  // Nobody reads any more (`| head`): the command ends in order, and quietly. A full disk is another matter.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    const { code = 'EIO' } = error;
    closed.abort(code === 'EPIPE' ? undefined : new Fault(code, `the output cannot be written: ${error.message}`));
  });
  stderr.on('error', () => {});
  const out = (output: string | Uint8Array) => {
    if (!closed.signal.aborted) stdout.write(output);
  };
  const err = (text: string) => void stderr.write(text);
  const command = commandName(env.PWD ?? process.cwd());
  const around = { environment: env, command, isInstalled: root.includes('/node_modules/') };
  const config = async (place: Place, flags?: ReadonlyMap<string, string>) =>
    (await import('./load-config.ts')).loadConfig(place, around, flags);
  const outStyle = stdout.isTTY && coloursAllowed(env) ? colourStyle : plainStyle;
  const columns = stdout.isTTY ? stdout.columns || terminalWidth : undefined;
  return {
    version,
    command,
    out,
    err,
    outStyle,
    errIsTerminal: stderr.isTTY ?? false,
    errStyle: stderr.isTTY && coloursAllowed(env) ? colourStyle : plainStyle,
    columns,
    environment: env,
    stdin: { isTerminal: stdin.isTTY ?? false, chunks: () => chunksOf(stdin, ended) },
    readFile: readBytes,
    timers: systemClock,
    fetch,
    signal: ended,
    resolver: makeResolver,
    doctorEyes: async (wish) => {
      const { openDoctorEyes } = await import('./doctor-eyes.ts');
      return openDoctorEyes({
        ...wish,
        servers: await serversFrom(wish.servers),
        asksAuthorities: wish.servers.length === 0,
      });
    },
    systemServers: async () => {
      const { readSystemServers } = await import('../adapters/resolver/system-servers.ts');
      return readSystemServers().map(({ address }) => address);
    },
    dns: async (place) => (await import('./office-dns.ts')).openOfficeDns((await config(place)).config),
    catalogue: async () => (await import('./load-catalogue.ts')).loadCatalogue(),
    policyFiles: async (resolver) => {
      const [{ createGuardedHttp }, { stsPolicyFetcher }] = await Promise.all([
        import('../adapters/http/guarded-http.ts'),
        import('../adapters/http/fetch-sts-policy.ts'),
      ]);
      return stsPolicyFetcher(createGuardedHttp({ resolver, timers: systemClock }));
    },
    askWeb: async (resolver) => {
      const { createGuardedHttp } = await import('../adapters/http/guarded-http.ts');
      return createGuardedHttp({ resolver, timers: systemClock }).ask;
    },
    fetchNamed: async (resolver, place) => {
      const [{ createGuardedHttp }, { sandboxWeb }] = await Promise.all([
        import('../adapters/http/guarded-http.ts'),
        import('./office-dns.ts'),
      ]);
      const world = sandboxWeb((await config(place)).config.data);
      const http = createGuardedHttp({ resolver, timers: systemClock, ...world });
      return (url, wish) => http.get(url, { ...wish, timeMs: fetchMs });
    },
    publisher: async (place, wish) => {
      const { openPublisher } = await import('./open-publisher.ts');
      return openPublisher({ config: (await config(place)).config, environment: env }, wish);
    },
    dnsHosts: async () => (await import('./dns-hosts.ts')).dnsHosts,
    shownTls: (wish) => lookAtTls(wish, ended),
    home: async (place) => {
      const { findHome } = await import('./find-home.ts');
      return findHome(place, (given) => config(given));
    },
    writeNew: writeNewFile,
    openOffice: async (place, { make }) => {
      const { openOfficeBeside } = await import('./office-beside.ts');
      return openOfficeBeside((await config(place)).config, { make, command, environment: env });
    },
    settingNames: async () => Object.keys((await import('./settings.ts')).settings),
    settings: async (place) => {
      const { explainSettings } = await import('./explain-settings.ts');
      return explainSettings(await config(place));
    },
    serve: async (place, flags) => {
      const { runServe } = await import('./serve.ts');
      const read = await config(place, flags);
      const { gatherLogLines } = await import('./log-lines.ts');
      const { log, flush } = gatherLogLines(err);
      process.once('exit', flush); // also after a fault that nobody caught
      return mistakesAsError(command, () => runServe(read.config, { err, log, signal: ended, environment: env }));
    },
    sandbox: async ({ once, json, place }) => {
      const { runSandbox } = await import('./sandbox/sandbox.ts');
      const { data } = (await config(place)).config;
      const io = { out, err, style: outStyle, columns, command, environment: env, signal: ended };
      return mistakesAsError(command, () => runSandbox({ once, json, data }, io));
    },
    story: async ({ json }) => {
      const { runStory } = await import('./sandbox/story/run-story.ts');
      return runStory({ json }, { out, err, style: outStyle, columns, command, environment: env, signal: ended });
    },
    checkStore: async (place) => checkStoreAt((await config(place)).config.data, command),
    backup: async (place, to) => {
      const { data } = (await config(place)).config;
      const [{ backupStore }, { requireOffice }] = await Promise.all([
        import('../adapters/store/backup.ts'),
        import('./office-beside.ts'),
      ]);
      requireOffice(data, command);
      return { folder: data, ...(await backupStore(data, to)) };
    },
  };
}

/** For a small file that another domain names. */
const fetchMs = 30_000;

/** What to type: in a clone the launcher beside the sources, elsewhere the name on the PATH. */
function commandName(folder: string): string {
  return root === `${folder.replace(/\/$/, '')}/` && existsSync(`${root}posthorn`) ? './posthorn' : 'posthorn';
}

/** https://no-color.org: set and not empty. */
function coloursAllowed(env: NodeJS.ProcessEnv): boolean {
  return !env.NO_COLOR && env.TERM !== 'dumb';
}

async function* chunksOf(stdin: NodeJS.ReadStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = () => stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stdin) yield chunk as Uint8Array;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const fileWords: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'what stands before the last / is no folder',
  EACCES: 'this user may not read it',
};

const writingWords: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'what stands before the last / is no folder',
  EACCES: 'this user may not write there',
  EPERM: 'nobody may write there',
  EROFS: 'what is there cannot be changed',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota is used up',
};

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    throw new Fault(code, `${path} cannot be read: ${fileWords[code] ?? code}`, { cause: error });
  }
}

async function writeNewFile(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    if (code === 'EEXIST') return false;
    throw new Fault(code, `${path} cannot be written: ${writingWords[code] ?? code}`, { cause: error });
  }
}

async function makeResolver(given: readonly ServerAddress[]) {
  const [{ createNodeNet }, { createStubResolver }, { systemRandom }] = await Promise.all([
    import('../adapters/net/node-net.ts'),
    import('../adapters/resolver/stub-resolver.ts'),
    import('../base/random.ts'),
  ]);
  const servers = await serversFrom(given);
  return createStubResolver({ net: createNodeNet(), timers: systemClock, random: systemRandom, servers });
}

async function serversFrom(given: readonly ServerAddress[]) {
  if (given.length === 0) return (await import('../adapters/resolver/system-servers.ts')).readSystemServers();
  // What is asked on this machine cannot be changed on the way: its word on DNSSEC is believed. RFC 7672 §2.1
  const named = async (server: ServerAddress) => {
    const at = await addressOf(server);
    return isLoopback(at.address) ? { ...at, trustAd: true } : at;
  };
  return Promise.all(given.map(named));
}

async function lookAtTls({ resolver, ...wish }: TlsWish, signal: AbortSignal): Promise<ShownTls> {
  const [{ createNodeNet }, { probeTls }, { systemRandom }, { hostname }] = await Promise.all([
    import('../adapters/net/node-net.ts'),
    import('../adapters/transports/probe-tls.ts'),
    import('../base/random.ts'),
    import('node:os'),
  ]);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
  const ports = { net: createNodeNet(), resolver, timers: systemClock, random: systemRandom };
  const ehloName = parseDomainName(hostname()) ?? 'localhost';
  const probe = await probeTls(ports, { ...wish, ehloName, signal: limited });
  return probe.kind === 'seen' ? { kind: 'seen', from: probe.address, chain: probe.chain } : probe;
}

/** A name server may be given by name: the system looks that one up. */
async function addressOf({ host, port }: ServerAddress) {
  const { lookup } = await import('node:dns/promises');
  try {
    return { address: (await lookup(host)).address, port };
  } catch (error) {
    throw new CliError({
      exit: exits.unavailable,
      code: 'resolver_unknown',
      say: `The name server ${host} has no address: ${error instanceof Error ? error.message : String(error)}.`,
      next: 'give its address: --resolver 192.0.2.53',
    });
  }
}

async function mistakesAsError(command: string, work: () => Promise<number>): Promise<number> {
  const [{ ConfigMistakes }, { configError }] = await Promise.all([import('./config.ts'), import('./load-config.ts')]);
  try {
    return await work();
  } catch (error) {
    throw error instanceof ConfigMistakes ? configError(error, command) : error;
  }
}

async function checkStoreAt(folder: string, command: string): Promise<StoreCheck> {
  const [{ checkStore }, { openSqlite }, { migrations }, { requireOffice }] = await Promise.all([
    import('../adapters/store/fsck.ts'),
    import('../adapters/store/sqlite-db.ts'),
    import('./compose.ts'),
    import('./office-beside.ts'),
  ]);
  requireOffice(folder, command);
  try {
    await using db = await openSqlite(folder, { migrations, office: 'beside' });
    return { folder, ...(await checkStore(db, folder, systemClock)) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'STORE_BROKEN') throw error;
    const problem = { kind: 'database', subject: 'posthorn.db', say: error.message };
    return { folder, blobs: 0, bytes: 0, problems: [problem] };
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
