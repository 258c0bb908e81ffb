import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { signByReference } from '../../test/support/reference-dkim.ts';
import { fixedClock } from '../base/clock.ts';
import type { DomainName } from '../format/domain-name.ts';
import { authReportDocument } from './auth-report-json.ts';
import { parseAuthenticationResults } from './auth-results/parse-auth-results.ts';
import { type AuthReport, authenticate, createAuthenticator } from './authenticate.ts';
import { publicRecordOf } from './dkim/private-keys.ts';
import type { Resolver } from './dns/types.ts';
import { resolverFromZone } from './dns/zone-resolver.ts';

const ed25519 = generateKeyPairSync('ed25519').privateKey;
const record = publicRecordOf(ed25519);
const zone = `
bank.example. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
sel._domainkey.bank.example. TXT "${record}"
evil.example. TXT "v=spf1 ip4:203.0.113.66 -all"
_dmarc.evil.example. TXT "v=DMARC1; p=none"
sel._domainkey.evil.example. TXT "${record}"
1.2.0.192.in-addr.arpa. PTR mx.bank.example.
mx.bank.example. A 192.0.2.1
;!SERVFAIL broken.example
;!SERVFAIL _dmarc.broken.example
`;
const deps = { resolver: resolverFromZone(zone), clock: fixedClock(1_700_000_000_000), authservId: 'mx.example.net' };
const good = { remoteAddress: '192.0.2.1', helo: 'mx.bank.example', mailFrom: 'a@bank.example' };
const evil = { remoteAddress: '203.0.113.66', helo: 'evil.example', mailFrom: 'x@evil.example' };
const message = 'From: A <a@bank.example>\r\nTo: b@example.net\r\nSubject: x\r\n\r\nHello\r\n';

const octetsOf = (text: string) => Buffer.from(text, 'latin1');
const sign = (text: string, domain: string) =>
  signByReference(text, ed25519, { a: 'ed25519-sha256', d: domain, h: 'from:from:to:subject' });
const run = (text: string, session = good): Promise<AuthReport> => authenticate(octetsOf(text), session, deps);

test('RFC 9989: SPF and DKIM pass and align', async () => {
  const report = await run(sign(message, 'bank.example'));
  assert.equal(report.spf.result, 'pass');
  assert.deepEqual(
    report.dkim.map(({ result }) => result),
    ['pass'],
  );
  assert.partialDeepStrictEqual(report.dmarc, {
    result: 'pass',
    domain: 'bank.example',
    policy: 'reject',
    applied: 'none',
  });
  assert.equal(report.arc.result, 'none');
  assert.equal(report.headerFrom, 'a@bank.example');
  assert.match(
    report.authenticationResults,
    /^mx\.example\.net; spf=pass smtp\.mailfrom=bank\.example; dkim=pass header\.d=bank\.example header\.s=sel header\.a=ed25519-sha256 header\.b="?[A-Za-z0-9+/]{8}"?; dmarc=pass header\.from=bank\.example policy\.dmarc=none$/,
  );
});

test('a message as a stream gives the same report', async () => {
  const text = sign(message, 'bank.example');
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += 7) yield octetsOf(text.slice(at, at + 7));
  }
  const whole = await run(text);
  const streamed = await authenticate(stream(), good, deps);
  assert.deepEqual(authReportDocument(streamed), authReportDocument(whole));
});

test('answers that are at hand, that take a while, or some of each: the same report', async () => {
  const { lookup, atHand } = deps.resolver;
  const some: Resolver = { lookup, atHand: (name, type) => (name.startsWith('_') ? atHand?.(name, type) : undefined) };
  for (const text of [sign(message, 'bank.example'), sign(message, 'evil.example'), message]) {
    for (const session of [good, evil, { ...good, mailFrom: 'a@broken.example' }]) {
      const reports = [deps.resolver, { lookup }, some].map((resolver) =>
        authenticate(octetsOf(text), session, { ...deps, resolver }),
      );
      const [held, ...others] = (await Promise.all(reports)).map(authReportDocument);
      for (const other of others) assert.deepEqual(other, held);
    }
  }
});

