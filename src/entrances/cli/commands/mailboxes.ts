/** `posthorn mailboxes`: the addresses that receive mail. */
import type { Command } from 'commander';
import { formatAddrSpec } from '../../../format/address.ts';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';
import { readMailbox } from '../read-options.ts';
import { refusalError } from '../refusal-error.ts';
import { tableLines } from '../render-table.ts';

export function defineMailboxes(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const add = command.command('add').argument('<address>').description('A mailbox with this address.');
  leaf(add, ['document', 'data'], async (run, _options, text) => {
    const { directory } = await run.folder({ make: true });
    const mailbox = readMailbox(text);
    const address = formatAddrSpec(mailbox);
    const added = await directory.addMailbox(mailbox);
    if (!added.ok) throw refusalError(added, program, mailbox.domain);
    return {
      document: { id: added.value.id, name: added.value.name, role: added.value.role, addresses: [address] },
      value: added.value.id,
      lines: () => [`${address} receives mail.`, `  next: ${program} inbox list --mailbox ${address}`],
    };
  });

  const list = command.command('list', { isDefault: true }).description('All mailboxes with their addresses.');
  leaf(list, ['document', 'lines', 'data'], async (run) => {
    const { directory } = await run.folder();
    const mailboxes = await Promise.all(
      (await directory.mailboxes()).map(async ({ id, name, role }) => ({
        id,
        name,
        role,
        addresses: await directory.addressesOf(id),
      })),
    );
    return {
      document: { data: mailboxes },
      rows: mailboxes,
      value: mailboxes.map(({ name }) => name).join('\n'),
      lines: (style, columns) =>
        mailboxes.length === 0
          ? ['No mailbox yet.', `  next: ${program} mailboxes add ADDRESS`]
          : tableLines(
              mailboxes,
              [
                { title: 'mailbox', text: ({ name }) => name },
                {
                  title: 'addresses',
                  text: ({ role, addresses }) =>
                    (role === 'operator' ? ['postmaster and abuse of every domain', ...addresses] : addresses).join(
                      ', ',
                    ),
                },
              ],
              style,
              columns,
            ),
    };
  });
}
