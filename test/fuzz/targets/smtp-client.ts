/**
 * The sending side fed with the words of a server, TLS and all. Whatever they are: commands are commands, a password is said
 * to a proven host only, every recipient gets exactly one end, and only a 2yz to the final dot is a delivery.
 */
import assert from 'node:assert/strict';
import { isAscii } from '../../../src/base/bytes.ts';
import { unreachable } from '../../../src/base/outcome.ts';
import type { TlsFacts } from '../../../src/base/port/net.ts';
import { awaitedStage, newSession, step } from '../../../src/protocol/smtp/client.ts';
import {
  describeEnding,
  type Ending,
  isTooManyRecipients,
  judgeEnding,
} from '../../../src/protocol/smtp/client-ending.ts';
import type {
  ClientEffect,
  ClientInput,
  ClientOptions,
  Envelope,
  Session,
} from '../../../src/protocol/smtp/client-state.ts';
import { type Heard, ReplyReader } from '../../../src/protocol/smtp/read-reply.ts';
import { type FuzzTarget, flightsOf, headAndRest, type Outcome } from '../target.ts';

const hello =
  '220 mx.test ESMTP\r\n250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 SIZE 1000000\r\n';
const afterTls = '250-mx.test\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n';

export const smtpClient: FuzzTarget = {
  name: 'smtp-client',
  seeds: () => [
    `0${hello}220 go\r\n|${afterTls}250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n250 ok\r\n550 5.1.1 who\r\n452 4.5.3 later\r\n354 go\r\n250 ok\r\n221 bye\r\n`,
    `1${hello}220 go\r\n|${afterTls}235 2.7.0 in\r\n250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n451 4.3.0 later\r\n`,
    `2220 mx\r\n250-mx\r\n250 AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 ok\r\n250 ok\r\n550 5.7.1 no\r\n250 ok\r\n354 go\r\n554 5.7.1 spam\r\n`,
    `3220 mx\r\n500 what\r\n250 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n`,
    `4${hello}454 4.7.0 no TLS now\r\n250 ok\r\n`,
    `0554 5.3.2 go away\r\n221 bye\r\n`,
    `0${hello}220 go\r\n|${afterTls}421 4.3.2 stopping\r\n`,
    `0220 mx\r\n250 mx\r\n250 ok\r\n550 no\r\n550 no\r\n354 go\r\n554 empty\r\n`,
    `3220 mx\r\n250-mx\r\n250-LIMITS MAILMAX=2 RCPTMAX=1 RCPTDOMAINMAX=x\r\n250 CHUNKING\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n500 what\r\n`,
    '0000 nonsense\r\n',
  ],
  dictionary: [
    ...[
      '220 go\r\n',
      '250 ok\r\n',
      '354 go\r\n',
      '421 4.3.2 bye\r\n',
      '451 4.3.0 later\r\n',
      '550 5.1.1 no\r\n',
      '552 5.3.4 big\r\n',
      '235 in\r\n',
    ],
    ...[
      '334 VXNlcm5hbWU6\r\n',
      '250-',
      '250 SIZE 10\r\n',
      '250-STARTTLS\r\n',
      '250-SMTPUTF8\r\n',
      '250-CHUNKING\r\n',
      '250 LIMITS RCPTMAX=1\r\n',
      '250-8BITMIME\r\n',
      '250-AUTH PLAIN\r\n',
      '530 5.7.0 no\r\n',
    ],
    ...[
      '|',
      '\r\n',
      '\n',
      '\0',
      '599 x\r\n',
      '300 x\r\n',
      '199 x\r\n',
      '250-x\r\n',
      hello,
      afterTls,
      '452 4.5.3 many\r\n',
    ],
  ],
  separators: ['\r\n', ' ', '-'],
  open: () => ({ run }),
};

const proven: TlsFacts = { protocol: 'TLSv1.3', cipher: 'X', authorized: true };
const unproven: TlsFacts = { protocol: 'TLSv1.3', cipher: 'X', authorized: false };
const login = { user: 'ann', password: 'seßret' };

function optionsOf(head: number): ClientOptions {
  const startTls = (['when-offered', 'always', 'when-offered', 'never', 'when-offered'] as const)[head % 5] ?? 'always';
  const chunking = head % 3 === 0 ? 'when-offered' : 'never';
  return { ehloName: 'out.test', startTls, chunking, ...(head % 5 === 1 || head % 5 === 2 ? { login } : {}) };
}

function envelopeOf(head: number): Envelope {
  const to = ['bob@example.net', 'carl@example.net', 'jörg@xn--grn-ioa.example'];
  return {
    mailFrom: head % 7 === 0 ? '' : 'ann@sender.test',
    recipients: to.map((address) => ({ address, internationalised: !isAscii(address) })),
    size: 2_000,
    smtpUtf8: head % 4 === 3,
    eightBit: head % 2 === 1,
  };
}

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  const call = new Call(head);
  call.hear(rest);
  call.end();
  return [...call.seen].sort().join(' ').slice(0, 200);
}

