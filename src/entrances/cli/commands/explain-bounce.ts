/** `posthorn explain-bounce`: what a receiver's refusal means, and what to do. */
import type { Command } from 'commander';
import { utf8 } from '../../../base/bytes.ts';
import { Fault } from '../../../base/outcome.ts';
import { type BounceExplanation, explainBounce, readBounce } from '../../../services/advice/advice.ts';
import type { Answer } from '../answer.ts';
import type { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { bounceLines } from '../render-bounce.ts';
import type { Run } from '../run.ts';

type Options = { readonly domain?: string; readonly ip?: string };

export function defineExplainBounce(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<reply>', 'the reply in quotes, or a file with the bounce (.eml); - is the standard input')
    .option('--domain <domain>', 'the domain in From, for the commands that it names')
    .option('--ip <address>', 'the address that sent it, where the reply does not name it')
    .addHelpText(
      'after',
      [
        '',
        `  ${program} explain-bounce "550 5.7.26 Your email has been blocked ... gsmtp"`,
        `  ${program} explain-bounce bounce.eml --domain example.com`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document'], explain);
}

async function explain(run: Run, options: Options, given = ''): Promise<Answer> {
  const replies = readBounce(await pasted(run.host, given));
  const domain = options.domain === undefined ? undefined : readDomain(options.domain);
  const context = {
    command: run.host.command,
    ...(domain !== undefined && { domain }),
    ...(options.ip !== undefined && { address: options.ip }),
  };
  const explanations = replies.map((reply) => explainBounce(reply, context));
  if (explanations.every(({ lasts, by }) => lasts === 'unknown' && by === 'nothing known'))
    throw noReply('There is no reply of a mail server in it.', run.host.command);
  return bounceAnswer(explanations);
}

export function bounceAnswer(explanations: readonly BounceExplanation[]): Answer {
  return {
    document: { bounces: explanations },
    value: explanations.map(({ by }) => by).join('\n'),
    lines: (style, columns) =>
      explanations.flatMap((one, at) => [...(at === 0 ? [] : ['']), ...bounceLines(one, style, columns)]),
  };
}

/** A reply has blanks in it; what has none and names a file is that file. */
async function pasted(host: CliHost, given: string): Promise<Uint8Array> {
  if (given === '-') return readStdin(host);
  if (/\s/.test(given.trim()) || /^[245]\d\d|^[245]\.\d/.test(given)) return utf8(given);
  try {
    return await host.readFile(given);
  } catch (error) {
    if (isMissing(error)) throw noReply(`"${given}" is neither a reply of a mail server nor a file.`, host.command);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Fault && error.code === 'ENOENT';
}

function noReply(say: string, command: string): CliError {
  return bad('no_reply', say, [
    `${command} explain-bounce "550 5.1.1 ..."   (the line with the code, or the bounce as a file)`,
  ]);
}
