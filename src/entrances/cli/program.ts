/** The commands as one table, and the commander program made from it: help, completion and dispatch read the same rows. */
import { Command } from 'commander';
import type { CliHost } from './cli-host.ts';
import { type Leaf, leafMaker, takeBefore } from './leaf.ts';

/** A command's own file: options, arguments, and what it does. */
type Define = (command: Command, leaf: Leaf, host: CliHost, others: Others) => void | Promise<void>;

/** What a command may do with the others. */
export type Others = {
  /** Has it say what it takes. */
  readonly define: (other: Command) => Promise<void>;
  /** A whole command line; answers its exit code. */
  readonly run: RunLine;
};

export type RunLine = (argv: readonly string[], host: CliHost) => Promise<number>;

type Row = {
  readonly group: string;
  readonly name: string;
  readonly says: string;
  /** Read only when the command is called. */
  readonly load: () => Promise<Define>;
};

const start = 'Start:';
const mail = 'Mail:';
const office = 'The office:';
const care = 'Check and care:';

const commandRows: readonly Row[] = [
  {
    group: start,
    name: 'sandbox',
    says: 'a whole mail world on this machine, to try everything in',
    load: async () => (await import('./commands/sandbox.ts')).defineSandbox,
  },
  {
    group: start,
    name: 'init',
    says: 'set a domain up: keys, who sends, the records, their publication',
    load: async () => (await import('./commands/init.ts')).defineInit,
  },
  {
    group: start,
    name: 'serve',
    says: 'the real thing, as posthorn.toml says',
    load: async () => (await import('./commands/serve.ts')).defineServe,
  },
  {
    group: mail,
    name: 'send',
    says: 'send one message, and wait for its end if you like',
    load: async () => (await import('./commands/send.ts')).defineSend,
  },
  {
    group: mail,
    name: 'message',
    says: 'one message: where each recipient stands, step by step',
    load: async () => (await import('./commands/message.ts')).defineMessage,
  },
  {
    group: mail,
    name: 'queue',
    says: 'what is still on its way: list, show, retry, cancel',
    load: async () => (await import('./commands/queue.ts')).defineQueue,
  },
  {
    group: mail,
    name: 'events',
    says: 'what happened, and what happens now (--follow)',
    load: async () => (await import('./commands/events.ts')).defineEvents,
  },
  {
    group: mail,
    name: 'inbox',
    says: 'mail that has arrived: list, show, raw',
    load: async () => (await import('./commands/inbox.ts')).defineInbox,
  },
  {
    group: office,
    name: 'domains',
    says: 'your domains, their DKIM keys and DNS records',
    load: async () => (await import('./commands/domains.ts')).defineDomains,
  },
  {
    group: office,
    name: 'plan',
    says: 'the DNS records that a domain needs, for everyone who sends for it',
    load: async () => (await import('./commands/plan.ts')).definePlan,
  },
  {
    group: office,
    name: 'publish',
    says: 'bring the plan of a domain into its zone, verified; undo it',
    load: async () => (await import('./commands/publish.ts')).definePublish,
  },
  {
    group: office,
    name: 'watch',
    says: 'what servers show of what was published: spreading, then drift',
    load: async () => (await import('./commands/watch.ts')).defineWatch,
  },
  {
    group: office,
    name: 'policy',
    says: 'the signed policy document of a domain: keygen, push, pull, diff',
    load: async () => (await import('./commands/policy.ts')).definePolicy,
  },
  {
    group: office,
    name: 'senders',
    says: 'services that send for a domain: list, show, recognise',
    load: async () => (await import('./commands/senders.ts')).defineSenders,
  },
  {
    group: office,
    name: 'mailboxes',
    says: 'addresses that receive mail',
    load: async () => (await import('./commands/mailboxes.ts')).defineMailboxes,
  },
  {
    group: office,
    name: 'users',
    says: 'logins for mail programs (submission)',
    load: async () => (await import('./commands/users.ts')).defineUsers,
  },
  {
    group: office,
    name: 'keys',
    says: 'API keys',
    load: async () => (await import('./commands/keys.ts')).defineKeys,
  },
  {
    group: office,
    name: 'streams',
    says: 'mail that is kept apart, and the lowest score it may have',
    load: async () => (await import('./commands/streams.ts')).defineStreams,
  },
  {
    group: care,
    name: 'tools',
    says: 'anything of mail in one box: a domain, address, record, reply, file',
    load: async () => (await import('./commands/tools.ts')).defineTools,
  },
  {
    group: care,
    name: 'check',
    says: 'the domain doctor: what is wrong, and the exact fix; a score',
    load: async () => (await import('./commands/check.ts')).defineCheck,
  },
  {
    group: care,
    name: 'auth',
    says: 'judge messages: SPF, DKIM, DMARC, ARC; many as JSON lines',
    load: async () => (await import('./commands/auth.ts')).defineAuth,
  },
  {
    group: care,
    name: 'score',
    says: '0 to 10 for a message, with the fix for each lost point',
    load: async () => (await import('./commands/score.ts')).defineScore,
  },
  {
    group: care,
    name: 'test-address',
    says: 'an address to send a message to, and what that scored',
    load: async () => (await import('./commands/test-address.ts')).defineTestAddress,
  },
  {
    group: care,
    name: 'explain',
    says: 'a message in plain words: its way, its signatures, who it is',
    load: async () => (await import('./commands/explain.ts')).defineExplain,
  },
  {
    group: care,
    name: 'explain-bounce',
    says: 'why a receiver refused a message, and what to do about it',
    load: async () => (await import('./commands/explain-bounce.ts')).defineExplainBounce,
  },
  {
    group: care,
    name: 'mta-sts',
    says: 'what a domain asks of those who send to it, and whether it holds',
    load: async () => (await import('./commands/mta-sts.ts')).defineMtaSts,
  },
  {
    group: care,
    name: 'dane',
    says: 'TLSA records of a mail host, held against its certificate',
    load: async () => (await import('./commands/dane.ts')).defineDane,
  },
  {
    group: care,
    name: 'spf',
    says: 'may an address send for a domain; what a record costs',
    load: async () => (await import('./commands/spf.ts')).defineSpf,
  },
  {
    group: care,
    name: 'dkim',
    says: 'make a key, sign a message, verify its signatures',
    load: async () => (await import('./commands/dkim.ts')).defineDkim,
  },
  {
    group: care,
    name: 'dmarc',
    says: 'which policy applies to mail from a domain',
    load: async () => (await import('./commands/dmarc.ts')).defineDmarc,
  },
  {
    group: care,
    name: 'blocklists',
    says: 'which block lists an address or a domain is on, and the way off',
    load: async () => (await import('./commands/blocklists.ts')).defineBlocklists,
  },
  {
    group: care,
    name: 'fsck',
    says: 'is everything in the data folder what was put in?',
    load: async () => (await import('./commands/fsck.ts')).defineFsck,
  },
  {
    group: care,
    name: 'backup',
    says: 'copy the data folder, also while it is served',
    load: async () => (await import('./commands/backup.ts')).defineBackup,
  },
  {
    group: care,
    name: 'config',
    says: 'settings: value, default, where each comes from',
    load: async () => (await import('./commands/config.ts')).defineConfig,
  },
  {
    group: care,
    name: 'completion',
    says: 'tab completion for bash, zsh and fish',
    load: async () => (await import('./commands/completion.ts')).defineCompletion,
  },
];

