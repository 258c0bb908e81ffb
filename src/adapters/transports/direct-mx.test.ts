import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { transportContract } from '../../../test/contracts/transport-contract.ts';
import { type Act, type BadMxOptions, startBadMx } from '../../../test/support/bad-mx.ts';
import { type JobWish, jobFor, type MailHosts, mailHosts, only, watched } from '../../../test/support/mail-hosts.ts';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { Fault } from '../../base/outcome.ts';
import type { TlsDemand, TlsOutcome } from '../../protocol/smtp/client-tls.ts';
import type { Transport } from '../../services/outbound/transport.ts';
import { createDirectMx, type DirectMxOptions } from './direct-mx.ts';

const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx1.example.net'] });
const otherIdentity = await authority.issue({ names: ['other.test'] });

const oneMx = 'example.net MX 10 mx1.example.net\nmx1.example.net A 192.0.2.1\n';
const twoMx = `${oneMx}example.net MX 20 mx2.example.net\nmx2.example.net A 192.0.2.2\n`;

async function open(
  t: TestContext,
  zone: string,
  hosts: Readonly<Record<string, BadMxOptions>>,
  options: Partial<DirectMxOptions> = {},
): Promise<MailHosts & { transport: Transport; send: (wish?: JobWish) => ReturnType<Transport['deliver']> }> {
  const world = await mailHosts(t, zone, hosts);
  const transport = createDirectMx(world.ports, {
    ehloName: 'mx.sender.test',
    trust: [authority.certificatePem],
    ...options,
  });
  t.after(() => transport.close());
  return { ...world, transport, send: (wish) => transport.deliver(jobFor('example.net', wish), watched()) };
}

/** By the recipient's name. */
const byRecipient = (line: string): Act =>
  line.includes('unknown')
    ? '550 5.1.1 no such user\r\n'
    : line.includes('busy')
      ? '450 4.2.0 greylisted\r\n'
      : '250 ok\r\n';

transportContract(async (t) => {
  const { transport, mx } = await open(t, oneMx, { '192.0.2.1': { script: { rcpt: byRecipient } } });
  return {
    transport,
    job: (wish) => jobFor('example.net', wish),
    received: () =>
      mx('192.0.2.1')
        .received()
        .map((text) => text.replaceAll(/^\./gm, '')),
    takes: ['b@example.net', 'c@example.net'],
    refuses: 'unknown@example.net',
    defers: 'busy@example.net',
  };
});

test('the attempt tells the way: candidates, the host chosen and why, TLS, reply and time', async (t) => {
  const { transport } = await open(t, twoMx, { '192.0.2.1': { identity } });
  const context = watched();
  const attempt = only(await transport.deliver(jobFor('example.net'), context));
  assert.partialDeepStrictEqual(attempt, {
    kind: 'delivered',
    route: {
      source: 'mx',
      candidates: [
        { host: 'mx1.example.net', preference: 10 },
        { host: 'mx2.example.net', preference: 20 },
      ],
      passedOver: [],
    },
    via: {
      host: 'mx1.example.net',
      address: '192.0.2.1',
      port: 25,
      why: 'lowest preference (10) of 2 MX hosts',
      reused: false,
      tls: { protocol: 'TLSv1.3', policy: 'opportunistic', certificateValid: true },
    },
    reply: { code: 250, text: 'queued as 4711', stage: 'end-of-data' },
    say: 'mx1.example.net said: 250 2.0.0 queued as 4711',
  });
  assert.ok(attempt.tookMs >= 0 && attempt.startedAtMs > 0);
  assert.deepEqual(
    context.steps.map(({ step }) => step).filter((step) => step !== 'said' && step !== 'heard'),
    ['route', 'connected', 'tls', 'message-sent'],
  );
});

test('RFC 5321 §5.1: a host that does not answer is passed over for the next', async (t) => {
  const { send } = await open(t, twoMx, { '192.0.2.2': {} });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'delivered',
    via: { host: 'mx2.example.net', why: 'next preference (20), after mx1.example.net' },
    route: {
      passedOver: [
        { host: 'mx1.example.net', address: '192.0.2.1', why: 'could not be reached on port 25 (ECONNREFUSED)' },
      ],
    },
  });
});

