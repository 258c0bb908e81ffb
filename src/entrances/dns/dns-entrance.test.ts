import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect as connectSocket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ownAddress } from '../../../test/support/own-address.ts';
import { createNodeNet } from '../../adapters/net/node-net.ts';
import type { Timers } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { Connection, Datagrams, Endpoint, Listening } from '../../base/port/net.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { dataText, parseZoneText } from '../../format/zone-file.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import {
  type DnsMessage,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  framed,
} from '../../protocol/dns/message-codec.ts';
import { emptyZoneSet, makeZoneSet, type ZoneSet } from '../../protocol/dns/zone-set.ts';
import { type DnsEntranceLimits, serveDns } from './dns-entrance.ts';

const net = createNodeNet();

function zonesOf(text: string): ZoneSet {
  const parsed = parseZoneText(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.say);
  const made = makeZoneSet(parsed.value.records);
  assert.ok(made.ok);
  return made.value;
}

const zones = zonesOf(`
$ORIGIN example.com.
@ 600 SOA ns host 7 2h 15m 2w 5m
@ NS ns
@ MX 10 mail
ns A 192.0.2.53
mail A 192.0.2.25
*.wild TXT "any"
sub NS ns.sub
ns.sub A 192.0.2.54
key._domainkey TXT "${'k'.repeat(255)}" "${'l'.repeat(255)}" "${'m'.repeat(255)}" "${'n'.repeat(255)}" "${'o'.repeat(255)}"
`);

type Options = {
  readonly zones?: () => ZoneSet;
  readonly limits?: Partial<DnsEntranceLimits>;
  readonly timers?: Timers;
};

async function serving(context: TestContext, options: Options = {}): Promise<Endpoint> {
  const at = { address: '127.0.0.1', port: 0 };
  const listening: Listening = await serveDns({ net, at, zones: () => zones, signals: silentSignals, ...options });
  context.after(() => listening.close());
  return listening.endpoint;
}

function query(name: string, type = 15, id = 1): Uint8Array {
  const octets = encodeMessage({ ...emptyMessage(id), questions: [{ name: name.split('.'), type, class: 1 }] });
  assert.ok(octets);
  return octets;
}

async function connect(context: TestContext, to: Endpoint): Promise<Connection> {
  const connection = await net.dial(to);
  context.after(() => connection.destroy());
  return connection;
}

/** Reads until `count` answers came or the server closed. */
async function answers(connection: Connection, count: number): Promise<readonly DnsMessage[]> {
  const reader = new FrameReader();
  const messages: DnsMessage[] = [];
  while (messages.length < count) {
    const octets = await connection.read().catch(() => undefined);
    if (octets === undefined) break;
    for (const frame of reader.push(octets)) {
      const message = decodeMessage(frame);
      assert.ok(message);
      messages.push(message);
    }
  }
  return messages;
}

async function askUdp(
  context: TestContext,
  to: Endpoint,
  ...queries: readonly Uint8Array[]
): Promise<readonly DnsMessage[]> {
  const messages: DnsMessage[] = [];
  const all = Promise.withResolvers<void>();
  const socket: Datagrams = await net.openDatagrams({ address: '127.0.0.1', port: 0 }, (octets) => {
    const message = decodeMessage(octets);
    if (message !== undefined && messages.push(message) === queries.length) all.resolve();
  });
  context.after(() => socket.close());
  for (const octets of queries) socket.send(octets, to);
  await all.promise;
  return messages;
}

test('UDP and TCP answer on the same port', async (t) => {
  const at = await serving(t);
  const [byUdp] = await askUdp(t, at, query('example.com'));
  const connection = await connect(t, at);
  await connection.write(framed(query('example.com')));
  const [byTcp] = await answers(connection, 1);
  assert.deepEqual(byUdp, byTcp);
  assert.deepEqual(
    byUdp?.answers.map(({ data }) => dataText(data)),
    ['10 mail.example.com.'],
  );
});

test('RFC 7766 §6.2.1.1: queries sent at once are all answered, also to a client that has finished sending', async (t) => {
  const at = await serving(t);
  const socket = connectSocket({ host: at.address, port: at.port, allowHalfOpen: true });
  t.after(() => socket.destroy());
  const queries = Buffer.concat([1, 2, 3].map((id) => framed(query('example.com', 15, id))));
  socket.write(queries.subarray(0, 5));
  socket.end(queries.subarray(5));
  const reader = new FrameReader();
  const ids: (number | undefined)[] = [];
  for await (const octets of socket) ids.push(...reader.push(octets).map((frame) => decodeMessage(frame)?.id));
  assert.deepEqual(ids, [1, 2, 3]);
});

test('new zones are in force at once', async (t) => {
  let current = emptyZoneSet;
  const at = await serving(t, { zones: () => current });
  assert.equal((await askUdp(t, at, query('example.com')))[0]?.rcode, 5);
  current = zones;
  assert.equal((await askUdp(t, at, query('example.com')))[0]?.rcode, 0);
});

test('connections have a limit per address, and one that ended makes room', async (t) => {
  const at = await serving(t, { limits: { connectionsPerAddressMax: 1 } });
  const first = await connect(t, at);
  await first.write(framed(query('example.com')));
  assert.equal((await answers(first, 1)).length, 1);
  const second = await connect(t, at);
  await second.write(framed(query('example.com'))).catch(() => {});
  assert.equal((await answers(second, 1)).length, 0);
  first.destroy();
  for (let got = 0; got === 0; ) {
    const next = await connect(t, at);
    await next.write(framed(query('example.com'))).catch(() => {});
    got = (await answers(next, 1)).length;
  }
});

