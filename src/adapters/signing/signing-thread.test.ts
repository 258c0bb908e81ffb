import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { latin1, utf8 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { type SignDkim, type SigningKey, signDkim } from '../../protocol/dkim/sign-dkim.ts';
import { createSigningThread, type SigningPorts } from './signing-thread.ts';

const domain = parseDomainName('example.com');
assert.ok(domain);
const time = { nowSeconds: 1_790_000_000 };
const keys: readonly SigningKey[] = [
  {
    domain,
    selector: 'r1',
    algorithm: 'rsa-sha256',
    privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  },
  { domain, selector: 'e1', algorithm: 'ed25519-sha256', privateKey: generateKeyPairSync('ed25519').privateKey },
];

function letter(subject: string, octets = 2_000): Uint8Array {
  const head = `From: a@example.com\r\nTo: b@example.org\r\nSubject: ${subject}\r\n\r\n`;
  return utf8(`${head}${'A line of the text.\r\n'.repeat(octets / 21)}`);
}

/** What happened at which side. */
function open(t: TestContext, ports: Partial<SigningPorts> = {}) {
  const ended: unknown[] = [];
  let signedHere = 0;
  let clockMs = 0;
  const signHere: SignDkim = (...args) => {
    signedHere++;
    return signDkim(...args);
  };
  const thread = createSigningThread({
    signals: { emit: (_level, name) => void ended.push(name) },
    timers: { monotonicMs: () => clockMs },
    signHere,
    fewAtOnce: 0,
    ...ports,
  });
  t.after(() => thread.close());
  return {
    thread,
    ended,
    signedHere: () => signedHere,
    pass: (ms: number) => {
      clockMs += ms;
    },
    /** Until one message was signed by the thread. */
    running: async () => {
      for (;;) {
        const before = signedHere;
        await thread.sign(letter('is it there?'), keys, time);
        if (signedHere === before) return;
        await systemClock.sleep(5);
      }
    },
  };
}

/** A program for the thread: says that it is ready and does `then` with the first message. */
function program(then: string): URL {
  const source = `const { parentPort: port } = require('node:worker_threads'); port.once('message', (order) => { ${then} }); port.postMessage('ready');`;
  return new URL(
    `data:text/javascript,${encodeURIComponent(`import { createRequire } from 'node:module'; const require = createRequire('file:///'); ${source}`)}`,
  );
}

test('the thread signs the same octets as this one, each message its own', async (t) => {
  const { thread, running, signedHere } = open(t);
  await running();
  const before = signedHere();
  const messages = Array.from({ length: 20 }, (_, at) => letter(`number ${at}`));
  const fields = await Promise.all(messages.map((message) => thread.sign(message, keys, time)));
  assert.equal(signedHere(), before);
  for (const [at, message] of messages.entries())
    assert.equal(latin1(fields[at] ?? utf8('')), latin1(await signDkim(message, keys, time)));
  assert.equal(messages[0]?.length, letter('number 0').length, 'what was handed over is still here');
});

test('other keys are used for what is signed with them, also after many of them', async (t) => {
  const { thread, running } = open(t);
  await running();
  const message = letter('keys');
  const [, ed25519] = keys;
  assert.ok(ed25519);
  const selectors = Array.from({ length: 1_010 }, (_, at) => `s${at}`);
  const sets = selectors.map((selector) => [{ ...ed25519, selector }]);
  const asked = [...sets, ...sets.slice(0, 3)];
  for (let at = 0; at < asked.length; at += 50) {
    const some = asked.slice(at, at + 50);
    const fields = await Promise.all(some.map((set) => thread.sign(message, set, time)));
    for (const [place, field] of fields.entries())
      assert.ok(latin1(field).includes(` s=${some[place]?.[0]?.selector};`), latin1(field));
  }
});

test('before the thread is there, and for a large message, it is done here', async (t) => {
  const { thread, running, signedHere } = open(t);
  await thread.sign(letter('first'), keys, time);
  assert.equal(signedHere(), 1);
  await running();
  const before = signedHere();
  const large = letter('large', 300_000);
  assert.deepEqual(await thread.sign(large, keys, time), await signDkim(large, keys, time));
  assert.equal(signedHere(), before + 1);
});

test('what comes when many wait is done here', async (t) => {
  const { thread, running, signedHere } = open(t);
  await running();
  const before = signedHere();
  await Promise.all(Array.from({ length: 70 }, () => thread.sign(letter('one of many'), keys, time)));
  assert.equal(signedHere() - before, 70 - 64);
});

test('what a thread that died left behind is signed here, and another one comes after a pause', async (t) => {
  const { thread, ended, signedHere, pass } = open(t, { program: program('process.exit(3)') });
  const until = async (holds: () => boolean) => {
    while (!holds()) await systemClock.sleep(5);
  };
  const signed = async () => latin1(await thread.sign(letter('survivor'), keys, time));
  const expected = latin1(await signDkim(letter('survivor'), keys, time));
  while (ended.length === 0) {
    assert.equal(await signed(), expected);
    await systemClock.sleep(5);
  }
  assert.deepEqual(ended, ['signing.thread_ended']);
  const here = signedHere();
  for (let count = 0; count < 20; count++) {
    assert.equal(await signed(), expected);
    await systemClock.sleep(2);
  }
  assert.equal(signedHere(), here + 20, 'no new thread yet');
  pass(10_000);
  await until(() => {
    void signed();
    return ended.length === 2;
  });
});

test('a message that the thread cannot sign fails with the reason found here', async (t) => {
  let triedHere = 0;
  const signHere: SignDkim = () => {
    triedHere++;
    return Promise.reject(new Error(`try ${triedHere}`));
  };
  const { thread } = open(t, { program: program('port.postMessage({ id: order.id, fields: undefined })'), signHere });
  for (let wentOver = false; !wentOver; await systemClock.sleep(2)) {
    const before = triedHere;
    const signing = thread.sign(letter('unsignable'), keys, time);
    wentOver = triedHere === before;
    await assert.rejects(signing, new Error(`try ${before + 1}`));
  }
});

test('a few at once are signed here; after many it is for the thread, until a second has passed', async (t) => {
  const { thread, signedHere, pass } = open(t, { fewAtOnce: 3 });
  const together = async (count: number) => {
    const before = signedHere();
    await Promise.all(Array.from({ length: count }, () => thread.sign(letter('together'), keys, time)));
    return signedHere() - before;
  };
  for (let left = 5; left > 0; left--) assert.equal(await together(3), 3);
  while ((await together(4)) === 4) await systemClock.sleep(5); // it starts with the first that is for it
  assert.equal(await together(1), 0);
  pass(1_000);
  assert.equal(await together(3), 3);
  assert.equal(await together(5), 3, 'the fourth and those after it');
});

test('closed, it signs here', async (t) => {
  const { thread, running, signedHere, ended } = open(t);
  await running();
  await thread.close();
  const before = signedHere();
  await thread.sign(letter('late'), keys, time);
  assert.equal(signedHere(), before + 1);
  assert.deepEqual(ended, []);
});