test('MAIL_RULES 19: a host that does not want us is passed over; when none does, mail waits', async (t) => {
  const blocked = { script: { greeting: '554 5.7.1 you are listed\r\n' } };
  const first = await open(t, twoMx, { '192.0.2.1': blocked, '192.0.2.2': {} });
  assert.partialDeepStrictEqual(only(await first.send()), { kind: 'delivered', via: { host: 'mx2.example.net' } });
  const both = await open(t, twoMx, { '192.0.2.1': blocked, '192.0.2.2': { script: { mail: '550 5.7.1 no\r\n' } } });
  assert.partialDeepStrictEqual(only(await both.send()), {
    kind: 'deferred',
    scope: 'infrastructure',
    reply: { code: 550, stage: 'mail' },
    route: { passedOver: [{ host: 'mx1.example.net' }, { host: 'mx2.example.net' }] },
  });
});

test('a final no of one host is final: the next is not asked', async (t) => {
  const { send, dialled } = await open(t, twoMx, {
    '192.0.2.1': { script: { rcpt: '550 5.1.1 who?\r\n' } },
    '192.0.2.2': {},
  });
  assert.partialDeepStrictEqual(only(await send()), { kind: 'refused', scope: 'recipient', enhanced: '5.1.1' });
  assert.deepEqual(dialled, ['192.0.2.1']);
});

test('recipients a host left unanswered go on to the next; those it answered do not', async (t) => {
  const script = { rcpt: ['250 ok\r\n', '550 5.1.1 who?\r\n', '421 4.3.2 stopping\r\n'] };
  const { send, mx } = await open(t, twoMx, { '192.0.2.1': { script }, '192.0.2.2': {} });
  const attempts = await send({ to: ['b@example.net', 'c@example.net', 'd@example.net'] });
  assert.deepEqual(
    attempts.map(({ kind, via }) => [kind, via?.host]),
    [
      ['delivered', 'mx2.example.net'],
      ['refused', 'mx1.example.net'],
      ['delivered', 'mx2.example.net'],
    ],
  );
  assert.deepEqual(
    mx('192.0.2.2').sessions[0]?.lines.filter((line) => line.startsWith('RCPT')),
    ['RCPT TO:<b@example.net>', 'RCPT TO:<d@example.net>'],
  );
});

test('domains that take no mail are told apart', async (t) => {
  const verdict = async (zone: string) => {
    const { send } = await open(t, zone, {});
    const { kind, scope, enhanced } = only(await send());
    return [kind, scope, enhanced];
  };
  assert.deepEqual(await verdict('other.test A 192.0.2.1'), ['refused', 'domain', '5.1.2']);
  assert.deepEqual(await verdict('example.net MX 0 .'), ['refused', 'domain', '5.1.10']);
  assert.deepEqual(await verdict('example.net TXT "nothing else"'), ['refused', 'domain', '5.1.2']);
  assert.deepEqual(await verdict(';!SERVFAIL example.net.'), ['deferred', 'domain', '4.4.3']);
  assert.deepEqual(await verdict(';!TIMEOUT example.net.'), ['deferred', 'domain', '4.4.3']);
  assert.deepEqual(await verdict('example.net MX 10 gone.test'), ['deferred', 'domain', '4.4.4']);
  assert.deepEqual(await verdict('example.net MX 10 mx.test\n;!SERVFAIL mx.test.'), ['deferred', 'domain', '4.4.3']);
  assert.deepEqual(await verdict('example.net MX 10 mx.sender.test\nmx.sender.test A 192.0.2.9'), [
    'refused',
    'domain',
    '5.4.6',
  ]);
  assert.deepEqual(await verdict('example.net MX 10 mx.test\nmx.test A 127.0.0.1\nmx.test AAAA ::1'), [
    'refused',
    'domain',
    '5.4.6',
  ]);
  assert.deepEqual(await verdict('example.net MX 10 mx.test\nmx.test A 10.1.2.3'), ['refused', 'domain', '5.4.6']);
});

test('without MX the domain itself is the host', async (t) => {
  const { send } = await open(t, 'example.net A 192.0.2.1', { '192.0.2.1': {} });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'delivered',
    route: { source: 'address' },
    via: { host: 'example.net', why: 'the domain has no MX, so its own address' },
  });
});

