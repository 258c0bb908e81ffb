import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { endOfDataLookAlikes } from '../../../test/support/end-of-data-look-alikes.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { createNodeNet } from '../../adapters/net/node-net.ts';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { systemClock, type Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import type { Connection } from '../../base/port/net.ts';
import type { Signals } from '../../base/port/signals.ts';
import { parseNetwork } from '../../format/ip-address.ts';
import { type SmtpLimits, smtpLimitsWith } from '../../protocol/smtp/limits.ts';
import { writeProxyHeader } from '../../protocol/smtp/proxy-v2.ts';
import { type Reply, replyOf } from '../../protocol/smtp/reply.ts';
import { type SmtpListener, type SmtpListenerOptions, serveSmtp } from './serve-smtp.ts';
import type { SmtpPolicy, SmtpVisit } from './smtp-policy.ts';

const net = createNodeNet();
const loopback = { address: '127.0.0.1', port: 0 };
const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx.example.com'] });

/** A policy that takes everything and remembers it; parts of it can be replaced. */
type Recorder = {
  readonly policy: SmtpPolicy;
  readonly messages: { mailFrom: string; recipients: string[]; text: string; client: string; tls: boolean }[];
  readonly calls: string[];
};

type Wishes = {
  readonly isExpected?: boolean;
  readonly login?: SmtpVisit['login'];
  readonly rcpt?: (local: string) => Reply | Promise<Reply>;
  readonly openBody?: () => SpoolWriter | Reply;
  readonly finish?: () => Promise<Reply>;
  readonly bareNewline?: 'refuse' | 'normalize';
};

function recorder(wishes: Wishes = {}): Recorder {
  const messages: Recorder['messages'] = [];
  const calls: string[] = [];
  const visit = (client: string): SmtpVisit => ({
    login: wishes.login ?? 'none',
    bareNewline: () => wishes.bareNewline ?? 'refuse',
    isExpected: wishes.isExpected === true,
    authenticate: async ({ login, password }) => {
      calls.push(`login ${login}`);
      if (password === 'broken') throw new Fault('SQLITE_BUSY', 'the database is busy');
      return password === 'secret' ? 'yes' : 'no';
    },
    mail: async ({ path }, { tls }) => {
      const mailFrom = path.kind === 'null' ? '' : `${path.mailbox.local}@${path.mailbox.domain}`;
      const recipients: string[] = [];
      return {
        kind: 'accept',
        transaction: {
          rcpt: async ({ path: to }) => {
            const local = to.kind === 'postmaster' ? 'postmaster' : to.mailbox.local;
            const reply = (await wishes.rcpt?.(local)) ?? replyOf('250 2.1.5', 'Recipient noted');
            if (reply.code < 300) recipients.push(local);
            return reply;
          },
          openBody: wishes.openBody ?? (() => memorySpool(calls)),
          finish: async (body) => {
            if (wishes.finish) return wishes.finish();
            messages.push({ mailFrom, recipients, text: latin1(await body.read()), client, tls: tls !== undefined });
            return replyOf('250 2.0.0', `Taken as ${messages.length}`);
          },
          unanswered: async () => {
            calls.push('unanswered');
          },
        },
      };
    },
  });
  return { messages, calls, policy: { open: (client) => visit(client.address.text) } };
}

function memorySpool(calls: string[]): SpoolWriter {
  const parts: Uint8Array[] = [];
  return {
    write: (chunk) => {
      parts.push(chunk);
    },
    finish: async (): Promise<Spooled> => {
      const bytes = concat(parts);
      return {
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        inMemory: true,
        read: async () => bytes,
        chunks: async function* () {
          yield bytes;
        },
        discard: async () => {
          calls.push('body discarded');
        },
      };
    },
    discard: async () => {
      calls.push('spool discarded');
    },
  };
}

type Office = AsyncDisposable & {
  readonly listener: SmtpListener;
  readonly signals: string[];
  readonly dial: (localAddress?: string) => Promise<Talk>;
};

async function serve(
  policy: SmtpPolicy,
  options: Partial<SmtpListenerOptions> & { readonly limit?: Partial<SmtpLimits> } = {},
): Promise<Office> {
  const signals: string[] = [];
  const emit: Signals['emit'] = (_level, name, fields) => signals.push(`${name} ${fields?.why ?? ''}`.trim());
  const listener = await serveSmtp({
    name: 'mx',
    net,
    timers: systemClock,
    signals: { emit },
    at: loopback,
    proxyFrom: [],
    implicitTls: false,
    hostname: 'mx.example.com',
    limits: smtpLimitsWith(options.limit),
    identity: () => identity,
    policy,
    ...options,
  });
  const talks: Talk[] = [];
  return {
    listener,
    signals,
    dial: async (localAddress) => {
      const connection = await net.dial(listener.endpoint, localAddress === undefined ? {} : { localAddress });
      const talk = new Talk(connection);
      talks.push(talk);
      return talk;
    },
    [Symbol.asyncDispose]: async () => {
      for (const talk of talks) talk.connection.destroy();
      await listener.stop();
    },
  };
}

/** A client that says lines and reads replies. */
class Talk {
  readonly connection: Connection;
  #heard = '';
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The next whole reply, lines joined by `|`. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^((?:\d{3}-[^\r]*\r\n)*\d{3} [^\r]*)\r\n/.exec(this.#heard);
      if (match) {
        this.#heard = this.#heard.slice(match[0].length);
        return (match[1] ?? '').replaceAll('\r\n', '|');
      }
      const chunk = await this.connection.read().catch(() => undefined);
      if (!chunk) return this.#heard === '' ? '(closed)' : `(cut) ${this.#heard}`;
      this.#heard += latin1(chunk);
    }
  }

  send(text: string): Promise<void> {
    return this.connection.write(fromLatin1(text));
  }

  async say(text: string): Promise<string> {
    await this.send(`${text}\r\n`);
    return this.reply();
  }

  /** Says several lines, each after the reply to the one before; answers the reply codes. */
  async talk(...lines: string[]): Promise<string> {
    const codes: string[] = [];
    for (const line of lines) codes.push((await this.say(line)).slice(0, 3));
    return codes.join(' ');
  }

  async greet(name = 'c.example'): Promise<void> {
    assert.match(await this.reply(), /^220 mx\.example\.com ESMTP/);
    assert.match(await this.say(`EHLO ${name}`), /^250-mx\.example\.com\|/);
  }
}

