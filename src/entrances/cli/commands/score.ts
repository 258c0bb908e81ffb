/** `posthorn score`: 0 to 10 for one message as it was received, each lost point with the fix that gives it back. */
import type { Command } from 'commander';
import { fieldsNamed, fieldText, indexMessage } from '../../../format/message/message-index.ts';
import { decodeWords } from '../../../format/mime/encoded-word.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { scoreDocument, scoreMessage } from '../../../services/advice/advice.ts';
import type { ScoreBesides, ScoreSession } from '../../../services/advice/score/types.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { findSession, readMessageFile, type SessionOptions } from '../message-file.ts';
import { bad } from '../read-options.ts';
import { scoreLines } from '../render-score.ts';
import type { Run } from '../run.ts';

type Options = SessionOptions & {
  readonly tls?: string;
  readonly bulk?: boolean;
  readonly followLinks?: boolean;
  readonly tryUnsubscribe?: boolean;
};

export function defineScore(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('[file]', 'the message with its header (.eml); - is the standard input')
    .option('--ip <address>', 'who sent it; without it, what its receiver noted in the header')
    .option('--helo <name>', 'what the sending server called itself; by default as the header says')
    .option('--mail-from <address>', 'its return path; "" is none; by default as the header says')
    .option('--tls <version>', 'the TLS it came with: 1.3, 1.2 ..., or none')
    .option('--bulk', 'it goes to many: the rules for newsletters count')
    .option('--follow-links', 'see whether its links lead to pages; those that act for you are left')
    .option('--try-unsubscribe', 'unsubscribe with its one click, as a mail program does')
    .addHelpText(
      'after',
      [
        '',
        'Exit code 0 at 10 out of 10, 1 when points are lost.',
        '',
        '--follow-links asks the sites of at most 20 links; who counts clicks counts',
        'them. --try-unsubscribe really takes you off the list.',
        '',
        `  ${program} score message.eml`,
        `  ${program} score message.eml --ip 192.0.2.1 --helo mx.example.com \\`,
        '    --mail-from ann@example.com',
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'dns', 'clock'], score);
}

/** A text without any of them is no message, but another file. */
const usualFields = ['from', 'to', 'subject', 'date', 'message-id', 'received', 'return-path', 'dkim-signature'];

async function score(run: Run, options: Options, file?: string): Promise<Answer> {
  const { host } = run;
  if (file === undefined) throw noFile(host);
  const tls = options.tls === undefined ? undefined : readTls(options.tls);
  const message = await readMessageFile(host, file);
  if (message.length === 0) throw bad('empty_message', `${file} is empty.`, ['save the message with its header first']);
  const index = indexMessage(message);
  if (usualFields.every((name) => fieldsNamed(index, name).length === 0))
    throw bad('no_message', `${file} is no message: it has no header.`, [
      'save it with its header ("show original", "download")',
    ]);
  const session = {
    ...sessionOf(run, message, options),
    ...(tls !== undefined && { tls }),
    ...(options.bulk === true && { isBulk: true }),
  };
  const lists = { isPublicResolver: await run.asksPublicResolver() };
  const resolver = await run.resolver();
  const besides = await besidesOf(run, options, resolver);
  const ports = { resolver, clock: await run.clock(), catalogue: await host.catalogue(), lists, besides };
  const scored = await scoreMessage(message, session, { ...ports, timers: host.timers });
  const [from = '', subject = ''] = [fieldText(index, 'from'), fieldText(index, 'subject')].map((text) =>
    decodeWords(text ?? ''),
  );
  return {
    exit: scored.deductions.length > 0 ? exits.problems : exits.ok,
    document: scoreDocument(scored),
    value: scored.score.toFixed(1),
    lines: (style, columns) => scoreLines(scored, { from, subject, session }, style, columns),
  };
}

/** What is looked at in the web. With zone text nothing leaves the machine. */
async function besidesOf(
  { host, isOffline }: Run,
  { followLinks = false, tryUnsubscribe = false }: Options,
  resolver: Resolver,
): Promise<ScoreBesides> {
  if (!followLinks && !tryUnsubscribe) return {};
  if (isOffline)
    throw new CliError({
      exit: exits.usage,
      code: 'options_contradict',
      say: `With --zone nothing leaves this machine, and ${followLinks ? '--follow-links' : '--try-unsubscribe'} asks web sites: give one of them.`,
      next: `${host.command} score --help`,
    });
  const askWeb = await host.askWeb(resolver);
  return { ...(followLinks && { followLinks: askWeb }), ...(tryUnsubscribe && { tryUnsubscribe: askWeb }) };
}

/** As the options say; without any, the receiver's own notes where there are some, else what the header says of the last hop. */
function sessionOf(run: Run, message: Uint8Array, options: Options): ScoreSession {
  const isTold = [options.ip, options.helo, options.mailFrom].some((given) => given !== undefined);
  const isNoted = fieldsNamed(indexMessage(message), 'authentication-results').length > 0;
  if (isNoted && !isTold) return {};
  const found = findSession(message, options);
  if (found.remoteAddress === undefined) {
    if (isTold)
      throw bad('no_client', 'the header does not say who sent it.', ['--ip ADDRESS', 'beside what you gave']);
    run.note('nothing says who sent it, so SPF and the sending host are not judged; --ip ADDRESS tells');
    return {};
  }
  const path = found.mailFrom === undefined ? 'an unknown return path' : `return path <${found.mailFrom}>`;
  run.note(`judged as sent by ${found.remoteAddress} (${found.helo ?? 'no name'}) with ${path}`);
  return found;
}

function readTls(text: string): string {
  if (/^(?:none|no|off)$/i.test(text)) return 'none';
  const version = /^(?:TLS ?v?)?(1(?:\.[0-3])?)$/i.exec(text)?.[1];
  if (version === undefined)
    throw bad('bad_tls', `--tls ${text} is no version of TLS.`, ['--tls 1.3, or --tls none when it came in the clear']);
  return version;
}

function noFile({ command }: CliHost): CliError {
  return new CliError({
    exit: exits.usage,
    code: 'missing_argument',
    say: 'score wants a message: a file saved with its header (.eml), or - for the standard input.',
    next: `${command} score message.eml`,
  });
}