test('loopback hosts are dialled only where the operator allows it, or named them', async (t) => {
  const mx = await startBadMx();
  t.after(() => mx.close());
  const zone = 'example.net MX 10 mx.test\nmx.test A 127.0.0.1';
  const closed = await open(t, zone, {});
  assert.equal(only(await closed.send()).enhanced, '5.4.6');
  assert.deepEqual(closed.dialled, []);
  const allowed = await open(t, zone, { '127.0.0.1': {} }, { allowLoopbackMx: true });
  assert.equal(only(await allowed.send()).kind, 'delivered');
  const routed = await open(t, '', { '127.0.0.1': {} });
  assert.partialDeepStrictEqual(only(await routed.send({ route: { host: '127.0.0.1', port: mx.port } })), {
    kind: 'delivered',
    route: { source: 'route', candidates: [{ host: '127.0.0.1', preference: 0 }] },
    via: { port: mx.port },
  });
});

test('a route may name a host', async (t) => {
  const { send } = await open(t, 'relay.test A 192.0.2.1', { '192.0.2.1': {} });
  assert.equal(only(await send({ route: { host: 'relay.test', port: 2525 } })).via?.port, 2525);
});

test('at most 20 addresses are dialled', async (t) => {
  const zone = Array.from({ length: 30 }, (_, at) => `example.net A 192.0.2.${at + 1}`).join('\n');
  const { send, dialled } = await open(t, zone, {});
  assert.equal(only(await send()).kind, 'deferred');
  assert.equal(dialled.length, 20);
});

test('MAIL_RULES 23: with a source address of one family the other is not used', async (t) => {
  const zone = 'example.net A 192.0.2.1\nexample.net AAAA 2001:db8::1';
  const { send, dialled } = await open(t, zone, {}, { source: { address4: '127.0.0.1' } });
  assert.equal(only(await send()).kind, 'deferred');
  assert.deepEqual(dialled, ['192.0.2.1']);
});

test('MAIL_RULES 11: without SMTPUTF8 another MX is asked, then it is refused; never downgraded', async (t) => {
  const old = { offers: ['8BITMIME', 'PIPELINING'] };
  const wish = { to: ['b\u00fc@example.net'] };
  const one = await open(t, twoMx, { '192.0.2.1': old, '192.0.2.2': {} });
  assert.partialDeepStrictEqual(only(await one.send(wish)), { kind: 'delivered', via: { host: 'mx2.example.net' } });
  const none = await open(t, twoMx, { '192.0.2.1': old, '192.0.2.2': old });
  assert.partialDeepStrictEqual(only(await none.send(wish)), { kind: 'refused', scope: 'message', enhanced: '5.6.7' });
  assert.deepEqual(
    none.mx('192.0.2.1').sessions[0]?.lines.filter((line) => line.startsWith('MAIL')),
    [],
  );
  const down = await open(t, twoMx, { '192.0.2.1': old });
  assert.equal(only(await down.send(wish)).kind, 'deferred', 'the host that is down may take it later');
});

test('MAIL_RULES 10: an 8-bit message is announced, and returned where it is not taken', async (t) => {
  const wish = { text: 'Subject: x\r\n\r\n\xe4\r\n', needs: { eightBit: true } };
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': {} });
  assert.equal(only(await send(wish)).kind, 'delivered');
  assert.match(
    mx('192.0.2.1').sessions[0]?.lines.join('\n') ?? '',
    /^MAIL FROM:<a@sender.test> SIZE=17 BODY=8BITMIME$/m,
  );
  const seven = await open(t, oneMx, { '192.0.2.1': { offers: [] } });
  assert.equal(only(await seven.send(wish)).enhanced, '5.6.3');
});

test('octets above 127 that nobody announced do not leave', async (t) => {
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': {} });
  assert.partialDeepStrictEqual(only(await send({ text: 'Subject: \xe4\r\n\r\n' })), {
    kind: 'refused',
    enhanced: '5.6.3',
  });
  assert.deepEqual(mx('192.0.2.1').received(), []);
});

test('a message larger than the host takes is not begun', async (t) => {
  const { send } = await open(t, oneMx, { '192.0.2.1': { offers: ['SIZE 10'] } });
  assert.partialDeepStrictEqual(only(await send()), { kind: 'refused', scope: 'message', enhanced: '5.3.4' });
});

