/**
 * rspamd over HTTP (`/checkv2`), at the address the operator gave. Bounded in size and time; whatever comes back, or nothing, is a
 * verdict.
 */
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Timers } from '../../base/clock.ts';
import { printable } from '../../base/printable.ts';
import type {
  FilterSession,
  FilterSymbol,
  FilterVerdict,
  MessageFilter,
} from '../../services/advice/score/content/types.ts';
import { answerOctetsMax, away, messageOctetsMax, tellingSymbols, tooLarge } from './filter-limits.ts';

const name = 'rspamd';

export type RspamdOptions = {
  /** `http://127.0.0.1:11333` */
  readonly url: string;
  readonly timers: Timers;
  readonly timeMs: number;
};

export function createRspamdFilter(options: RspamdOptions): MessageFilter {
  return {
    name,
    judge: async (message, session) => {
      if (message.length > messageOctetsMax) return away(name, tooLarge);
      const abort = new AbortController();
      const cancel = options.timers.after(options.timeMs, () => abort.abort());
      try {
        return readVerdict(await ask(options.url, message, session, abort.signal));
      } catch (error) {
        const seconds = Math.round(options.timeMs / 1_000);
        return away(name, abort.signal.aborted ? `no answer within ${seconds} s` : wordsOf(error));
      } finally {
        cancel();
      }
    },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? printable(error.message || error.name, 100) : 'no answer';
}

function ask(url: string, message: Uint8Array, session: FilterSession, signal: AbortSignal): Promise<string> {
  const send = url.startsWith('https:') ? requestTls : request;
  return new Promise((resolve, reject) => {
    const asked = send(new URL('/checkv2', url), {
      method: 'POST',
      agent: false,
      signal,
      headers: { ...sessionFields(session), 'content-length': message.length },
    });
    asked.on('error', reject);
    // Neither answer nor error: `101 Switching Protocols`, after which Node only closes.
    asked.once('close', () => reject(new Error('the connection ended without an answer')));
    asked.once('response', (response) => {
      const pieces: Buffer[] = [];
      let octets = 0;
      response.on('error', reject);
      response.on('data', (piece: Buffer) => {
        octets += piece.length;
        pieces.push(piece);
        if (octets > answerOctetsMax) asked.destroy(new Error('the answer is too long'));
      });
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString('utf8'));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    asked.end(message);
  });
}

/** Of the envelope, as rspamd names it. What cannot be a header value is left out. */
function sessionFields({ remoteAddress, helo, mailFrom }: FilterSession): Record<string, string> {
  const fields = { IP: remoteAddress, Helo: helo, From: mailFrom };
  const safe = Object.entries(fields).filter(([, value]) => value !== undefined && /^[!-~]{1,500}$/.test(value));
  return Object.fromEntries(safe) as Record<string, string>;
}

function readVerdict(text: string): FilterVerdict {
  const answer: unknown = parseJson(text);
  const points = numberOf(member(answer, 'score'));
  if (points === undefined) return away(name, 'the answer cannot be read');
  const spamFrom = numberOf(member(answer, 'required_score'));
  const symbols = Object.entries(member(answer, 'symbols') ?? {}).map(([symbol, said]): FilterSymbol => {
    const description = member(said, 'description');
    return {
      name: printable(symbol, 100),
      points: numberOf(member(said, 'score')) ?? 0,
      ...(typeof description === 'string' && { say: printable(description, 200) }),
    };
  });
  return { name, points, ...(spamFrom !== undefined && { spamFrom }), symbols: tellingSymbols(symbols) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(of: unknown, key: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, key)
    ? (of as Record<string, unknown>)[key]
    : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
