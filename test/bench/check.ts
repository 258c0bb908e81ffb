/**
 * How fast the doctor is, as whole processes of the command line against a name server on loopback: `npm run bench:check`. One domain
 * with twelve senders, every answer delayed by 30 ms; then many domains in one run, with the memory that twice as many take beside it:
 * a thousand are about what the heap needs to come to its size.
 * --json prints the figures for a program. Exit code 1 when a mark is missed.
 *
 *   --domains N   of the long run (default 1000)
 *   --rounds N    of the single domain (default 5)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crowdedZone, perfectZone, twelveSenders } from '../support/perfect-zone.ts';
import { type Delayed, delayed, worldZone } from './check/name-server.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    domains: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
  },
});

const marks = { oneMs: 1_200, domainsPerSecond: 100, memoryGrowth: 1.1 } as const;
const delayMs = 30;
const count = Number(values.domains);
const launcher = fileURLToPath(new URL('../../posthorn', import.meta.url));
const server = fileURLToPath(new URL('./dns/serve.ts', import.meta.url));
const print = (text: string) => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

type Ended = { readonly ms: number; readonly out: string; readonly peakMb: number };

async function posthorn(args: readonly string[]): Promise<Ended> {
  const startMs = performance.now();
  const child = spawn(launcher, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  let peakKb = 0;
  const watch = setInterval(() => {
    peakKb = Math.max(peakKb, residentKb(child.pid));
  }, 50);
  child.stdout.on('data', (octets: Buffer) => {
    if (out.length < 1_000_000) out += octets.toString('utf8');
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  return { ms: performance.now() - startMs, out, peakMb: peakKb / 1_024 };
}

/** 0 where there is no /proc. */
function residentKb(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function startServer(zone: string): Promise<{ readonly port: number; readonly stop: () => void }> {
  const child = spawn(process.execPath, [server, zone], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (octets: Buffer) => resolve(Number(octets.toString())));
    child.once('exit', (code) => reject(new Error(`the name server ended with ${code}`)));
  });
  return { port, stop: () => void child.kill() };
}

function median(some: readonly number[]): number {
  return some.toSorted((one, other) => one - other)[some.length >> 1] ?? Number.NaN;
}

type Figures = Record<string, number | null>;

async function oneDomain(port: number, figures: Figures): Promise<void> {
  const senders = twelveSenders.flatMap((sender) => ['--sender', sender]);
  const times: number[] = [];
  let last: Delayed | undefined;
  for (let round = 0; round < Number(values.rounds); round++) {
    last?.close();
    last = await delayed(port, delayMs);
    const ended = await posthorn([
      'check',
      'example.com',
      ...senders,
      '--resolver',
      `127.0.0.1:${last.port}`,
      '--json',
    ]);
    const document = JSON.parse(ended.out) as {
      readonly senders: readonly unknown[];
      readonly findings: readonly unknown[];
    };
    if (document.senders.length !== twelveSenders.length) throw new Error(`${document.senders.length} senders`);
    times.push(ended.ms);
  }
  const { questions = 0, repeated = 0 } = last?.counted() ?? {};
  last?.close();
  Object.assign(figures, { one_domain_ms: Math.round(median(times)), questions, asked_twice: repeated });
  print(
    `twelve senders, answers delayed by ${delayMs} ms: ${Math.round(median(times))} ms as a whole process (${times.map(Math.round).join(', ')}), ${questions} questions, ${repeated} asked twice; mark ${marks.oneMs} ms`,
  );
}

async function manyDomains(port: number, folder: string, figures: Figures): Promise<void> {
  const file = (name: string, domains: number) => {
    const path = join(folder, name);
    writeFileSync(path, `${Array.from({ length: domains }, (_, nth) => nameOf(nth)).join('\n')}\n`);
    return path;
  };
  const args = (path: string) => ['check', '--file', path, '--jsonl', '--resolver', `127.0.0.1:${port}`];
  const all = await posthorn(args(file('all.txt', count)));
  const twice = await posthorn(args(file('twice.txt', 2 * count)));
  const perSecond = count / (all.ms / 1_000);
  const growth = all.peakMb === 0 ? null : twice.peakMb / all.peakMb;
  Object.assign(figures, {
    domains_per_second: Math.round(perSecond),
    memory_mb: Math.round(all.peakMb),
    memory_mb_twice: Math.round(twice.peakMb),
  });
  print(
    `${count} domains: ${perSecond.toFixed(0)} a second; memory ${all.peakMb.toFixed(0)} MB, ${twice.peakMb.toFixed(0)} MB for twice as many (${growth?.toFixed(2) ?? '?'} times); marks ${marks.domainsPerSecond} and ${marks.memoryGrowth}`,
  );
}

const nameOf = (nth: number) => `domain-${nth}.example`;

/** Servers and addresses of its own; what services have stands in the world once. */
function ownZone(nth: number): string {
  const [high, low] = [nth >> 8, nth & 255];
  return perfectZone
    .split('\n')
    .filter((line) => /example\.com|in-addr/.test(line) && !/AAAA|ip6\.arpa/.test(line))
    .join('\n')
    .replaceAll('example.com', nameOf(nth))
    .replaceAll(/ ip6:\S+/g, '')
    .replaceAll(/\b192\.0\.2\.(\d+)/g, `45.${high}.${low}.$1`)
    .replaceAll(/^(\d+)\.2\.0\.192\.in/gm, `$1.${low}.${high}.45.in`)
    .concat('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'posthorn-check-'));
const figures: Figures = {};
try {
  const domains = Array.from({ length: 2 * count }, (_, nth) => ownZone(nth));
  const world = await startServer(worldZone(folder, [crowdedZone, ...domains]));
  try {
    print(`${cpus()[0]?.model ?? '?'}, ${availableParallelism()} cores, Node ${process.version}`);
    await oneDomain(world.port, figures);
    await manyDomains(world.port, folder, figures);
  } finally {
    world.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
const isSlow = (figures.one_domain_ms ?? 0) > marks.oneMs || (figures.domains_per_second ?? 0) < marks.domainsPerSecond;
const grows = (figures.memory_mb_twice ?? 0) > (figures.memory_mb ?? 0) * marks.memoryGrowth;
if (isSlow || grows || (figures.asked_twice ?? 0) > 0) process.exitCode = 1;
