import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import test from 'node:test';
import { utf8 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { createNodeNet } from '../net/node-net.ts';
import { createRspamdFilter } from './rspamd.ts';
import { createSpamdFilter } from './spamd.ts';

/** Where time is not what is tested: as long as a test may take. */
const noHurryMs = 60_000;
const message = utf8('From: a@example.com\r\n\r\nHello\r\n');

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function askRspamd(answer: RequestListener, timeMs = noHurryMs, octets = message) {
  const server = createServer(answer);
  const url = `http://127.0.0.1:${await listen(server)}`;
  try {
    const session = { remoteAddress: '192.0.2.1', helo: 'mx.example.com', mailFrom: 'a@example.com\r\nX: y' };
    return await createRspamdFilter({ url, timers: systemClock, timeMs }).judge(octets, session);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function askSpamd(answer: (socket: Socket, asked: string) => void, timeMs = noHurryMs) {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    let asked = '';
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      asked += piece.toString('latin1');
      if (asked.endsWith('Hello\r\n')) answer(socket, asked);
    });
  });
  const port = await listen(server);
  try {
    const filter = createSpamdFilter({
      at: { address: '127.0.0.1', port },
      net: createNodeNet(),
      timers: systemClock,
      timeMs,
    });
    return await filter.judge(message, {});
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test('rspamd: the message and its envelope go there, points and symbols come back', async () => {
  let seen: unknown;
  const verdict = await askRspamd((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { ip, helo, from } = request.headers;
      seen = { method: request.method, url: request.url, ip, helo, from, body: Buffer.concat(pieces).toString() };
      response.end(
        JSON.stringify({
          score: 4.5,
          required_score: 15,
          symbols: {
            R_ONE: { name: 'R_ONE', score: 4.6, description: 'one\u0007 bad' },
            R_TWO: { score: -0.1 },
            R_NONE: { score: 0 },
            R_ODD: null,
          },
        }),
      );
    });
  });
  assert.deepEqual(seen, {
    method: 'POST',
    url: '/checkv2',
    ip: '192.0.2.1',
    helo: 'mx.example.com',
    from: undefined,
    body: Buffer.from(message).toString(),
  });
  assert.deepEqual(verdict, {
    name: 'rspamd',
    points: 4.5,
    spamFrom: 15,
    symbols: [
      { name: 'R_ONE', points: 4.6, say: 'one\\x07 bad' },
      { name: 'R_TWO', points: -0.1 },
    ],
  });
});

test('rspamd: whatever else comes back is no points, and says why', async () => {
  const problem = async (answer: RequestListener, timeMs?: number, octets?: Uint8Array) =>
    (await askRspamd(answer, timeMs, octets)).problem ?? 'points';
  assert.match(await problem((_, response) => response.end('{"score":"1"}')), /cannot be read/);
  assert.match(await problem((_, response) => response.end('not json')), /cannot be read/);
  assert.match(await problem((_, response) => response.end('[]')), /cannot be read/);
  assert.match(await problem((_, response) => response.writeHead(500).end()), /status 500/);
  assert.match(await problem((request) => request.socket.destroy()), /hang up|ECONNRESET/);
  const changing = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n';
  assert.match(await problem(({ socket }) => void socket.end(changing)), /without an answer/);
  assert.match(await problem((_, response) => response.end('x'.repeat(600_000))), /too long/);
  assert.match(await problem((_, response) => void response.write('{'), 50), /no answer within/);
  assert.match(await problem(() => {}, noHurryMs, new Uint8Array(3_000_000)), /larger than/);
  const nobody = createRspamdFilter({ url: 'http://127.0.0.1:9', timers: systemClock, timeMs: noHurryMs });
  assert.match((await nobody.judge(message, {})).problem ?? '', /ECONNREFUSED/);
});

const report = `Spam detection software, running on the system "x",
has NOT identified this incoming email as spam.

Content preview:  1.0 NOT_A_RULE of the message

Content analysis details:   (5.5 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 1.2 MISSING_HEADERS        Missing To: header
 4.3 SUBJ_ALL_CAPS          Subject is all
                            capitals
`.replaceAll('\n', '\r\n');

test('spamd: points and rules out of its report, descriptions over several lines', async () => {
  let asked = '';
  const verdict = await askSpamd((socket, all) => {
    asked = all;
    socket.end(`SPAMD/1.1 0 EX_OK\r\nContent-length: ${report.length}\r\nSpam: True ; 5.5 / 5.0\r\n\r\n${report}`);
  });
  assert.match(asked, new RegExp(`^REPORT SPAMC/1\\.5\r\nContent-length: ${message.length}\r\n\r\nFrom: `));
  assert.deepEqual(verdict, {
    name: 'SpamAssassin',
    points: 5.5,
    spamFrom: 5,
    symbols: [
      { name: 'MISSING_HEADERS', points: 1.2, say: 'Missing To: header' },
      { name: 'SUBJ_ALL_CAPS', points: 4.3, say: 'Subject is all capitals' },
    ],
  });
});

test('spamd: whatever else comes back is no points, and says why', async () => {
  const problem = async (answer: (socket: Socket) => void, timeMs?: number) =>
    (await askSpamd(answer, timeMs)).problem ?? 'points';
  assert.match(
    await problem((socket) => socket.end('SPAMD/1.0 76 Bad header line\r\n\r\n')),
    /refused: SPAMD\/1\.0 76/,
  );
  assert.match(await problem((socket) => socket.end('SPAMD/1.1 0 EX_OK\r\nSpam: maybe\r\n\r\n')), /cannot be read/);
  assert.match(await problem((socket) => socket.end()), /refused/);
  assert.match(await problem((socket) => socket.end('x'.repeat(600_000))), /too long/);
  assert.match(await problem(() => {}, 50), /no answer within/);
});
