/** `posthorn keys`: API keys. */
import { type Command, Option } from 'commander';
import { nearest } from '../../../base/nearest.ts';
import { type Scope, scopes } from '../../../services/directory/types.ts';
import type { CliHost } from '../cli-host.ts';
import { each, type Leaf } from '../leaf.ts';
import type { Key } from '../office-client.ts';
import { bad, readDomain } from '../read-options.ts';
import { moment, tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';

const scopeNames = Object.keys(scopes) as Scope[];

type CreateOptions = {
  readonly scope: readonly string[];
  readonly name: string;
  readonly domain?: readonly string[];
  readonly test?: boolean;
};

export function defineKeys(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const create = command
    .command('create')
    .description('Make a key. It is shown this once.')
    .addOption(
      new Option('--scope <scope>', `what it may do: ${scopeNames.join(', ')}; repeatable`)
        .argParser(each)
        .makeOptionMandatory(),
    )
    .option('--name <text>', 'for people: which program uses it', 'command line')
    .option('--domain <domain>', 'only for this From domain; repeatable', each)
    .option('--test', 'its mail never leaves the office')
    .addHelpText('after', ['', ...scopeNames.map((scope) => `  ${scope.padEnd(15)}${scopes[scope]}`)].join('\n'));
  leaf<CreateOptions>(create, ['document', 'office', 'data'], async (run, { scope, name, domain, test }) => {
    const wanted = {
      name,
      mode: test ? ('test' as const) : ('live' as const),
      scopes: readScopes(scope),
      ...(domain === undefined ? {} : { domains: domain.map(readDomain) }),
    };
    const made = await (await run.office({ make: true })).createKey(wanted);
    return {
      document: made,
      value: made.token,
      lines: (style) => [
        `key  ${style.bold(made.token)}   ${style.dim('(shown this once)')}`,
        `  id ${made.id}, ${made.scopes.join(', ')}${made.mode === 'test' ? ', for tests' : ''}`,
        `  next: curl http://127.0.0.1:8025/v1/emails -H "Authorization: Bearer $KEY"`,
      ],
    };
  });

  const list = command
    .command('list', { isDefault: true })
    .description('All keys, revoked ones too. Their text is not stored.');
  leaf(list, ['document', 'lines', 'office', 'data'], async (run) => {
    const keys = await (await run.office()).keys();
    return {
      document: { data: keys },
      rows: keys,
      value: keys.map(({ id }) => id).join('\n'),
      lines: (style, columns) =>
        keys.length === 0
          ? ['No key yet.', `  next: ${program} keys create --scope send`]
          : tableLines(
              keys,
              [
                { title: 'id', text: ({ id }) => id },
                { title: 'state', text: stateOf, mark: (key, marks) => (key.revoked_at ? marks.dim : marks.good) },
                { title: 'scopes', text: ({ scopes: its }) => its.join(',') },
                { title: 'name', text: ({ name, domains }) => [name, ...(domains ?? [])].join(', ') },
              ],
              style,
              columns,
            ),
    };
  });

  const revoke = command.command('revoke').argument('<id>', 'key_...').description('End a key at once.');
  leaf(revoke, ['document', 'office', 'data'], async (run, _options, id) => {
    await (await run.office()).revokeKey(id);
    return {
      document: { id, revoked: true },
      value: id,
      lines: () => [`${visible(id)} is not valid any more.`, `  next: ${program} keys list`],
    };
  });
}

function stateOf({ revoked_at: revoked, mode, last_used_at: used }: Key): string {
  if (revoked !== undefined) return `revoked ${moment(revoked).slice(0, 10)}`;
  return `${mode}, ${used === undefined ? 'not used yet' : `used ${moment(used).slice(0, 10)}`}`;
}

/** `send,read` or several options. */
function readScopes(given: readonly string[]): Scope[] {
  return given
    .flatMap((text) => text.split(','))
    .map((text) => {
      const scope = scopeNames.find((name) => name === text.trim());
      if (scope !== undefined) return scope;
      const like = nearest(text, scopeNames);
      throw bad('bad_scope', `${text} is no scope${like === undefined ? '' : `; did you mean ${like}?`}`, [
        `give one of: ${scopeNames.join(', ')}`,
      ]);
    });
}
