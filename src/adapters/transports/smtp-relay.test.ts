import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { transportContract } from '../../../test/contracts/transport-contract.ts';
import type { Act, BadMxOptions } from '../../../test/support/bad-mx.ts';
import { impatience, type JobWish, jobFor, mailHosts, only, watched } from '../../../test/support/mail-hosts.ts';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { createSmtpRelay, type SmtpRelayOptions } from './smtp-relay.ts';

const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['relay.test'] });
const otherIdentity = await authority.issue({ names: ['other.test'] });
const login = { user: 'us', password: 'secret' };
const plainLogin = `AUTH PLAIN ${Buffer.from('\0us\0secret').toString('base64')}`;
const offers = ['PIPELINING', '8BITMIME', 'AUTH PLAIN LOGIN'];

async function open(t: TestContext, host: BadMxOptions, options: Partial<SmtpRelayOptions> = {}) {
  const world = await mailHosts(t, 'relay.test A 10.0.0.1', { '10.0.0.1': { offers, ...host } });
  const transport = createSmtpRelay(world.ports, {
    host: 'relay.test',
    port: 587,
    ehloName: 'mx.sender.test',
    tls: 'starttls',
    trust: [authority.certificatePem],
    ...options,
  });
  t.after(() => transport.close());
  const context = watched();
  return {
    transport,
    context,
    mx: world.mx('10.0.0.1'),
    send: (wish?: JobWish) => transport.deliver(jobFor('example.net', wish), context),
  };
}

const byRecipient = (line: string): Act =>
  line.includes('unknown')
    ? '550 5.1.1 no such user\r\n'
    : line.includes('busy')
      ? '450 4.2.0 later\r\n'
      : '250 ok\r\n';

transportContract(async (t) => {
  const { transport, mx } = await open(t, { identity, script: { rcpt: byRecipient } }, { login });
  return {
    transport,
    job: (wish) => jobFor('example.net', wish),
    received: () => mx.received().map((text) => text.replaceAll(/^\./gm, '')),
    takes: ['b@example.net', 'c@example.net'],
    refuses: 'unknown@example.net',
    defers: 'busy@example.net',
  };
});

test('whatever the domain, mail goes to the relay, after a login over proven TLS', async (t) => {
  const { send, mx, context } = await open(t, { identity }, { login });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'delivered',
    route: { source: 'relay', candidates: [{ host: 'relay.test' }] },
    via: { address: '10.0.0.1', port: 587, tls: { policy: 'validate', certificateValid: true } },
  });
  assert.ok(mx.sessions[0]?.encrypted);
  assert.ok(mx.sessions[0]?.lines.includes(plainLogin));
  assert.ok(!JSON.stringify(context.steps).includes(plainLogin.slice(11)), 'the transcript holds no secret');
  assert.ok(JSON.stringify(context.steps).includes('AUTH PLAIN ***'));
});

test('RFC 8314 §3.3: TLS from the first octet', async (t) => {
  const { send, mx } = await open(t, { identity, implicitTls: true }, { login, tls: 'implicit', port: 465 });
  assert.partialDeepStrictEqual(only(await send()), { kind: 'delivered', via: { tls: { protocol: 'TLSv1.3' } } });
  assert.ok(mx.sessions[0]?.lines.includes(plainLogin));
  const plain = await open(t, {}, { login, tls: 'implicit', patience: impatience(300) });
  assert.equal(only(await plain.send()).kind, 'deferred');
});

test('AUTH LOGIN, step by step', async (t) => {
  const script = { auth: ['334 VXNlcm5hbWU6\r\n', '334 UGFzc3dvcmQ6\r\n', '235 2.7.0 welcome\r\n'] };
  const { send, mx, context } = await open(t, { identity, offers: ['AUTH LOGIN'], script }, { login });
  assert.equal(only(await send()).kind, 'delivered');
  const said = mx.sessions[0]?.lines.slice(3, 6);
  assert.deepEqual(said, [
    'AUTH LOGIN',
    Buffer.from('us').toString('base64'),
    Buffer.from('secret').toString('base64'),
  ]);
  assert.ok(!JSON.stringify(context.steps).includes(Buffer.from('secret').toString('base64')));
});

test('the password is never said to a host that is not proven to be the relay', async (t) => {
  for (const host of [
    {},
    { identity: otherIdentity },
    { offers: ['AUTH PLAIN', 'STARTTLS'], script: { starttls: '454 no\r\n' } },
  ]) {
    const { send, mx } = await open(t, host, { login });
    assert.equal(only(await send()).kind, 'deferred');
    assert.ok(mx.sessions.every(({ lines }) => !lines.some((line) => line.startsWith('AUTH'))));
    assert.deepEqual(mx.received(), []);
  }
  const lax = await open(t, { identity: otherIdentity }, { login, tls: 'when-offered' });
  assert.equal(only(await lax.send()).kind, 'deferred', 'a login demands proof, whatever else was configured');
});

test("a refused login defers all mail and blames nobody's address", async (t) => {
  const { send } = await open(t, { identity, script: { auth: '535 5.7.8 wrong\r\n' } }, { login });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'deferred',
    scope: 'infrastructure',
    reply: { code: 535, enhanced: '5.7.8', stage: 'auth' },
  });
});

test('without a login a relay on our own network may be used as it is', async (t) => {
  const { send } = await open(t, {}, { tls: 'when-offered' });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'delivered',
    via: { plainBecause: 'STARTTLS was not offered' },
  });
});
