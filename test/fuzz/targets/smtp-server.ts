/**
 * The whole server machine fed with the octets of a client, as the connection loop does it. Whatever they are: each reply
 * answers something, mail is accepted only for octets that stood before CRLF.CRLF or in chunks up to the last, a login is asked
 * for under TLS only, offences end the connection, and what the peer said never comes back as a line of its own.
 */
import assert from 'node:assert/strict';
import { concat, fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { unreachable } from '../../../src/base/outcome.ts';
import { DataReader } from '../../../src/protocol/smtp/data-reader.ts';
import { smtpLimitsWith } from '../../../src/protocol/smtp/limits.ts';
import { LineReader } from '../../../src/protocol/smtp/line-reader.ts';
import { isFinalNo, type Reply, replyOf, writeReply } from '../../../src/protocol/smtp/reply.ts';
import { lineOctetsMax, step } from '../../../src/protocol/smtp/server.ts';
import {
  allOffers,
  newServerSession,
  type ServerEffect,
  type ServerInput,
  type ServerOptions,
  type ServerSession,
} from '../../../src/protocol/smtp/server-session.ts';
import { endOfDataLookAlikes } from '../../support/end-of-data-look-alikes.ts';
import { type FuzzTarget, flightsOf, headAndRest, type Outcome } from '../target.ts';

const envelope = 'MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.com>\r\n';
const transaction = `${envelope}DATA\r\n`;
const body = 'From: ann@example.org\r\n\r\nHello\r\n.\r\n';

export const smtpServer: FuzzTarget = {
  name: 'smtp-server',
  seeds: () => [
    `0EHLO a.example\r\n${transaction}${body}QUIT\r\n`,
    `1EHLO a.example\r\nSTARTTLS\r\n|EHLO a.example\r\nAUTH PLAIN AGFubgBnb29k\r\n${transaction}${body}${transaction}${body}`,
    `2EHLO a.example\r\nAUTH LOGIN\r\nYW5u\r\nZ29vZA==\r\n${transaction}..\r\n.\r\nQUIT\r\n`,
    `0HELO a.example\r\nMAIL FROM:<> SIZE=100 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<nobody@example.com>\r\nDATA\r\nRSET\r\n`,
    `0EHLO a.example\r\nMAIL FROM:<jörg@example.org> SMTPUTF8\r\nRCPT TO:<jörg@grüße.example>\r\nDATA\r\n${body}`,
    '0GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '0EHLO a\r\nNOOP x\r\nVRFY bob\r\nHELP\r\nEXPN list\r\nETRN x\r\nRSET x\r\nQUIT now\r\n',
    `3EHLO a.example\r\n${envelope}BDAT 8\r\nA: b\r\n\r\nBDAT 5 LAST\r\nhello${envelope}BDAT 0 LAST\r\nQUIT\r\n`,
    '3EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nBDAT 10\r\nMAIL FROM:BDAT 6 LAST\r\nQUIT\r\nQUIT\r\n',
    `3EHLO a.example\r\n${envelope}BDAT 3\r\na\r\nDATA\r\nRSET\r\nBDAT 99999 LAST\r\n`,
    '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
    ...Object.values(endOfDataLookAlikes).map((one) =>
      concat([fromLatin1(`0HELO a\r\n${transaction}a`), one, fromLatin1(`\r\n${body}`)]),
    ),
  ],
  dictionary: [
    ...[
      'EHLO a.example\r\n',
      'HELO a\r\n',
      'MAIL FROM:<ann@example.org>',
      'RCPT TO:<bob@example.com>\r\n',
      'DATA\r\n',
      'RSET\r\n',
      'QUIT\r\n',
    ],
    ...[
      'NOOP\r\n',
      '|',
      'STARTTLS\r\n',
      'AUTH PLAIN AGFubgBnb29k\r\n',
      'AUTH PLAIN AGFubgBiYWQ=\r\n',
      'AUTH LOGIN\r\n',
      'YW5u\r\n',
      '*\r\n',
      'VRFY x\r\n',
    ],
    ...[
      '\r\n.\r\n',
      '.\r\n',
      '\n.\n',
      '\r\n.\n',
      '\r.\r',
      '\r\n',
      '\n',
      '\r',
      '<>',
      ' SIZE=99999999999',
      ' BODY=8BITMIME',
      ' SMTPUTF8',
      ' AUTH=<>',
    ],
    ...[
      ' RET=HDRS ENVID=x',
      ' NOTIFY=NEVER ORCPT=rfc822;x',
      'BDAT 5\r\nhello',
      'BDAT 7 LAST\r\nhello\r\n',
      'BDAT 0 LAST\r\n',
      'BDAT 3001\r\n',
      ' LAST',
      envelope,
      transaction,
      body,
      'x'.repeat(2_100),
      '\x16\x03\x01',
    ],
  ],
  separators: ['\r\n', ' ', ':', '.'],
  open: () => ({ run }),
};

/** Small enough that a fuzzed dialogue gets there. */
const limits = smtpLimitsWith({
  message_bytes: 2_000,
  oversize_bytes: 2_000,
  recipients_per_message: 3,
  errors_per_connection: 5,
  junk_commands_per_connection: 8,
  login_tries_per_connection: 2,
});

/** The first octet chooses: MX, submission with STARTTLS, submission under TLS from the start; with extensions or without. */
function optionsOf(head: number): { readonly options: ServerOptions; readonly implicitTls: boolean } {
  const login = head % 3 === 0 ? 'none' : 'required';
  const offers = head % 2 === 1 ? allOffers : { ...allOffers, chunking: false };
  return {
    options: { hostname: 'mx.example.com', limits, startTls: true, login, offers },
    implicitTls: head % 3 === 2,
  };
}

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  const dialogue = new Dialogue(rest, head);
  dialogue.hold();
  return dialogue.outcome();
}

