/** `posthorn send`: one message, from options or whole from a file; with `--wait` it stays until every recipient has an end. */
import { type Command, Option } from 'commander';
import { fromUtf8, isWellFormed } from '../../../base/bytes.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import { mediaTypeOf } from '../media-types.ts';
import type { Email, OfficeClient, SendEmail } from '../office-client.ts';
import { bad, readTimeout } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import { exitOfEnd, messageLines } from '../show-message.ts';

type Options = {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly subject?: string;
  readonly text?: string;
  readonly textFile?: string;
  readonly html?: string;
  readonly htmlFile?: string;
  readonly attach?: readonly string[];
  readonly header?: readonly string[];
  readonly tag?: readonly string[];
  readonly stream?: string;
  readonly raw?: string;
  readonly wait?: boolean;
  readonly timeout: string;
};

export function defineSend(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .option('--from <address>', 'the author, at a domain of this office')
    .option('--to <address>', 'recipient; repeatable', each)
    .option('--cc <address>', 'recipient of a copy; repeatable', each)
    .option('--bcc <address>', 'recipient whom nobody sees; repeatable', each)
    .option('--reply-to <address>', 'where answers go; repeatable', each)
    .option('--subject <text>', 'subject')
    .option('--text <text>', 'the message as plain text')
    .option('--text-file <file>', 'the same from a file; - is the standard input')
    .option('--html <text>', 'the message as HTML')
    .option('--html-file <file>', 'the same from a file')
    .option('--attach <file>', 'a file to go with it; repeatable', each)
    .option('--header <name:value>', 'a further header field; repeatable', each)
    .option('--tag <text>', 'a label of yours, for lists and events; repeatable', each)
    .option('--stream <name>', 'the stream it is of, with rules of its own')
    .addOption(
      new Option('--raw <file>', 'a whole message (.eml; - is the standard input)').conflicts([
        ...['cc', 'bcc', 'replyTo', 'subject', 'text', 'textFile', 'html', 'htmlFile', 'attach', 'header', 'tag'],
      ]),
    )
    .option('--wait', 'stay until every recipient has an end, and show the way')
    .option('--timeout <time>', 'stay no longer than that', '60s')
    .addHelpText(
      'after',
      [
        '',
        'With --raw, --from and --to are the envelope; without them the header is.',
        'With --wait the exit code is 0 when all was delivered, 69 when somebody was',
        'refused or given up, 75 when the time was over first.',
        '',
        `  ${program} send --from hello@example.com --to friend@example.net \\`,
        '    --subject "Hi" --text "It works." --wait',
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'office', 'data'], send);
}

async function send(run: Run, options: Options): Promise<Answer> {
  const timeoutMs = readTimeout(options.timeout);
  const work = options.raw === undefined ? await fromOptions(run, options) : await fromFile(run, options.raw, options);
  const office = await run.office();
  const accepted = await work(office);
  if (options.wait) return waited(run, office, { id: accepted.id, timeoutMs });
  return {
    document: accepted,
    value: accepted.id,
    lines: () => [`${accepted.id}  ${queuedWords(accepted, office)}`, ...nextWords(run, office, accepted)],
  };
}

type SendWith = (office: OfficeClient) => Promise<Email>;

async function waited(
  run: Run,
  office: OfficeClient,
  { id, timeoutMs }: { readonly id: string; readonly timeoutMs: number },
): Promise<Answer> {
  if (!office.isServed) run.note(`waiting for an office to serve ${visible(office.where)}: ${serveWords(run)}`);
  const email = await office.settled(id, timeoutMs);
  const steps = await office.timeline(id);
  return {
    exit: exitOfEnd(email),
    document: { ...email, timeline: steps },
    value: id,
    lines: (style, columns) => messageLines(email, steps, style, columns),
  };
}

function queuedWords({ recipients }: Email, office: OfficeClient): string {
  const to = recipients.length === 1 ? visible(recipients[0]?.address ?? '') : `${recipients.length} recipients`;
  return office.isServed ? `queued for ${to}` : `queued for ${to}; it leaves when an office serves this folder`;
}

function nextWords({ host }: Run, office: OfficeClient, { id }: Email): string[] {
  return [`  next: ${office.isServed ? `${host.command} message ${id}` : serveWords({ host })}`];
}

function serveWords({ host }: Pick<Run, 'host'>): string {
  return `${host.command} serve`;
}

async function fromOptions(run: Run, options: Options): Promise<SendWith> {
  const { from, to, cc, bcc, replyTo, subject, tag, stream } = options;
  if (from === undefined) throw missing(run, '--from');
  if ((to ?? cc ?? bcc) === undefined) throw missing(run, '--to');
  const text = options.text ?? (await readText(run, options.textFile));
  const html = options.html ?? (await readText(run, options.htmlFile));
  if (text === undefined && html === undefined) throw missing(run, '--text (or --text-file, --html)');
  const request: SendEmail = {
    from,
    subject: subject ?? '',
    ...(to && { to: [...to] }),
    ...(cc && { cc: [...cc] }),
    ...(bcc && { bcc: [...bcc] }),
    ...(replyTo && { reply_to: [...replyTo] }),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(options.header && { headers: readHeaders(options.header) }),
    ...(options.attach && { attachments: await readAttachments(run, options.attach) }),
    ...(tag && { tags: [...tag] }),
    ...(stream !== undefined && { stream }),
  };
  return (office) => office.send(request);
}

async function fromFile(run: Run, path: string, { from, to, stream }: Options): Promise<SendWith> {
  const message = path === '-' ? await readStdin(run.host) : await run.host.readFile(path);
  const envelope = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(stream === undefined ? {} : { stream }),
  };
  return (office) => office.sendRaw(message, envelope);
}

function missing({ host }: Run, option: string): CliError {
  return new CliError({
    exit: exits.usage,
    code: 'missing_option',
    say: `send needs the option ${option}.`,
    next: `${host.command} send --from YOU@YOUR-DOMAIN --to SOMEBODY --subject "Hi" --text "It works."`,
  });
}

async function readText({ host }: Run, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = fromUtf8(path === '-' ? await readStdin(host) : await host.readFile(path));
  if (isWellFormed(text) && !text.includes('\ufffd')) return text;
  throw bad('bad_text', `${path} is not text in UTF-8.`, [`convert it: iconv -t UTF-8 ${path}`]);
}

function readHeaders(given: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const text of given) {
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(colon, 0)).trim();
    if (name === '') throw bad('bad_header', `--header ${text} has no name.`, ['--header "X-Order: 1234"']);
    if (headers.has(name)) throw bad('bad_header', `--header ${name} is given twice.`, ['give each name once']);
    headers.set(name, text.slice(colon + 1).trim());
  }
  return Object.fromEntries(headers);
}

type Attachment = NonNullable<SendEmail['attachments']>[number];

function readAttachments({ host }: Run, paths: readonly string[]): Promise<Attachment[]> {
  return Promise.all(
    paths.map(async (path) => {
      const content = Buffer.from(await host.readFile(path)).toString('base64');
      const filename = path.replace(/^.*[/\\]/, '');
      return { filename, content, content_type: mediaTypeOf(filename) };
    }),
  );
}
