/** Plays transcripts with the SMTP client machine. `C:` it says, `S:` it hears, `>` it is told, `*` it wants done. */
import assert from 'node:assert/strict';
import { utf8 } from '../../src/base/bytes.ts';
import type { TlsFacts } from '../../src/base/port/net.ts';
import { newSession, step } from '../../src/protocol/smtp/client.ts';
import { judgeEnding } from '../../src/protocol/smtp/client-ending.ts';
import type {
  ClientEffect,
  ClientInput,
  ClientOptions,
  Envelope,
  Session,
} from '../../src/protocol/smtp/client-state.ts';
import { ReplyReader } from '../../src/protocol/smtp/read-reply.ts';

export const plain: ClientOptions = { ehloName: 'out.test', startTls: 'when-offered', chunking: 'when-offered' };
const proven: TlsFacts = { protocol: 'TLSv1.3', cipher: 'X', authorized: true };
const unproven: TlsFacts = {
  protocol: 'TLSv1.3',
  cipher: 'X',
  authorized: false,
  authorizationError: 'EXPIRED',
};

export function envelope(to: readonly string[], more: Partial<Envelope> = {}): Envelope {
  return {
    mailFrom: 'a@sender.test',
    recipients: to.map((address) => ({ address, internationalised: !/^[\x00-\x7f]*$/.test(address) })),
    size: 100,
    smtpUtf8: false,
    eightBit: false,
    ...more,
  };
}

function tell(effect: ClientEffect): string[] {
  switch (effect.do) {
    case 'say':
      return effect.lines.map((line) => `C: ${line}`);
    case 'not-opened':
      return [`* not-opened ${JSON.stringify(judgeEnding(effect.ending)).replace(/.*"enhanced":"([0-9.]+)".*/, '$1')}`];
    case 'settle':
      return [
        `* settle ${effect.endings.map((ending) => `${judgeEnding(ending).kind} ${judgeEnding(ending).enhanced}`).join(', ')}`,
      ];
    case 'send-content':
      return [`* send-content${effect.chunk === undefined ? '' : `: ${effect.chunk}`}`];
    default:
      return [`* ${effect.do}`];
  }
}

export function play(
  script: string,
  setting: { options?: ClientOptions; session?: Session; envelope?: Envelope } = {},
): Session {
  let session = setting.session ?? newSession(setting.options ?? plain);
  const out: string[] = [];
  const reader = new ReplyReader();
  const feed = (input: ClientInput) => {
    const { next, effects } = step(session, input);
    session = next;
    out.push(...effects.flatMap(tell));
  };
  const inputs: Record<string, () => ClientInput> = {
    begin: () => ({ kind: 'begin', envelope: setting.envelope ?? envelope(['b@example.net']) }),
    dotted: () => ({ kind: 'dotted' }),
    proven: () => ({ kind: 'secured', tls: proven }),
    unproven: () => ({ kind: 'secured', tls: unproven }),
    quit: () => ({ kind: 'quit' }),
    unfit: () => ({ kind: 'unfit', why: 'bare-lf', begun: true }),
    'unfit unsaid': () => ({ kind: 'unfit', why: 'bare-lf', begun: false }),
    lost: () => ({ kind: 'trouble', trouble: { what: 'lost', say: 'gone' } }),
    nonsense: () => ({ kind: 'trouble', trouble: { what: 'nonsense', say: 'what?', heard: 'what?' } }),
    badtls: () => ({ kind: 'trouble', trouble: { what: 'tls', say: 'no handshake' } }),
  };
  for (const line of script.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const body = line.slice(line.indexOf(' ') + 1);
    if (line.startsWith('S:')) {
      reader.push(utf8(`${body}\r\n`));
      for (let heard = reader.next(); heard; heard = reader.next()) {
        assert.deepEqual(out, [], `said before: ${line}`);
        assert.equal(heard.kind, 'reply');
        if (heard.kind === 'reply') feed(heard);
      }
    } else if (line.startsWith('>')) {
      assert.deepEqual(out, [], `said before: ${line}`);
      const input = inputs[body];
      assert.ok(input, body);
      feed(input());
    } else assert.equal(out.shift(), line);
  }
  assert.deepEqual(out, []);
  return session;
}

export const hello = `
  S: 220 mx.test
  C: EHLO out.test
`;
export const pipelining = `${hello}
  S: 250-mx.test
  S: 250-PIPELINING
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250 SIZE 1000
  * opened
`;
export const bare = `${hello}
  S: 250 mx.test
  * opened
`;