test('where every answer is at hand nothing is asked and no timer is set', async () => {
  const timers = createManualTimers();
  let timersSet = 0;
  const after: typeof timers.after = (ms, run) => {
    timersSet++;
    return timers.after(ms, run);
  };
  const counting = { ...timers, after };
  const asked: string[] = [];
  const lookup: Resolver['lookup'] = (name, type) => {
    asked.push(name);
    return deps.resolver.lookup(name, type);
  };
  const text = octetsOf(sign(message, 'bank.example'));
  const held = { lookup, atHand: deps.resolver.atHand as NonNullable<Resolver['atHand']> };
  const report = await authenticate(text, good, { ...deps, resolver: held, timers: counting });
  assert.equal(report.dmarc.result, 'pass');
  assert.deepEqual({ asked, timersSet }, { asked: [], timersSet: 0 });
  await authenticate(text, good, { ...deps, resolver: { lookup }, timers: counting });
  assert.ok(asked.length > 0 && timersSet > 0);
});

test('a cache that throws is a DNS that fails', async () => {
  const atHand = (): never => {
    throw new Error('broken');
  };
  const resolver = { lookup: deps.resolver.lookup, atHand };
  const report = await authenticate(octetsOf(sign(message, 'bank.example')), good, { ...deps, resolver });
  assert.deepEqual([report.spf.result, report.dkim[0]?.result, report.dmarc.result], Array(3).fill('temperror'));
});

test('what fails while something else is waited for fails the message, and nothing else', async () => {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield octetsOf(sign(message, 'bank.example'));
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const whole of [true, false]) {
    for (const faulty of ['bank.example', 'sel._domainkey.bank.example', '_dmarc.bank.example']) {
      const lookup: Resolver['lookup'] = async (name, type) => {
        if (name === faulty) return undefined as never; // no resolver may
        for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
        return deps.resolver.lookup(name, type);
      };
      const text = whole ? octetsOf(sign(message, 'bank.example')) : stream();
      await assert.rejects(authenticate(text, good, { ...deps, resolver: { lookup } }), TypeError);
    }
  }
});

test('RFC 8601 §2.7.3: the name of the client, where it is asked for', async () => {
  const report = await authenticate(octetsOf(message), good, { ...deps, iprev: true });
  assert.partialDeepStrictEqual(report.iprev, { result: 'pass', name: 'mx.bank.example' });
  assert.match(report.authenticationResults, /^mx\.example\.net; iprev=pass policy\.iprev=192\.0\.2\.1; spf=pass/);
});

test('an authenticator gives the single functions too', async () => {
  const authenticator = createAuthenticator(deps);
  const text = octetsOf(sign(message, 'bank.example'));
  assert.equal((await authenticator.verifyDkim(text))[0]?.result, 'pass');
  assert.equal((await authenticator.verifyArc(text)).result, 'none');
  assert.equal((await authenticator.evaluateSpf(evil)).result, 'pass');
  assert.equal((await authenticator.authenticate(text, good)).dmarc.result, 'pass');
});

test('who stamps the results: the name given, else the receiver of the session', async () => {
  const { authservId: _, ...plain } = deps;
  const by = async (session: typeof good & { receiver?: string }) =>
    (await authenticate(octetsOf(message), session, plain)).authenticationResults.split(';')[0];
  assert.equal(await by({ ...good, receiver: 'mx.receiver.example' }), 'mx.receiver.example');
  assert.equal(await by({ ...good, receiver: 'bad; name' }), 'localhost');
  assert.equal(await by(good), 'localhost');
  assert.throws(() => createAuthenticator({ ...deps, authservId: 'a\r\nb' }), TypeError);
});

