/**
 * Guesses passwords from outside: whether the answer or its time tells a login that exists from one that does not, and how soon
 * guessing becomes slow. Each try of the first kind comes from another address and no account gets more than its free ones.
 */

import { SmtpTalk } from '../../faults/support/smtp-talk.ts';
import { quantile } from '../../faults/support/trial.ts';

export type Guessing = {
  /** Chance that a try of a known login took longer than one of an unknown login; 0.5 tells nothing. */
  readonly chosen: Comparison;
  readonly app: Comparison;
  /** All answers to wrong tries. */
  readonly answers: readonly string[];
  /** Tries answered on one connection before it ended. */
  readonly triesPerConnection: number;
  readonly ending: string;
  /** What the next try of the same network, and of another network for the same account, had to wait. */
  readonly nextOfNetworkMs: number;
  readonly nextOfAccountMs: number;
};

type Comparison = { readonly knownMs: number; readonly unknownMs: number; readonly tellsApart: number };

const triesPerAccount = 3;
const wrongPassword = 'not the right one';

export async function guess(
  port: number,
  known: { readonly logins: readonly string[]; readonly guessed: string; readonly wrongAppPassword: string },
): Promise<Guessing> {
  let nth = 0;
  const answers = new Set<string>();
  const attempt = async (login: string, password: string) => {
    const from = `127.0.${20 + Math.floor(nth / 250)}.${1 + (nth++ % 250)}`;
    const talk = await SmtpTalk.greeted(port, { tls: true, from });
    const tookMs = await timeOf(talk, { login, password, answers });
    talk.destroy();
    return tookMs;
  };
  const compare = async (password: string, logins: readonly string[]): Promise<Comparison> => {
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < triesPerAccount; round++) {
      for (const login of logins) {
        const stranger = `x${login.slice(1)}`;
        // Whoever comes first must not be the one who warms things up.
        for (const [kind, name] of [['known', login] as const, ['unknown', stranger] as const].toSorted(
          () => (nth % 4) - 1.5,
        ))
          times[kind].push(await attempt(name, password));
      }
    }
    return {
      knownMs: quantile(times.known, 0.5),
      unknownMs: quantile(times.unknown, 0.5),
      tellsApart: shareGreater(times.known, times.unknown),
    };
  };
  const half = Math.floor(known.logins.length / 2);
  await compare(wrongPassword, known.logins.slice(0, 1)); // warms up
  const chosen = await compare(wrongPassword, known.logins.slice(1, half));
  const app = await compare(known.wrongAppPassword, known.logins.slice(half));
  return { chosen, app, answers: [...answers], ...(await guessOn(port, known)) };
}

async function guessOn(
  port: number,
  { guessed, wrongAppPassword }: { readonly guessed: string; readonly wrongAppPassword: string },
): Promise<Pick<Guessing, 'triesPerConnection' | 'ending' | 'nextOfNetworkMs' | 'nextOfAccountMs'>> {
  const answers = new Set<string>();
  const what = { login: guessed, password: wrongAppPassword, answers };
  const talk = await SmtpTalk.greeted(port, { tls: true, from: '127.0.30.1' });
  let triesPerConnection = 0;
  let ending = '';
  while (ending === '' && triesPerConnection < 20) {
    try {
      await timeOf(talk, what);
      ending = [...answers].find((answer) => answer.startsWith('421')) ?? '';
      if (ending === '') triesPerConnection++;
    } catch (error) {
      ending = error instanceof Error ? error.message : String(error);
    }
  }
  const next = async (from: string) => {
    const other = await SmtpTalk.greeted(port, { tls: true, from });
    const tookMs = await timeOf(other, what);
    other.destroy();
    return tookMs;
  };
  return {
    triesPerConnection,
    ending,
    nextOfNetworkMs: await next('127.0.30.1'),
    nextOfAccountMs: await next('127.0.30.2'),
  };
}

async function timeOf(
  talk: SmtpTalk,
  { login, password, answers }: { readonly login: string; readonly password: string; readonly answers: Set<string> },
): Promise<number> {
  const words = `AUTH PLAIN ${Buffer.from(`\0${login}\0${password}`).toString('base64')}`;
  const begunMs = performance.now();
  const { code, text } = await talk.ask(words);
  answers.add(`${code} ${text}`);
  return performance.now() - begunMs;
}

/** Mann and Whitney's U, as a share of all pairs. */
function shareGreater(some: readonly number[], others: readonly number[]): number {
  let greater = 0;
  for (const one of some) for (const other of others) greater += one > other ? 1 : one === other ? 0.5 : 0;
  return greater / (some.length * others.length);
}