test('a connection on which nothing whole arrives is closed', async (t) => {
  const pending: (() => void)[] = [];
  const after: Timers['after'] = (_ms, run) => {
    pending.push(run);
    return () => {};
  };
  const timers: Timers = { ...systemClock, after };
  const connection = await connect(t, await serving(t, { timers }));
  await connection.write(framed(query('example.com')));
  assert.equal((await answers(connection, 1)).length, 1);
  await connection.write(framed(query('example.com')).subarray(0, 9));
  for (const run of pending) run(); // the idle time is over
  assert.equal((await answers(connection, 1)).length, 0);
});

test('what is no DNS ends the connection, and gets no datagram', async (t) => {
  const at = await serving(t);
  const connection = await connect(t, at);
  await connection.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'.padEnd(20_000)));
  await connection.end().catch(() => {});
  assert.equal((await answers(connection, 1)).length, 0);
  const socket = await net.openDatagrams({ address: '127.0.0.1', port: 0 }, () => assert.fail('an answer to nothing'));
  t.after(() => socket.close());
  socket.send(Buffer.from('x'), at);
  assert.equal((await askUdp(t, at, query('example.com'))).length, 1);
});

test('too many answers for one network: come by TCP', async (t) => {
  const at = await serving(t, { limits: { udpAnswersPerSecond: 2 }, timers: { ...systemClock, nowMs: () => 0 } });
  const replies = await askUdp(t, at, ...[1, 2, 3, 4].map((id) => query('example.com', 15, id)));
  assert.deepEqual(
    replies.map(({ truncated, answers: { length } }) => [truncated, length]),
    [
      [false, 1],
      [false, 1],
      [true, 0],
      [true, 0],
    ],
  );
});

test('closing ends open connections and frees the port', async (t) => {
  const at = { address: ownAddress(3), port: 0 };
  const listening = await serveDns({ net, at, zones: () => zones, signals: silentSignals });
  const connection = await connect(t, listening.endpoint);
  await connection.write(framed(query('example.com')));
  await answers(connection, 1);
  await listening.close();
  assert.equal((await answers(connection, 1)).length, 0);
  const again = await serveDns({ net, at: listening.endpoint, zones: () => zones, signals: silentSignals });
  await again.close();
});

test('a port that one of the two cannot have is a fault', async (t) => {
  const taken = await net.openDatagrams({ address: '127.0.0.1', port: 0 }, () => {});
  t.after(() => taken.close());
  await assert.rejects(
    serveDns({ net, at: taken.endpoint, zones: () => zones, signals: silentSignals }),
    (error: Error & { code?: string }) => error.code === 'EADDRINUSE',
  );
});

// ---- the client everybody has ----

const run = promisify(execFile);
const hasDig = await run('dig', ['-v']).then(
  () => true,
  () => false,
);
const whenDig = { skip: !hasDig && 'dig is not installed' };

async function dig(at: Endpoint, ...words: readonly string[]): Promise<string> {
  const base = [
    `@${at.address}`,
    '-p',
    String(at.port),
    '+tries=1',
    '+time=5',
    '+noall',
    '+comments',
    '+answer',
    '+authority',
  ];
  const { stdout } = await run('dig', [...base, '+additional', ...words]);
  return stdout.replace(/[ \t]+/g, ' ');
}

test('dig: an answer over UDP and over TCP', whenDig, async (t) => {
  const at = await serving(t);
  for (const way of ['+notcp', '+tcp']) {
    const said = await dig(at, way, 'example.com', 'MX');
    assert.match(said, /status: NOERROR/);
    assert.match(said, /flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 2/);
    assert.match(said, /EDNS: version: 0, flags:; udp: 1232/);
    assert.match(said, /\nexample\.com\. 600 IN MX 10 mail\.example\.com\.\n/);
    assert.match(said, /\nmail\.example\.com\. 600 IN A 192\.0\.2\.25\n/);
    assert.doesNotMatch(said, /WARNING: (?!recursion requested)/);
  }
});

test('dig: what is too large comes truncated, then whole over TCP', whenDig, async (t) => {
  const at = await serving(t);
  const cut = await dig(at, '+ignore', 'key._domainkey.example.com', 'TXT');
  assert.match(cut, /flags: qr aa tc rd; QUERY: 1, ANSWER: 0/);
  const whole = await dig(at, 'key._domainkey.example.com', 'TXT');
  assert.match(whole, /flags: qr aa rd; QUERY: 1, ANSWER: 1/);
  assert.match(whole, /"k{255}" "l{255}" "m{255}" "n{255}" "o{255}"/);
});

test('dig: NXDOMAIN and NODATA with SOA, wildcard, delegation, refusal', whenDig, async (t) => {
  const at = await serving(t);
  const soa = /\nexample\.com\. 300 IN SOA ns\.example\.com\. host\.example\.com\. 7 7200 900 1209600 300\n/;
  const missing = await dig(at, 'nx.example.com', 'A');
  assert.match(missing, /status: NXDOMAIN/);
  assert.match(missing, soa);
  const noData = await dig(at, 'mail.example.com', 'AAAA');
  assert.match(noData, /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1/);
  assert.match(noData, soa);
  assert.match(await dig(at, 'x.y.wild.example.com', 'TXT'), /\nx\.y\.wild\.example\.com\. 600 IN TXT "any"\n/);
  const referral = await dig(at, 'www.sub.example.com', 'A');
  assert.match(referral, /flags: qr rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2/);
  assert.match(referral, /\nsub\.example\.com\. 600 IN NS ns\.sub\.example\.com\.\n/);
  assert.match(referral, /\nns\.sub\.example\.com\. 600 IN A 192\.0\.2\.54\n/);
  assert.match(await dig(at, 'example.org', 'A'), /status: REFUSED/);
  assert.match(await dig(at, 'example.com', 'ANY', '+notcp'), /IN HINFO "RFC8482" ""/);
});
