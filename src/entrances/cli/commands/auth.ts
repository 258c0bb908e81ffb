/**
 * `posthorn auth`: judges by SPF, DKIM, DMARC and ARC the message in a file or, with --jsonl, any number of them: one JSON object per line in,
 * one per line out, in order.
 */
import type { Command } from 'commander';
import { jsonLine } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { type FileOptions, judgeFile } from '../judge-file.ts';
import { createLineJudge, lineMaxBytes } from '../judge-line.ts';
import { each, type Leaf } from '../leaf.ts';
import { readLines } from '../read-lines.ts';
import type { Run } from '../run.ts';

/** Lines judged at the same time: enough to wait for DNS side by side, few enough for lines of many megabytes. */
const atOnce = 16;

export function defineAuth(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('[file]', 'the message with its header (.eml); - is the standard input')
    .option('--ip <address>', 'who sent it; by default as the header says')
    .option('--helo <name>', 'what it called itself; by default as the header says')
    .option('--mail-from <address>', 'its return path; "" is none')
    .option('--rcpt-to <address>', 'to whom it was sent, for DKIM2; repeatable', each)
    .option('--experimental-dkim2', 'also show what DKIM2 (a draft) says; nothing depends on it');
  command.addHelpText(
    'after',
    [
      '',
      'Exit code 1 when DMARC fails or cannot be judged.',
      '',
      `  ${program} auth message.eml`,
      '',
      'Many messages: reads lines like this one, broken here to be readable:',
      '  {"id":1, "remote_address":"192.0.2.1", "helo":"mx.a.test",',
      '   "mail_from":"ann@a.test", "message":"...base64...",',
      '   "zone":"a.test. TXT \\"v=spf1 -all\\"", "clock":"2026-11-22T06:00:00Z"}',
      'message, zone, clock and receiver may be left out; without a message only SPF',
      'is judged. A line with a zone needs no other DNS. For DKIM2 a line may have',
      '"rcpt_to":["bob@b.test"].',
      'Exit code 65 when a line could not be read; the run goes on.',
      '',
      `  ${program} auth --jsonl < cases.jsonl`,
    ].join('\n'),
  );
  leaf<FileOptions>(command, ['document', 'lines', 'dns', 'clock'], async (run, options, file?: string) => {
    if (file !== undefined) return judgeFile(run, options, file);
    if (run.format !== 'jsonl') {
      throw new CliError({
        exit: exits.usage,
        code: 'missing_option',
        say: 'auth reads and writes JSON lines.',
        next: `${program} auth --jsonl < cases.jsonl`,
      });
    }
    return judgeAll(run, options);
  });
}

/** Each answer is written as soon as those before it are: a program may wait for one before it writes the next line. */
async function judgeAll(run: Run, { experimentalDkim2: dkim2 = false }: FileOptions): Promise<number> {
  const { host } = run;
  if (host.stdin.isTerminal) run.note('reading lines from the standard input; end it with Ctrl-D');
  const judge = createLineJudge(() => run.resolver(), await run.clock(), { dkim2 });
  const waiting: Promise<void>[] = [];
  let last = Promise.resolve();
  let allRead = true;
  const write = async (before: Promise<void>, line: Uint8Array | undefined) => {
    const answer = await judge(line);
    await before;
    if ('error' in answer) allRead = false;
    host.out(jsonLine(answer));
  };
  for await (const line of readLines(host.stdin.chunks(), lineMaxBytes)) {
    if (host.signal.aborted) break; // nobody reads any more, and this line may be half a one
    if (line !== undefined && isBlank(line)) continue;
    last = write(last, line);
    last.catch(() => {}); // looked at below
    waiting.push(last);
    if (waiting.length >= atOnce) await waiting.shift();
  }
  await last;
  return allRead ? exits.ok : exits.badInput;
}

function isBlank(line: Uint8Array): boolean {
  return line.every((octet) => octet === 0x20 || octet === 0x09 || octet === 0x0d);
}