type Intake = { readonly reader: DataReader; readonly octets: Uint8Array[] };

type Counted = { left: number; readonly last: boolean; readonly into: Intake | undefined };

class Dialogue {
  readonly #said: Uint8Array;
  readonly #chunks: Uint8Array[];
  readonly #reader = new LineReader();
  readonly #seen = new Set<string>();
  #session: ServerSession;
  #data: Intake | undefined;
  /** Of the message that comes in chunks. */
  #chunked: Intake | undefined;
  /** Octets of the chunk at hand that are still to come, and where they go. */
  #counted: Counted | undefined;
  #written = '';
  #replies = 0;
  /** What the client did that may be answered: connecting, lines, messages, running into a limit. */
  #acts = 1;
  #messages = 0;
  #accepted = 0;
  #closed = false;

  constructor(said: Uint8Array, head: number) {
    const { options, implicitTls } = optionsOf(head);
    const flights = flightsOf(said);
    this.#said = concat([new Uint8Array(), ...flights]);
    this.#chunks = flights.toReversed();
    this.#session = newServerSession(options, implicitTls);
  }

  hold(): void {
    this.#tell({ kind: 'opened', talked: false });
    while (this.#session.phase.at !== 'closed' && this.#turn()) {}
    if (this.#session.phase.at === 'closed') assert.ok(this.#closed, 'closed without saying so');
    assert.ok(this.#replies <= this.#acts, `${this.#replies} replies to ${this.#acts} acts of the client`);
    assert.match(this.#written, /^(?:[2-5]\d\d[ -][\x20-\x7e]{0,506}\r\n)*$/);
    const said = latin1(this.#said);
    const ends = said.split('\r\n.\r\n').length - 1 + said.split(/BDAT \d+ LAST/i).length - 1;
    assert.ok(this.#accepted <= ends, `${this.#accepted} messages accepted, ${ends} ends of data`);
  }

  outcome(): string {
    return `${[...this.#seen].sort().join(' ')} ${Math.min(this.#accepted, 2)}`;
  }

  /** What the machine is told next; false when the client has said all it says. */
  #turn(): boolean {
    if (this.#data) return this.#readData(this.#data);
    if (this.#counted) return this.#readCounted(this.#counted);
    if (!this.#session.tls && this.#reader.unread[0] === 0x16) this.#tell({ kind: 'tls-hello' });
    else {
      const line = this.#reader.next(lineOctetsMax(this.#session));
      if (!line) return this.#hearMore();
      this.#tell(line.kind === 'line' ? { ...line, more: this.#reader.unread.length > 0 } : line);
    }
    return true;
  }

  #hearMore(): boolean {
    const chunk = this.#chunks.pop();
    if (chunk) this.#reader.push(chunk);
    assert.ok(this.#reader.unread.length <= limits.auth_line_bytes + (chunk?.length ?? 0), 'unread octets pile up');
    return chunk !== undefined;
  }

  #tell(first: ServerInput): void {
    if (first.kind !== 'opened') this.#acts++;
    for (let input: ServerInput | undefined = first; input; ) {
      const { next, effects } = step(this.#session, input);
      const isOver = next.errors >= limits.errors_per_connection || next.junk > limits.junk_commands_per_connection;
      assert.ok(!isOver || next.phase.at === 'closed', 'offences go on and on');
      this.#session = next;
      input = undefined;
      for (const effect of effects) input = this.#obey(effect) ?? input;
    }
  }

  /** Answers what policy and the loop would. */
  #obey(effect: ServerEffect): ServerInput | undefined {
    assert.ok(!this.#closed, 'something is wanted after the end');
    switch (effect.kind) {
      case 'reply':
        return this.#hear(effect.reply);
      case 'start-tls':
        this.#reader.takeRest(); // RFC 3207 §4.2
        return { kind: 'tls-established' };
      case 'ask-login':
        assert.ok(this.#session.tls && this.#session.options.login !== 'none', 'a password in the clear');
        return { kind: 'login-verdict', verdict: effect.credentials.password === 'good' ? 'yes' : 'no' };
      case 'ask-mail':
        assert.ok(this.#session.options.login === 'none' || this.#session.loggedIn, 'mail without a login');
        assert.ok(effect.mail.size <= limits.message_bytes);
        return this.#verdict(
          '250 2.1.0',
          effect.mail.path.kind === 'mailbox' && effect.mail.path.mailbox.local === 'bad',
        );
      case 'ask-rcpt':
        return this.#verdict(
          '250 2.1.5',
          effect.rcpt.path.kind === 'mailbox' && effect.rcpt.path.mailbox.local === 'nobody',
        );
      case 'ask-data':
        assert.ok((this.#session.transaction?.recipients ?? 0) > 0, 'a message for nobody');
        return { kind: 'go-ahead' };
      case 'begin-data':
        this.#data = { reader: new DataReader(), octets: [] };
        this.#chunks.push(this.#reader.takeRest());
        return undefined;
      case 'take-chunk':
        this.#chunked ??= { reader: new DataReader('refuse', 'count'), octets: [] };
        return this.#beginCounted(effect.chunk.octets, effect.chunk.last, this.#chunked);
      case 'swallow-chunk':
        return this.#beginCounted(effect.octets, false, undefined);
      case 'ask-message':
        this.#accepted++;
        return this.#verdict('250 2.0.0', false);
      case 'forget':
        this.#chunked = undefined;
        return undefined;
      case 'close':
        this.#closed = true;
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  #verdict(yes: string, isRefused: boolean): ServerInput {
    return { kind: 'verdict', reply: isRefused ? replyOf('550 5.1.1', 'No such user') : replyOf(yes, 'Fine') };
  }

  #hear(reply: Reply): undefined {
    this.#replies++;
    if (reply.code === 354) this.#acts++; // the message is an act of its own
    if (reply.code === 421 && isLimit(reply)) this.#acts++; // said besides the answer to the last offence
    this.#seen.add(isFinalNo(reply) ? `${reply.code} ${reply.enhanced}` : String(reply.code));
    this.#written += writeReply(reply);
  }

  #readData({ reader, octets }: Intake): boolean {
    const chunk = this.#chunks.pop();
    if (!chunk) return false;
    const read = reader.push(chunk);
    if (read.kind === 'bare-newline') return this.#ended({ kind: 'bare-newline' });
    octets.push(...read.octets);
    const { size } = reader.facts;
    if (read.kind === 'more') {
      return size > limits.message_bytes + limits.oversize_bytes
        ? this.#ended({ kind: 'data-end', as: 'endless' })
        : true;
    }
    this.#reader.push(read.rest);
    this.#assertSaid(octets);
    return this.#ended({ kind: 'data-end', as: size > limits.message_bytes ? 'too-large' : 'complete' });
  }

  #beginCounted(octets: number, last: boolean, into: Intake | undefined): undefined {
    assert.ok(octets <= limits.message_bytes + limits.oversize_bytes, 'more is read than is ever wanted');
    this.#counted = { left: octets, last, into };
    this.#chunks.push(this.#reader.takeRest());
  }

  #readCounted(counted: Counted): boolean {
    const chunk = this.#chunks.pop();
    if (!chunk) return false;
    const part = chunk.subarray(0, counted.left);
    counted.left -= part.length;
    const { into, last } = counted;
    const read = into?.reader.push(part);
    if (read?.kind === 'bare-newline') return this.#ended({ kind: 'bare-newline' });
    into?.octets.push(...(read?.octets ?? []));
    if (counted.left > 0) return true;
    this.#reader.push(chunk.subarray(part.length));
    if (into === undefined) return this.#ended({ kind: 'chunk-end', as: 'complete' });
    if (last && into.reader.finish().kind === 'bare-newline') return this.#ended({ kind: 'bare-newline' });
    return this.#ended({
      kind: 'chunk-end',
      as: into.reader.facts.size > limits.message_bytes ? 'too-large' : 'complete',
    });
  }

  /** The first messages: looking for each in all that was said would not be linear. */
  #assertSaid(octets: readonly Uint8Array[]): void {
    if (++this.#messages > 5) return;
    const unstuffed = latin1(this.#said).replaceAll('\r\n.', '\r\n');
    assert.ok(unstuffed.includes(`\r\n${latin1(concat(octets))}\r\n`), 'the message is not what the client sent');
  }

  /** Lines again. */
  #ended(input: ServerInput): true {
    this.#data = undefined;
    this.#counted = undefined;
    this.#tell(input);
    return true;
  }
}

function isLimit({ text }: Reply): boolean {
  return text.startsWith('Too many') || text.startsWith('Too much');
}
