/** `posthorn sandbox`: a whole mail world on this machine. */
import type { Command } from 'commander';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';

export function defineSandbox(command: Command, leaf: Leaf, host: CliHost): void {
  command
    .option('--once', 'run the demonstration on ports and data of its own, then end')
    .option('--story', 'one domain goes from 2 to 10, record by record, with really sent mail')
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
  leaf<{ readonly once?: boolean; readonly story?: boolean }>(command, ['document', 'data'], (run, { once, story }) => {
    const json = run.format === 'json';
    return story ? host.story({ json }) : host.sandbox({ once: once ?? false, json, place: run.place });
  });
}