test('DNS that fails is temperror, and a resolver that throws has failed', async () => {
  const report = await run(message.replaceAll('bank', 'broken'), { ...good, mailFrom: 'a@broken.example' });
  assert.equal(report.spf.result, 'temperror');
  assert.equal(report.dmarc.result, 'temperror');
  const resolver = { lookup: () => Promise.reject(new Error('boom')) };
  const thrown = await authenticate(octetsOf(sign(message, 'bank.example')), good, { ...deps, resolver });
  assert.deepEqual(
    [thrown.spf.result, thrown.dkim[0]?.result, thrown.dmarc.result],
    ['temperror', 'temperror', 'temperror'],
  );
});

/** Nothing of these, sent by evil.example with its own SPF and DKIM in order, may end in a pass for bank.example. */
const forgedFrom: readonly string[] = [
  'From: a@bank.example',
  'From: a@bank.example\r\nFrom: x@evil.example',
  'From: x@evil.example\r\nFrom: a@bank.example',
  ' From: a@bank.example\r\nFrom: x@evil.example',
  'From : a@bank.example\r\nFrom: x@evil.example',
  'From\r\n : a@bank.example\r\nFrom: x@evil.example',
  'From: a@bank.example, x@evil.example',
  'From: x@evil.example, a@bank.example',
  'From: a@bank.example\r\nSender: x@evil.example',
  'From: a@bank.example\r\nResent-From: x@evil.example',
  'From: =?utf-8?b?YUBiYW5rLmV4YW1wbGU=?= <x@evil.example>, a@bank.example',
  'From: <@evil.example:a@bank.example>',
  'From: <a@bank.example> <x@evil.example>',
  'From: <x@evil.example> <a@bank.example>',
  'From: a@bank.example <x@evil.example>',
  'From: <x@evil.example> a@bank.example',
  'From: "a@bank.example\\" <x@evil.example>',
  'From: <a@bank.example(>x@evil.example',
  'From: a@bank.example\0 <x@evil.example>',
  'From: a@bank.example\r <x@evil.example>',
  'From: group: a@bank.example, x@evil.example;',
  'From: a\xef\xbc\xa0bank.example',
  'From: a@bank.example.',
  'From: a@bank.example@evil.example',
  'From: a@evil.example@bank.example',
  'From: "x@evil.example"@bank.example',
  'From: example',
  'From: a@example',
  'From:',
  'X: y\nFrom: a@bank.example\r\nFrom: x@evil.example',
];

test('RFC 9989 §11.5: no From makes bank.example the proven author', async () => {
  for (const from of forgedFrom) {
    const report = await run(sign(`${from}\r\nTo: b@example.net\r\nSubject: x\r\n\r\nHello\r\n`, 'evil.example'), evil);
    const { dmarc, headerFrom, author } = report;
    assert.ok(dmarc.result !== 'pass' || dmarc.domain !== 'bank.example', JSON.stringify(from));
    assert.ok(dmarc.result !== 'pass' || headerFrom?.endsWith('@evil.example'), JSON.stringify(from));
    if (author.kind !== 'one') {
      assert.partialDeepStrictEqual(dmarc, { result: 'permerror', domain: null, applied: 'reject' });
      assert.equal(headerFrom, null);
    }
  }
});

/** MAIL FROM and HELO that mention bank.example, from a client that its SPF does not allow. */
const forgedSessions: readonly (readonly [mailFrom: string, helo: string])[] = [
  ['', 'bank.example'],
  ['a@nowhere.bank.example', 'evil.example'],
  ['(any@bank.example', 'evil.example'],
  ['x@evil.example(@bank.example', 'evil.example'],
  ['"a@bank.example"@evil.example', 'evil.example'],
  ['@evil.example:a@bank.example', 'evil.example'],
  ['a@bank.example@evil.example', 'evil.example'],
  ['a@"bank.example"', 'evil.example'],
  ['x@evil.example,a@bank.example', 'evil.example'],
  ['x@evil.example; dkim=pass header.d=bank.example', 'evil.example'],
  ['x@evil.example\r\nX: a@bank.example', 'evil.example'],
  ['x@evil.example\0.bank.example', 'evil.example'],
  ['', 'bank.example; dmarc=pass header.from=bank.example'],
  ['', 'h.example (x; dkim=pass'],
];