test('a message comes in, another follows, goodbye', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@example.com>', 'DATA'), '250 250 354');
  assert.equal(await client.say('Subject: hello\r\n\r\n..dots\r\n.'), '250 2.0.0 Taken as 1');
  assert.equal(await client.talk('MAIL FROM:<>', 'RCPT TO:<Postmaster>', 'DATA'), '250 250 354');
  assert.equal(await client.say('.'), '250 2.0.0 Taken as 2');
  assert.equal(await client.say('QUIT'), '221 2.0.0 Goodbye');
  assert.equal(await client.reply(), '(closed)');
  assert.deepEqual(record.messages, [
    {
      mailFrom: 'a@b.example',
      recipients: ['x'],
      text: 'Subject: hello\r\n\r\n.dots\r\n',
      client: '127.0.0.1',
      tls: false,
    },
    { mailFrom: '', recipients: ['postmaster'], text: '', client: '127.0.0.1', tls: false },
  ]);
  assert.deepEqual(record.calls, ['body discarded', 'body discarded']);
});

test('RFC 2920 §3.2: pipelined commands are answered in one write', async () => {
  const record = recorder({
    rcpt: (local) => (local === 'no' ? replyOf('550 5.1.1', 'No') : replyOf('250 2.1.5', 'Ok')),
  });
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  await client.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<x@c.example>\r\nRCPT TO:<no@c.example>\r\nDATA\r\n');
  const chunk = latin1((await client.connection.read()) ?? new Uint8Array(0));
  assert.equal(
    chunk,
    '250 2.1.0 Sender noted\r\n250 2.1.5 Ok\r\n550 5.1.1 No\r\n354 Send the message, end it with a dot alone on a line\r\n',
  );
  await client.send('text\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<y@c.example>\r\nDATA\r\n');
  assert.deepEqual(
    [await client.reply(), await client.reply(), await client.reply(), (await client.reply()).slice(0, 3)],
    ['250 2.0.0 Taken as 1', '250 2.1.0 Sender noted', '250 2.1.5 Ok', '354'],
  );
});

test('a client that sends everything at once is served too', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.reply();
  await client.send('EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@c.example>\r\nDATA\r\nline\r\n.\r\nQUIT\r\n');
  const codes: string[] = [];
  for (let i = 0; i < 6; i++) codes.push((await client.reply()).slice(0, 3));
  assert.deepEqual(codes, ['250', '250', '250', '354', '250', '221']);
  assert.equal(record.messages[0]?.text, 'line\r\n');
});

test('RFC 3207: STARTTLS; what was said in clear behind it is thrown away, and the state with it', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet('plain.example');
  await client.send('STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\n');
  assert.equal(await client.reply(), '220 2.0.0 Ready to start TLS');
  const facts = await client.connection.startTlsAsClient({
    serverName: 'mx.example.com',
    requireValid: true,
    trust: [authority.certificatePem],
  });
  assert.equal(facts.authorized, true);
  assert.equal(await client.say('RCPT TO:<x@c.example>'), '503 5.5.1 MAIL comes first');
  assert.equal(await client.say('MAIL FROM:<a@b.example>'), '503 5.5.1 Say EHLO first');
  assert.doesNotMatch(await client.say('EHLO tls.example'), /STARTTLS/);
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', '.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(record.messages[0]?.tls, true);
  assert.ok(office.signals.includes('smtp.tls_established'));
});

test('a handshake that fails or hangs costs the connection, nothing else', async () => {
  await using office = await serve(recorder().policy, { limit: { tls_handshake_seconds: 0.05 } });
  for (const trouble of ['EHLO no.tls.example\r\n', '']) {
    const client = await office.dial();
    await client.greet();
    assert.equal((await client.say('STARTTLS')).slice(0, 3), '220');
    await client.send(trouble);
    assert.match(await client.reply(), /^\((closed|cut)/);
  }
  const good = await office.dial();
  await good.greet();
  assert.equal(office.signals.filter((signal) => signal === 'smtp.tls_failed').length, 2);
});

test('TLS from the first octet, and a login', async () => {
  const record = recorder({ login: 'required' });
  await using office = await serve(record.policy, { implicitTls: true });
  const client = await office.dial();
  await client.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false });
  await client.reply();
  assert.match(await client.say('EHLO c.example'), /AUTH PLAIN LOGIN/);
  assert.equal(await client.say('MAIL FROM:<a@b.example>'), '530 5.7.0 Log in first');
  const plain = (password: string) => `AUTH PLAIN ${Buffer.from(`\0tim\0${password}`).toString('base64')}`;
  assert.equal(await client.say(plain('wrong')), '535 5.7.8 Wrong login or password');
  assert.match(await client.say(plain('broken')), /^454 4\.7\.0 /);
  assert.equal(await client.say(plain('secret')), '235 2.7.0 Logged in');
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', 'text\r\n.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(await client.reply(), '(closed)');
  assert.deepEqual(record.calls.slice(0, 3), ['login tim', 'login tim', 'login tim']);
});

