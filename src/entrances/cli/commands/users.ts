/** `posthorn users`: logins for programs that send by SMTP (submission). */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { each, type Leaf } from '../leaf.ts';
import type { OfficeClient, User } from '../office-client.ts';
import { bad, readDomain } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { refusalError } from '../refusal-error.ts';
import { moment, tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';

type AddOptions = { readonly from: readonly string[]; readonly passwordStdin?: boolean };

export function defineUsers(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const add = command
    .command('add')
    .argument('<login>', 'any name; often an address')
    .description('Make a login. Its app password is shown this once.')
    .requiredOption('--from <domain>', 'From domain it may use; repeatable', each)
    .option('--password-stdin', 'take the password from the standard input instead');
  leaf<AddOptions>(add, ['document', 'office', 'data'], async (run, { from, passwordStdin }, login) => {
    const domains = from.map(readDomain);
    const password = passwordStdin ? await readPassword(run.host) : undefined;
    const office = await run.office({ make: true });
    const made = await office.createUser({ login, domains, ...(password === undefined ? {} : { password }) });
    await noteUnknown(run, office, domains);
    const { app_password: shown } = made;
    return {
      document: made,
      value: shown ?? made.login,
      lines: (style) => [
        `${visible(made.login)} may send as ${domains.map((domain) => `...@${domain}`).join(', ')}.`,
        ...(shown === undefined ? [] : [`password  ${style.bold(shown)}   ${style.dim('(shown this once)')}`]),
      ],
    };
  });

  const list = command.command('list', { isDefault: true }).description('All logins.');
  leaf(list, ['document', 'lines', 'office', 'data'], async (run) =>
    listAnswer(await (await run.office()).users(), program),
  );

  const appPassword = command
    .command('app-password')
    .argument('<login>')
    .description('One more password for one more program. Shown this once.');
  leaf(appPassword, ['document', 'data'], async (run, _options, login) => {
    const { directory } = await run.folder();
    const made = await directory.accounts.addAppPassword(login);
    if (!made.ok) throw refusalError(made, program, login);
    return {
      document: { login, app_password: made.value },
      value: made.value,
      lines: (style) => [`password  ${style.bold(made.value)}   ${style.dim('(shown this once)')}`],
    };
  });

  const remove = command.command('remove').argument('<login>').description('Remove a login with its passwords.');
  leaf(remove, ['document', 'data'], async (run, _options, login) => {
    const { directory } = await run.folder();
    const removed = await directory.accounts.removeUser(login);
    if (!removed.ok) throw refusalError(removed, program, login);
    return { document: { login, removed: true }, lines: () => [`${visible(login)} is gone; what it sent stays.`] };
  });
}

function listAnswer(users: readonly User[], program: string): Answer {
  return {
    document: { data: users },
    rows: users,
    value: users.map(({ login }) => login).join('\n'),
    lines: (style, columns) =>
      users.length === 0
        ? ['No login yet.', `  next: ${program} users add LOGIN --from DOMAIN`]
        : tableLines(
            users,
            [
              { title: 'login', text: ({ login }) => login },
              { title: 'made (UTC)', text: ({ created_at: at }) => moment(at) },
              { title: 'may send as', text: ({ domains }) => domains.join(', ') },
            ],
            style,
            columns,
          ),
  };
}

/** The login works as soon as the domain does: an order of steps, not a mistake. */
async function noteUnknown(run: Run, office: OfficeClient, domains: readonly string[]): Promise<void> {
  const known = new Set((await office.domains()).map(({ name }) => name));
  for (const domain of domains.filter((one) => !known.has(one)))
    run.note(`${domain} is no domain of this office yet: ${run.host.command} domains add ${domain}`);
}

/** One line end at its end belongs to echo, not to the password. */
async function readPassword(host: CliHost): Promise<string> {
  const password = fromUtf8(await readStdin(host)).replace(/\r?\n$/, '');
  if (password === '')
    throw bad('bad_password', 'The standard input holds no password.', [
      `printf %s "$PASSWORD" | ${host.command} users add LOGIN --password-stdin --from DOMAIN`,
    ]);
  return password;
}
