/** `posthorn completion SHELL`: a script for the shell, made from the commands themselves. */
import { Argument, type Command } from 'commander';
import type { CliHost } from '../cli-host.ts';
import { bashScript, fishScript, type Words, zshScript } from '../completion-scripts.ts';
import type { Leaf } from '../leaf.ts';
import type { Others } from '../program.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function defineCompletion(command: Command, leaf: Leaf, host: CliHost, others: Pick<Others, 'define'>): void {
  command
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      [
        '',
        `  bash   source <(${host.command} completion bash)`,
        `  zsh    source <(${host.command} completion zsh)`,
        `  fish   ${host.command} completion fish | source`,
      ].join('\n'),
    );
  leaf(command, [], async (_run, _options, shell) => {
    const program = command.parent;
    if (program === null) return 0;
    for (const one of program.commands) if (one !== command) await others.define(one);
    const summaries = program.commands.map((one) => ({ name: one.name(), says: one.summary() }));
    const script = scripts[shell as keyof typeof scripts](wordsOf(program, []), summaries);
    return { document: { shell, script }, lines: () => script.trimEnd().split('\n') };
  });
}

/** What may follow each command: its subcommands and its options. */
function wordsOf(command: Command, path: readonly string[]): Words[] {
  const names = command.commands.map((sub) => sub.name());
  const options = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  return [
    { path: path.join(' '), words: [...names, ...options, '--help'] },
    ...command.commands.flatMap((sub) => wordsOf(sub, [...path, sub.name()])),
  ];
}