test('a password is not taken in clear', async () => {
  const record = recorder({ login: 'required' });
  await using office = await serve(record.policy);
  const client = await office.dial();
  assert.match(await client.reply(), /^220/);
  assert.doesNotMatch(await client.say('EHLO c.example'), /AUTH/);
  assert.match(await client.say('AUTH PLAIN AHRpbQBzZWNyZXQ='), /^538 5\.7\.11 /);
  assert.match(await client.say('MAIL FROM:<a@b.example>'), /^530 5\.7\.0 Issue STARTTLS/);
  assert.deepEqual(record.calls, []);
});

test('a listener behind a proxy: header first, then the banner, and the client is who it names', async () => {
  const record = recorder();
  const proxyFrom = [parseNetwork('127.0.0.1/32')].filter((network) => network !== undefined);
  await using office = await serve(record.policy, { proxyFrom });
  const client = await office.dial();
  const header = writeProxyHeader({ address: '203.0.113.66', port: 4000 }, { address: '192.0.2.25', port: 25 });
  await client.connection.write(header.subarray(0, 10));
  await client.connection.write(header.subarray(10));
  await client.greet();
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', '.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(record.messages[0]?.client, '203.0.113.66');

  const headless = await office.dial();
  await headless.send('EHLO c.example\r\n');
  assert.equal(await headless.reply(), '(closed)');

  const stranger = await office.dial('127.0.0.2');
  await stranger.connection.write(header).catch(() => {});
  assert.equal(await stranger.reply(), '(closed)');

  const eager = await office.dial();
  await eager.connection.write(concat([header, fromLatin1('EHLO c.example\r\n')]));
  assert.match(await eager.reply(), /^521 5\.5\.1 /);
  assert.deepEqual(
    office.signals.filter((signal) => signal.startsWith('smtp.proxy_refused')),
    ['smtp.proxy_refused no PROXY v2 header', 'smtp.proxy_refused not a proxy of ours'],
  );
});

test('TLS from the first octet behind a proxy, header and handshake in one piece', async () => {
  const record = recorder();
  const proxyFrom = [parseNetwork('127.0.0.0/8')].filter((network) => network !== undefined);
  await using office = await serve(record.policy, { proxyFrom, implicitTls: true });
  const client = await office.dial();
  const header = writeProxyHeader({ address: '2001:db8::9', port: 4000 }, { address: '2001:db8::25', port: 465 });
  const written = client.connection.write(header);
  await client.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false });
  await written;
  await client.greet();
  assert.equal(await client.talk('MAIL FROM:<>', 'RCPT TO:<x@c.example>', 'DATA', '.'), '250 250 354 250');
  assert.equal(record.messages[0]?.client, '2001:db8::9');
});

test('without a proxy the header is refused like anything said before the banner', async () => {
  const record = recorder();
  await using office = await serve(record.policy, { limit: { early_talk_milliseconds: 60_000 } });
  const header = writeProxyHeader({ address: '203.0.113.66', port: 4000 }, { address: '192.0.2.25', port: 25 });
  for (const early of [header, fromLatin1('EHLO c.example\r\n'), Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0)]) {
    const client = await office.dial();
    await client.connection.write(early);
    assert.equal(await client.reply(), '521 5.5.1 A client waits for the banner');
    assert.equal(await client.reply(), '(closed)');
  }
});

test('who is expected gets the banner without a pause; a stranger does not', async () => {
  const limit = { early_talk_milliseconds: 60_000 };
  await using office = await serve(recorder({ isExpected: true }).policy, { limit });
  assert.match(await (await office.dial()).reply(), /^220 /);
  await using other = await serve(recorder().policy, { limit });
  const stranger = await other.dial();
  await stranger.connection.write(fromLatin1('EHLO c.example\r\n'));
  assert.match(await stranger.reply(), /^521 /);
});

test('HTTP and TLS on the plain port', async () => {
  await using office = await serve(recorder().policy, { limit: { early_talk_milliseconds: 1 } });
  const browser = await office.dial();
  await browser.reply();
  await browser.send('GET / HTTP/1.1\r\nHost: mx.example.com\r\n\r\nMAIL FROM:<a@b.example>\r\n');
  assert.equal(await browser.reply(), '521 5.5.1 This is a mail server');
  assert.equal(await browser.reply(), '(closed)');
  const tls = await office.dial();
  await tls.reply();
  await assert.rejects(tls.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false }));
});

test('bare newlines: refused and the connection closed, in commands and in data', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const command = await office.dial();
  await command.reply();
  await command.send('EHLO c.example\n');
  assert.match(await command.reply(), /^521 5\.5\.2 /);
  assert.equal(await command.reply(), '(closed)');

  const data = await office.dial();
  await data.greet();
  assert.equal(await data.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  await data.send('text\n.\nMAIL FROM:<evil@b.example>\r\n');
  assert.match(await data.reply(), /^521 5\.5\.2 /);
  assert.equal(await data.reply(), '(closed)');
  assert.deepEqual(record.messages, []);
  assert.deepEqual(record.calls, ['spool discarded']);
});

test('normalize: a client we trust may end lines with LF; CRLF.CRLF is the only end of data still', async () => {
  const record = recorder({ bareNewline: 'normalize' });
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  await client.send('MAIL FROM:<a@b.example>\nRCPT TO:<x@c.example>\nDATA\n');
  for (const code of ['250', '250', '354']) assert.equal((await client.reply()).slice(0, 3), code);
  await client.send('text\n.\nmore\r\n.\r\n');
  assert.match(await client.reply(), /^250 /);
  assert.equal(record.messages[0]?.text, 'text\r\n\r\nmore\r\n');
});

const recipient = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<x@c.example>\r\n';

