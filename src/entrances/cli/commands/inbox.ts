/** `posthorn inbox`: mail that has arrived in the mailboxes of the office. */
import { type Command, Option } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import { rawAnswer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';
import type { ReceivedEmail } from '../office-client.ts';
import { readCount } from '../read-options.ts';
import { factLines, moment, tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import type { Style } from '../style.ts';

type ListOptions = {
  readonly mailbox?: string;
  readonly folder?: 'INBOX' | 'Junk';
  readonly limit: string;
  readonly cursor?: string;
};

const listMax = 100;

export function defineInbox(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const list = command
    .command('list', { isDefault: true })
    .description('Newest first.')
    .option('--mailbox <address>', 'only the mailbox that this address leads to')
    .addOption(new Option('--folder <name>', 'only this folder').choices(['INBOX', 'Junk']))
    .option('--limit <count>', 'so many', '20')
    .option('--cursor <id>', 'go on after this one (next_cursor of the page before)');
  leaf<ListOptions>(list, ['document', 'lines', 'office', 'data'], async (run, options) => {
    const { mailbox, folder, cursor } = options;
    const page = await (await run.office()).inbox({
      limit: readCount(options.limit, '--limit', listMax),
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(folder === undefined ? {} : { folder }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const more = page.next_cursor === null ? [] : ['', `more: ${program} inbox list --cursor ${page.next_cursor}`];
    return {
      document: page,
      rows: page.data,
      value: page.data.map(({ id }) => id).join('\n'),
      lines: (style, columns) =>
        page.data.length === 0 ? ['No mail has arrived yet.'] : [...listLines(page.data, style, columns), ...more],
    };
  });

  const show = command.command('show').argument('<id>', 'msg_..., as list prints it').description('One message.');
  leaf(show, ['document', 'office', 'data'], async (run, _options, id) => {
    const office = await run.office();
    const [mail, raw] = await Promise.all([office.received(id), office.receivedRaw(id)]);
    return { document: mail, value: id, lines: (style) => showLines(mail, raw, style) };
  });

  const raw = command.command('raw').argument('<id>').description('The message octet by octet, as it was stored.');
  leaf(raw, ['document', 'office', 'data'], async (run, _options, id) =>
    rawAnswer(id, await (await run.office()).receivedRaw(id)),
  );
}

function verdictWords({ verdicts }: ReceivedEmail): string {
  return Object.entries(verdicts)
    .map(([check, verdict]) => `${check} ${verdict}`)
    .join(', ');
}

function listLines(mails: readonly ReceivedEmail[], style: Style, columns: number | undefined): string[] {
  return tableLines(
    mails,
    [
      { title: 'id', text: ({ id }) => id },
      { title: 'folder', text: ({ folder }) => folder },
      { title: 'from', text: ({ from }) => from ?? '(unclear)' },
      { title: 'subject', text: ({ subject }) => subject },
    ],
    style,
    columns,
  );
}

function showLines(mail: ReceivedEmail, raw: Uint8Array, style: Style): string[] {
  const facts: (readonly [string, string])[] = [
    ['from', mail.from ?? '(unclear: no author, or not exactly one)'],
    ['to', mail.recipient],
    ['subject', mail.subject],
    ['arrived', `${moment(mail.received_at)} UTC, ${mail.size} octets, in ${mail.folder}`],
    ['envelope', mail.mail_from === '' ? '<> (a notification)' : mail.mail_from],
    ['checks', verdictWords(mail)],
  ];
  const lines = fromUtf8(raw)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map(visible);
  return [style.bold(mail.id), ...factLines(facts, style), '', ...lines];
}
