/**
 * How fast mail passes through `posthorn serve`, side by side with Postfix + OpenDKIM and Haraka: `npm run bench:mta`. Each server is
 * started in turn, several times, in one run; what counts are the ratios of medians. With the harness of `../shared/bench` (its load
 * generator and sink are one C program), as root on Linux; without it Posthorn is measured alone, and says so. Prints figures against
 * their marks; exit code 1 when one is missed.
 *
 *   --rounds N          of each server (default 5)
 *   --messages N        of a round (default 1500)
 *   --only kept,each    kept connections, a new connection for each message (default both, and syncs)
 *   --harness DIR       where it is, instead of ../shared/bench
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAlone } from './mta/alone.ts';
import { Harness, median, type Round } from './mta/harness.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '1500' },
    only: { type: 'string', default: 'kept,each,syncs' },
    harness: { type: 'string' },
  },
});

/** Of ../shared/facts/performance.md §7; against Postfix + OpenDKIM where nothing else is said. */
const marks = { rate: 3, cpu: 1 / 3, p99: 1 / 3, memory: 1, rateOfHaraka: 2, ratePerConnection: 2.5, syncs: 0.5 };
/** Above it a run is suspect, by the harness's own rule: share of the machine that others used. */
const othersMax = 15;
const kept = { connections: 50, perConnection: 0 };
const each = { connections: 20, perConnection: 1 };

const failures: string[] = [];
const print = (text: string) => void process.stdout.write(`${text}\n`);

function mark(holds: boolean, what: string): void {
  print(`${holds ? 'ok    ' : 'MISSED'} ${what}`);
  if (!holds) failures.push(what);
}

type Measured = ReadonlyMap<string, readonly Round[]>;

function tell(title: string, measured: Measured): void {
  print(
    `\n${title}\n\n| | messages/s (range) | accept p50 / p99 ms | CPU ms/message | peak PSS MB | lost / twice | others % |`,
  );
  print('|---|---|---|---|---|---|---|');
  for (const [server, rounds] of measured) {
    const of = (pick: (round: Round) => number) => median(rounds.map(pick));
    const rates = rounds.map(({ rate }) => Math.round(rate));
    const cells = [
      `${Math.round(of(({ rate }) => rate))} (${Math.min(...rates)}-${Math.max(...rates)})`,
      `${Math.round(of(({ p50Ms }) => p50Ms))} / ${Math.round(of(({ p99Ms }) => p99Ms))}`,
      of(({ cpuMs }) => cpuMs).toFixed(2),
      String(Math.round(of(({ memoryMb }) => memoryMb))),
      `${of(({ lost }) => lost)} / ${of(({ twice }) => twice)}`,
      String(Math.round(of(({ othersPercent }) => othersPercent))),
    ];
    print(`| ${server} | ${cells.join(' | ')} |`);
  }
  print('');
  const busy = [...measured.values()].flat().filter(({ othersPercent }) => othersPercent > othersMax).length;
  if (busy > 0) print(`SUSPECT: in ${busy} rounds others used more than ${othersMax} % of the machine.`);
}

function compare(
  measured: Measured,
  wish: Readonly<Record<string, { least?: number; most?: number; of: string }>>,
): void {
  const medianOf = (server: string, pick: (round: Round) => number) => median((measured.get(server) ?? []).map(pick));
  const picks: Readonly<Record<string, (round: Round) => number>> = {
    'messages/s': ({ rate }) => rate,
    'CPU per message': ({ cpuMs }) => cpuMs,
    'p99 of accept': ({ p99Ms }) => p99Ms,
    'peak memory': ({ memoryMb }) => memoryMb,
  };
  for (const [name, { least, most, of }] of Object.entries(wish)) {
    const pick = picks[name];
    if (!pick || !measured.has(of)) continue;
    const ratio = medianOf('posthorn', pick) / medianOf(of, pick);
    const holds = ratio >= (least ?? 0) && ratio <= (most ?? Infinity);
    const goal = least === undefined ? `at most ${most?.toFixed(2)}` : `at least ${least}`;
    mark(holds, `${name}: ${ratio.toFixed(2)} of ${of} (${goal})`);
  }
  for (const round of measured.get('posthorn') ?? [])
    if (round.lost > 0 || round.twice > 0) mark(false, `nothing lost, nothing twice: ${round.lost}, ${round.twice}`);
}

async function besideOthers(harness: Harness): Promise<void> {
  const only = new Set(values.only.split(','));
  const count = { rounds: Number(values.rounds), messages: Number(values.messages) };
  for (const [server, why] of harness.missing) print(`LEFT OUT: ${server}, ${why}`);
  if (only.has('kept')) {
    const measured = await harness.measure(harness.servers, { ...count, ...kept });
    tell(`${kept.connections} kept connections`, measured);
    compare(measured, {
      'messages/s': { least: marks.rate, of: 'postfix:default' },
      'CPU per message': { most: marks.cpu, of: 'postfix:default' },
      'p99 of accept': { most: marks.p99, of: 'postfix:default' },
      'peak memory': { most: marks.memory, of: 'postfix:default' },
    });
    compare(measured, { 'messages/s': { least: marks.rateOfHaraka, of: 'haraka:cluster' } });
  }
  if (only.has('each')) {
    const servers = harness.servers.filter((server) => !server.startsWith('haraka'));
    const measured = await harness.measure(servers, { ...count, ...each });
    tell(`a new connection for each message, ${each.connections} at a time`, measured);
    compare(measured, { 'messages/s': { least: marks.ratePerConnection, of: 'postfix:default' } });
  }
  if (only.has('syncs')) {
    const syncs = await harness.syncsPerMessage(kept.connections);
    mark(syncs <= marks.syncs, `fsync and its like per message: ${syncs.toFixed(2)} (at most ${marks.syncs})`);
  }
}

const folder = resolve(values.harness ?? fileURLToPath(new URL('../../../shared/bench', import.meta.url)));
if (existsSync(folder)) {
  await using harness = await Harness.open(folder);
  await besideOthers(harness);
} else {
  print(`ALONE: there is no harness in ${folder}, so nobody is measured beside us and no mark can be missed but loss.`);
  for (const wish of [kept, each]) {
    const figures = await measureAlone({ ...wish, messages: Number(values.messages) });
    print(`${wish.connections} connections, ${wish.perConnection || 'all'} messages on each: ${figures.say}`);
    mark(figures.lost === 0 && figures.twice === 0, `nothing lost, nothing twice: ${figures.lost}, ${figures.twice}`);
  }
}
process.exit(failures.length === 0 ? 0 : 1);