test('RFC 3030 §2: a message in chunks, dots and all, cut by the network wherever it likes', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>'), '250 250');
  await client.send('BDAT 17\r\nSubject: chunks');
  await client.send('\r\n');
  assert.equal(await client.reply(), '250 2.0.0 17 octets received');
  await client.send('BDAT 12 LAST\r\n\r\n.\r\n..\r\n');
  await client.send('end');
  assert.equal(await client.reply(), '250 2.0.0 Taken as 1');
  assert.equal(await client.say('BDAT 0 LAST'), '503 5.5.1 MAIL comes first');
  assert.equal(await client.say('QUIT'), '221 2.0.0 Goodbye');
  assert.deepEqual(
    record.messages.map(({ text }) => text),
    ['Subject: chunks\r\n\r\n.\r\n..\r\nend\r\n'],
  );
});

test('RFC 2920 §3.2: envelope and chunks in one piece are answered in one write, and commands begin where the last one ends', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  const message = 'BDAT 3\r\na\r\nBDAT 0\r\nBDAT 9 LAST\r\nQUIT\r\nb\r\n';
  await client.send(`${recipient}${message}${recipient}DATA\r\n`);
  assert.equal(
    latin1((await client.connection.read()) ?? new Uint8Array(0)),
    [
      '250 2.1.0 Sender noted',
      '250 2.1.5 Recipient noted',
      '250 2.0.0 3 octets received',
      '250 2.0.0 0 octets received',
      '250 2.0.0 Taken as 1',
      '250 2.1.0 Sender noted',
      '250 2.1.5 Recipient noted',
      '354 Send the message, end it with a dot alone on a line',
      '',
    ].join('\r\n'),
  );
  assert.equal(await client.say('text\r\n.'), '250 2.0.0 Taken as 2');
  assert.deepEqual(
    record.messages.map(({ text }) => text),
    ['a\r\nQUIT\r\nb\r\n', 'text\r\n'],
  );
});

test('the chunk of a refused transaction is swallowed by its size: nothing in it is a command', async () => {
  const record = recorder({
    rcpt: (local) => (local === 'no' ? replyOf('550 5.1.1', 'No') : replyOf('250 2.1.5', 'Ok')),
  });
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  const evil = `${recipient}DATA\r\nevil\r\n.\r\n\n.\n\r\0`;
  const chunk = (last = ' LAST') => `BDAT ${evil.length}${last}\r\n${evil}`;
  const hears = async (...expected: string[]) => {
    for (const reply of expected) assert.ok((await client.reply()).startsWith(reply), reply);
  };
  await client.send(`${chunk()}NOOP\r\n`);
  await hears('503 5.5.1 MAIL comes first', '250 2.0.0 Done');
  await client.send(`MAIL FROM:<a@b.example>\r\nRCPT TO:<no@c.example>\r\n${chunk('')}${chunk('')}${chunk()}NOOP\r\n`);
  await hears(
    '250 2.1.0',
    '550 5.1.1',
    '554 5.5.1 No valid',
    '503 5.5.1 A chunk',
    '503 5.5.1 A chunk',
    '250 2.0.0 Done',
  );
  await client.send(`MAIL FROM:<a@[192.0.2.1]>\r\nRCPT TO:<x@c.example>\r\n${chunk()}`);
  await hears('553 5.1.7', '503 5.5.1 MAIL', '503 5.5.1 MAIL');
  await client.send(`${recipient}BDAT 3\r\na\r\nRSET\r\n${chunk()}${recipient}BDAT 3 LAST\r\nb\r\n`);
  await hears('250 2.1.0', '250 2.1.5', '250 2.0.0 3 octets', '250 2.0.0 Done', '503 5.5.1 MAIL');
  await hears('250 2.1.0', '250 2.1.5', '250 2.0.0 Taken as 1');
  assert.deepEqual(
    record.messages.map(({ text }) => text),
    ['b\r\n'],
  );
  assert.deepEqual(record.calls, ['spool discarded', 'body discarded']);
});

test('MAIL_RULES 13: a bare newline in a chunk ends the connection; a trusted client may use LF there too', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  for (const text of ['a\nb\r\n', 'a\rb\r\n', 'a\r\n.\n', 'a\r']) {
    const client = await office.dial();
    await client.greet();
    await client.send(`${recipient}BDAT ${text.length} LAST\r\n${text}${recipient}`);
    assert.match(await client.reply(), /^250 2\.1\.0 /);
    assert.match(await client.reply(), /^250 2\.1\.5 /);
    assert.match(await client.reply(), /^521 5\.5\.2 /);
    assert.equal(await client.reply(), '(closed)');
  }
  assert.deepEqual(record.messages, []);
  assert.deepEqual(record.calls, Array(4).fill('spool discarded'));

  const trusted = recorder({ bareNewline: 'normalize' });
  await using other = await serve(trusted.policy);
  const client = await other.dial();
  await client.greet();
  await client.send(`${recipient}BDAT 7 LAST\r\na\n.\nb\r\nNOOP\r\n`);
  for (const code of ['250', '250', '250', '250']) assert.equal((await client.reply()).slice(0, 3), code);
  assert.equal(trusted.messages[0]?.text, 'a\r\n.\r\nb\r\n');
});

test('a size that cannot be read, or is beyond all measure, ends the connection before a single octet of the chunk is read', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  for (const [size, reply] of [
    ['many LAST', '521 5.5.4 Syntax: BDAT size [LAST]'],
    ['99999999999999999999 LAST', '552 5.3.4 The message is too large'],
  ]) {
    const client = await office.dial();
    await client.greet();
    await client.send(`${recipient}BDAT ${size}\r\n${recipient}DATA\r\nevil\r\n.\r\n`);
    assert.match(await client.reply(), /^250 2\.1\.0 /);
    assert.match(await client.reply(), /^250 2\.1\.5 /);
    assert.equal(await client.reply(), reply);
    assert.equal(await client.reply(), '(closed)');
  }
  assert.deepEqual(record.messages, []);
});

