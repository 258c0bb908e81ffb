/** What happens when nothing, too little or too much comes: a connection in memory and a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { endOfDataLookAlikes } from '../../../test/support/end-of-data-look-alikes.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import {
  beginData,
  MemoryConnection,
  recipient,
  recorder,
  serveInMemory,
} from '../../../test/support/smtp-listener.ts';
import { latin1 } from '../../base/bytes.ts';
import { systemClock, type Timers } from '../../base/clock.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';

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
