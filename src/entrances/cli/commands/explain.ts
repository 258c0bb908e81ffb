/** `posthorn explain`: "show original" in plain words, and with --verify what the message is worth today. */
import type { Command } from 'commander';
import type { SpfSession } from '../../../protocol/spf/types.ts';
import { explainMessage } from '../../../services/advice/advice.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { explanationDocument } from '../explanation-document.ts';
import type { Leaf } from '../leaf.ts';
import { findSession, readMessageFile, type SessionOptions } from '../message-file.ts';
import { bad } from '../read-options.ts';
import { explanationLines } from '../render-explanation.ts';
import type { Run } from '../run.ts';

type Options = SessionOptions & { readonly verify?: boolean };

export function defineExplain(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<file>', 'the message with its header (.eml); - is the standard input')
    .option('--verify', 'judge it afresh, with the DNS of today')
    .option('--ip <address>', 'who sent it, for --verify; by default as the header says')
    .option('--helo <name>', 'what it called itself; by default as the header says')
    .option('--mail-from <address>', 'its return path; "" is none')
    .addHelpText(
      'after',
      [
        '',
        'In a mail program: "Show original", "View source" or "Save as", then:',
        '',
        `  ${program} explain message.eml`,
        `  ${program} explain message.eml --verify`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'dns', 'clock'], explain);
}

async function explain(run: Run, options: Options, file = ''): Promise<Answer> {
  const message = await readMessageFile(run.host, file);
  const clock = await run.clock();
  const today = isVerifying(options) ? await judge(run, message, options) : undefined;
  const explanation = await explainMessage(message, { nowMs: clock.nowMs(), ...(today && { today }) });
  return {
    document: explanationDocument(explanation),
    value: explanation.alignment.verdict,
    lines: (style, columns) => explanationLines(explanation, style, columns),
  };
}

function isVerifying({ verify, ip, helo, mailFrom }: Options): boolean {
  return verify === true || [ip, helo, mailFrom].some((given) => given !== undefined);
}

async function judge(run: Run, message: Uint8Array, options: Options) {
  const session = sessionOf(message, options);
  run.note(`judged as sent by ${session.remoteAddress} (${session.helo}) with return path <${session.mailFrom}>`);
  const { createAuthenticator } = await import('../../../protocol/authenticate.ts');
  const authenticator = createAuthenticator({ resolver: await run.resolver(), clock: await run.clock() });
  return authenticator.authenticate(message, session);
}

function sessionOf(message: Uint8Array, options: Options): SpfSession {
  const { remoteAddress, helo = '', mailFrom = '' } = findSession(message, options);
  if (remoteAddress === undefined) {
    throw bad('no_client', 'the header does not say who sent it.', ['--ip ADDRESS --helo NAME --mail-from ADDRESS']);
  }
  return { remoteAddress, helo, mailFrom };
}
