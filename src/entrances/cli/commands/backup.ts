/** `posthorn backup TO`: a copy of the data folder that `serve` can start from. */
import type { Command } from 'commander';
import type { CliHost } from '../cli-host.ts';
import { quoted } from '../describe-failure.ts';
import type { Leaf } from '../leaf.ts';
import { visible } from '../render-timeline.ts';

export function defineBackup(command: Command, leaf: Leaf, host: CliHost): void {
  command
    .argument('<to>', 'a new folder')
    .addHelpText(
      'after',
      '\nMay run while an office serves. secret.key is not copied: keep it elsewhere.\nWithout it a backup tells nobody your DKIM keys, and signs nothing.',
    );
  leaf(command, ['document', 'data'], async (run, _options, to) => {
    const { folder, files } = await host.backup(run.place, to);
    return {
      document: { folder, to, files },
      value: to,
      lines: (style) => [
        style.good(`${visible(folder)} is copied to ${visible(to)}.`),
        `secret.key is not in it: keep ${visible(folder)}/secret.key in another safe place.`,
        `  next: ${host.command} fsck --data ${quoted(to)}`,
      ],
    };
  });
}