test('RFC 9989 §4.4, RFC 8601 §7.5: no session passes for bank.example, and none writes a result', async () => {
  for (const [mailFrom, helo] of forgedSessions) {
    const { dmarc, authenticationResults } = await run(message, { ...evil, mailFrom, helo });
    assert.equal(dmarc.result, 'fail', `${mailFrom} ${helo}`);
    assert.ok(!/[\r\n\0]/.test(authenticationResults));
    const read = parseAuthenticationResults(authenticationResults);
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.results.map(({ method, result }) => [method, method === 'spf' ? '' : result]),
      [
        ['spf', ''],
        ['dkim', 'none'],
        ['dmarc', 'fail'],
      ],
    );
    assert.ok(!/=pass (?!smtp\.(?:mailfrom|helo)=evil\.example;)/.test(authenticationResults), authenticationResults);
  }
});

test('RFC 6376 §6.1.1: a selector or domain that is no name is never asked for', async () => {
  const asked: string[] = [];
  const resolver: typeof deps.resolver = {
    lookup: (name, type, options) => {
      asked.push(name);
      return deps.resolver.lookup(name, type, options);
    },
  };
  for (const [s, d] of [
    ['sel\0', 'bank.example'],
    ['sel', '"bank.example'],
    ['a b', 'bank.example'],
    ['sel', 'bank.example\0.evil.example'],
  ]) {
    const text = signByReference(message, ed25519, { a: 'ed25519-sha256', ...(s && { s }), ...(d && { d }) });
    const report = await authenticate(octetsOf(text), evil, { ...deps, resolver });
    assert.equal(report.dkim[0]?.result, 'permerror');
  }
  assert.ok(
    asked.every((name) => /^[a-z0-9._-]+$/.test(name)),
    asked.join(' '),
  );
  assert.ok(!asked.some((name) => name.includes('_domainkey')));
});

test('the document has exactly the members that were promised', async () => {
  const document = authReportDocument(await run(sign(message, 'bank.example')));
  assert.deepEqual(Object.keys(document), ['spf', 'dkim', 'dmarc', 'arc', 'header_from', 'authentication_results']);
  assert.deepEqual(Object.keys(document.dkim[0] ?? {}), ['result', 'domain', 'selector', 'algorithm', 'key_bits']);
  assert.partialDeepStrictEqual(document.dmarc, {
    spf_aligned: true,
    dkim_aligned: true,
    policy_domain: 'bank.example',
  });
  assert.equal(typeof document.spf.void_lookups, 'number');
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  const unclear = authReportDocument(await run('Subject: x\r\n\r\n'));
  assert.partialDeepStrictEqual(unclear, {
    header_from: null,
    dmarc: { domain: null, result: 'permerror', applied: 'reject' },
  });
});

test('any octets and any session get a report, never an exception', async () => {
  const unit = fc.constantFrom(
    'From:',
    'a@bank.example',
    'DKIM-Signature: v=1; d=bank.example; s=sel; ',
    'ARC-Seal: i=1;',
    'ARC-Message-Signature: i=1;',
    'ARC-Authentication-Results: i=1;',
    '\r\n',
    ' ',
    ';',
    '\0',
    '\xff',
    '<',
    '"',
    '(',
  );
  const text = fc.string({ unit, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      async (octets, remoteAddress, helo, mailFrom) => {
        const report = await run(octets, { remoteAddress, helo, mailFrom });
        assert.ok(parseAuthenticationResults(report.authenticationResults).ok);
      },
    ),
    { numRuns: 200 },
  );
});