test('addresses that cannot stand in a command are refused before any connection', async (t) => {
  const { send, dialled } = await open(t, oneMx, { '192.0.2.1': {} });
  assert.partialDeepStrictEqual(await send({ to: ['b@example.net>\r\nDATA', 'c@example.net'] }), [
    { kind: 'refused', enhanced: '5.1.3' },
    { kind: 'delivered' },
  ]);
  assert.partialDeepStrictEqual(only(await send({ from: 'a\n@x.test' })), {
    kind: 'refused',
    scope: 'message',
    enhanced: '5.1.7',
  });
  assert.equal(dialled.length, 1);
});

test('RFC 5321 §4.5.3.1.10: recipients that were too many at once follow in a further transaction', async (t) => {
  const rcpt = (_: string, nth: number): Act => ([2, 3].includes(nth) ? '452 4.5.3 too many\r\n' : '250 ok\r\n');
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': { script: { rcpt } } });
  const to = ['b', 'c', 'd', 'e'].map((local) => `${local}@example.net`);
  assert.deepEqual(
    (await send({ to })).map(({ kind }) => kind),
    Array(4).fill('delivered'),
  );
  assert.equal(mx('192.0.2.1').received().length, 2);
  assert.equal(mx('192.0.2.1').sessions.length, 1);
});

test('a fault of ours in a further transaction forgets no answer of the first: nobody gets a second copy', async (t) => {
  const rcpt = (_: string, nth: number): Act => ([2, 3].includes(nth) ? '452 4.5.3 too many\r\n' : '250 ok\r\n');
  const { transport, mx } = await open(t, oneMx, { '192.0.2.1': { script: { rcpt } } });
  const to = ['b', 'c', 'd', 'e'].map((local) => `${local}@example.net`);
  let dots = 0;
  const context = watched(async () => {
    if (++dots === 2) throw new Fault('ENOSPC', 'the disk is full');
  });
  const attempts = await transport.deliver(jobFor('example.net', { to }), context);
  assert.deepEqual(
    attempts.map(({ kind, say }) => (kind === 'delivered' ? kind : `${kind}: ${say}`)),
    [
      'delivered',
      'delivered',
      'deferred: Not sent, for a fault on our side: the disk is full',
      'deferred: Not sent, for a fault on our side: the disk is full',
    ],
  );
  assert.equal(mx('192.0.2.1').received().length, 1);
});

test('more recipients than one group holds go in several transactions', async (t) => {
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': {} });
  const to = Array.from({ length: 230 }, (_, at) => `u${at}@example.net`);
  assert.ok((await send({ to })).every(({ kind }) => kind === 'delivered'));
  assert.equal(mx('192.0.2.1').received().length, 3);
});

test('a connection is kept and used again', async (t) => {
  const { send, mx, dialled } = await open(t, twoMx, { '192.0.2.1': { identity } });
  await send();
  assert.partialDeepStrictEqual(only(await send()), {
    via: { reused: true, why: 'an open connection to it was free', tls: { protocol: 'TLSv1.3' } },
  });
  assert.deepEqual(dialled, ['192.0.2.1']);
  assert.equal(mx('192.0.2.1').sessions.length, 1);
});

test('two domains with the same hosts share connections', async (t) => {
  const zone = `${oneMx}second.test MX 5 mx1.example.net\n`;
  const { transport, send, dialled } = await open(t, zone, { '192.0.2.1': {} });
  await send();
  assert.equal(only(await transport.deliver(jobFor('second.test'), watched())).via?.reused, true);
  assert.equal(dialled.length, 1);
});

test('among equal hosts the one with an open connection is taken, before a nearer one it is not', async (t) => {
  const zone = `${oneMx}example.net MX 10 mx2.example.net\nmx2.example.net A 192.0.2.2\n`;
  const { send, dialled } = await open(t, zone, { '192.0.2.1': {}, '192.0.2.2': {} });
  for (let times = 0; times < 5; times++) assert.equal(only(await send()).kind, 'delivered');
  assert.equal(dialled.length, 1);
});

test('a kept connection that died meanwhile says nothing about the host', async (t) => {
  for (const dead of ['421 4.4.2 idle\r\n', { by: 'close' }, { by: 'reset' }] as const) {
    const { send, mx } = await open(t, oneMx, {
      '192.0.2.1': { script: { mail: ['250 ok\r\n', dead, '250 ok\r\n'] } },
    });
    await send();
    assert.partialDeepStrictEqual(only(await send()), { kind: 'delivered', via: { reused: false } });
    assert.equal(mx('192.0.2.1').sessions.length, 2);
  }
});

