/** `posthorn serve`: the real thing. Every static setting is an option too. */
import { type Command, Option } from 'commander';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';

export async function defineServe(command: Command, leaf: Leaf, host: CliHost): Promise<void> {
  const names = (await host.settingNames()).filter((name) => name !== 'data');
  for (const name of names) command.addOption(new Option(`--${name} <value>`).hideHelp());
  command.addHelpText(
    'after',
    [
      '',
      'Every setting is an option too: --listen.http 127.0.0.1:8026',
      `What there is: ${host.command} config explain`,
    ].join('\n'),
  );
  leaf<Readonly<Record<string, string | undefined>>>(command, ['data'], (run, options) => {
    const flags = new Map<string, string>();
    for (const name of names) {
      const value = options[name];
      if (value !== undefined) flags.set(name, value);
    }
    return host.serve(run.place, flags);
  });
}
