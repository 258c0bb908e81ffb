import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ownAddress } from '../../../test/support/own-address.ts';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Listening } from '../../base/port/net.ts';
import { NodeConnection } from './node-connection.ts';
import { createNodeNet } from './node-net.ts';
import { createTlsContexts } from './tls-contexts.ts';

const loopback = { address: '127.0.0.1', port: 0 };
/** For listeners that end and are looked for, or come again. */
const alone = { address: ownAddress(2), port: 0 };
const net = createNodeNet();
const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx.example.com'], addresses: ['127.0.0.1'] });

type Ends = AsyncDisposable & { readonly client: Connection; readonly server: Connection };

function endsOf(client: Connection, server: Connection): Ends {
  return {
    client,
    server,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.destroy();
    },
  };
}

/** Both ends of a fresh connection; everything closes with the scope. */
async function pair(): Promise<Ends> {
  const arrived = Promise.withResolvers<Connection>();
  const listening = await net.listen(loopback, arrived.resolve);
  const client = await net.dial(listening.endpoint);
  const server = await arrived.promise;
  await listening.close();
  return endsOf(client, server);
}

/** The same, with the socket of the server's end, which tells how much has come. */
async function pairWithSocket(): Promise<Ends & { readonly socket: Socket }> {
  const arrived = Promise.withResolvers<Socket>();
  const listening = createServer(arrived.resolve).listen(loopback.port, loopback.address);
  await once(listening, 'listening');
  const client = await net.dial({ ...loopback, port: (listening.address() as AddressInfo).port });
  const socket = await arrived.promise;
  listening.close();
  const server = new NodeConnection(socket, { timers: systemClock, contexts: createTlsContexts() });
  return { ...endsOf(client, server), socket };
}

async function readText(connection: Connection, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const chunk = await connection.read();
    if (!chunk) break;
    text += latin1(chunk);
  }
  return text;
}

const isFault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.code, code);
  return true;
};

test('bytes go both ways and the end is seen', async () => {
  await using ends = await pair();
  await ends.client.write(fromLatin1('EHLO a\r\n'));
  assert.equal(await readText(ends.server, 8), 'EHLO a\r\n');
  await ends.server.write(fromLatin1('250 b\r\n'));
  assert.equal(await readText(ends.client, 7), '250 b\r\n');
  assert.equal(ends.server.remote.port, ends.client.local.port);
  assert.equal(ends.server.remote.address, '127.0.0.1');
  const ended = ends.server.end();
  assert.equal(await ends.client.read(), undefined);
  await ends.client.end();
  await ended;
  await assert.rejects(ends.client.write(fromLatin1('x')), Fault);
});

test('a peer that closed its side can still be answered', async () => {
  await using ends = await pair();
  await ends.client.write(fromLatin1('QUIT\r\n'));
  const clientGone = ends.client.end();
  assert.equal(await readText(ends.server, 6), 'QUIT\r\n');
  assert.equal(await ends.server.read(), undefined);
  await ends.server.write(fromLatin1('221 bye\r\n'));
  await ends.server.end();
  await clientGone;
});

test('the last reply survives input that nobody reads any more', async () => {
  await using ends = await pair();
  await ends.client.write(fromLatin1('x'.repeat(50_000)));
  await ends.server.write(fromLatin1('521 closing\r\n'));
  const ended = ends.server.end();
  assert.equal(await readText(ends.client, 13), '521 closing\r\n');
  await ends.client.end();
  await ended;
});

test('a peer that does not read is waited for, and destroy ends the wait', async () => {
  await using ends = await pair();
  const block = new Uint8Array(4_194_304);
  const stuck = Promise.all([ends.server.write(block), ends.server.write(block), ends.server.write(block)]);
  const first = await Promise.race([stuck.then(() => 'taken'), ends.client.read().then(() => 'reading')]);
  assert.equal(first, 'reading');
  const failed = assert.rejects(stuck, Fault);
  ends.server.destroy();
  await failed;
});

test('a slow reader loses nothing', async () => {
  await using ends = await pair();
  const sent = Buffer.alloc(1_000_003, 'abcdefghij');
  const written = ends.client.write(sent);
  const got: Uint8Array[] = [];
  let size = 0;
  while (size < sent.length) {
    await new Promise((resolve) => setImmediate(resolve));
    const chunk = await ends.server.read();
    assert.ok(chunk);
    got.push(chunk);
    size += chunk.length;
  }
  await written;
  assert.ok(Buffer.concat(got).equals(sent));
});

test('a peer that sends octet by octet waits before its octets take more memory than a large block does', async (t) => {
  const socket = new PassThrough();
  const connection = new NodeConnection(socket as unknown as Socket, {
    timers: systemClock,
    contexts: createTlsContexts(),
  });
  t.after(() => connection.destroy());
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let at = 0; at < 200; at++) {
    socket.write(Uint8Array.of(at));
    await turn();
  }
  assert.ok(socket.isPaused());
  for (let at = 0; at < 200; at++) assert.deepEqual([...((await connection.read()) ?? [])], [at]);
  assert.ok(!socket.isPaused());
});

