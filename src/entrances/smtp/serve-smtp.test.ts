/** A listener on loopback: messages, sizes, trouble of ours, crowds, and its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySpool, recorder, serve } from '../../../test/support/smtp-listener.ts';
import { latin1 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import type { SpoolWriter } from '../../base/port/blobs.ts';
import { plentyOfMemory } from '../../base/port/memory.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';

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
  const memory = { ...plentyOfMemory, limitBytes: 1, isShort: () => state.short };
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
  const memory = { ...plentyOfMemory, limitBytes: 32 * 40_000 };
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
