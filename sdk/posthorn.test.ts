import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { serveHttp } from '../src/adapters/http/serve-http.ts';
import { systemClock } from '../src/base/clock.ts';
import type { Listening } from '../src/base/port/net.ts';
import { silentSignals } from '../src/base/port/signals.ts';
import type { EventRecord } from '../src/services/events/types.ts';
import { type HttpOffice, type HttpOfficeOptions, openHttpOffice } from '../test/support/http-office.ts';
import { ownAddress } from '../test/support/own-address.ts';
import { patience } from '../test/support/post-office.ts';
import { tempFolder } from '../test/support/temp-office.ts';
import { DeliveryFailed, OfficeUnreachable, Posthorn, type PosthornOptions, RequestRefused } from './posthorn.ts';

const hello = { from: 'Ann <ann@example.com>', to: 'bob@example.net', subject: 'Hi', text: 'It works.' };

/** An office behind a real port that can be stopped and started again. */
class Running {
  readonly url: string;
  office: HttpOffice;
  readonly #folder: string;
  #listening: Listening | undefined;

  private constructor(folder: string, office: HttpOffice, listening: Listening) {
    this.#folder = folder;
    this.office = office;
    this.#listening = listening;
    this.url = `http://${listening.endpoint.address}:${listening.endpoint.port}`;
  }

  static async start(t: TestContext, options: HttpOfficeOptions = {}): Promise<Running> {
    const folder = tempFolder(t, () => running.stop());
    const office = await openHttpOffice(folder, options);
    const running = new Running(folder, office, await listen(office, 0));
    return running;
  }

  async stop(): Promise<void> {
    if (!this.#listening) return;
    const closing = this.#listening.close();
    this.#listening = undefined;
    this.office.app.close();
    await closing;
    await this.office.close();
  }

  async startAgain(options: HttpOfficeOptions): Promise<void> {
    this.office = await openHttpOffice(this.#folder, options);
    this.#listening = await listen(this.office, Number(new URL(this.url).port));
  }
}

function listen(office: HttpOffice, port: number): Promise<Listening> {
  const at = { address: ownAddress(1), port };
  return serveHttp(office.app.fetch, { at, timers: systemClock, signals: silentSignals, limits: { closeMs: 1_000 } });
}

async function client(running: Running, options: Partial<PosthornOptions> = {}): Promise<Posthorn> {
  return new Posthorn({ url: running.url, apiKey: await running.office.key(['send', 'read']), ...options });
}

async function failure<T extends Error>(promise: Promise<unknown>, kind: new (...args: never[]) => T): Promise<T> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof kind, `expected ${kind.name}, got ${outcome}`);
  return outcome;
}

async function deferred(office: HttpOffice, subject: string, tries: number): Promise<void> {
  const match = ({ data }: EventRecord) => 'tries' in data && data.tries === tries;
  assert.ok(await office.events.waitFor({ subject, match, signal: patience() }));
}

test('send resolves once it is queued, settled when everybody has got it', async (t) => {
  const running = await Running.start(t);
  const posthorn = await client(running);
  const sent = await posthorn.emails.send(hello);
  assert.match(sent.id, /^em_/);
  assert.equal(sent.recipients[0]?.address, 'bob@example.net');
  const email = await sent.settled;
  assert.equal(email.settled, true);
  assert.equal(email.recipients[0]?.state, 'delivered');
  assert.equal(sent.settled, sent.settled); // asked once, however often it is looked at
  assert.deepEqual(JSON.parse(JSON.stringify(sent)).id, sent.id);
});

test('settled rejects with the receiver’s own words', async (t) => {
  const posthorn = await client(await Running.start(t));
  const sent = await posthorn.emails.send({ ...hello, to: ['bob@example.net', 'nobody@example.net'] });
  const error = await failure(sent.settled, DeliveryFailed);
  assert.equal(error.message, 'nobody@example.net bounced: mx.example.net said 550 5.1.1 No such user');
  assert.partialDeepStrictEqual(
    { ...error },
    {
      name: 'DeliveryFailed',
      code: 550,
      enhanced: '5.1.1',
      host: 'mx.example.net',
      text: 'No such user',
      recipients: [{ address: 'nobody@example.net', state: 'bounced' }],
    },
  );
  assert.equal(error.email.recipients.length, 2);
});

test('a failure that nobody awaits ends no process', async (t) => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  t.after(() => process.off('unhandledRejection', listener));
  const posthorn = await client(await Running.start(t));
  const sent = await posthorn.emails.send({ ...hello, to: 'nobody@example.net' });
  void sent.settled;
  await failure(posthorn.emails.settled(sent.id), DeliveryFailed);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unhandled, []);
});