test('destroy ends a pending read', async () => {
  await using ends = await pair();
  const pending = ends.server.read();
  ends.server.destroy();
  assert.equal(await pending, undefined);
});

test('STARTTLS: what was said in clear before the handshake is thrown away', async () => {
  await using ends = await pairWithSocket();
  const [command, late] = ['STARTTLS\r\nNOOP injected\r\n', 'NOOP late\r\n'];
  await ends.client.write(fromLatin1(command));
  assert.equal((await readText(ends.server, 10)).slice(0, 10), 'STARTTLS\r\n');
  await ends.client.write(fromLatin1(late));
  while (ends.socket.bytesRead < command.length + late.length) await new Promise((resolve) => setImmediate(resolve));
  const serverDone = ends.server.startTlsAsServer(identity);
  const clientDone = ends.client.startTlsAsClient({
    serverName: 'mx.example.com',
    requireValid: true,
    trust: [authority.certificatePem],
  });
  const [server, client] = await Promise.all([serverDone, clientDone]);
  assert.equal(server.protocol, 'TLSv1.3');
  assert.equal(server.serverName, 'mx.example.com');
  assert.equal(client.authorized, true);
  assert.match(client.cipher, /^TLS_/);
  assert.equal(ends.server.tls, server);
  await ends.client.write(fromLatin1('EHLO again\r\n'));
  assert.equal(await readText(ends.server, 12), 'EHLO again\r\n');
  await ends.server.write(fromLatin1('250 ok\r\n'));
  assert.equal(await readText(ends.client, 8), '250 ok\r\n');
  const ended = ends.server.end();
  assert.equal(await ends.client.read(), undefined);
  await ends.client.end();
  await ended;
});

test('STARTTLS: the go-ahead may still be on its way when the handshake is asked for', async () => {
  await using ends = await pair();
  const written = ends.server.write(fromLatin1('220 go\r\n'));
  const serverDone = ends.server.startTlsAsServer(identity);
  assert.equal(await readText(ends.client, 8), '220 go\r\n');
  const client = await ends.client.startTlsAsClient({ serverName: '127.0.0.1', requireValid: false });
  await written;
  await serverDone;
  assert.equal(client.authorized, false);
  assert.equal(client.authorizationError, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('TLS behind a PROXY header: octets read so far are the beginning of the handshake', async () => {
  await using ends = await pair();
  const clientDone = ends.client.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false });
  const first = await ends.server.read();
  assert.ok(first);
  const server = await ends.server.startTlsAsServer(identity, undefined, first);
  await clientDone;
  assert.equal(server.protocol, 'TLSv1.3');
  await ends.client.write(fromLatin1('x'));
  assert.equal(await readText(ends.server, 1), 'x');
});

test('a certificate that does not fit is a fault, and says which', async () => {
  await using ends = await pair();
  const serverDone = ends.server.startTlsAsServer(identity).then(
    () => 'shook hands', // TLS 1.3: the server is done before the client has judged
    () => 'failed',
  );
  const client = ends.client.startTlsAsClient({
    serverName: 'other.example.com',
    requireValid: true,
    trust: [authority.certificatePem],
  });
  await assert.rejects(client, isFault('ERR_TLS_CERT_ALTNAME_INVALID'));
  await serverDone;
  await assert.rejects(ends.client.write(fromLatin1('x')), Fault);
});

test('a handshake with garbage, with silence, with a leaver', async () => {
  for (const trouble of ['garbage', 'silence', 'leaver'] as const) {
    await using ends = await pair();
    const abort = new AbortController();
    const shaking = ends.server.startTlsAsServer(identity, abort.signal);
    const failed = assert.rejects(shaking, Fault);
    if (trouble === 'garbage') await ends.client.write(fromLatin1('EHLO not.tls\r\n'));
    if (trouble === 'silence') abort.abort();
    if (trouble === 'leaver') ends.client.destroy();
    await failed;
    await assert.rejects(ends.server.write(fromLatin1('x')), Fault);
  }
});

test('a certificate that is none is a fault of its own, and the connection is still there', async () => {
  await using ends = await pair();
  const nonsense = { certificatePem: 'no', privateKeyPem: 'no' };
  await assert.rejects(ends.server.startTlsAsServer(nonsense), isFault('TLS_IDENTITY'));
  await ends.server.write(fromLatin1('454 later\r\n'));
  assert.equal(await readText(ends.client, 11), '454 later\r\n');
});

test('TLS 1.1 is not spoken', async () => {
  const { connect } = await import('node:tls');
  const arrived = Promise.withResolvers<Connection>();
  const listening = await net.listen(loopback, arrived.resolve);
  const old = connect({
    host: '127.0.0.1',
    port: listening.endpoint.port,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    rejectUnauthorized: false,
  });
  old.on('error', () => {});
  const server = await arrived.promise;
  await assert.rejects(server.startTlsAsServer(identity), isFault('ERR_SSL_UNSUPPORTED_PROTOCOL'));
  old.destroy();
  await listening.close();
});

test('no second handshake on a connection: a TLS 1.2 client could make us compute them without end', async () => {
  const { connect } = await import('node:tls');
  const arrived = Promise.withResolvers<Connection>();
  const listening = await net.listen(loopback, arrived.resolve);
  const client = connect({
    host: '127.0.0.1',
    port: listening.endpoint.port,
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  const shaken = new Promise((resolve) => client.once('secureConnect', resolve));
  const server = await arrived.promise;
  assert.equal((await server.startTlsAsServer(identity)).protocol, 'TLSv1.2');
  await shaken;
  const outcome = await new Promise<string>((resolve) => {
    client.on('error', (error) => resolve(error.message));
    client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error?.message ?? 'done'));
    client.resume();
  });
  assert.match(outcome, /no renegotiation/);
  client.destroy();
  server.destroy();
  await listening.close();
});

test('a port in use is a fault that names it', async () => {
  const listening = await net.listen(alone, () => {});
  await assert.rejects(
    net.listen(listening.endpoint, () => {}),
    (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, 'EADDRINUSE');
      const { address, port } = listening.endpoint;
      assert.ok(error.message.includes(`${address}:${port}: another program`), error.message);
      return true;
    },
  );
  await listening.close();
  const again = await net.listen(listening.endpoint, () => {});
  await again.close();
});

