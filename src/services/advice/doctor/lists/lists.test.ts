import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';

/** Every list answers: its test entry is there. */
const answering = `
2.0.0.127.zen.spamhaus.org A 127.0.0.2
2.0.0.127.bl.spamcop.net A 127.0.0.2
2.0.0.127.b.barracudacentral.org A 127.0.0.2
2.0.0.127.psbl.surriel.com A 127.0.0.2
2.0.0.127.bl.mailspike.net A 127.0.0.2
2.0.0.127.dnsbl.dronebl.org A 127.0.0.2
2.0.0.127.dnsbl-1.uceprotect.net A 127.0.0.2
dbltest.com.dbl.spamhaus.org A 127.0.1.2
test.surbl.org.multi.surbl.org A 127.0.0.64
test.uribl.com.multi.uribl.com A 127.0.0.2
`;
const scene = (more = '', address = '192.0.2.9'): Scene => ({ zone: answering + more, addresses: [address] });
const zen = (code: string) => `9.2.0.192.zen.spamhaus.org A ${code}\n`;

test('LST-01: the address on a large list, by code', async () => {
  await theFinding('LST-01', 'pass', scene());
  for (const [code, entry, step] of [
    ['127.0.0.2', 'SBL', /provider/],
    ['127.0.0.4', 'XBL', /clean the machine/],
    ['127.0.0.10', 'PBL', /relay/],
  ] as const) {
    const found = await theFinding('LST-01', 'fail', scene(zen(code)));
    assert.ok(found.meaning.includes(`Spamhaus ZEN (${entry})`), found.meaning);
    assert.match(found.fix?.steps?.[0] ?? '', step);
    assert.equal(found.evidence[0]?.query, 'A 9.2.0.192.zen.spamhaus.org');
    assert.equal(found.evidence[0]?.answer, code);
  }
  await theFinding('LST-01', 'unknown', scene(zen('127.255.255.254')));
  await theFinding('LST-01', 'unknown', scene(`;!TIMEOUT 9.2.0.192.zen.spamhaus.org`));
  await theFinding('LST-01', 'unknown', { zone: '', addresses: ['192.0.2.9'] });
  await theFinding('LST-01', 'skip', { zone: answering });
});

test('LST-01: addresses of own mail hosts and own servers, and not those of a service', async () => {
  const own = 'example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.9\nmx.example.com AAAA 2001:db8::9\n';
  const subjects = async (given: Scene) => (await findingsFor('LST-01', given)).map(({ subject }) => subject);
  assert.deepEqual(await subjects({ zone: answering + own }), ['192.0.2.9', '2001:db8::9']);
  assert.deepEqual(await subjects({ zone: answering, senders: ['own:ip4=192.0.2.77'] }), ['192.0.2.77']);
  const service = 'example.com MX 10 mx.service.test\nmx.service.test A 192.0.2.9\n';
  await theFinding('LST-01', 'skip', { zone: answering + service });
  await theFinding('LST-01', 'skip', { zone: answering, addresses: ['10.0.0.1', '127.0.0.2'] });
});

test('LST-02: the domain on a list of domains, its registered name too', async () => {
  await theFinding('LST-02', 'pass', scene());
  const dbl = await theFinding('LST-02', 'fail', scene('example.com.dbl.spamhaus.org A 127.0.1.5'));
  assert.match(dbl.meaning, /Spamhaus DBL \(malware\)/);
  await theFinding('LST-02', 'fail', scene('example.com.multi.surbl.org A 127.0.0.8'));
  await theFinding('LST-02', 'pass', scene('example.com.multi.uribl.com A 127.0.0.1'));
  await theFinding('LST-02', 'pass', scene('example.com.multi.uribl.com A 127.0.0.4'));
  await theFinding('LST-02', 'unknown', { zone: '' });
  const below = await findingsFor('LST-02', {
    ...scene('example.com.multi.surbl.org A 127.0.0.8'),
    domain: 'news.example.com',
  });
  assert.deepEqual(
    below.map(({ subject, status }) => [subject, status]),
    [
      ['news.example.com', 'pass'],
      ['example.com', 'fail'],
    ],
  );
});

test('LST-03: small lists are information', async () => {
  const [domain, address] = await findingsFor('LST-03', scene());
  assert.deepEqual([domain?.status, address?.status], ['pass', 'pass']);
  const found = await findingsFor('LST-03', scene('9.2.0.192.psbl.surriel.com A 127.0.0.2'));
  const failing = found.find(({ status }) => status === 'fail');
  assert.equal(failing?.severity, 'advice');
  assert.match(failing?.meaning ?? '', /PSBL/);
  assert.ok((await findingsFor('LST-03', { zone: '' })).every(({ status }) => status === 'unknown'));
});

test('LST-04: refused, silent or asked through a public resolver is unknown, never clean', async () => {
  for (const { status } of await findingsFor('LST-04', scene())) assert.equal(status, 'pass');
  for (const code of ['127.255.255.252', '127.255.255.254', '127.255.255.255']) {
    const found = await findingsFor('LST-04', scene(zen(code)));
    assert.deepEqual(
      found.map(({ status }) => status),
      ['pass', 'unknown'],
    );
    assert.match(found[1]?.meaning ?? '', /1 of 7 lists .*Spamhaus ZEN/);
  }
  const blind = { ...scene(), world: { isPublicResolver: true } };
  for (const id of ['LST-01', 'LST-02', 'LST-03', 'LST-04', 'LST-05'] as const)
    for (const { status, meaning } of await findingsFor(id, blind))
      assert.equal(status, 'unknown', `${id}: ${meaning}`);
});

test('LST-05: why it is listed, what to do, and where', async () => {
  await theFinding('LST-05', 'pass', scene());
  const reason = '9.2.0.192.zen.spamhaus.org TXT "see https://check.spamhaus.org/query/ip/192.0.2.9"';
  const found = await theFinding('LST-05', 'fail', scene(zen('127.0.0.3') + reason));
  assert.match(found.meaning, /CSS.*looks like spam.*The list says: "see https/);
  assert.match(found.fix?.steps?.[1] ?? '', /https:\/\/check\.spamhaus\.org\//);
  assert.equal((await findingsFor('LST-05', scene(zen('127.0.0.3') + zen('127.0.0.10')))).length, 2);
  await theFinding('LST-05', 'unknown', { zone: '' });
});

test('a list that answers for everything is not believed', async () => {
  const wild = '*.zen.spamhaus.org A 127.0.0.2\n1.0.0.127.zen.spamhaus.org A 127.0.0.2\n';
  await theFinding('LST-01', 'unknown', scene(wild));
});

test('a zone file knows nothing of block lists', async () => {
  for (const id of ['LST-01', 'LST-02', 'LST-03', 'LST-04', 'LST-05'] as const) {
    const found = await theFinding(id, 'unknown', { ...scene(), isUnpublished: true });
    assert.match(found.meaning, /zone file/);
  }
});

test('of a name that leaves no room for that of a list nothing is said; its registered name is asked about', async () => {
  const domain = `${Array(4).fill('a'.repeat(60)).join('.')}.com`;
  for (const id of ['LST-02', 'LST-04', 'LST-05'] as const) {
    const found = await findingsFor(id, { zone: answering, domain });
    assert.ok(found.every(({ subject }) => subject !== domain || id === 'LST-05'));
    assert.equal(found.length, 1);
  }
});
