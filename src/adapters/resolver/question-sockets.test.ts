import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import type { DatagramOptions, Endpoint, Net } from '../../base/port/net.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { type DnsMessage, decodeMessage, encodeMessage, rcodes } from '../../protocol/dns/message-codec.ts';
import { askServer } from './ask-server.ts';
import { Deadlines } from './deadlines.ts';
import { QuestionSockets } from './question-sockets.ts';

const server: Endpoint = { address: '192.0.2.53', port: 53 };

type Port = {
  readonly options: DatagramOptions | undefined;
  readonly queries: DnsMessage[];
  /** A datagram that arrives there. */
  readonly hear: (message: DnsMessage | Uint8Array, from?: Endpoint) => void;
  isOpen: boolean;
};

/** Sockets whose datagrams the test reads and writes. */
function openWorld({
  random = seededRandom(1),
  questionsPerSocket = 3,
}: {
  random?: Random;
  questionsPerSocket?: number;
}) {
  const timers = createManualTimers();
  const ports: Port[] = [];
  const net: Pick<Net, 'openDatagrams' | 'dial'> = {
    openDatagrams: async (at, onDatagram, options) => {
      const port: Port = {
        options,
        queries: [],
        isOpen: true,
        hear: (said, from = server) => {
          const octets = said instanceof Uint8Array ? said : encodeMessage(said);
          assert.ok(octets);
          if (port.isOpen) onDatagram(octets, from);
        },
      };
      ports.push(port);
      return {
        endpoint: at,
        send: (octets) => {
          const query = decodeMessage(octets);
          assert.ok(query);
          port.queries.push(query);
        },
        close: async () => {
          port.isOpen = false;
        },
      };
    },
    dial: () => new Promise<never>(() => {}),
  };
  const limits = { questionsPerSocket, socketMs: 2_000, idleSocketMs: 200 };
  const sockets = new QuestionSockets({ net: net as Net, timers }, limits);
  const deps = { net: net as Net, random, sockets, attempts: new Deadlines(timers, 1_000) };
  const { signal } = new AbortController();
  const ask = (text: string) =>
    askServer(deps, { strangeDatagramsMax: 8 }, { server, name: text.split('.'), type: 16, signal });
  /** The query on the port, once it has left. */
  const queryOn = async (index: number) => {
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    const query = ports[index]?.queries.at(-1);
    assert.ok(query, `no query on port ${index}`);
    return query;
  };
  /** Asks, and answers on the port where the question must be. */
  const exchange = async (text: string, index: number) => {
    const asked = ask(text);
    const query = await queryOn(index);
    ports[index]?.hear(answerTo(query));
    assert.equal((await asked)?.message.id, query.id);
    return query;
  };
  return { timers, ports, ask, queryOn, exchange };
}

const answerTo = (query: DnsMessage, parts: Partial<DnsMessage> = {}): DnsMessage => ({
  ...query,
  isResponse: true,
  ...parts,
});
const nameIn = (query: DnsMessage | undefined) => query?.questions[0]?.name.join('.').toLowerCase();

test('RFC 5452 §9.2: questions under way have sockets of their own, connected to the server, and fresh ids', async () => {
  const { ports, ask, queryOn, exchange } = openWorld({});
  const both = [ask('a.test'), ask('b.test')];
  for (const index of [0, 1]) ports[index]?.hear(answerTo(await queryOn(index)));
  await Promise.all(both);
  assert.deepEqual(
    ports.map(({ options }) => options),
    [{ peer: server }, { peer: server }],
  );
  await exchange('c.test', 1);
  await exchange('d.test', 1);
  assert.deepEqual([ports[0]?.isOpen, ports[1]?.isOpen], [true, false], 'three questions, then it is given up');
  await exchange('e.test', 0);
  const ids = ports.flatMap(({ queries }) => queries.map(({ id }) => id));
  assert.equal(new Set(ids).size, 5);
});

