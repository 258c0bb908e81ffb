/** `posthorn message ID`: where each recipient of one message stands, and its timeline. */
import type { Command } from 'commander';
import { rawAnswer } from '../answer.ts';
import type { Leaf } from '../leaf.ts';
import { messageLines } from '../show-message.ts';

export function defineMessage(command: Command, leaf: Leaf): void {
  command
    .argument('<id>', 'em_..., as send and queue print it')
    .option('--raw', 'print the message itself, as it is sent');
  leaf<{ readonly raw?: boolean }>(command, ['document', 'office', 'data'], async (run, { raw }, id) => {
    const office = await run.office();
    if (raw) return rawAnswer(id, await office.raw(id));
    const [email, steps] = await Promise.all([office.email(id), office.timeline(id)]);
    return {
      document: { ...email, timeline: steps },
      value: email.settled ? 'settled' : 'open',
      lines: (style, columns) => messageLines(email, steps, style, columns),
    };
  });
}