test('chunks too large in sum are swallowed and refused, and the connection goes on', async () => {
  const record = recorder();
  await using office = await serve(record.policy, { limit: { message_bytes: 1_000, oversize_bytes: 100_000 } });
  const client = await office.dial();
  await client.greet();
  const line = `${'x'.repeat(498)}\r\n`;
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>'), '250 250');
  await client.send(`BDAT 500\r\n${line}BDAT 501\r\n${line}xBDAT 50000 LAST\r\n${line.repeat(100)}`);
  assert.equal(await client.reply(), '250 2.0.0 500 octets received');
  assert.equal(await client.reply(), '552 5.3.4 The message is too large');
  assert.equal(await client.reply(), '503 5.5.1 A chunk was refused before; say RSET');
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>'), '250 250');
  await client.send(`BDAT 1000 LAST\r\n${line}${line}`);
  assert.equal(await client.reply(), '250 2.0.0 Taken as 1');
  assert.deepEqual(record.calls, ['spool discarded', 'body discarded']);
});

test('a disk that fills up while chunks come in is told at the chunk', async () => {
  const full: SpoolWriter = {
    write: () => Promise.reject(new Fault('ENOSPC', 'no space left on device')),
    finish: () => Promise.reject(new Fault('ENOSPC', 'no space left on device')),
    discard: async () => {},
  };
  let turn = 0;
  const record = recorder({ openBody: () => (++turn === 1 ? full : memorySpool([])) });
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  await client.send(`${recipient}BDAT 3\r\na\r\nBDAT 3 LAST\r\nb\r\n${recipient}BDAT 3 LAST\r\nc\r\n`);
  const codes: string[] = [];
  for (let i = 0; i < 7; i++) codes.push((await client.reply()).slice(0, 9));
  assert.deepEqual(codes, ['250 2.1.0', '250 2.1.5', '452 4.3.1', '503 5.5.1', '250 2.1.0', '250 2.1.5', '250 2.0.0']);
  assert.deepEqual(
    record.messages.map(({ text }) => text),
    ['c\r\n'],
  );
});

test('a listener may do without chunks and limits', async () => {
  await using office = await serve(recorder().policy, { offers: { chunking: false } });
  const client = await office.dial();
  await client.reply();
  const offered = await client.say('EHLO c.example');
  assert.match(offered, /LIMITS RCPTMAX=1000/);
  assert.doesNotMatch(offered, /CHUNKING/);
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'BDAT 2 LAST'), '250 250 502');
  assert.equal(await client.reply(), '(closed)');
});

test('sizes: what is too large is read, thrown away and refused; what does not end is cut off', async () => {
  const record = recorder();
  await using office = await serve(record.policy, { limit: { message_bytes: 1_000, oversize_bytes: 100_000 } });
  const line = `${'x'.repeat(500)}\r\n`;
  const client = await office.dial();
  await client.greet();
  assert.equal(await client.say('MAIL FROM:<a@b.example> SIZE=1001'), '552 5.3.4 The message is too large');
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  assert.equal(await client.say(`${line.repeat(100)}.`), '552 5.3.4 The message is too large');
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  assert.equal(await client.say(`${'x'.repeat(998)}\r\n.`), '250 2.0.0 Taken as 1');
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  await client.send(line.repeat(300));
  assert.equal(await client.reply(), '552 5.3.4 The message is too large');
  assert.equal(await client.reply(), '(closed)');
  assert.equal(record.messages.length, 1);
});

test('trouble on our side is a temporary no, and the connection goes on', async () => {
  const full: SpoolWriter = {
    write: () => Promise.reject(new Fault('ENOSPC', 'no space left on device')),
    finish: () => Promise.reject(new Fault('ENOSPC', 'no space left on device')),
    discard: async () => {},
  };
  let turn = 0;
  const record = recorder({
    rcpt: (local) => {
      if (local === 'fault') throw new Fault('EIO', 'input/output error');
      return replyOf('250 2.1.5', 'Ok');
    },
    openBody: () => {
      turn++;
      if (turn === 1) return replyOf('452 4.3.1', 'No space');
      return turn === 2 ? full : memorySpool([]);
    },
    finish: () => Promise.reject(new Error('a mistake of ours with a secret in its text')),
  });
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet();
  assert.equal(await client.say('MAIL FROM:<a@b.example>'), '250 2.1.0 Sender noted');
  assert.match(await client.say('RCPT TO:<fault@c.example>'), /^451 4\.3\.0 /);
  assert.equal(await client.talk('RCPT TO:<x@c.example>', 'DATA'), '250 452');
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  assert.match(await client.say('text\r\n.'), /^452 4\.3\.1 /);
  assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  assert.equal(await client.say('text\r\n.'), '451 4.3.0 Something is wrong on our side; try again later');
  assert.equal(await client.talk('NOOP', 'QUIT'), '250 221');
});

test('connections per address and in all', async () => {
  await using office = await serve(recorder().policy, { limit: { connections_per_address: 2, connections_in_all: 3 } });
  const one = await office.dial();
  const two = await office.dial();
  await one.greet();
  await two.greet();
  assert.match(await (await office.dial()).reply(), /^421 4\.7\.0 /);
  const other = await office.dial('127.0.0.2');
  await other.greet();
  assert.match(await (await office.dial('127.0.0.3')).reply(), /^421 4\.3\.2 /);
  assert.equal(await one.say('QUIT'), '221 2.0.0 Goodbye');
  await one.connection.end();
  while (office.listener.connections > 2) await new Promise((resolve) => setImmediate(resolve));
  const next = await office.dial();
  await next.greet();
});