test('settled outlives a restart of the office', async (t) => {
  const running = await Running.start(t, { judge: () => 'deferred' });
  const inVain = Promise.withResolvers<void>();
  const posthorn = await client(running, {
    fetch: (url, init) =>
      fetch(url, init).catch((error: unknown) => {
        inVain.resolve();
        throw error;
      }),
  });
  const sent = await posthorn.emails.send(hello);
  const { settled } = sent;
  await deferred(running.office, sent.id, 1);
  await running.stop();
  await inVain.promise;
  await running.startAgain({ judge: () => 'delivered' });
  await running.office.outbound.retryNow(sent.id as `em_${string}`);
  assert.equal((await settled).recipients[0]?.state, 'delivered');
});

test('an answer that was lost sends nothing twice', async (t) => {
  const running = await Running.start(t);
  let tries = 0;
  const posthorn = await client(running, {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      tries++;
      if (tries === 1) throw new TypeError('the connection was reset');
      return response;
    },
  });
  const sent = await posthorn.emails.send(hello);
  assert.equal(tries, 2);
  const { data } = await posthorn.emails.list();
  assert.deepEqual(
    data.map((email) => email.id),
    [sent.id],
  );
});

test('a key of one’s own makes two calls one message', async (t) => {
  const posthorn = await client(await Running.start(t));
  const [first, second] = [
    await posthorn.emails.send(hello, { idempotencyKey: 'order 7' }),
    await posthorn.emails.send(hello, { idempotencyKey: 'order 7' }),
  ];
  assert.equal(first.id, second.id);
  assert.notEqual((await posthorn.emails.send(hello)).id, first.id);
});

test('a proxy that says 502 in HTML is asked again; its pauses are heeded', async (t) => {
  const running = await Running.start(t);
  let tries = 0;
  const posthorn = await client(running, {
    fetch: async (url, init) => {
      tries++;
      if (tries === 1) return new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'retry-after': '0' } });
      return fetch(url, init);
    },
  });
  assert.match((await posthorn.emails.send(hello)).id, /^em_/);
});

test('a no of the office is told once, with what is wrong', async (t) => {
  const running = await Running.start(t);
  const posthorn = await client(running);
  const error = await failure(posthorn.emails.send({ ...hello, to: ['bob@example.net', 'x'] }), RequestRefused);
  assert.partialDeepStrictEqual(
    { ...error },
    { status: 422, code: 'validation_failed', errors: [{ pointer: '/to/1' }] },
  );
  assert.match(error.requestId ?? '', /^req_/);
  const stranger = new Posthorn({ url: running.url, apiKey: 'ph_live_nonsense' });
  assert.equal((await failure(stranger.emails.send(hello), RequestRefused)).code, 'key_invalid');
  assert.equal((await failure(posthorn.emails.settled('em_x'), RequestRefused)).code, 'not_found');
});

test('an office that is gone is said to be, when patience ends', async (t) => {
  const running = await Running.start(t);
  // Each request on a connection of its own: a kept one may learn late that nobody is there any more, and says that in its own words.
  const posthorn = await client(running, {
    patienceMs: 1,
    settledPatienceMs: 1,
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, connection: 'close' } }),
  });
  const sent = await posthorn.emails.send(hello);
  await running.stop();
  const error = await failure(posthorn.emails.send(hello), OfficeUnreachable);
  assert.match(error.message, /cannot be reached: .*ECONNREFUSED/);
  await failure(sent.settled, OfficeUnreachable);
});

test('whoever waits can stop waiting', async (t) => {
  const running = await Running.start(t, { judge: () => 'deferred' });
  const posthorn = await client(running);
  const sent = await posthorn.emails.send(hello);
  const stop = new AbortController();
  const waiting = posthorn.emails.settled(sent.id, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(posthorn.emails.send(hello, { signal: stop.signal }), /enough/);
});

test('the rest of the API: get, events, timeline, retry, cancel, files as bytes', async (t) => {
  const running = await Running.start(t);
  const posthorn = await client(running);
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
  const sent = await posthorn.emails.send({ ...hello, attachments: [{ filename: 'a.bin', content: bytes }] });
  await sent.settled;
  const encoded = Buffer.from(bytes).toString('base64');
  assert.ok(running.office.received[0]?.replaceAll('\r\n', '').includes(encoded));
  assert.equal((await posthorn.emails.get(sent.id)).settled, true);
  const types = (await posthorn.emails.events(sent.id, { limit: 10 })).data.map((event) => event.type);
  assert.deepEqual(types, ['email.accepted', 'email.delivered']);
  assert.equal((await posthorn.emails.timeline(sent.id))[0]?.step, 'accepted');
  const listed = await posthorn.events.list({ types: ['email.accepted', 'email.delivered'], subject: sent.id });
  assert.equal(listed.data.length, 2);
  const { id } = await posthorn.emails.send({ ...hello, to: 'later@example.net' });
  await deferred(running.office, id, 1);
  assert.equal((await posthorn.emails.retry(id)).id, id);
  await deferred(running.office, id, 2);
  const { recipients } = await posthorn.emails.cancel(id);
  assert.equal(recipients[0]?.state, 'cancelled');
});
