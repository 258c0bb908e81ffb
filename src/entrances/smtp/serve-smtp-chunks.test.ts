/** Messages in chunks (BDAT). RFC 3030 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySpool, recipient, recorder, serve } from '../../../test/support/smtp-listener.ts';
import { latin1 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import type { SpoolWriter } from '../../base/port/blobs.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';

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
