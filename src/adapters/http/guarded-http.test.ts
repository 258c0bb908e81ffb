import assert from 'node:assert/strict';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { identityOf, makeCertificate } from '../../../test/support/test-chain.ts';
import { fromUtf8, utf8 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { stsPolicyFetcher } from './fetch-sts-policy.ts';
import { createGuardedHttp, type HttpWish } from './guarded-http.ts';

const root = await makeCertificate({ name: 'Root', isAuthority: true });
const good = await makeCertificate({ name: 'x', issuer: root, names: ['mta-sts.example.com', 'a.test'] });
const zone = resolverFromZone(`
mta-sts.example.com A 127.0.0.1
a.test A 127.0.0.1
other.test A 127.0.0.1
away.test A 127.0.0.1
two.test A 127.9.9.9
two.test A 127.0.0.1
;!SERVFAIL broken.test
`);
/** Where time is not what is tested: as long as a test may take. */
const noHurryMs = 60_000;
const wish: HttpWish = { octetsMax: 1_000, timeMs: noHurryMs, mediaType: 'text/plain' };

async function serve(context: TestContext, handle: RequestListener, shown = good): Promise<number> {
  const { certificatePem: cert, privateKeyPem: key } = identityOf(shown);
  const server = createServer({ cert, key }, handle);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const client = (port: number) =>
  createGuardedHttp({ resolver: zone, timers: systemClock, trust: [root.pem], test: { port } });
const codeOf = async (port: number, url: string, change: Partial<HttpWish> = {}) => {
  const got = await client(port).get(url, { ...wish, ...change });
  return got.ok ? fromUtf8(got.value) : got.code;
};
const plain = { 'content-type': 'Text/Plain; charset=utf-8' };

test('what is there is fetched, from the address of the name, under the name', async (t) => {
  const seen: unknown[] = [];
  const port = await serve(t, (request, response) => {
    seen.push([request.method, request.url, request.headers.host]);
    response.writeHead(200, plain).end('hello');
  });
  assert.equal(await codeOf(port, 'https://a.test/x?y=1'), 'hello');
  const fetchFile = stsPolicyFetcher(client(port));
  assert.partialDeepStrictEqual(await fetchFile(parseDomainName('example.com') as DomainName), { ok: true });
  assert.deepEqual(seen, [
    ['GET', '/x?y=1', 'a.test'],
    ['GET', '/.well-known/mta-sts.txt', 'mta-sts.example.com'],
  ]);
});

test('RFC 8461 §3.3: no redirect, 200 alone, text/plain alone, bounded in size', async (t) => {
  const port = await serve(t, ({ url }, response) => {
    if (url === '/redirect') response.writeHead(301, { ...plain, location: 'https://a.test/' }).end('hello');
    else if (url === '/missing') response.writeHead(404, plain).end('hello');
    else if (url === '/empty') response.writeHead(204, plain).end();
    else if (url === '/html') response.writeHead(200, { 'content-type': 'text/html' }).end('hello');
    else if (url === '/untyped') response.writeHead(200).end('hello');
    else if (url === '/zipped') response.writeHead(200, { ...plain, 'content-encoding': 'gzip' }).end('hello');
    else if (url === '/limit') response.writeHead(200, plain).end('x'.repeat(1_000));
    else response.writeHead(200, plain).end('x'.repeat(1_001));
  });
  const expected = {
    redirect: 'status',
    missing: 'status',
    empty: 'status',
    html: 'media-type',
    untyped: 'media-type',
    zipped: 'media-type',
    long: 'too-long',
  };
  for (const [path, code] of Object.entries(expected))
    assert.equal(await codeOf(port, `https://a.test/${path}`), code, path);
  assert.equal((await codeOf(port, 'https://a.test/limit')).length, 1_000);
});

test('who does not come to an end is left', async (t) => {
  const port = await serve(t, ({ url }, response) => {
    if (url === '/drip') response.writeHead(200, plain).write('x');
  });
  assert.equal(await codeOf(port, 'https://a.test/silent', { timeMs: 50 }), 'too-slow');
  assert.equal(await codeOf(port, 'https://a.test/drip', { timeMs: 50 }), 'too-slow');
});

test('the certificate must be valid, and for the name', async (t) => {
  const answer: RequestListener = (_request, response) => response.writeHead(200, plain).end('hello');
  assert.equal(await codeOf(await serve(t, answer), 'https://other.test/'), 'certificate');
  const selfSigned = await makeCertificate({ name: 'a.test', names: ['a.test'] });
  assert.equal(await codeOf(await serve(t, answer, selfSigned), 'https://a.test/'), 'certificate');
  const expired = await makeCertificate({ name: 'x', issuer: root, names: ['a.test'], expired: true });
  assert.equal(await codeOf(await serve(t, answer, expired), 'https://a.test/'), 'certificate');
  const common = await makeCertificate({ name: 'a.test', issuer: root, names: ['b.test'] });
  assert.equal(await codeOf(await serve(t, answer, common), 'https://a.test/'), 'certificate');
});

test('nobody listens, DNS fails, the name does not exist; the next address is tried', async (t) => {
  const port = await serve(t, (_request, response) => response.writeHead(200, plain).end('hello'));
  assert.equal(await codeOf(1, 'https://a.test/'), 'refused');
  assert.equal(await codeOf(port, 'https://broken.test/'), 'dns');
  assert.equal(await codeOf(port, 'https://nowhere.test/'), 'no-address');
  assert.equal(await codeOf(port, 'https://two.test/'), 'certificate', 'the second address answered');
});

test('only https: to public hosts: nobody can make us look around at home', async () => {
  const addresses = [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    'fe80::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ];
  for (const address of addresses) {
    const resolver = resolverFromZone(`in.test ${address.includes(':') ? 'AAAA' : 'A'} ${address}`);
    const got = await createGuardedHttp({ resolver, timers: systemClock }).get('https://in.test/', wish);
    assert.equal(got.ok ? 'ok' : got.code, 'address', address);
  }
  const guarded = createGuardedHttp({ resolver: zone, timers: systemClock });
  for (const url of [
    'http://a.test/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://u:p@a.test/',
    'https://a.test:22/',
    'ftp://a.test/',
    'file:///etc/passwd',
    'a.test',
    '',
  ]) {
    const got = await guarded.get(url, wish);
    assert.equal(got.ok ? 'ok' : got.code, 'url', url);
  }
});

test('a file of any type is fetched with its type, by the same rules', async (t) => {
  const port = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'Image/SVG+XML; charset=utf-8' }).end('<svg/>');
  });
  const file = await client(port).getFile('https://a.test/logo.svg', { octetsMax: 100, timeMs: noHurryMs });
  assert.ok(file.ok);
  assert.deepEqual([fromUtf8(file.value.octets), file.value.mediaType], ['<svg/>', 'image/svg+xml']);
  const short = await client(port).getFile('https://a.test/logo.svg', { octetsMax: 5, timeMs: noHurryMs });
  assert.equal(!short.ok && short.code, 'too-long');
});

