import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';

const base = 'example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.25\n';
const other = 'tls.example MX 10 mx.example.com\nweb.example A 192.0.2.80\nnull.example MX 0 .\n';
const scene = (record: string | undefined, more = ''): Scene => ({
  zone: `${base}${other}${record === undefined ? '' : `_smtp._tls.example.com TXT "${record}"\n`}${more}`,
});

test('RPT-01: reports are asked for', async () => {
  await theFinding('RPT-01', 'pass', scene('v=TLSRPTv1; rua=mailto:a@example.com'));
  const none = await theFinding('RPT-01', 'fail', scene(undefined));
  assert.equal(none.severity, 'advice');
  assert.deepEqual(none.fix, {
    delete: [],
    set: [
      {
        name: '_smtp._tls.example.com',
        type: 'TXT',
        value: 'v=TLSRPTv1; rua=mailto:postmaster@example.com',
        ttl: 3600,
      },
    ],
  });
  const beside = await theFinding('RPT-01', 'fail', scene(undefined, '_mta-sts.example.com TXT "v=STSv1; id=1"'));
  assert.equal(beside.severity, 'warn');
  await theFinding('RPT-01', 'skip', { zone: 'example.com MX 0 .' });
  await theFinding('RPT-01', 'unknown', scene(undefined, ';!SERVFAIL _smtp._tls.example.com'));
});

test('RPT-02: the record is valid and the only one', async () => {
  await theFinding('RPT-02', 'pass', scene('v=TLSRPTv1;rua=mailto:a@example.com,https://web.example/in'));
  for (const [record, more, why] of [
    ['v=TLSRPTv1; rua=', '', /no address/],
    ['v=TLSRPTv1; ruf=mailto:a@example.com', '', /no rua/],
    ['v=tlsrptv1; rua=mailto:a@example.com', '', /exactly these letters/],
    ['v=TLSRPTv1 rua=mailto:a@example.com', '', /exactly these letters/],
    [
      'v=TLSRPTv1; rua=mailto:a@example.com',
      '_smtp._tls.example.com TXT "v=TLSRPTv1; rua=mailto:b@example.com"',
      /more than one/,
    ],
  ] as const) {
    const found = await theFinding('RPT-02', 'fail', scene(record, more));
    assert.match(found.meaning, why);
    assert.equal(found.fix?.set.length, 1);
    assert.ok(found.fix?.delete.some(({ value }) => value === record));
  }
  const ignored = await theFinding('RPT-02', 'fail', scene('v=TLSRPTv1; rua=ftp://x.example,mailto:a@example.com'));
  assert.equal(ignored.fix?.set[0]?.value, 'v=TLSRPTv1; rua=mailto:a@example.com');
  await theFinding('RPT-02', 'skip', scene(undefined));
  await theFinding('RPT-02', 'unknown', scene(undefined, ';!TIMEOUT _smtp._tls.example.com'));
});

test('RPT-03: where the reports go, they can arrive', async () => {
  for (const rua of ['mailto:a@example.com', 'mailto:a@tls.example', 'mailto:a@web.example', 'https://web.example/x'])
    await theFinding('RPT-03', 'pass', scene(`v=TLSRPTv1; rua=${rua}`));
  for (const rua of [
    'mailto:a@gone.example',
    'mailto:a@null.example',
    'https://gone.example/x',
    'mailto:a@[192.0.2.1]',
  ])
    await theFinding('RPT-03', 'fail', scene(`v=TLSRPTv1; rua=${rua}`));
  const found = await findingsFor('RPT-03', scene('v=TLSRPTv1; rua=mailto:a@gone.example,mailto:a@tls.example'));
  assert.deepEqual(
    found.map(({ status }) => status),
    ['fail', 'pass'],
  );
  assert.equal(found[0]?.fix?.set[0]?.value, 'v=TLSRPTv1; rua=mailto:a@tls.example');
  await theFinding('RPT-03', 'unknown', scene('v=TLSRPTv1; rua=mailto:a@slow.example', ';!TIMEOUT slow.example'));
  await theFinding('RPT-03', 'unknown', scene(undefined, ';!TIMEOUT _smtp._tls.example.com'));
  await theFinding('RPT-03', 'skip', scene(undefined));
});
