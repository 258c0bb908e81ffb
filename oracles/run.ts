/**
 * The engines beside other implementations, on cases made at random: `node oracles/run.ts`. Every difference must be explained in
 * known-deviations.ts, by the RFC; one that is not fails the run and prints the line that shows it again.
 *
 *   --only NAME[,NAME]   some of the comparisons      --seed N   the same cases again
 *   --cases N            of each                      --case N   shows one case in full
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { comparisons } from './comparisons.ts';
import type { Report } from './judge.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, seed: { type: 'string' }, cases: { type: 'string' }, case: { type: 'string' } },
});
const seed = Number(values.seed ?? randomInt(1_000_000));
const only = values.only?.split(',');
const print = (text: string) => void process.stdout.write(`${text}\n`);

let failed = 0;
let skipped = 0;
let passed = 0;
for (const comparison of comparisons) {
  if (only !== undefined && !only.includes(comparison.name)) continue;
  const count = Number(values.cases ?? comparison.cases);
  print(`\n${comparison.name}: ${count} cases, seed ${seed}`);
  const reports = await comparison.run(count, seed, values.case === undefined ? undefined : Number(values.case));
  for (const report of reports) {
    show(report);
    if (report.skipped !== undefined) skipped++;
    else if (report.unexplained.length > 0) failed++;
    else passed++;
  }
  if (reports.some(({ unexplained }) => unexplained.length > 0)) {
    print(`  again: node oracles/run.ts --only ${comparison.name} --seed ${seed} --cases ${count}`);
  }
}
print(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

function show({ peer, skipped: why, same, explained, unexplained }: Report): void {
  if (why !== undefined) {
    print(`  ${peer}: SKIPPED, ${why}`);
    return;
  }
  print(
    `  ${peer}: ${same} the same, ${[...explained.values()].reduce((sum, n) => sum + n, 0)} explained, ${unexplained.length} NOT`,
  );
  for (const [rule, times] of explained) print(`    ${String(times).padStart(5)}  ${rule}`);
  for (const text of unexplained.slice(0, 5)) print(text.replace(/^/gm, '    '));
}