// ---- whatever the answer is

const question = { octetsMax: 100, timeMs: noHurryMs };

test('a request is answered as it is: status, where it leads, its body as far as it is wanted', async (t) => {
  const seen: unknown[] = [];
  const port = await serve(t, async (request, response) => {
    const body = await Array.fromAsync(request as AsyncIterable<Buffer>);
    const { cookie, authorization, referer, 'content-type': type } = request.headers;
    seen.push([request.method, request.url, type, Buffer.concat(body).toString(), cookie, authorization, referer]);
    if (request.url === '/away') response.writeHead(302, { location: '/there', 'set-cookie': 'a=b' }).end('moved');
    else if (request.url === '/zipped') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    else response.writeHead(404, plain).end('x'.repeat(101));
  });
  const { ask } = client(port);
  const moved = await ask('https://a.test/away?x=1', { method: 'GET', ...question, octetsMax: 0 });
  assert.ok(moved.ok);
  const away = await ask('https://a.test/away', { method: 'GET', ...question });
  assert.ok(away.ok);
  assert.deepEqual([away.value.status, away.value.location, fromUtf8(away.value.octets)], [302, '/there', 'moved']);
  const posted = await ask('https://a.test/p', {
    method: 'POST',
    ...question,
    octetsMax: 0,
    headers: { 'content-type': 'text/x' },
    body: utf8('List-Unsubscribe=One-Click'),
  });
  assert.ok(posted.ok && posted.value.status === 404 && posted.value.octets.length === 0);
  const head = await ask('https://a.test/zipped', { method: 'HEAD', ...question });
  assert.ok(head.ok && head.value.status === 200);
  const long = await ask('https://a.test/long', { method: 'GET', ...question });
  assert.equal(!long.ok && long.code, 'too-long');
  assert.deepEqual(
    seen.map((one) => JSON.stringify(one)),
    [
      ['GET', '/away?x=1', null, '', null, null, null],
      ['GET', '/away', null, '', null, null, null],
      ['POST', '/p', 'text/x', 'List-Unsubscribe=One-Click', null, null, null],
      ['HEAD', '/zipped', null, '', null, null, null],
      ['GET', '/long', null, '', null, null, null],
    ].map((one) => JSON.stringify(one)),
  );
});

