/** Talks with the SMTP server machine by scripts: `C:` what the client says, `S:` what it hears, `!` another input, `*` another effect. */
import assert from 'node:assert/strict';
import { utf8 } from '../../src/base/bytes.ts';
import { smtpLimitsWith } from '../../src/protocol/smtp/limits.ts';
import { replyOf, writeReply } from '../../src/protocol/smtp/reply.ts';
import { step } from '../../src/protocol/smtp/server.ts';
import {
  allOffers,
  newServerSession,
  type ServerEffect,
  type ServerInput,
  type ServerOptions,
  type ServerSession,
} from '../../src/protocol/smtp/server-session.ts';

export const mx: ServerOptions = {
  hostname: 'mx.example.com',
  limits: smtpLimitsWith(),
  startTls: true,
  login: 'none',
  offers: allOffers,
};
export const submission: ServerOptions = { ...mx, login: 'required' };

/** What policy says to a question: recipients that begin with "no" do not exist, "later" is greylisted, password "secret" is right. */
export function policy(effect: ServerEffect): ServerInput | undefined {
  switch (effect.kind) {
    case 'ask-mail':
      return { kind: 'verdict', reply: replyOf('250 2.1.0', 'Sender noted') };
    case 'ask-rcpt': {
      const local = effect.rcpt.path.kind === 'mailbox' ? effect.rcpt.path.mailbox.local : 'postmaster';
      if (local.startsWith('no')) return { kind: 'verdict', reply: replyOf('550 5.1.1', 'No such mailbox here') };
      if (local.startsWith('later')) return { kind: 'verdict', reply: replyOf('451 4.7.1', 'Try again') };
      if (local.startsWith('full')) return { kind: 'verdict', reply: replyOf('421 4.3.2', 'Not now') };
      return { kind: 'verdict', reply: replyOf('250 2.1.5', `Recipient noted`) };
    }
    case 'ask-data':
      return { kind: 'go-ahead' };
    case 'ask-message':
      return { kind: 'verdict', reply: replyOf('250 2.0.0', 'Taken') };
    case 'ask-login':
      return { kind: 'login-verdict', verdict: effect.credentials.password === 'secret' ? 'yes' : 'no' };
    default:
      return undefined;
  }
}

export type Talk = {
  session: ServerSession;
  readonly transcript: string[];
  hear(input: ServerInput): void;
};

export function talk(options: ServerOptions, answer = policy, implicitTls = false): Talk {
  const out: Talk = {
    session: newServerSession(options, implicitTls),
    transcript: [],
    hear(input) {
      const { next, effects } = step(out.session, input);
      out.session = next;
      for (const effect of effects) {
        if (effect.kind === 'reply') {
          for (const line of writeReply(effect.reply).trimEnd().split('\r\n')) out.transcript.push(`S: ${line}`);
        } else {
          const verdict = answer(effect);
          if (verdict) out.hear(verdict);
          else out.transcript.push(`* ${effect.kind}${sizeIn(effect)}`);
        }
      }
    },
  };
  return out;
}

function sizeIn(effect: ServerEffect): string {
  if (effect.kind === 'take-chunk') return ` ${effect.chunk.octets}${effect.chunk.last ? ' last' : ''}`;
  return effect.kind === 'swallow-chunk' ? ` ${effect.octets}` : '';
}

/** One line of a script as an input: `C: text`, `C+ text` (more input waits behind it), `! input kind`. */
export function inputOf(line: string): ServerInput {
  const text = line.slice(3);
  switch (line.slice(0, 3)) {
    case 'C: ':
      return { kind: 'line', octets: utf8(text), more: false };
    case 'C+ ':
      return { kind: 'line', octets: utf8(text), more: true };
    default: {
      const [kind = '', as] = line.slice(2).split(' ');
      if (kind === 'opened') return { kind, talked: as === 'talked' };
      return {
        kind,
        as,
        ...(as === 'failed' ? { reply: replyOf('452 4.3.1', 'No space') } : {}),
      } as unknown as ServerInput;
    }
  }
}

/** Plays the client's lines of a transcript and compares the whole with what happened. */
export function play(options: ServerOptions, script: string, answer = policy): Talk {
  const lines = script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const talking = talk(options, answer);
  for (const line of lines) {
    if (line.startsWith('S: ') || line.startsWith('* ')) continue;
    talking.transcript.push(line);
    talking.hear(inputOf(line));
  }
  assert.deepEqual(talking.transcript, lines);
  return talking;
}

/** What EHLO offers in the clear, and under TLS. */
const greetingOf = (offer: string) => `
  C: EHLO c.example
  S: 250-mx.example.com
  S: 250-PIPELINING
  S: 250-SIZE 26214400
  ${offer}
  S: 250-ENHANCEDSTATUSCODES
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250-DSN
  S: 250-CHUNKING
  S: 250 LIMITS RCPTMAX=1000`;
export const inClear = `
  ! opened
  S: 220 mx.example.com ESMTP Posthorn
  ${greetingOf('S: 250-STARTTLS')}`;
const underTls = `
  ${inClear}
  C: STARTTLS
  S: 220 2.0.0 Ready to start TLS
  * start-tls
  ! tls-established
  ${greetingOf('S: 250-AUTH PLAIN LOGIN')}`;

export function hearLines(talking: Talk, ...lines: string[]): void {
  for (const line of lines) talking.hear({ kind: 'line', octets: utf8(line), more: false });
}

/** A session that has said EHLO; a submission session has TLS by then. */
export function greeted(options: ServerOptions, script: string, answer = policy): Talk {
  const opening = options.login === 'none' ? inClear : underTls;
  const limit = `RCPTMAX=${options.limits.recipients_per_message}`;
  return play(options, `${opening.replaceAll('RCPTMAX=1000', limit)}\n${script}`, answer);
}
