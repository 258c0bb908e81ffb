import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BadMxOptions } from '../../../test/support/bad-mx.ts';
import { mailHosts } from '../../../test/support/mail-hosts.ts';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { Fault } from '../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { createHostProbes } from './host-probes.ts';
import { probeTls } from './probe-tls.ts';

const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx.example.com'] });
const zone = `
mx.example.com A 192.0.2.1
two.example.com A 192.0.2.9
two.example.com A 192.0.2.1
inside.example.com A 10.0.0.1
;!SERVFAIL broken.example.com
`;
const named = (text: string) => parseDomainName(text) as DomainName;
const wish = { host: named('mx.example.com'), domain: named('example.com'), recipients: ['postmaster', 'abuse'] };

async function looking(t: TestContext, host: BadMxOptions) {
  const hosts = await mailHosts(t, zone, { '192.0.2.1': host });
  const options = { ehloName: 'probe.test', allowPrivate: false, trust: [authority.certificatePem] };
  const probes = createHostProbes(hosts.ports, { ...options, signal: new AbortController().signal });
  return { ...hosts, probes, lines: () => hosts.mx('192.0.2.1').sessions.map(({ lines }) => lines) };
}

test('a host with STARTTLS: greeting, certificate, what it says of postmaster and abuse; and no message', async (t) => {
  const { probes, lines, mx } = await looking(t, {
    identity,
    script: { rcpt: (line) => (line.includes('abuse') ? '550 5.1.1 no such user\r\n' : '250 2.1.5 ok\r\n') },
  });
  const seen = await probes.mailHost(wish);
  assert.ok(seen.kind === 'seen' && seen.tls);
  const { tls, ...rest } = seen;
  assert.deepEqual(rest, {
    kind: 'seen',
    address: '192.0.2.1',
    greeting: '220 mx.test ESMTP',
    offersStartTls: true,
    accepts: { postmaster: '250 2.1.5 ok', abuse: '550 5.1.1 no such user' },
  });
  assert.match(tls.protocol, /^TLSv1\.[23]$/);
  assert.equal(tls.certificateProblem, undefined);
  assert.ok(tls.chain[0]);
  assert.deepEqual(structuredClone(JSON.parse(JSON.stringify(seen))), seen, 'plain JSON');
  assert.deepEqual(lines(), [
    [
      'EHLO probe.test',
      'STARTTLS',
      'EHLO probe.test',
      'MAIL FROM:<>',
      'RCPT TO:<postmaster@example.com>',
      'RCPT TO:<abuse@example.com>',
      'RSET',
      'QUIT',
    ],
  ]);
  assert.deepEqual(mx('192.0.2.1').received(), []);
});

test('a host that takes both, and offers chunks or nothing at all, is still given no message', async (t) => {
  for (const offers of [['PIPELINING', 'CHUNKING'], []]) {
    const { probes, lines } = await looking(t, { offers });
    const seen = await probes.mailHost(wish);
    assert.partialDeepStrictEqual(seen, {
      kind: 'seen',
      offersStartTls: false,
      accepts: { postmaster: '250 2.1.5 ok', abuse: '250 2.1.5 ok' },
    });
    assert.ok(seen.kind === 'seen' && seen.tls === undefined && seen.tlsProblem === undefined);
    assert.deepEqual(lines()[0]?.slice(-2), ['RSET', 'QUIT']);
  }
});

test('a certificate for another name is seen, and said to be so', async (t) => {
  const other = await authority.issue({ names: ['other.example.com'] });
  const { probes } = await looking(t, { identity: other });
  const seen = await probes.mailHost({ ...wish, recipients: [] });
  assert.ok(seen.kind === 'seen' && seen.tls);
  assert.equal(seen.tls.certificateProblem, 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.deepEqual(seen.accepts, {});
});

test('STARTTLS that is refused, or comes to nothing, is offered and does not work', async (t) => {
  const refused = await looking(t, { identity, script: { starttls: '454 4.7.0 not now\r\n' } });
  assert.partialDeepStrictEqual(await refused.probes.mailHost(wish), {
    offersStartTls: true,
    tlsProblem: 'STARTTLS was refused with 454',
    accepts: { abuse: '250 2.1.5 ok' },
  });
  const broken = await looking(t, {
    offers: ['STARTTLS'],
    script: { handshake: { by: 'close', say: 'no TLS here\r\n' } },
  });
  const seen = await broken.probes.mailHost(wish);
  assert.ok(seen.kind === 'seen' && seen.offersStartTls && seen.tls === undefined);
  assert.match(seen.tlsProblem ?? '', /could not be spoken to encrypted/);
});

test('a host that is not there, refuses at once, or lies inside our network', async (t) => {
  const { probes, dialled } = await looking(t, { script: { greeting: '554 5.3.2 not here\r\n' } });
  const whyOf = async (host: string) => {
    const seen = await probes.mailHost({ ...wish, host: named(host) });
    return seen.kind === 'failed' ? seen.why : seen.kind;
  };
  assert.equal(await whyOf('mx.example.com'), '[192.0.2.1] said: 554 5.3.2 not here');
  assert.equal(await whyOf('absent.example.com'), 'absent.example.com has no address');
  assert.match(await whyOf('broken.example.com'), /could not be looked up \(servfail\)/);
  assert.equal(await whyOf('inside.example.com'), 'inside.example.com leads to no public address');
  assert.ok(!dialled.includes('10.0.0.1'));
});

test('of two addresses the one that answers is looked at', async (t) => {
  const { probes } = await looking(t, {});
  assert.partialDeepStrictEqual(await probes.mailHost({ ...wish, host: named('two.example.com') }), {
    kind: 'seen',
    address: '192.0.2.1',
  });
});

test('port 25: open where a host answers, blocked where nothing comes back, unknown where it refuses', async (t) => {
  const { probes, ports } = await looking(t, {});
  assert.equal(await probes.port25(named('mx.example.com')), 'open');
  const refused = createHostProbes(
    { ...ports, net: { ...ports.net, dial: (to) => ports.net.dial({ ...to, address: '192.0.2.9' }) } },
    { ehloName: 'probe.test', allowPrivate: false, signal: new AbortController().signal },
  );
  assert.equal(await refused.port25(named('mx.example.com')), 'unknown');
  const silent = createHostProbes(
    { ...ports, timers: { ...ports.timers, after: (_ms, run) => ports.timers.after(1, run) }, net: neverThere(ports) },
    { ehloName: 'probe.test', allowPrivate: false, signal: new AbortController().signal },
  );
  assert.equal(await silent.port25(named('mx.example.com')), 'blocked');
});

function neverThere({ net }: Awaited<ReturnType<typeof looking>>['ports']): typeof net {
  return {
    ...net,
    dial: (_to, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new Fault('ETIMEDOUT', 'took too long')));
      }),
  };
}

test('what `dane check` sees of a host', async (t) => {
  const { ports } = await looking(t, { identity });
  const asked = { host: named('mx.example.com'), port: 25, serverName: 'mx.example.com', ehloName: 'probe.test' };
  const { signal } = new AbortController();
  assert.partialDeepStrictEqual(await probeTls(ports, { ...asked, signal }), { kind: 'seen', address: '192.0.2.1' });
  const plain = await looking(t, {});
  assert.deepEqual(await probeTls(plain.ports, { ...asked, signal }), {
    kind: 'failed',
    why: '[192.0.2.1] offers no STARTTLS',
  });
});