/** @param ended takes the exit code of the command that ran */
export function makeProgram(host: CliHost, ended: (code: number) => void, run: RunLine): Command {
  const program = new Command(host.command.replace(/^.*\//, ''));
  const leaf = leafMaker(host, ended);
  program
    .usage('COMMAND [options]')
    .description('The post office for your domain: set up, send, receive, know.')
    .version(host.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    .addHelpText('after', afterHelp(host));
  takeBefore(program);
  for (const row of commandRows) program.command(row.name).summary(row.says).helpGroup(row.group).helpCommand(false);
  program.hook('preSubcommand', async (_program, command) => define(command, leaf, host, run));
  return program;
}

/** Reads the command's own file and has it say what it takes. */
async function define(command: Command, leaf: Leaf, host: CliHost, run: RunLine): Promise<void> {
  const row = commandRows.find(({ name }) => name === command.name());
  if (row === undefined || command.parent?.parent) return; // the hook also runs for keys -> keys list
  command.description(capital(row.says));
  await (await row.load())(command, leaf, host, { define: (other) => define(other, leaf, host, run), run });
  for (const group of groupsIn(command)) takeBefore(group);
}

function groupsIn(command: Command): Command[] {
  return command.commands.length === 0 ? [] : [command, ...command.commands.flatMap(groupsIn)];
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function afterHelp({ command }: CliHost): string {
  return [
    '',
    `${command} COMMAND --help says what a command takes. Commands work on the data`,
    'folder here (--data DIR) or on a running office (--server URL --key KEY);',
    '--json prints one document for programs.',
    '',
    `New here?  ${command} sandbox`,
  ].join('\n');
}
