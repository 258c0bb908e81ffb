import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Listening } from '../../base/port/net.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { type ServerLimits, serveHttp } from './serve-http.ts';

type Fetch = Parameters<typeof serveHttp>[0];

const port0 = { address: '127.0.0.1', port: 0 };

async function serving(t: TestContext, fetch: Fetch, limits: Partial<ServerLimits> = {}): Promise<Listening> {
  const options = { at: port0, timers: systemClock, signals: silentSignals, limits: { closeMs: 50, ...limits } };
  const listening = await serveHttp(fetch, options);
  t.after(() => listening.close());
  return listening;
}

const urlOf = ({ endpoint }: Listening) => `http://${endpoint.address}:${endpoint.port}`;

/** Writes octets, answers everything that comes back until the server closes. */
async function rawTalk(listening: Listening, text: string, options: { readonly end?: boolean } = {}): Promise<string> {
  const socket = connect(listening.endpoint.port, listening.endpoint.address);
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  if (options.end) socket.end();
  let heard = '';
  for await (const chunk of socket) heard += (chunk as Buffer).toString('latin1');
  return heard;
}

test('a request arrives as a web Request with the address of the client, its answer goes back', async (t) => {
  const listening = await serving(t, async (request, { clientAddress }) => {
    const body = `${request.method} ${new URL(request.url).pathname} ${await request.text()} ${clientAddress}`;
    return new Response(body, { status: 201, headers: { 'X-Mine': 'yes' } });
  });
  const response = await fetch(`${urlOf(listening)}/a`, { method: 'POST', body: 'hello' });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-mine'), 'yes');
  assert.equal(await response.text(), 'POST /a hello 127.0.0.1');
});

test('the globals of the process stay as they are', async (t) => {
  const before = [globalThis.Request, globalThis.Response];
  await serving(t, async () => new Response('x'));
  assert.deepEqual([globalThis.Request, globalThis.Response], before);
});

test('a busy port is a Fault that says so', async (t) => {
  const listening = await serving(t, async () => new Response('x'));
  const again = serveHttp(async () => new Response('y'), {
    at: listening.endpoint,
    timers: systemClock,
    signals: silentSignals,
  });
  await assert.rejects(again, (error) => error instanceof Fault && error.code === 'EADDRINUSE');
});

test('what is no HTTP, or HTTP that two servers could read differently, is refused; the server goes on', async (t) => {
  const seen: string[] = [];
  const listening = await serving(t, async (request) => {
    seen.push(request.url);
    return new Response('fine');
  });
  const broken = {
    'EHLO client.example\r\nMAIL FROM:<>\r\n': /^HTTP\/1.1 400/,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03': /^HTTP\/1.1 400/,
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n': /^HTTP\/1.1 400/,
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd': /^HTTP\/1.1 400/,
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n': /400/,
    'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n': /^HTTP\/1.1 400/,
    'GET / HTTP/1.1\r\nHost: x\r\nX-A : a\r\n\r\n': /^HTTP\/1.1 400/,
    'GET / HTTP/1.1\r\n\r\n': /^HTTP\/1.1 400/,
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`]: /^HTTP\/1.1 431/,
  };
  for (const [text, answer] of Object.entries(broken))
    assert.match(await rawTalk(listening, text), answer, text.slice(0, 60));
  assert.deepEqual(
    seen.filter((url) => !url.endsWith('/')),
    [],
  );
  assert.equal(await (await fetch(urlOf(listening))).text(), 'fine');
});

test('a client that drips its header is cut off', async (t) => {
  const listening = await serving(t, async () => new Response('x'), { headerMs: 100 });
  assert.match(await rawTalk(listening, 'GET / HTTP/1.1\r\nHost: x\r\n'), /^HTTP\/1.1 408/);
});

test('a body that ends before its announced length is an error for whoever reads it, and nothing else', async (t) => {
  const failed = Promise.withResolvers<unknown>();
  const listening = await serving(t, async (request) => {
    await request.text().catch(failed.resolve);
    return new Response('x');
  });
  await rawTalk(listening, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', { end: true });
  assert.ok((await failed.promise) instanceof Error);
});

test('when the client goes, the signal of its request aborts', async (t) => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const listening = await serving(t, async (request) => {
    begun.resolve();
    request.signal.addEventListener('abort', () => aborted.resolve());
    await aborted.promise;
    return new Response('late');
  });
  const leave = new AbortController();
  const asked = fetch(urlOf(listening), { signal: leave.signal });
  await begun.promise;
  leave.abort();
  await assert.rejects(asked);
  await aborted.promise;
});

test('closing lets an answer under way end, and cuts what does not', async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const options = { at: port0, timers: systemClock, signals: silentSignals, limits: { closeMs: 5_000 } };
  const listening = await serveHttp(async () => {
    begun.resolve();
    await finish.promise;
    return new Response('done');
  }, options);
  const asked = fetch(urlOf(listening));
  await begun.promise;
  const closed = listening.close();
  finish.resolve();
  assert.equal(await (await asked).text(), 'done');
  await closed;
  await assert.rejects(fetch(urlOf(listening)));
});