test('usually each question has a socket of its own', async () => {
  const { ports, exchange } = openWorld({ questionsPerSocket: 1 });
  await exchange('a.test', 0);
  await exchange('b.test', 1);
  assert.ok(ports.every(({ isOpen }) => !isOpen));
});

test('a late answer to the question before is not taken for the present one, and the socket is given up', async () => {
  const { ports, ask, queryOn, exchange } = openWorld({});
  const first = await exchange('a.test', 0);
  const asked = ask('b.test');
  const second = await queryOn(0);
  const forged = { rcode: rcodes.nameError };
  ports[0]?.hear(answerTo(first, forged)); // the whole answer once more
  ports[0]?.hear(answerTo(first, { id: second.id, ...forged })); // with the right id: the question is another
  ports[0]?.hear(answerTo(second, { id: first.id, ...forged })); // with the right question: the id is the old one
  ports[0]?.hear(answerTo(first, { questions: [], rcode: rcodes.serverFailure })); // repeats no question: the id is the old one
  ports[0]?.hear(answerTo(second), { address: '192.0.2.66', port: 53 });
  ports[0]?.hear(answerTo(second));
  const said = await asked;
  assert.deepEqual([nameIn(said?.message), said?.message.rcode], ['b.test', rcodes.noError]);
  assert.equal(ports[0]?.isOpen, false);
  await exchange('c.test', 1);
});

test('a single datagram from elsewhere, or one of nonsense, is enough to give a socket up', async () => {
  const others: readonly ((port: Port | undefined, query: DnsMessage) => void)[] = [
    (port, query) => port?.hear(answerTo(query), { address: '192.0.2.66', port: 53 }),
    (port) => port?.hear(Uint8Array.of(1, 2, 3)),
  ];
  for (const disturb of others) {
    const { ports, ask, queryOn } = openWorld({});
    const asked = ask('a.test');
    const query = await queryOn(0);
    disturb(ports[0], query);
    ports[0]?.hear(answerTo(query));
    assert.ok(await asked);
    assert.equal(ports[0]?.isOpen, false);
  }
});

test('after silence, or an answer with other letter case, a socket is not used again', async () => {
  const silent = openWorld({});
  const unheard = silent.ask('a.test');
  await silent.timers.pass(1_000);
  assert.equal(await unheard, undefined);
  assert.equal(silent.ports[0]?.isOpen, false);
  await silent.exchange('b.test', 1);

  const other = openWorld({});
  void other.ask('a.test');
  const query = await other.queryOn(0);
  other.ports[0]?.hear(answerTo(query, { questions: query.questions.map((one) => ({ ...one, name: ['a', 'TEST'] })) }));
  await other.exchange('b.test', 1);
  assert.equal(other.ports[0]?.isOpen, false);
});

test('what arrives at a socket that waits for its next question ends it', async () => {
  const { ports, exchange } = openWorld({});
  const first = await exchange('a.test', 0);
  ports[0]?.hear(answerTo(first));
  assert.equal(ports[0]?.isOpen, false);
  await exchange('b.test', 1);
});

test('a socket does not carry an id twice', async () => {
  const { ports, exchange } = openWorld({
    random: { bytes: (count) => new Uint8Array(count).fill(7), float: () => 0 },
  });
  await exchange('a.test', 0);
  await exchange('b.test', 1);
  assert.equal(ports[0]?.isOpen, false);
});

test('a socket lives for a moment, and waits for less', async () => {
  const waiting = openWorld({});
  await waiting.exchange('a.test', 0);
  await waiting.timers.pass(150);
  await waiting.exchange('b.test', 0);
  await waiting.timers.pass(150);
  assert.equal(waiting.ports[0]?.isOpen, true);
  await waiting.timers.pass(250);
  assert.equal(waiting.ports[0]?.isOpen, false, 'nobody asked for 200 ms');

  const old = openWorld({ questionsPerSocket: 100 });
  for (let ms = 0; ms < 2_000; ms += 100) {
    await old.exchange(`n${ms}.test`, 0);
    await old.timers.pass(100);
  }
  await old.exchange('late.test', 1);
  assert.equal(old.ports[0]?.isOpen, false);
});