/** The driver's part, as small as it can be, and what it must never be asked for. */
class Call {
  readonly seen = new Set<string>();
  readonly #options: ClientOptions;
  readonly #envelope: Envelope;
  readonly #reader = new ReplyReader();
  readonly #tls: TlsFacts;
  #session: Session;
  #begun = 0;
  #settled = 0;
  #closed = false;
  #lastReply: Heard | undefined;
  #stageOfLastReply: string | undefined;

  constructor(head: number) {
    this.#options = optionsOf(head);
    this.#envelope = envelopeOf(head);
    this.#tls = head % 11 === 0 ? unproven : proven;
    this.#session = newSession(this.#options, head % 5 === 2 ? this.#tls : undefined);
  }

  hear(octets: Uint8Array): void {
    for (const chunk of flightsOf(octets)) {
      if (this.#closed) return;
      this.#reader.push(chunk);
      for (let heard = this.#reader.next(); heard && !this.#closed; heard = this.#reader.next()) this.#heard(heard);
    }
  }

  /** The server hangs up. */
  end(): void {
    if (!this.#closed) this.#tell({ kind: 'trouble', trouble: { what: 'lost', say: 'gone' } });
    assert.ok(this.#closed && this.#session.state.at === 'closed', 'the connection is gone and it goes on');
    assert.equal(this.#settled, this.#begun, 'a transaction without end');
  }

  #heard(heard: Heard): void {
    this.#lastReply = heard;
    this.#stageOfLastReply = awaitedStage(this.#session.state);
    const { kind } = heard;
    if (kind === 'reply') this.#tell(heard);
    else this.#tell({ kind: 'trouble', trouble: { what: kind, say: 'gave nonsense', heard: heard.nonsense.heard } });
    while (this.#session.state.at === 'ready' && this.#begun < 3) this.#begin();
  }

  #tell(input: ClientInput): void {
    if (this.#closed) return;
    const { next, effects } = step(this.#session, input);
    this.#session = next;
    for (const effect of effects) this.#obey(effect);
  }

  #obey(effect: ClientEffect): void {
    this.seen.add(effect.do);
    switch (effect.do) {
      case 'say':
        for (const line of effect.lines) this.#assertCommand(line, effect.secret);
        return;
      case 'handshake':
        this.#reader.clear(); // RFC 3207 §4.2
        this.#tell({ kind: 'secured', tls: this.#tls });
        return;
      case 'opened':
        assert.equal(this.#session.state.at, 'ready');
        return;
      case 'not-opened':
        this.#assertEnding(effect.ending);
        return;
      case 'send-content':
        assert.match(effect.chunk ?? 'BDAT 2000 LAST', /^BDAT 2000 LAST$/);
        this.#tell({ kind: 'dotted' });
        return;
      case 'send-lone-dot':
        return;
      case 'settle':
        this.#settled++;
        assert.equal(effect.endings.length, this.#envelope.recipients.length);
        for (const ending of effect.endings) this.#assertEnding(ending);
        return;
      case 'close':
        this.#closed = true;
        return;
      default:
        unreachable(effect);
    }
  }

  #begin(): void {
    if (this.#options.startTls === 'always') assert.ok(this.#session.tls, 'mail in the clear');
    this.#begun++;
    this.#tell({ kind: 'begin', envelope: this.#envelope });
  }

  #assertCommand(line: string, isSecret: boolean): void {
    assert.match(line, /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{4,1000}$/);
    assert.ok(isAscii(line) || this.#session.capabilities.smtpUtf8, 'UTF-8 to a host that does not know it');
    assert.ok(!isSecret || this.#session.tls?.authorized, 'the password goes to nobody knows whom');
    if (/^(?:MAIL|RCPT|DATA)/.test(line) && this.#options.startTls === 'always') assert.ok(this.#session.tls);
    this.seen.add(line.slice(0, 4));
  }

  #assertEnding(ending: Ending): void {
    const judged = judgeEnding(ending);
    this.seen.add(`${judged.kind} ${judged.scope} ${judged.tryNextHost} ${isTooManyRecipients(ending)}`);
    assert.match(judged.enhanced, /^[245]\.\d{1,3}\.\d{1,3}$/);
    assert.ok(describeEnding(ending).length > 0);
    if (judged.kind !== 'delivered') return;
    const reply = this.#lastReply?.kind === 'reply' ? this.#lastReply.reply.code : 0;
    assert.ok(this.#stageOfLastReply === 'end-of-data' && reply >= 200 && reply < 300, 'delivered without a yes');
  }
}
