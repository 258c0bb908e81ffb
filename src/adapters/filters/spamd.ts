/**
 * SpamAssassin's daemon, asked over its own protocol (SPAMC/1.5, the command REPORT) at the address the operator gave. Bounded in size
 * and time; whatever comes back, or nothing, is a verdict.
 */

import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { Connection, Endpoint, Net } from '../../base/port/net.ts';
import { printable } from '../../base/printable.ts';
import type { FilterSymbol, FilterVerdict, MessageFilter } from '../../services/advice/score/content/types.ts';
import { answerOctetsMax, away, messageOctetsMax, tellingSymbols, tooLarge } from './filter-limits.ts';

const name = 'SpamAssassin';

export type SpamdOptions = {
  readonly at: Endpoint;
  readonly net: Pick<Net, 'dial'>;
  readonly timers: Timers;
  readonly timeMs: number;
};

export function createSpamdFilter(options: SpamdOptions): MessageFilter {
  return {
    name,
    judge: async (message) => {
      if (message.length > messageOctetsMax) return away(name, tooLarge);
      const abort = new AbortController();
      const cancel = options.timers.after(options.timeMs, () => abort.abort());
      try {
        return readVerdict(await ask(options, message, abort.signal));
      } catch (error) {
        const seconds = Math.round(options.timeMs / 1_000);
        const words = error instanceof Error ? printable(error.message || error.name, 100) : 'no answer';
        return away(name, abort.signal.aborted ? `no answer within ${seconds} s` : words);
      } finally {
        cancel();
      }
    },
  };
}

/** One question, one connection: the daemon ends it after its answer. */
async function ask({ at, net }: SpamdOptions, message: Uint8Array, signal: AbortSignal): Promise<string> {
  const connection = await net.dial(at, { signal });
  const end = () => connection.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    await connection.write(
      concat([fromLatin1(`REPORT SPAMC/1.5\r\nContent-length: ${message.length}\r\n\r\n`), message]),
    );
    const answer = await readAll(connection);
    if (signal.aborted) throw new Error('too slow'); // it ends as an answer does
    return answer;
  } finally {
    signal.removeEventListener('abort', end);
    connection.destroy();
  }
}

async function readAll(connection: Connection): Promise<string> {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for (let piece = await connection.read(); piece !== undefined; piece = await connection.read()) {
    octets += piece.length;
    if (octets > answerOctetsMax) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return latin1(concat(pieces));
}

function readVerdict(answer: string): FilterVerdict {
  const headEnd = answer.indexOf('\r\n\r\n');
  const head = headEnd < 0 ? answer : answer.slice(0, headEnd);
  if (!/^SPAMD\/\d\.\d 0 /.test(head))
    return away(name, `it refused: ${printable(head.split('\r\n', 1)[0] ?? '', 100)}`);
  const verdict = /^Spam: (?:True|False|Yes|No) ; (-?\d{1,6}(?:\.\d{1,6})?) \/ (-?\d{1,6}(?:\.\d{1,6})?)\s*$/im.exec(
    head,
  );
  if (verdict === null) return away(name, 'the answer cannot be read');
  const symbols = readReport(headEnd < 0 ? '' : answer.slice(headEnd + 4));
  return { name, points: Number(verdict[1]), spamFrom: Number(verdict[2]), symbols: tellingSymbols(symbols) };
}

const ruleLine = /^ {0,4}(-?\d{1,4}\.\d{1,3}) ([A-Z][A-Z0-9_]{2,80})\s+(.*)$/;

/** The table below the dashes: points, rule, words; words go on in lines that begin far to the right. */
function readReport(report: string): readonly FilterSymbol[] {
  const symbols: { name: string; points: number; say: string }[] = [];
  const lines = report.split(/\r?\n/);
  for (const line of lines.slice(lines.findIndex((one) => /^-{3,} -{3,}/.test(one)) + 1)) {
    const rule = ruleLine.exec(line);
    const last = symbols.at(-1);
    if (rule !== null) symbols.push({ name: rule[2] ?? '', points: Number(rule[1]), say: (rule[3] ?? '').trim() });
    else if (last !== undefined && /^ {10,}\S/.test(line)) last.say = `${last.say} ${line.trim()}`;
  }
  return symbols.map(({ say, ...rest }) => ({ ...rest, say: printable(say, 200) }));
}