test('many names that each stay silent do not add up: DMARC ends, too', async () => {
  const timers = createManualTimers();
  const dns = resolverFromZone(zone);
  const resolver: typeof dns = {
    lookup: (name, type) => (/^_dmarc\.s[0-9]/.test(name) ? new Promise(() => {}) : dns.lookup(name, type)),
  };
  const author = { local: 'a', domain: 'bank.example' as DomainName };
  const results: string[] = [];
  const running = createAuthenticator({ ...deps, resolver, timers })
    .evaluateDmarc({
      author: { kind: 'one', domain: author.domain, first: author, mailboxes: [author] },
      spf: { result: 'none', domain: '' },
      dkim: Array.from({ length: 10 }, (_, at) => ({ result: 'pass', domain: `s${at}.bank.example` as DomainName })),
    })
    .then(({ result }) => results.push(result));
  for (let passed = 0; passed < 3; passed++) await timers.pass(10_001);
  assert.deepEqual(results, ['temperror']);
  await running;
});

test('RFC 7208 §4.6.4, RFC 6376 §6.1.2: a DNS that stays silent is temperror everywhere, after a while', async () => {
  const timers = createManualTimers();
  const resolver = { lookup: () => new Promise<never>(() => {}) };
  const reports: AuthReport[] = [];
  const running = authenticate(octetsOf(sign(message, 'bank.example')), good, {
    ...deps,
    resolver,
    timers,
    iprev: true,
  }).then((found) => {
    reports.push(found);
  });
  await timers.pass(9_999);
  assert.equal(reports.length, 0);
  await timers.pass(30_001); // the keys within 10 s, SPF within its 20, then what DMARC asks for
  await running;
  const [report] = reports;
  assert.deepEqual(
    [report?.spf.result, report?.spf.reason, report?.dkim[0]?.result, report?.dmarc.result, report?.iprev?.result],
    ['temperror', 'time-limit', 'temperror', 'temperror', 'temperror'],
  );
});

test('what is larger than we read is told by the name of the limit', async () => {
  const judged = (message: string, zone = '') =>
    authenticate(octetsOf(message), good, { ...deps, resolver: resolverFromZone(zone) });
  const signature =
    'DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=s; h=from; bh=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=; b=AAAA';
  const rest = 'From: a@a.test\r\n\r\nx\r\n';
  for (const padding of ['X: y\r\n'.repeat(10_000), `X: ${'y'.repeat(1_000_000)}\r\n`]) {
    for (const message of [
      `${signature}\r\n${rest.slice(0, -5)}${padding}\r\nx`,
      `${signature}\r\n${padding}${rest}`,
    ]) {
      const { dkim, dmarc, headerFrom } = await judged(message);
      assert.deepEqual([dkim[0]?.problem, dmarc.result, headerFrom], ['header-too-large', 'permerror', null]);
      assert.match(dmarc.reason ?? '', /larger than we read/);
    }
  }
  const tags = Array.from({ length: 20_000 }, (_, at) => `t${at}=1`).join(';');
  assert.equal((await judged(`${signature};${tags}\r\n${rest}`)).dkim[0]?.problem, 'key-missing');
  const text = Array.from({ length: 200 }, () => `"${'A'.repeat(250)}"`).join(' ');
  const zone = `s._domainkey.a.test. TXT "p=" ${text}\nbank.example. TXT "v=spf1 exists:%{l}" ${text}\n_dmarc.a.test. TXT "v=DMARC1; p=none; x=" ${text}`;
  const { spf, dkim, dmarc } = await judged(`${signature}\r\n${rest}`, zone);
  assert.deepEqual([spf.result, dkim[0]?.problem, dmarc.policy], ['permerror', 'key-record-too-long', 'none']);
  const many = await judged(`${`${signature}\r\n`.repeat(300)}${rest}`);
  assert.equal(many.dkim.filter(({ problem }) => problem === 'too-many-signatures').length, 290);
});