test('short of memory: nobody comes in and nobody begins a message; what is under way ends well, and it passes', async () => {
  const state = { short: false };
  const memory = { limitBytes: 1, isShort: () => state.short };
  const taken = recorder();
  await using office = await serve(taken.policy, { memory });
  const idle = await office.dial();
  await idle.greet();
  const busy = await office.dial();
  await busy.greet();
  assert.equal(await busy.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  const early = await office.dial();
  await early.greet();
  assert.equal(await early.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>'), '250 250');
  state.short = true;
  assert.equal(await idle.say('MAIL FROM:<a@b.example>'), '452 4.3.1 Short of memory; try again later');
  assert.equal(await early.say('DATA'), '452 4.3.1 Short of memory; try again later');
  assert.match(await (await office.dial()).reply(), /^421 4\.3\.2 /);
  assert.match(await busy.say('text\r\n.'), /^250 /);
  assert.ok(office.signals.includes('smtp.connection_refused memory'));
  state.short = false;
  assert.equal(await idle.talk('MAIL FROM:<a@b.example>'), '250');
  await (await office.dial()).greet();
  assert.equal(taken.messages.length, 1);
});

test('too much waits for the disk: who comes with more is asked to come again, what is small goes on', async () => {
  const memory = { limitBytes: 32 * 40_000, isShort: () => false };
  const disk = Promise.withResolvers<void>();
  const writing = Promise.withResolvers<void>();
  const write = () => {
    writing.resolve();
    return disk.promise;
  };
  const slow: SpoolWriter = { ...memorySpool([]), write };
  let turn = 0;
  const record = recorder({ openBody: () => (++turn === 1 ? slow : memorySpool([])) });
  await using office = await serve(record.policy, { memory });
  const clients = [await office.dial(), await office.dial(), await office.dial()] as const;
  for (const client of clients) {
    await client.greet();
    assert.equal(await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  }
  const [first, second, third] = clients;
  const large = `${'x'.repeat(998)}\r\n`.repeat(200);
  const begun = first.say(`${large}.`);
  await writing.promise;
  assert.equal(await second.say(`${large}.`), '452 4.3.1 Too much mail comes in at once; try again later');
  assert.match(await third.say('text\r\n.'), /^250 /);
  disk.resolve();
  assert.match(await begun, /^250 /);
  assert.equal(await second.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA'), '250 250 354');
  assert.match(await second.say(`${large}.`), /^250 /);
  assert.ok(
    !office.signals.some((signal) => signal.startsWith('smtp.policy_failed')),
    'a bound that holds is no trouble',
  );
});

test('the listener survives clients that reset', async () => {
  await using office = await serve(recorder().policy);
  for (let i = 0; i < 50; i++) {
    const client = await office.dial();
    client.send('EHLO').catch(() => {});
    client.connection.destroy();
  }
  const good = await office.dial();
  await good.greet();
  assert.equal(await good.say('QUIT'), '221 2.0.0 Goodbye');
});

test('a stop: idle clients hear 421, a transaction is finished, nobody new is let in', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const idle = await office.dial();
  const busy = await office.dial();
  await idle.greet();
  await busy.greet();
  assert.equal(await busy.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>'), '250 250');
  const stopped = office.listener.stop();
  assert.match(await idle.reply(), /^421 4\.3\.2 The server is stopping/);
  assert.equal(await idle.reply(), '(closed)');
  await idle.connection.end();
  await assert.rejects(office.dial(), Fault);
  assert.equal(await busy.talk('DATA'), '354');
  assert.equal(await busy.say('text\r\n.'), '250 2.0.0 Taken as 1');
  assert.match(await busy.reply(), /^421 4\.3\.2 /);
  await busy.connection.end();
  await stopped;
  assert.equal(office.listener.connections, 0);
  assert.equal(record.messages.length, 1);
});

// Time. A connection in memory and a clock that is moved by hand.

class MemoryConnection implements Connection {
  readonly remote = { address: '192.0.2.1', port: 1 };
  readonly local = { address: '192.0.2.25', port: 25 };
  readonly tls = undefined;
  readonly writes: string[] = [];
  closed = false;
  /** A client that does not read. */
  stuck = false;
  #waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  #stuck: PromiseWithResolvers<void>[] = [];

  say(text: string): void {
    this.#waiting?.resolve(fromLatin1(text));
    this.#waiting = undefined;
  }
  read(): Promise<Uint8Array | undefined> {
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
  async write(bytes: Uint8Array): Promise<void> {
    if (this.closed) throw new Fault('EPIPE', 'closed');
    if (!this.stuck) {
      this.writes.push(latin1(bytes));
      return;
    }
    const taken = Promise.withResolvers<void>();
    this.#stuck.push(taken);
    await taken.promise;
  }
  startTlsAsServer(): Promise<never> {
    return Promise.reject(new Fault('EPROTO', 'not here'));
  }
  startTlsAsClient(): Promise<never> {
    return Promise.reject(new Fault('EPROTO', 'not here'));
  }
  async end(): Promise<void> {
    this.destroy();
  }
  destroy(): void {
    this.closed = true;
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    for (const write of this.#stuck) write.reject(new Fault('EPIPE', 'closed'));
    this.#stuck = [];
  }
}

type TimedOffice = {
  readonly arrive: (connection: Connection) => void;
  readonly listener: SmtpListener;
};

async function serveInMemory(
  timers: Timers,
  policy: SmtpPolicy,
  limit: Partial<SmtpLimits> = {},
): Promise<TimedOffice> {
  let arrive: (connection: Connection) => void = () => {};
  const listener = await serveSmtp({
    name: 'mx',
    net: {
      ...net,
      listen: async (at, onConnection) => {
        arrive = onConnection;
        return { endpoint: at, close: async () => {} };
      },
    },
    timers,
    signals: { emit: () => {} },
    at: loopback,
    proxyFrom: [],
    implicitTls: false,
    hostname: 'mx.example.com',
    limits: smtpLimitsWith(limit),
    identity: () => undefined,
    policy,
  });
  return { arrive, listener };
}

test('time: half a command does not buy more of it', async () => {
  const timers = createManualTimers();
  const { arrive } = await serveInMemory(timers, recorder().policy);
  const client = new MemoryConnection();
  arrive(client);
  await timers.pass(20);
  assert.match(client.writes[0] ?? '', /^220 /);
  for (let i = 0; i < 4; i++) {
    client.say('x');
    await timers.pass(60_000);
  }
  assert.equal(client.writes.length, 1);
  client.say('x');
  await timers.pass(60_001);
  assert.match(client.writes.at(-1) ?? '', /^421 4\.4\.2 /);
  assert.ok(client.closed);
});

test('time: what had come when the pause before the banner was over counts as said before it', async () => {
  const due: (() => void)[] = [];
  const after: Timers['after'] = (_ms, run) => {
    due.push(run);
    return () => {};
  };
  let passedMs = 0;
  const timers: Timers = { ...systemClock, monotonicMs: () => passedMs, after };
  const { arrive } = await serveInMemory(timers, recorder().policy);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const client = new MemoryConnection();
  arrive(client);
  await turn();
  passedMs = 10_000; // the process was held up, and its timers run before what came meanwhile is read
  for (const run of due.splice(0)) run();
  await turn();
  client.say('EHLO c\r\n');
  await turn();
  assert.match(client.writes[0] ?? '', /^521 5\.5\.1 /);
});

test('time: a command resets it, load shortens it', async () => {
  const timers = createManualTimers();
  const { arrive } = await serveInMemory(timers, recorder().policy, { connections_in_all: 2, load_percent: 100 });
  const patient = new MemoryConnection();
  arrive(patient);
  await timers.pass(20);
  for (let i = 0; i < 3; i++) {
    await timers.pass(290_000);
    patient.say('NOOP\r\n');
    await timers.pass(1);
  }
  assert.equal(patient.writes.at(-1), '250 2.0.0 Done\r\n');
  arrive(new MemoryConnection());
  await timers.pass(61_000);
  assert.match(patient.writes.at(-1) ?? '', /^421 4\.4\.2 /);
});

const beginData = 'EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@c.example>\r\nDATA\r\n';

test('time: a message that stands still, and one that crawls', async () => {
  const timers = createManualTimers();
  const record = recorder();
  const { arrive } = await serveInMemory(timers, record.policy);
  const still = new MemoryConnection();
  const crawling = new MemoryConnection();
  const steady = new MemoryConnection();
  for (const client of [still, crawling, steady]) arrive(client);
  await timers.pass(20);
  for (const client of [still, crawling, steady]) client.say(beginData);
  await timers.pass(1);
  for (let i = 0; i < 20; i++) {
    crawling.say(`${'x'.repeat(98)}\r\n`);
    steady.say(`${'x'.repeat(9_998)}\r\n`);
    await timers.pass(17_000);
  }
  assert.match(still.writes.at(-1) ?? '', /^421 4\.4\.2 /);
  assert.match(crawling.writes.at(-1) ?? '', /^421 4\.4\.2 /);
  steady.say('.\r\n');
  await timers.pass(1);
  assert.equal(steady.writes.at(-1), '250 2.0.0 Taken as 1\r\n');
  assert.deepEqual(record.calls, ['spool discarded', 'spool discarded', 'body discarded']);
});

test('time: chunks that stand still, that crawl, and that come in ever so small bits', async () => {
  const timers = createManualTimers();
  const record = recorder();
  const { arrive } = await serveInMemory(timers, record.policy);
  const still = new MemoryConnection();
  const crawling = new MemoryConnection();
  const tiny = new MemoryConnection();
  const steady = new MemoryConnection();
  const unwanted = new MemoryConnection();
  const all = [still, crawling, tiny, steady, unwanted];
  for (const client of all) arrive(client);
  await timers.pass(20);
  for (const client of all) client.say('EHLO c\r\n');
  await timers.pass(1);
  for (const client of [still, crawling, tiny, steady]) client.say(recipient);
  await timers.pass(1);
  for (const client of [still, crawling, unwanted]) client.say('BDAT 1000000 LAST\r\n');
  for (let i = 0; i < 20; i++) {
    crawling.say(`${'x'.repeat(98)}\r\n`);
    unwanted.say(`${'x'.repeat(98)}\r\n`);
    tiny.say('BDAT 1\r\nx');
    steady.say(`BDAT 10000\r\n${'x'.repeat(9_998)}\r\n`);
    await timers.pass(17_000);
  }
  for (const client of [still, crawling, tiny, unwanted]) {
    assert.match(client.writes.at(-1) ?? '', /^421 4\.4\.2 /);
    assert.ok(client.closed);
  }
  steady.say('BDAT 0 LAST\r\n');
  await timers.pass(1);
  assert.equal(steady.writes.at(-1), '250 2.0.0 Taken as 1\r\n');
  assert.equal(record.messages[0]?.text.length, 200_000);
});

test('time: a stop lets chunks come to their end', async () => {
  const timers = createManualTimers();
  const record = recorder();
  const { arrive, listener } = await serveInMemory(timers, record.policy);
  const client = new MemoryConnection();
  arrive(client);
  await timers.pass(20);
  client.say(`EHLO c\r\n${recipient}BDAT 6\r\nabc`);
  await timers.pass(1);
  const stopping = listener.stop();
  await timers.pass(1);
  client.say('def');
  await timers.pass(1);
  assert.equal(client.writes.at(-1), '250 2.0.0 6 octets received\r\n');
  client.say('BDAT 2 LAST\r\n\r\n');
  await timers.pass(1);
  assert.match(client.writes.at(-1) ?? '', /^250 2\.0\.0 Taken as 1\r\n421 4\.3\.2 /);
  await stopping;
});

test('time: a client that does not read its replies; our yes did not reach it', async () => {
  const timers = createManualTimers();
  const record = recorder();
  const { arrive, listener } = await serveInMemory(timers, record.policy);
  const client = new MemoryConnection();
  arrive(client);
  await timers.pass(20);
  client.say(beginData);
  await timers.pass(1);
  client.stuck = true;
  client.say('text\r\n.\r\n');
  await timers.pass(299_000);
  assert.equal(listener.connections, 1);
  await timers.pass(2_000);
  assert.equal(listener.connections, 0);
  assert.equal(record.messages.length, 1);
  assert.ok(record.calls.includes('unanswered'));
});

test('time: a stop that a client holds up is over when its patience is', async () => {
  const timers = createManualTimers();
  const { arrive, listener } = await serveInMemory(timers, recorder().policy);
  const client = new MemoryConnection();
  arrive(client);
  await timers.pass(20);
  client.say(beginData);
  await timers.pass(1);
  let stopped = false;
  const stopping = listener.stop().then(() => {
    stopped = true;
  });
  await timers.pass(29_000);
  assert.equal(stopped, false);
  await timers.pass(1_001);
  assert.equal(stopped, true);
  await stopping;
});

test('no look-alike of the end of data lets a second message through', async () => {
  const timers = createManualTimers();
  for (const [name, octets] of Object.entries(endOfDataLookAlikes)) {
    const record = recorder();
    const { arrive } = await serveInMemory(timers, record.policy);
    const client = new MemoryConnection();
    arrive(client);
    await timers.pass(20);
    client.say(beginData);
    await timers.pass(0);
    const replies = client.writes.length;
    client.say(`text${latin1(octets)}MAIL FROM:<evil@b.example>\r\nRCPT TO:<y@c.example>\r\nDATA\r\nevil\r\n.\r\n`);
    await timers.pass(0);
    const answers = client.writes.slice(replies).join('');
    assert.match(answers, /^(521 5\.5\.2 |250 2\.0\.0 Taken as 1\r\n$)/, name);
    assert.ok(
      record.messages.every(({ text }) => text.endsWith('evil\r\n')),
      name,
    );
    client.destroy();
  }
});

test('nor does any look-alike among counted octets', async () => {
  const timers = createManualTimers();
  for (const [name, octets] of Object.entries(endOfDataLookAlikes)) {
    const record = recorder();
    const { arrive } = await serveInMemory(timers, record.policy);
    const client = new MemoryConnection();
    arrive(client);
    await timers.pass(20);
    const evil = `text${latin1(octets)}${recipient}DATA\r\nevil\r\n.\r\n`;
    client.say(`EHLO c\r\n${recipient}BDAT ${evil.length} LAST\r\n${evil}NOOP\r\n`);
    await timers.pass(0);
    const answers = client.writes.slice(1).join('').split('\r\n').slice(-4);
    if (/\r(?!\n)|(?<!\r)\n/.test(evil)) {
      assert.match(answers.at(-2) ?? '', /^521 5\.5\.2 /, name);
      assert.deepEqual(record.messages, [], name);
    } else {
      assert.deepEqual(answers.slice(1), ['250 2.0.0 Taken as 1', '250 2.0.0 Done', ''], name);
      assert.deepEqual(
        record.messages.map(({ text }) => text),
        [evil],
        name,
      );
    }
    client.destroy();
  }
});

test('any message in any chunks, cut anywhere on the way, arrives as the same octets', async () => {
  const timers = createManualTimers();
  const piece = fc.constantFrom('\r\n', '.', '\r\n.\r\n', 'BDAT 2 LAST\r\n', 'a', '\xff', 'QUIT\r\n');
  const cuts = fc.array(fc.nat({ max: 9 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      cuts,
      fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 }),
      async (pieces, sizes, packets) => {
        const text = pieces.join('').replace(/\r(?!\n)|(?<!\r)\n/g, '');
        const record = recorder();
        const { arrive } = await serveInMemory(timers, record.policy);
        const client = new MemoryConnection();
        arrive(client);
        await timers.pass(20);
        let at = 0;
        let wire = `EHLO c\r\n${recipient}`;
        for (const size of sizes) {
          const chunk = text.slice(at, at + size);
          at += chunk.length;
          wire += `BDAT ${chunk.length}\r\n${chunk}`;
        }
        wire += `BDAT ${text.length - at} LAST\r\n${text.slice(at)}`;
        for (const packet of [...packets, wire.length]) {
          client.say(wire.slice(0, packet));
          wire = wire.slice(packet);
          if (wire === '') break;
          await timers.pass(0);
        }
        await timers.pass(0);
        assert.match(client.writes.join(''), /250 2\.0\.0 Taken as 1\r\n$/);
        assert.deepEqual(
          record.messages.map((message) => message.text),
          [text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`],
        );
        client.destroy();
      },
    ),
    { numRuns: 100 },
  );
});

test('a slow policy does not hold the others up, and its time is not the client’s', async () => {
  const timers = createManualTimers();
  const record = recorder({
    rcpt: async (local) => {
      if (local === 'slow') await timers.sleep(400_000);
      return replyOf('250 2.1.5', 'Ok');
    },
  });
  const { arrive } = await serveInMemory(timers, record.policy);
  const slow = new MemoryConnection();
  const quick = new MemoryConnection();
  arrive(slow);
  arrive(quick);
  await timers.pass(20);
  slow.say('EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<slow@c.example>\r\n');
  quick.say(beginData);
  await timers.pass(1);
  assert.match(quick.writes.at(-1) ?? '', /354 /);
  await timers.pass(400_000);
  assert.match(slow.writes.at(-1) ?? '', /250 2\.1\.5 Ok\r\n$/);
});
