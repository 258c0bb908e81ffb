/** Those who hand mail to an office over SMTP: people's programs that log in, and other hosts. One dialogue, and what came of it. */

import { Fault } from '../../src/base/outcome.ts';
import type { Endpoint, Net } from '../../src/base/port/net.ts';
import type { Schedule } from './schedule.ts';
import { Gone, Talk } from './talk.ts';

export type Dialogue = {
  readonly to: Endpoint;
  readonly helo: string;
  readonly from: string;
  readonly recipients: readonly { readonly address: string; readonly parameters: string }[];
  readonly text: string;
  /** Under TLS. */
  readonly login?: { readonly name: string; readonly password: string };
};

export type DialogueEnd =
  /** 250 to the final dot. */
  | { readonly kind: 'taken'; readonly reply: string }
  | { readonly kind: 'refused'; readonly code: number; readonly at: string }
  /** The final dot left, and no answer came. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed' };

const patienceMs = 300_000;
const dotPatienceMs = 600_000;

export async function dialogueOf(
  ports: { readonly net: Net; readonly schedule: Schedule },
  wish: Dialogue,
): Promise<DialogueEnd> {
  let dotted = false;
  let talk: Talk | undefined;
  try {
    talk = new Talk(await ports.net.dial(wish.to), ports.schedule);
    const end = await hold(talk, wish, () => {
      dotted = true;
    });
    if (end.kind === 'taken' || end.kind === 'refused') void sayGoodbye(talk);
    return end;
  } catch (error) {
    if (!(error instanceof Gone) && !(error instanceof Fault)) throw error;
    talk?.connection.destroy();
    return { kind: dotted ? 'unknown' : 'failed' };
  }
}

async function sayGoodbye(talk: Talk): Promise<void> {
  try {
    await talk.say('QUIT\r\n');
    await talk.line(10_000);
  } catch {
    // whoever has gone needs no goodbye
  }
  talk.connection.destroy();
}

type Refused = Extract<DialogueEnd, { kind: 'refused' }>;

async function hold(talk: Talk, wish: Dialogue, onDot: () => void): Promise<DialogueEnd> {
  const ask = async (line: string | undefined, fine: number): Promise<Refused | string> => {
    if (line !== undefined) await talk.say(`${line}\r\n`);
    const reply = await replyOf(talk, patienceMs);
    const code = Number(reply.slice(0, 3));
    return code === fine ? reply : { kind: 'refused', code, at: line?.slice(0, 4) ?? 'greeting' };
  };
  const before = [undefined, `EHLO ${wish.helo}`].concat(wish.login ? ['STARTTLS'] : []);
  for (const line of before) {
    const answer = await ask(line, line === undefined || line === 'STARTTLS' ? 220 : 250);
    if (typeof answer !== 'string') return answer;
  }
  if (wish.login) {
    await talk.connection.startTlsAsClient({ serverName: 'mx', requireValid: false });
    const word = Buffer.from(`\0${wish.login.name}\0${wish.login.password}`).toString('base64');
    for (const [line, fine] of [
      [`EHLO ${wish.helo}`, 250],
      [`AUTH PLAIN ${word}`, 235],
    ] as const) {
      const answer = await ask(line, fine);
      if (typeof answer !== 'string') return answer;
    }
  }
  const mail = await ask(`MAIL FROM:<${wish.from}>`, 250);
  if (typeof mail !== 'string') return mail;
  for (const { address, parameters } of wish.recipients) {
    const rcpt = await ask(`RCPT TO:<${address}>${parameters}`, 250);
    if (typeof rcpt !== 'string') return rcpt;
  }
  const data = await ask('DATA', 354);
  if (typeof data !== 'string') return data;
  const stuffed = wish.text.replace(/^\./gm, '..');
  onDot(); // what left of it is not known when writing fails
  await talk.say(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`);
  const reply = await replyOf(talk, dotPatienceMs);
  const code = Number(reply.slice(0, 3));
  return code === 250 ? { kind: 'taken', reply } : { kind: 'refused', code, at: 'end of data' };
}

/** The last line of a reply. */
async function replyOf(talk: Talk, ms: number): Promise<string> {
  for (;;) {
    const line = await talk.line(ms);
    if (line[3] !== '-') return line;
  }
}
