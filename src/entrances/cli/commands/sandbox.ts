/** `posthorn sandbox`: a whole mail world on this machine. */
import type { Command } from 'commander';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';

export function defineSandbox(command: Command, leaf: Leaf, host: CliHost): void {
  command
    .option('--once', 'run the demonstration on ports and data of its own, then end')
    .addHelpText(
      'after',
      [
        '',
        'Nothing leaves this machine. It sends a message through your office for',
        'example.com to another one for example.net, shows what happened, and goes on',
        'serving; DATA/sandbox.json says where everything is. With --once the exit code',
        'is 0 only if every fact held.',
      ].join('\n'),
    );
  leaf<{ readonly once?: boolean }>(command, ['document', 'data'], (run, { once }) =>
    host.sandbox({ once: once ?? false, json: run.format === 'json', place: run.place }),
  );
}
