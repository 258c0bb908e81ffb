/** `posthorn fsck`: whether everything in the data folder is what was put in. */
import type { Command } from 'commander';
import type { CliHost, StoreCheck } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';

export function defineFsck(command: Command, leaf: Leaf, host: CliHost): void {
  command.addHelpText(
    'after',
    '\nRepairs nothing; may run while an office serves. Exit code 1 when something is\nwrong.',
  );
  leaf(command, ['document', 'lines', 'data'], async (run) => {
    const check = await host.checkStore(run.place);
    const { folder, blobs, bytes, problems } = check;
    return {
      exit: problems.length === 0 ? exits.ok : exits.problems,
      document: { ok: problems.length === 0, folder, bodies: blobs, bytes, problems },
      rows: problems,
      value: problems.length === 0 ? 'ok' : 'damaged',
      lines: (style, columns) => [
        `${visible(folder)}: ${blobs} bodies, ${bytes} octets looked at.`,
        ...(problems.length === 0 ? [style.good('Everything is what was put in.')] : []),
        ...(problems.length === 0 ? [] : problemLines(problems, [style, columns])),
        ...(problems.length === 0 ? [] : ['  next: put a backup in its place, or report what you see']),
      ],
    };
  });
}

function problemLines(
  problems: StoreCheck['problems'],
  [style, columns]: readonly [Parameters<typeof tableLines>[2], number | undefined],
): string[] {
  return tableLines(
    problems,
    [
      { title: 'problem', text: ({ kind }) => kind, mark: () => style.bad },
      { title: 'where', text: ({ subject }) => subject },
      { title: 'what', text: ({ say }) => say },
    ],
    style,
    columns,
  );
}
