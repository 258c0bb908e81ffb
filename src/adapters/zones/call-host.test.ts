import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import type { Timers } from '../../base/clock.ts';
import { Bug } from '../../base/outcome.ts';
import { createHostCaller, type HostAnswer, type HostCall, type HostExchange } from './call-host.ts';
import { createHttpsExchange } from './https-exchange.ts';

const secret = 'a-secret-of-some-length';

async function hostAt(t: TestContext, handle: RequestListener): Promise<HostCall> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return caller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const slept: number[] = [];

function caller(base: string, exchange = createHttpsExchange(1_000), more: Partial<Timers> = {}): HostCall {
  const sleep = async (ms: number) => void slept.push(ms);
  return createHostCaller(
    { exchange, timers: { ...noTime, sleep, ...more }, base },
    {
      host: 'Host',
      base: 'https://api.host.example/v1',
      secrets: [secret],
      authorize: () => ({ ok: true, value: { authorization: `Bearer ${secret}` } }),
      complaint: ({ text }) => ({ say: text }),
    },
  );
}

/** Answers one after the other, the last for ever. */
function answering(...answers: readonly Partial<HostAnswer>[]) {
  let asked = 0;
  const exchange = async () => ({
    status: 200,
    headers: {},
    text: '',
    ...answers[Math.min(asked++, answers.length - 1)],
  });
  return { call: caller('https://api.host.example', exchange), asked: () => asked };
}

const get = { method: 'GET', path: '/zones?name=x' } as const;
const post = { method: 'POST', path: '/zones', body: '{"ä":1}' } as const;

test('a request arrives as it was asked for, with its proof; connections are used again', async (t) => {
  const seen: unknown[] = [];
  const call = await hostAt(t, async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { authorization, 'content-length': length } = request.headers;
    seen.push([
      request.method,
      request.url,
      authorization,
      length,
      Buffer.concat(parts).toString(),
      request.socket.remotePort,
    ]);
    response.end('"fine"');
  });
  assert.partialDeepStrictEqual(await call(get), { ok: true, value: { status: 200, text: '"fine"' } });
  await call(post);
  const ports = new Set((seen as unknown[][]).map((one) => one.pop()));
  assert.deepEqual(seen, [
    ['GET', '/v1/zones?name=x', `Bearer ${secret}`, undefined, ''],
    ['POST', '/v1/zones', `Bearer ${secret}`, '8', '{"ä":1}'],
  ]);
  assert.equal(ports.size, 1);
});

test('no redirect is followed, no answer too long is taken, a connection that is cut is no answer', async (t) => {
  const changing = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n';
  const call = await hostAt(t, ({ url, socket }, response) => {
    if (url === '/v1/changing') socket.end(changing);
    else if (url === '/v1/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    else if (url === '/v1/long') response.end('x'.repeat(1_001));
    else {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    }
  });
  const say = async (path: string) => {
    const result = await call({ method: 'PUT', path });
    assert.partialDeepStrictEqual(result, { ok: false, code: 'unavailable' });
    return result.ok ? '' : result.say;
  };
  assert.match(await say('/away'), /sends us elsewhere \(HTTP 302\)/);
  assert.match(await say('/long'), /more than 1000 octets/);
  assert.match(await say('/changing'), /the connection ended without an answer/);
  assert.match(await say('/cut'), /cannot be asked .* may have been made all the same/);
});

test('whoever stops waiting is told so at once', async (t) => {
  const call = await hostAt(t, () => {});
  const stopped = await call(get, { signal: AbortSignal.timeout(20) });
  assert.deepEqual(stopped, { ok: false, code: 'unavailable', say: 'Host had not answered when we stopped' });
});

test('a question is asked again, a change that may have been made is not', async () => {
  const broken = answering({ status: 502, text: 'bad gateway' });
  assert.partialDeepStrictEqual(await broken.call(post), { ok: false, code: 'unavailable' });
  assert.equal(broken.asked(), 1);
  assert.partialDeepStrictEqual(await broken.call(get), { ok: false, say: 'Host says: bad gateway (HTTP 502)' });
  assert.equal(broken.asked(), 5);
  const recovers = answering({ status: 502 }, { status: 200, text: '1' });
  assert.partialDeepStrictEqual(await recovers.call(get), { ok: true, value: { text: '1' } });
});

test('RFC 9110 §10.2.3: Retry-After is obeyed when it is short, and told when it is long', async () => {
  slept.length = 0;
  const limited = (text: string) => ({ status: 429, headers: { 'retry-after': text }, text: 'slow down' });
  const soon = answering(limited('3'), limited('Sun, 22 Nov 2026 16:30:05 GMT'), { status: 200 });
  assert.partialDeepStrictEqual(await soon.call(post), { ok: true });
  assert.deepEqual(slept, [3_000, 5_000]);
  const later = answering(limited('58'));
  const refusal = {
    ok: false,
    code: 'rate-limited',
    say: 'Host says: slow down (HTTP 429); it asks to come back in 58 s',
  };
  assert.deepEqual(await later.call(post), refusal);
  assert.equal(later.asked(), 1);
  const never = answering(limited('1'));
  assert.partialDeepStrictEqual(await never.call(get), { ok: false, code: 'rate-limited' });
  assert.equal(never.asked(), 4);
});

test('what a host says is one line, and never holds what we proved ourselves with', async () => {
  const { call } = answering({
    status: 403,
    text: `no\r\nto \u0007${'x'.repeat(250)} Bearer ${secret} ${'x'.repeat(500)}`,
  });
  const refused = await call(get);
  assert.ok(!refused.ok && refused.code === 'bad-credentials');
  assert.match(refused.say, /^Host says: no\\x0d\\x0ato \\x07x{250} Bearer \*\*\* x+\.\.\. \(HTTP 403\)$/);
});

test('credentials go over TLS', () => {
  assert.throws(() => caller('http://api.host.example'), Bug);
});

test('a host that gives no whole answer in time is not waited for again', async () => {
  let asked = 0;
  const exchange: HostExchange = (_url, _request, signal) =>
    new Promise((_resolve, reject) => {
      asked++;
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  const atOnce = (_ms: number, run: () => void) => {
    setImmediate(run);
    return () => {};
  };
  const call = caller('https://api.host.example', exchange, { after: atOnce });
  const late = { ok: false, code: 'unavailable', say: 'Host gave no whole answer within 30 s' };
  assert.deepEqual(await call(get), late);
  assert.equal(asked, 1);
});
