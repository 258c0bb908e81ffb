/** The harness of `../shared/bench`, copied to where it can be compiled, with Posthorn's own start script put into it. */
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** One server, one time. */
export type Round = {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  readonly memoryMb: number;
  readonly lost: number;
  readonly twice: number;
  readonly othersPercent: number;
};

export type Wish = {
  readonly rounds: number;
  readonly messages: number;
  readonly connections: number;
  /** Messages on each connection; 0: all. */
  readonly perConnection: number;
};

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../../posthorn', import.meta.url));
/** As the harness's own README asks. */
const settings = `hostname = "mx.src.test"
[listen]
http = "127.0.0.1:8031"
mx = "127.0.0.1:2531"
submission = "127.0.0.1:2587"
submissions = "127.0.0.1:2465"
[relay]
allow = ["127.0.0.0/8"]
[delivery]
port = 2600
allow_loopback_mx = true
[limits]
connections_per_address = 200
`;

export class Harness implements AsyncDisposable {
  /** As the harness names them. */
  readonly servers: readonly string[];
  /** Which are not installed, and how one would have them. */
  readonly missing: ReadonlyMap<string, string>;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    const haraka = /\bHKN=(\S+)/.exec(readFileSync(join(folder, 'peers/haraka.sh'), 'utf8'))?.[1] ?? '';
    const wanted = [
      ['postfix:default', ['/usr/sbin/postfix', '/usr/sbin/opendkim'], 'apt-get install postfix opendkim'],
      ['haraka:cluster', [join(haraka, 'Haraka')], `npm install Haraka in the parent folder of ${haraka}`],
    ] as const;
    const missing = wanted.filter(([, files]) => !files.every((file) => existsSync(file)));
    this.missing = new Map(missing.map(([server, , how]) => [server, how]));
    this.servers = ['posthorn', ...wanted.map(([server]) => server).filter((server) => !this.missing.has(server))];
  }

  static async open(original: string): Promise<Harness> {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
    cpSync(original, folder, { recursive: true });
    await run('chmod', ['-R', 'u+w', folder]);
    await run('cc', ['-O2', '-o', join(folder, 'smtpbench'), join(folder, 'smtpbench.c')]);
    writeFileSync(join(folder, 'posthorn.toml'), `data = ${JSON.stringify(join(folder, 'data'))}\n${settings}`);
    // A fresh data folder each time; the harness runs it in its world, where its DNS is.
    const start = `rm -rf '${folder}/data'
'${launcher}' domains add src.test --verified --config '${folder}/posthorn.toml' >/dev/null 2>&1
exec '${launcher}' serve --config '${folder}/posthorn.toml'
`;
    writeFileSync(join(folder, 'start-posthorn.sh'), start);
    const syncs = join(folder, 'fsyncs.sh');
    writeFileSync(syncs, readFileSync(syncs, 'utf8').replace('PORT=(', 'PORT=([posthorn]=2531 '));
    return new Harness(folder);
  }

  async measure(servers: readonly string[], wish: Wish): Promise<ReadonlyMap<string, readonly Round[]>> {
    const out = join(this.#folder, 'result.json');
    const { rounds, messages, connections, perConnection } = wish;
    const counts = { rounds, n: messages, c: connections, 'per-conn': perConnection };
    const options = Object.entries(counts).flatMap(([name, value]) => [`--${name}`, String(value)]);
    await this.#run(process.execPath, ['mta.mjs', '--peers', servers.join(','), ...options, '--out', out]);
    const { results } = JSON.parse(readFileSync(out, 'utf8')) as { results: Record<string, Record<string, number>[]> };
    return new Map(Object.entries(results).map(([server, list]) => [server, list.map(roundOf)]));
  }

  async syncsPerMessage(connections: number): Promise<number> {
    const said = await this.#run('bash', ['./fsyncs.sh', 'posthorn', 'default', '600', String(connections)]);
    const found = /fsyncs\/msg=([\d.]+)/.exec(said)?.[1];
    if (found === undefined) throw new Error(`no count of syncs in: ${said}`);
    return Number(found);
  }

  #run(program: string, args: readonly string[]): Promise<string> {
    const child = spawn(program, args, {
      cwd: this.#folder,
      env: { ...process.env, NODE: process.execPath, POSTHORN_CMD: `sh ${join(this.#folder, 'start-posthorn.sh')}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${program} ended with ${code}`))));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function roundOf(found: Readonly<Record<string, number>>): Round {
  const of = (name: string) => found[name] ?? Number.NaN;
  return {
    rate: of('e2eRate'),
    p50Ms: of('p50'),
    p99Ms: of('p99'),
    cpuMs: of('cpuMsPerMsg'),
    memoryMb: of('peakPssMB'),
    lost: of('lost'),
    twice: of('dup'),
    othersPercent: of('otherCpuPct'),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
