/** `posthorn queue`: messages that are still on their way; look at one, try it now, call it off. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';
import type { Email } from '../office-client.ts';
import { readCount } from '../read-options.ts';
import { moment, tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import { markOf, messageLines } from '../show-message.ts';

type ListOptions = { readonly all?: boolean; readonly limit: string; readonly cursor?: string };

const listMax = 100;

export function defineQueue(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const list = command
    .command('list', { isDefault: true })
    .description('Messages that are still on their way, newest first.')
    .option('--all', 'also those that have come to their end')
    .option('--limit <count>', 'so many', '20')
    .option('--cursor <id>', 'go on after this one (next_cursor of the page before)');
  leaf<ListOptions>(list, ['document', 'lines', 'office', 'data'], async (run, { all, limit, cursor }) => {
    const office = await run.office();
    const page = await office.emails({
      limit: readCount(limit, '--limit', listMax),
      ...(all ? {} : { open: true }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const more = page.next_cursor === null ? [] : ['', `more: ${program} queue list --cursor ${page.next_cursor}`];
    const none = all ? 'Nothing was sent yet.' : 'The queue is empty.';
    return {
      document: page,
      rows: page.data,
      value: page.data.map(({ id }) => id).join('\n'),
      lines: (style, columns) => (page.data.length === 0 ? [none] : [...listLines(page.data, style, columns), ...more]),
    };
  });

  const show = command.command('show').argument('<id>').description('One message: the same as posthorn message ID.');
  leaf(show, ['document', 'office', 'data'], async (run, _options, id) => {
    const office = await run.office();
    const [email, steps] = await Promise.all([office.email(id), office.timeline(id)]);
    return {
      document: { ...email, timeline: steps },
      value: id,
      lines: (style, columns) => messageLines(email, steps, style, columns),
    };
  });

  const retry = command.command('retry').argument('<id>').description('Try its delayed deliveries now.');
  leaf(retry, ['document', 'office', 'data'], async (run, _options, id) => {
    const office = await run.office();
    const email = await office.retry(id);
    const when = office.isServed ? 'is tried now' : 'is tried as soon as an office serves this folder';
    return changed(email, `${id} ${when}.`, `${program} message ${id}`);
  });

  const cancel = command.command('cancel').argument('<id>').description('Call off what is not handed over yet.');
  leaf(cancel, ['document', 'office', 'data'], async (run, _options, id) => {
    const email = await (await run.office()).cancel(id);
    const off = email.recipients.filter(({ state }) => state === 'cancelled').length;
    return changed(email, `${id}: called off for ${off} of ${email.recipients.length}.`, `${program} message ${id}`);
  });
}

function changed(email: Email, say: string, next: string): Answer {
  return { document: email, value: email.id, lines: () => [visible(say), `  next: ${next}`] };
}

type Shown = Email['recipients'][number] & { readonly email: Email };

/** A line per recipient: each has its own fate. */
function listLines(emails: readonly Email[], ...[style, columns]: Parameters<Answer['lines']>): string[] {
  const rows = emails.flatMap((email) => email.recipients.map((recipient): Shown => ({ ...recipient, email })));
  return tableLines(
    rows,
    [
      { title: 'id', text: ({ email }) => email.id },
      { title: 'state', text: ({ state }) => state, mark: ({ state }, marks) => markOf(state, marks) },
      { title: 'next (UTC)', text: ({ next_try_at: next }) => (next === undefined ? '' : moment(next).slice(5, 16)) },
      { title: 'recipient', text: ({ address }) => address },
    ],
    style,
    columns,
  );
}
