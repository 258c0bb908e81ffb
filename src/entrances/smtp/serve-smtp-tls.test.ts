/** What comes before mail: STARTTLS, TLS from the first octet, logins, proxies, the pause before the banner. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authority, recorder, serve } from '../../../test/support/smtp-listener.ts';
import { concat, fromLatin1 } from '../../base/bytes.ts';
import { parseNetwork } from '../../format/ip-address.ts';
import { writeProxyHeader } from '../../protocol/smtp/proxy-v2.ts';

test('RFC 3207: STARTTLS; what was said in clear behind it is thrown away, and the state with it', async () => {
  const record = recorder();
  await using office = await serve(record.policy);
  const client = await office.dial();
  await client.greet('plain.example');
  await client.send('STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\n');
  assert.equal(await client.reply(), '220 2.0.0 Ready to start TLS');
  const facts = await client.connection.startTlsAsClient({
    serverName: 'mx.example.com',
    requireValid: true,
    trust: [authority.certificatePem],
  });
  assert.equal(facts.authorized, true);
  assert.equal(await client.say('RCPT TO:<x@c.example>'), '503 5.5.1 MAIL comes first');
  assert.equal(await client.say('MAIL FROM:<a@b.example>'), '503 5.5.1 Say EHLO first');
  assert.doesNotMatch(await client.say('EHLO tls.example'), /STARTTLS/);
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', '.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(record.messages[0]?.tls, true);
  assert.ok(office.signals.includes('smtp.tls_established'));
});

test('a handshake that fails or hangs costs the connection, nothing else', async () => {
  await using office = await serve(recorder().policy, { limit: { tls_handshake_seconds: 0.05 } });
  for (const trouble of ['EHLO no.tls.example\r\n', '']) {
    const client = await office.dial();
    await client.greet();
    assert.equal((await client.say('STARTTLS')).slice(0, 3), '220');
    await client.send(trouble);
    assert.match(await client.reply(), /^\((closed|cut)/);
  }
  const good = await office.dial();
  await good.greet();
  assert.equal(office.signals.filter((signal) => signal === 'smtp.tls_failed').length, 2);
});

test('TLS from the first octet, and a login', async () => {
  const record = recorder({ login: 'required' });
  await using office = await serve(record.policy, { implicitTls: true });
  const client = await office.dial();
  await client.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false });
  await client.reply();
  assert.match(await client.say('EHLO c.example'), /AUTH PLAIN LOGIN/);
  assert.equal(await client.say('MAIL FROM:<a@b.example>'), '530 5.7.0 Log in first');
  const plain = (password: string) => `AUTH PLAIN ${Buffer.from(`\0tim\0${password}`).toString('base64')}`;
  assert.equal(await client.say(plain('wrong')), '535 5.7.8 Wrong login or password');
  assert.match(await client.say(plain('broken')), /^454 4\.7\.0 /);
  assert.equal(await client.say(plain('secret')), '235 2.7.0 Logged in');
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', 'text\r\n.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(await client.reply(), '(closed)');
  assert.deepEqual(record.calls.slice(0, 3), ['login tim', 'login tim', 'login tim']);
});

test('a password is not taken in clear', async () => {
  const record = recorder({ login: 'required' });
  await using office = await serve(record.policy);
  const client = await office.dial();
  assert.match(await client.reply(), /^220/);
  assert.doesNotMatch(await client.say('EHLO c.example'), /AUTH/);
  assert.match(await client.say('AUTH PLAIN AHRpbQBzZWNyZXQ='), /^538 5\.7\.11 /);
  assert.match(await client.say('MAIL FROM:<a@b.example>'), /^530 5\.7\.0 Issue STARTTLS/);
  assert.deepEqual(record.calls, []);
});

test('a listener behind a proxy: header first, then the banner, and the client is who it names', async () => {
  const record = recorder();
  const proxyFrom = [parseNetwork('127.0.0.1/32')].filter((network) => network !== undefined);
  await using office = await serve(record.policy, { proxyFrom });
  const client = await office.dial();
  const header = writeProxyHeader({ address: '203.0.113.66', port: 4000 }, { address: '192.0.2.25', port: 25 });
  await client.connection.write(header.subarray(0, 10));
  await client.connection.write(header.subarray(10));
  await client.greet();
  assert.equal(
    await client.talk('MAIL FROM:<a@b.example>', 'RCPT TO:<x@c.example>', 'DATA', '.', 'QUIT'),
    '250 250 354 250 221',
  );
  assert.equal(record.messages[0]?.client, '203.0.113.66');

  const headless = await office.dial();
  await headless.send('EHLO c.example\r\n');
  assert.equal(await headless.reply(), '(closed)');

  const stranger = await office.dial('127.0.0.2');
  await stranger.connection.write(header).catch(() => {});
  assert.equal(await stranger.reply(), '(closed)');

  const eager = await office.dial();
  await eager.connection.write(concat([header, fromLatin1('EHLO c.example\r\n')]));
  assert.match(await eager.reply(), /^521 5\.5\.1 /);
  assert.deepEqual(
    office.signals.filter((signal) => signal.startsWith('smtp.proxy_refused')),
    ['smtp.proxy_refused no PROXY v2 header', 'smtp.proxy_refused not a proxy of ours'],
  );
});

test('TLS from the first octet behind a proxy, header and handshake in one piece', async () => {
  const record = recorder();
  const proxyFrom = [parseNetwork('127.0.0.0/8')].filter((network) => network !== undefined);
  await using office = await serve(record.policy, { proxyFrom, implicitTls: true });
  const client = await office.dial();
  const header = writeProxyHeader({ address: '2001:db8::9', port: 4000 }, { address: '2001:db8::25', port: 465 });
  const written = client.connection.write(header);
  await client.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false });
  await written;
  await client.greet();
  assert.equal(await client.talk('MAIL FROM:<>', 'RCPT TO:<x@c.example>', 'DATA', '.'), '250 250 354 250');
  assert.equal(record.messages[0]?.client, '2001:db8::9');
});

test('without a proxy the header is refused like anything said before the banner', async () => {
  const record = recorder();
  await using office = await serve(record.policy, { limit: { early_talk_milliseconds: 60_000 } });
  const header = writeProxyHeader({ address: '203.0.113.66', port: 4000 }, { address: '192.0.2.25', port: 25 });
  for (const early of [header, fromLatin1('EHLO c.example\r\n'), Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0)]) {
    const client = await office.dial();
    await client.connection.write(early);
    assert.equal(await client.reply(), '521 5.5.1 A client waits for the banner');
    assert.equal(await client.reply(), '(closed)');
  }
});

test('who is expected gets the banner without a pause; a stranger does not', async () => {
  const limit = { early_talk_milliseconds: 60_000 };
  await using office = await serve(recorder({ isExpected: true }).policy, { limit });
  assert.match(await (await office.dial()).reply(), /^220 /);
  await using other = await serve(recorder().policy, { limit });
  const stranger = await other.dial();
  await stranger.connection.write(fromLatin1('EHLO c.example\r\n'));
  assert.match(await stranger.reply(), /^521 /);
});

test('HTTP and TLS on the plain port', async () => {
  await using office = await serve(recorder().policy, { limit: { early_talk_milliseconds: 1 } });
  const browser = await office.dial();
  await browser.reply();
  await browser.send('GET / HTTP/1.1\r\nHost: mx.example.com\r\n\r\nMAIL FROM:<a@b.example>\r\n');
  assert.equal(await browser.reply(), '521 5.5.1 This is a mail server');
  assert.equal(await browser.reply(), '(closed)');
  const tls = await office.dial();
  await tls.reply();
  await assert.rejects(tls.connection.startTlsAsClient({ serverName: 'mx.example.com', requireValid: false }));
});