test('several sockets accept at one address, and nobody else gets it', {
  skip: process.platform !== 'linux',
}, async () => {
  const wide = createNodeNet({ acceptors: 4 });
  const arrived: Connection[] = [];
  const listening = await wide.listen(alone, (connection) => arrived.push(connection));
  const clients = await Promise.all(Array.from({ length: 40 }, () => wide.dial(listening.endpoint)));
  for (const client of clients) await client.write(fromLatin1('x'));
  while (arrived.length < clients.length) await new Promise((resolve) => setImmediate(resolve));
  for (const other of [wide, net])
    await assert.rejects(
      other.listen(listening.endpoint, () => {}),
      isFault('EADDRINUSE'),
    );
  await listening.close();
  await assert.rejects(wide.dial(listening.endpoint), isFault('ECONNREFUSED'));
  const again = await wide.listen(listening.endpoint, () => {});
  await again.close();
  for (const one of [...clients, ...arrived]) one.destroy();
});

test('closing a listener leaves its connections alone', async () => {
  const arrived = Promise.withResolvers<Connection>();
  const listening: Listening = await net.listen(alone, arrived.resolve);
  const client = await net.dial(listening.endpoint);
  const server = await arrived.promise;
  await listening.close();
  await client.write(fromLatin1('hello'));
  assert.equal(await readText(server, 5), 'hello');
  await assert.rejects(net.dial(listening.endpoint), isFault('ECONNREFUSED'));
  client.destroy();
  server.destroy();
});

test('dialling: names are refused, an abort is a time-out or a cancellation, a local address is used', async () => {
  await assert.rejects(net.dial({ address: 'localhost', port: 1 }), isFault('EINVAL'));
  await assert.rejects(net.dial(loopback, { signal: AbortSignal.abort() }), isFault('ECANCELED'));
  const arrived = Promise.withResolvers<Connection>();
  const listening = await net.listen(loopback, arrived.resolve);
  const client = await net.dial(listening.endpoint, { localAddress: '127.0.0.7' });
  const server = await arrived.promise;
  assert.equal(server.remote.address, '127.0.0.7');
  client.destroy();
  server.destroy();
  await listening.close();
});

test('datagrams with a peer: nobody else is heard, and nobody else is written to', async () => {
  const heard: string[] = [];
  const answered = Promise.withResolvers<void>();
  const peer = await net.openDatagrams(loopback, (bytes, from) => peer.send(bytes, from));
  const stranger = await net.openDatagrams(loopback, () => assert.fail('written to'));
  const client = await net.openDatagrams(
    loopback,
    (bytes) => {
      heard.push(latin1(bytes));
      answered.resolve();
    },
    { peer: peer.endpoint },
  );
  stranger.send(fromLatin1('forged'), client.endpoint);
  client.send(fromLatin1('echo'), stranger.endpoint);
  await answered.promise;
  assert.deepEqual(heard, ['echo']);
  const nobody = { address: 'dns.example', port: 53 };
  await assert.rejects(
    net.openDatagrams(loopback, () => {}, { peer: nobody }),
    isFault('EINVAL'),
  );
  await Promise.all([client.close(), stranger.close(), peer.close()]);
});

test('datagrams', async () => {
  const question = Promise.withResolvers<string>();
  const answer = Promise.withResolvers<string>();
  const server = await net.openDatagrams(loopback, (bytes, from) => {
    question.resolve(latin1(bytes));
    server.send(fromLatin1('pong'), from);
  });
  const client = await net.openDatagrams(loopback, (bytes) => answer.resolve(latin1(bytes)));
  client.send(fromLatin1('ping'), server.endpoint);
  assert.equal(await question.promise, 'ping');
  assert.equal(await answer.promise, 'pong');
  await assert.rejects(
    net.openDatagrams(server.endpoint, () => {}),
    isFault('EADDRINUSE'),
  );
  await client.close();
  await client.close();
  client.send(fromLatin1('after'), server.endpoint);
  await server.close();
});