test('an idle connection on which the other side speaks is given up', async (t) => {
  const { send, mx } = await open(t, oneMx, {
    '192.0.2.1': { script: { 'end-of-data': ['250 ok\r\n421 4.4.2 shutting down\r\n', '250 ok\r\n'] } },
  });
  await send();
  assert.partialDeepStrictEqual(only(await send()), { kind: 'delivered', via: { reused: false } });
  assert.equal(mx('192.0.2.1').sessions.length, 2);
});

test('a connection is left after so many messages, and after its idle time', async (t) => {
  const worn = await open(t, oneMx, { '192.0.2.1': {} }, { pool: { transactionsPerConnection: 2 } });
  for (let times = 0; times < 3; times++) await worn.send();
  assert.equal(worn.mx('192.0.2.1').sessions.length, 2);
  const idle = await open(t, oneMx, { '192.0.2.1': {} }, { pool: { idleMs: 10 } });
  await idle.send();
  while (!idle.mx('192.0.2.1').sessions[0]?.lines.includes('QUIT'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(only(await idle.send()).via?.reused, false);
});

test('no more connections to a site than allowed: the others wait for their turn', async (t) => {
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': {} }, { pool: { connectionsPerSite: 2 } });
  const all = await Promise.all(Array.from({ length: 8 }, () => send()));
  assert.ok(all.flat().every(({ kind }) => kind === 'delivered'));
  assert.equal(mx('192.0.2.1').sessions.length, 2);
});

test('a delivery that waits for its turn can be stopped', async (t) => {
  const hang = { script: { rcpt: { by: 'hang' } as const } };
  const { transport, send } = await open(t, oneMx, { '192.0.2.1': hang }, { pool: { connectionsPerSite: 1 } });
  const holding = watched();
  const held = transport.deliver(jobFor('example.net'), holding);
  const waiting = watched();
  const waited = transport.deliver(jobFor('example.net'), waiting);
  waiting.stop();
  assert.equal(only(await waited).kind, 'deferred');
  holding.stop();
  assert.partialDeepStrictEqual(only(await held), { kind: 'deferred', scope: 'infrastructure' });
  await transport.close();
  assert.equal(only(await send()).kind, 'deferred');
});

test('many deliveries may share one signal', async (t) => {
  const { transport } = await open(t, oneMx, { '192.0.2.1': {} });
  const context = watched();
  const all = await Promise.all(Array.from({ length: 30 }, () => transport.deliver(jobFor('example.net'), context)));
  assert.ok(all.flat().every(({ kind }) => kind === 'delivered'));
});

// TLS

test('opportunistic TLS takes any certificate and says so', async (t) => {
  const { send } = await open(t, oneMx, { '192.0.2.1': { identity: otherIdentity } });
  assert.partialDeepStrictEqual(only(await send()), {
    kind: 'delivered',
    via: { tls: { certificateValid: false, certificateProblem: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
  });
});

test('without a policy a stripped, refused or broken STARTTLS ends in plain text, and the reason is told', async (t) => {
  const plain = async (host: BadMxOptions) => {
    const { send, mx } = await open(t, oneMx, { '192.0.2.1': host });
    const attempt = only(await send());
    assert.equal(attempt.kind, 'delivered');
    assert.equal(attempt.via?.tls, undefined);
    return [attempt.via?.plainBecause, mx('192.0.2.1').sessions.length];
  };
  const offers = ['STARTTLS'];
  assert.deepEqual(await plain({}), ['STARTTLS was not offered', 1]);
  assert.deepEqual(await plain({ offers, script: { starttls: '454 4.7.0 no\r\n' } }), [
    'STARTTLS was refused with 454',
    1,
  ]);
  const garbage = { offers, script: { starttls: '220 go\r\n', handshake: 'this is no TLS record\r\n' } };
  assert.deepEqual(await plain(garbage), ['a TLS handshake had failed', 2]);
  const gone = { offers, script: { starttls: { by: 'close', say: '220 go\r\n' } as const } };
  assert.deepEqual(await plain(gone), ['a TLS handshake had failed', 2]);
});

test('a connection in the clear after a failed handshake is not kept: the next message asks for TLS again', async (t) => {
  const starttls = [{ by: 'close', say: '220 go\r\n' }, '220 go\r\n'] as const;
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': { identity, script: { starttls } } });
  assert.equal(only(await send()).via?.plainBecause, 'a TLS handshake had failed');
  assert.partialDeepStrictEqual(only(await send()).via, { reused: false, tls: { certificateValid: true } });
  assert.equal(mx('192.0.2.1').sessions.length, 3);
});

test('RFC 3207 §4.2: replies injected before the handshake are thrown away', async (t) => {
  const starttls = '220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n250 ok\r\n';
  const { send, mx } = await open(t, oneMx, { '192.0.2.1': { identity, script: { starttls } } });
  assert.partialDeepStrictEqual(only(await send()), { kind: 'delivered', via: { tls: { protocol: 'TLSv1.3' } } });
  assert.deepEqual(mx('192.0.2.1').sessions.at(-1)?.messages.length, 1);
});

test('where a policy demands TLS, nothing goes in the clear and mail waits', async (t) => {
  const demand = { policy: 'encrypt', because: 'TLSA records are published' } as const;
  for (const host of [
    {},
    { offers: ['STARTTLS'], script: { starttls: '454 4.7.0 no\r\n' } },
    { offers: ['STARTTLS'], script: { starttls: '220 go\r\n', handshake: 'this is no TLS record\r\n' } },
  ]) {
    const { send, mx } = await open(t, oneMx, { '192.0.2.1': host }, { tlsPolicy: () => demand });
    assert.partialDeepStrictEqual(only(await send()), { kind: 'deferred' });
    assert.ok(mx('192.0.2.1').sessions.every(({ lines }) => !lines.some((line) => line.startsWith('MAIL'))));
  }
  const good = await open(t, oneMx, { '192.0.2.1': { identity: otherIdentity } }, { tlsPolicy: () => demand });
  assert.equal(only(await good.send()).via?.tls?.policy, 'encrypt');
});

test('where a policy demands a valid certificate, no other is taken', async (t) => {
  const tlsPolicy = () => ({ policy: 'validate', because: 'MTA-STS' }) as const;
  const wrong = await open(t, twoMx, { '192.0.2.1': { identity: otherIdentity } }, { tlsPolicy });
  assert.partialDeepStrictEqual(only(await wrong.send()), { kind: 'deferred' });
  assert.deepEqual(wrong.mx('192.0.2.1').received(), []);
  const right = await open(t, oneMx, { '192.0.2.1': { identity } }, { tlsPolicy });
  assert.partialDeepStrictEqual(only(await right.send()), {
    kind: 'delivered',
    via: { tls: { certificateValid: true } },
  });
});

test('RFC 7672 §2.2: under DANE the records judge the certificate, and no authority does', async (t) => {
  const shown: unknown[] = [];
  const demand = (ok: boolean): TlsDemand => ({
    policy: 'dane',
    because: 'TLSA',
    serverName: 'base.example.net',
    key: 'k',
    judge: (chain) => {
      shown.push(chain.map((der) => new X509Certificate(der).subject));
      return ok ? { ok: true } : { ok: false, code: 'validation-failure', why: 'it is another one' };
    },
  });
  const good = await open(t, oneMx, { '192.0.2.1': { identity: otherIdentity } }, { tlsPolicy: () => demand(true) });
  const delivered = only(await good.send());
  assert.partialDeepStrictEqual(delivered, {
    kind: 'delivered',
    via: { tls: { policy: 'dane', certificateValid: true } },
  });
  assert.equal(delivered.via?.tls?.certificateProblem, undefined);
  const bad = await open(t, oneMx, { '192.0.2.1': { identity } }, { tlsPolicy: () => demand(false) });
  const kept = only(await bad.send());
  assert.partialDeepStrictEqual(kept, { kind: 'deferred' });
  assert.match(kept.say, /it is another one/);
  assert.deepEqual(bad.mx('192.0.2.1').received(), []);
  assert.equal(shown.length, 2);
});

test('a mistake of ours in the handshake leaves no connection open', async (t) => {
  const { ports, mx } = await mailHosts(t, oneMx, { '192.0.2.1': { identity } });
  let destroyed = 0;
  const dial: typeof ports.net.dial = async (...to) => {
    const connection = await ports.net.dial(...to);
    const destroy = connection.destroy.bind(connection);
    connection.destroy = () => {
      destroyed++;
      destroy();
    };
    return connection;
  };
  const judge = () => {
    throw new Error('a mistake');
  };
  const demand: TlsDemand = { policy: 'dane', because: 'TLSA', serverName: 'mx1.example.net', key: 'k', judge };
  const options = { ehloName: 'mx.sender.test', tlsPolicy: () => demand };
  const transport = createDirectMx({ ...ports, net: { ...ports.net, dial } }, options);
  t.after(() => transport.close());
  await assert.rejects(transport.deliver(jobFor('example.net'), watched()), /a mistake/);
  assert.ok(destroyed > 0);
  assert.deepEqual(mx('192.0.2.1').received(), []);
});

test('RFC 7672 §8.1: the server is asked for the name its TLSA records stand under', async (t) => {
  const world = await mailHosts(t, oneMx, { '192.0.2.1': { identity } });
  const names: string[] = [];
  const dial: typeof world.ports.net.dial = async (to, options) => {
    const connection = await world.ports.net.dial(to, options);
    const handshake = connection.startTlsAsClient.bind(connection);
    connection.startTlsAsClient = (wish) => {
      names.push(wish.serverName);
      return handshake(wish);
    };
    return connection;
  };
  const tlsPolicy = (): TlsDemand => ({
    policy: 'dane',
    because: 'TLSA',
    serverName: 'base.example.net',
    key: 'k',
    judge: () => ({ ok: true }),
  });
  const ports = { ...world.ports, net: { ...world.ports.net, dial } };
  const transport = createDirectMx(ports, { ehloName: 'mx.sender.test', tlsPolicy });
  t.after(() => transport.close());
  assert.equal(only(await transport.deliver(jobFor('example.net'), watched())).kind, 'delivered');
  assert.deepEqual(names, ['base.example.net']);
});

test('who asked is told what came of TLS on each new connection', async (t) => {
  const told: TlsOutcome[] = [];
  const tell = (outcome: TlsOutcome | 'skipped') => void (outcome !== 'skipped' && told.push(outcome));
  const opportunistic = () => ({ policy: 'opportunistic', told: tell }) as const;
  const good = await open(t, oneMx, { '192.0.2.1': { identity } }, { tlsPolicy: opportunistic });
  await good.send();
  await good.send();
  const unproven = await open(t, oneMx, { '192.0.2.1': { identity: otherIdentity } }, { tlsPolicy: opportunistic });
  await unproven.send();
  const plain = await open(t, oneMx, { '192.0.2.1': {} }, { tlsPolicy: opportunistic });
  await plain.send();
  const validate = () => ({ policy: 'validate', because: 'MTA-STS', told: tell }) as const;
  const wrong = await open(t, oneMx, { '192.0.2.1': { identity: otherIdentity } }, { tlsPolicy: validate });
  await wrong.send();
  assert.deepEqual(
    told.map(({ kind, address }) => [kind, address]),
    ['secured', 'secured', 'plain', 'failed'].map((kind) => [kind, '192.0.2.1']),
  );
  assert.match(JSON.stringify(told[1]), /"certificateProblem":"[A-Z_]+"/);
  assert.match(JSON.stringify(told[3]), /"code":"[A-Z_]+"/);
});

test('a host that a policy forbids is not dialled; when none is left, mail waits', async (t) => {
  const told: unknown[] = [];
  const skip: TlsDemand = {
    policy: 'skip',
    because: 'its TLSA lookup failed',
    told: (outcome) => void told.push(outcome),
  };
  const tlsPolicy: DirectMxOptions['tlsPolicy'] = ({ host }) =>
    host === 'mx1.example.net' ? skip : { policy: 'opportunistic' };
  const next = await open(t, twoMx, { '192.0.2.1': {}, '192.0.2.2': {} }, { tlsPolicy });
  assert.equal(only(await next.send()).via?.host, 'mx2.example.net');
  assert.deepEqual(next.dialled, ['192.0.2.2']);
  assert.deepEqual(told, [], 'another host did as well');
  const none = await open(t, oneMx, { '192.0.2.1': {} }, { tlsPolicy });
  assert.partialDeepStrictEqual(only(await none.send()), { kind: 'deferred', enhanced: '4.7.5' });
  assert.deepEqual(told, ['skipped']);
});
