/** `posthorn auth --jsonl`: judges messages by SPF, DKIM, DMARC and ARC, one JSON object per line in, one per line out, in order. */
import type { Command } from 'commander';
import { jsonLine } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { createLineJudge, lineMaxBytes } from '../judge-line.ts';
import type { Leaf } from '../leaf.ts';
import { readLines } from '../read-lines.ts';
import type { Run } from '../run.ts';

/** Lines judged at the same time: enough to wait for DNS side by side, few enough for lines of many megabytes. */
const atOnce = 16;

export function defineAuth(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command.addHelpText(
    'after',
    [
      '',
      'Reads lines like this one, broken here to be readable:',
      '  {"id":1, "remote_address":"192.0.2.1", "helo":"mx.a.test",',
      '   "mail_from":"ann@a.test", "message":"...base64...",',
      '   "zone":"a.test. TXT \\"v=spf1 -all\\"", "clock":"2026-11-22T06:00:00Z"}',
      'message, zone, clock and receiver may be left out; without a message only SPF',
      'is judged. A line with a zone needs no other DNS.',
      'Exit code 65 when a line could not be read; the run goes on.',
      '',
      `  ${program} auth --jsonl < cases.jsonl`,
    ].join('\n'),
  );
  leaf(command, ['lines', 'dns', 'clock'], async (run) => {
    if (run.format !== 'jsonl') {
      throw new CliError({
        exit: exits.usage,
        code: 'missing_option',
        say: 'auth reads and writes JSON lines.',
        next: `${program} auth --jsonl < cases.jsonl`,
      });
    }
    return judgeAll(run);
  });
}

/** Each answer is written as soon as those before it are: a program may wait for one before it writes the next line. */
async function judgeAll(run: Run): Promise<number> {
  const { host } = run;
  if (host.stdin.isTerminal) run.note('reading lines from the standard input; end it with Ctrl-D');
  const judge = createLineJudge(() => run.resolver(), await run.clock());
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
