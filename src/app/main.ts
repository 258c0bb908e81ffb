/**
 * The program: `posthorn COMMAND`. Loads as little as possible before it knows what is asked, and keeps compiled code for the next
 * start, because most commands are done in less time than compiling them takes.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Fault } from '../base/outcome.ts';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/posthorn', import.meta.url)));

const [{ reportFailure, runCli }, { createCliHost }] = await Promise.all([
  import('../entrances/cli/run-cli.ts'),
  import('./cli-host.ts'),
]);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(1); // asked a second time
    stop.abort();
  });
}

const argv = process.argv.slice(2);
const host = createCliHost(process, stop.signal);
process.on('uncaughtException', (error) => process.exit(reportFailure(error, argv, host)));
const code = await runCli(argv, host);
// Pipes are written in the background on some systems.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
const { reason } = host.signal;
process.exit(reason instanceof Fault ? reportFailure(reason, argv, host) : code); // a fault: the output got lost
