/**
 * How many questions about hosted domains our name server answers on one core, over UDP on loopback, beside Knot: `npm run bench:dns`.
 * Questions come from dnsperf on the other core. As root on Linux with dnsperf; without Knot it is measured alone, and says so.
 * Exit code 1 when the mark is missed.
 *
 *   --rounds N    of each server, in turn (default 5)
 *   --seconds N   of a round (default 4)
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startKnot } from '../support/peers/dns/name-servers.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});

/** Issue "hosted zones": answers a second on one core. */
const mark = 20_000;
const domains = 1_000;
const run = promisify(execFile);
const print = (text: string) => void process.stdout.write(`${text}\n`);
const isThere = (program: string) => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** What a hosted domain holds, and what receivers ask of it: mostly what is there, now and then what is not. */
const key = `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'.repeat(12)}`;
const records = [
  ['@', 'TXT', '"v=spf1 ip4:192.0.2.0/24 include:_spf.example.net ~all"'],
  ['ph1._domainkey', 'TXT', `"${key.slice(0, 250)}" "${key.slice(250)}"`],
  ['_dmarc', 'TXT', '"v=DMARC1; p=reject; rua=mailto:dmarc@example.net"'],
  ['_mta-sts', 'TXT', '"v=STSv1; id=20261101T000000"'],
  ['_smtp._tls', 'TXT', '"v=TLSRPTv1; rua=mailto:tls@example.net"'],
  ['@', 'MX', '10 mx.example.net.'],
] as const;
const questions = [
  ...records.map(([name, type]) => [name, type] as const),
  ['nobody', 'TXT'],
  ['_dmarc', 'A'],
] as const;
const nameIn = (name: string, domain: string) => (name === '@' ? `${domain}.` : `${name}.${domain}.`);
const names = Array.from({ length: domains }, (_, nth) => `hosted-${nth}.example`);

function zoneText(domain: string): string {
  const soa = `${domain}. 3600 SOA ns1.example.net. postmaster.example.net. 1 3600 600 604800 300`;
  const lines = records.map(([name, type, data]) => `${nameIn(name, domain)} 3600 ${type} ${data}`);
  return [soa, `${domain}. 3600 NS ns1.example.net.`, ...lines, ''].join('\n');
}

type Running = { readonly port: number; readonly stop: () => Promise<void> };

async function startOurs(folder: string): Promise<Running> {
  const file = join(folder, 'zones.txt');
  writeFileSync(file, names.map(zoneText).join(''));
  const child = spawn(process.execPath, [fileURLToPath(new URL('./dns/serve.ts', import.meta.url)), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (octets) => resolve(Number(String(octets))));
    child.once('exit', (code) => reject(new Error(`our server ended with ${code}`)));
  });
  return { port, stop: async () => void child.kill() };
}

async function startTheirs(): Promise<Running> {
  const server = await startKnot(names.map((origin) => ({ origin, text: zoneText(origin) })));
  return { port: server.endpoint.port, stop: async () => server[Symbol.asyncDispose]() };
}

async function ask(port: number, file: string): Promise<number> {
  const args = ['-c', '1', 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', file, '-l', values.seconds, '-e'];
  const { stdout } = await run('taskset', args);
  const rate = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
  const lost = Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1]);
  const codes = /Response codes:\s+(.*)/.exec(stdout)?.[1] ?? '';
  if (!/NOERROR/.test(codes) || /REFUSED|SERVFAIL|FORMERR/.test(codes)) throw new Error(`it answers ${codes}`);
  if (lost > 0) print(`  ${lost} questions were not answered`);
  return rate;
}

const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

async function main(): Promise<number> {
  if (!isThere('dnsperf') || !isThere('taskset')) {
    print('SKIPPED: dnsperf and taskset are needed (apt-get install dnsperf)');
    return 0;
  }
  execFileSync('taskset', ['-a', '-p', '-c', '0', String(process.pid)], { stdio: 'ignore' }); // children inherit it
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-dns-'));
  try {
    const file = join(folder, 'questions.txt');
    const lines = names.flatMap((domain) => questions.map(([name, type]) => `${nameIn(name, domain)} ${type}`));
    writeFileSync(file, `${lines.join('\n')}\n`);
    const servers: [string, () => Promise<Running>][] = [['posthorn', () => startOurs(folder)]];
    if (isThere('knotd')) servers.push(['knot', startTheirs]);
    else print('knotd is not there: Posthorn alone');
    const rates = new Map<string, number[]>(servers.map(([name]) => [name, []]));
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [name, start] of servers) {
        const running = await start();
        try {
          rates.get(name)?.push(await ask(running.port, file));
        } finally {
          await running.stop();
        }
      }
    for (const [name, all] of rates)
      print(`${name}: ${median(all).toFixed(0)} answers/s (${all.map((each) => each.toFixed(0)).join(', ')})`);
    const ours = median(rates.get('posthorn') ?? []);
    print(`${ours >= mark ? 'ok    ' : 'MISSED'} ${ours.toFixed(0)} answers/s on one core (at least ${mark})`);
    return ours >= mark ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exit(await main());