test('whoever changes to another protocol instead of answering is not waited for', async (t) => {
  const port = await serve(t, ({ socket }) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n');
  });
  assert.equal(await codeOf(port, 'https://a.test/'), 'connection');
  for (const method of ['GET', 'HEAD', 'POST'] as const) {
    const asked = await client(port).ask('https://a.test/', { method, ...question });
    assert.equal(!asked.ok && asked.code, 'connection', method);
  }
});

test('RFC 9110 §15.2: interim answers are heard, and not without end', async (t) => {
  const port = await serve(t, ({ url, socket }, response) => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n';
    const more = () => {
      while (socket.write(hints.repeat(1_000)) && socket.writable);
    };
    if (url === '/few') {
      socket.write(hints.repeat(20));
      response.writeHead(200, plain).end('hello');
    } else {
      socket.on('drain', more);
      more();
    }
  });
  assert.equal(await codeOf(port, 'https://a.test/few'), 'hello');
  assert.equal(await codeOf(port, 'https://a.test/endless'), 'too-long');
});

test('http: only where it is allowed, and there to public hosts alone, too', async (t) => {
  const server = createPlainServer((_request, response) => response.writeHead(200, plain).end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const http = createGuardedHttp({ resolver: zone, timers: systemClock, test: { port: 1, plainPort: port } });
  const wanted = { method: 'GET', ...question } as const;
  const got = await http.ask('http://a.test/', { ...wanted, plain: true });
  assert.equal(got.ok && fromUtf8(got.value.octets), 'hello');
  const codes = async (guarded: typeof http, url: string, wish = { ...wanted, plain: true }) => {
    const answer = await guarded.ask(url, wish);
    return answer.ok ? 'ok' : answer.code;
  };
  assert.equal(await codes(http, 'http://a.test/', { ...wanted, plain: false }), 'url');
  assert.equal(await codes(http, 'http://a.test:81/'), 'url');
  const outside = createGuardedHttp({ resolver: zone, timers: systemClock });
  assert.equal(await codes(outside, 'http://a.test/'), 'address');
  assert.equal(await codes(outside, 'http://169.254.169.254/latest/'), 'url');
  assert.equal(await codes(outside, 'http://[::ffff:10.0.0.1]/'), 'url');
});

test('who asks may stop waiting; of several addresses none counts as closed while one may only be out of reach', async (t) => {
  const port = await serve(t, () => {});
  const stop = new AbortController();
  const waiting = client(port).ask('https://a.test/', { method: 'GET', ...question, signal: stop.signal });
  stop.abort();
  const stopped = await waiting;
  assert.equal(!stopped.ok && stopped.code, 'too-slow');
  for (const text of ['127.0.0.1\nmixed.test A 255.255.255.255', '255.255.255.255\nmixed.test A 127.0.0.1']) {
    const http = createGuardedHttp({
      resolver: resolverFromZone(`mixed.test A ${text}`),
      timers: systemClock,
      test: { port: 1 },
    });
    const answer = await http.ask('https://mixed.test/', { method: 'GET', ...question });
    assert.equal(!answer.ok && answer.code, 'connection', text);
  }
});
