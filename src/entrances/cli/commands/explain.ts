/** `posthorn explain`: "show original" in plain words, and with --verify what the message is worth today. */
import type { Command } from 'commander';
import { parseIpAddress } from '../../../format/ip-address.ts';
import { normaliseLineEnds } from '../../../format/line-ends.ts';
import { fieldBody, fieldsNamed, indexMessage, unfold } from '../../../format/message/message-index.ts';
import { readReceived } from '../../../format/message/read-received.ts';
import type { SpfSession } from '../../../protocol/spf/types.ts';
import { explainMessage, hopFromOutside } from '../../../services/advice/advice.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { explanationDocument } from '../explanation-document.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { explanationLines } from '../render-explanation.ts';
import type { Run } from '../run.ts';

type Options = {
  readonly verify?: boolean;
  readonly ip?: string;
  readonly helo?: string;
  readonly mailFrom?: string;
};

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
  const octets = file === '-' ? await readStdin(run.host) : await run.host.readFile(file);
  const message = asSent(octets);
  const clock = await run.clock();
  const today = isVerifying(options) ? await judge(run, message, options) : undefined;
  const explanation = await explainMessage(message, { nowMs: clock.nowMs(), ...(today && { today }) });
  return {
    document: explanationDocument(explanation),
    value: explanation.alignment.verdict,
    lines: (style, columns) => explanationLines(explanation, style, columns),
  };
}

/** Files saved by mail programs often have LF alone; signatures are over CRLF. */
function asSent(octets: Uint8Array): Uint8Array {
  const normal = normaliseLineEnds(octets);
  return normal.ok ? normal.value : octets;
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

/** What the options say, else what the header says of the hop that brought it in from outside. */
function sessionOf(message: Uint8Array, { ip, helo, mailFrom }: Options): SpfSession {
  if (ip !== undefined && parseIpAddress(ip) === undefined) {
    throw bad('bad_address', `${ip} is no IP address.`, ['--ip 192.0.2.1']);
  }
  const index = indexMessage(message);
  const hops = fieldsNamed(index, 'received').map((field) => readReceived(unfold(fieldBody(index, field))));
  const hop = hopFromOutside(hops) ?? hops.find(({ address, from }) => address !== undefined && from !== undefined);
  const remoteAddress = ip ?? hop?.address;
  if (remoteAddress === undefined) {
    throw bad('no_client', 'the header does not say who sent it.', ['--ip ADDRESS --helo NAME --mail-from ADDRESS']);
  }
  const path = fieldsNamed(index, 'return-path')[0];
  const claimed = path === undefined ? '' : unfold(fieldBody(index, path)).trim().replace(/^<|>$/g, '');
  return { remoteAddress, helo: helo ?? hop?.from ?? '', mailFrom: mailFrom ?? claimed };
}
