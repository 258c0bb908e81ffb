import assert from 'node:assert/strict';
import test from 'node:test';
import { findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import type { FindingStatus } from '../../types.ts';

const closed = `
example.com. MX 0 .
example.com. TXT "v=spf1 -all"
_dmarc.example.com. TXT "v=DMARC1; p=reject; sp=reject; np=reject"
*._domainkey.example.com. TXT "v=DKIM1; p="`;
const without = (part: string) =>
  closed
    .split('\n')
    .filter((line) => !line.includes(part))
    .join('\n');
const ids = ['PRK-01', 'PRK-02', 'PRK-03', 'PRK-04'] as const;

const set = (name: string, type: string, value: string) => ({ name, type, value, ttl: 3600 });
const lacking = [
  { id: 'PRK-01', zone: without('MX'), fix: set('example.com', 'MX', '0 .'), severity: 'warn' },
  { id: 'PRK-02', zone: without('spf1'), fix: set('example.com', 'TXT', 'v=spf1 -all'), severity: 'error' },
  {
    id: 'PRK-03',
    zone: without('DMARC1'),
    fix: set('_dmarc.example.com', 'TXT', 'v=DMARC1; p=reject; sp=reject; np=reject'),
    severity: 'error',
  },
  {
    id: 'PRK-04',
    zone: without('DKIM1'),
    fix: set('*._domainkey.example.com', 'TXT', 'v=DKIM1; p='),
    severity: 'advice',
  },
] as const;

test('a domain that says everything passes, whether published or not', async () => {
  for (const id of ids) {
    assert.equal((await theFinding(id, 'pass', { zone: closed })).fix, undefined);
    await theFinding(id, 'pass', { zone: closed, isUnpublished: true });
  }
});

for (const { id, zone, fix, severity } of lacking)
  test(`${id}: what is missing is named as the plan for an unused domain has it`, async () => {
    const finding = await theFinding(id, 'fail', { zone });
    assert.deepEqual(finding.fix, { delete: [], set: [fix] });
    assert.equal(finding.severity, severity);
    for (const other of ids.filter((one) => one !== id)) await theFinding(other, 'pass', { zone });
  });

test('what is there and too weak gives way, and reports go on', async () => {
  const zone = `
example.com. MX 0 .
example.com. TXT "v=spf1 ~all"
_dmarc.example.com. TXT "v=DMARC1; p=quarantine; rua=mailto:d@example.net"`;
  const spf = await theFinding('PRK-02', 'fail', { zone });
  assert.deepEqual(spf.fix?.delete, [{ name: 'example.com', type: 'TXT', value: 'v=spf1 ~all' }]);
  const dmarc = await theFinding('PRK-03', 'fail', { zone });
  assert.deepEqual(
    dmarc.fix?.set.map(({ value }) => value),
    ['v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:d@example.net'],
  );
  assert.equal(dmarc.fix?.delete.length, 1);
});

test('a domain that shows nothing is told so more quietly, and asked who sends', async () => {
  const scene = { zone: 'example.com. A 192.0.2.1' };
  const severities = await Promise.all(ids.map(async (id) => (await theFinding(id, 'fail', scene)).severity));
  assert.deepEqual(severities, ['advice', 'warn', 'warn', 'advice']);
  assert.match(
    String((await theFinding('PRK-02', 'fail', scene)).fix?.steps),
    /posthorn check example\.com --sender NAME/,
  );
});

const skipped: Record<string, Scene> = {
  'mail comes in': { zone: 'example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.1' },
  'somebody may send': { zone: 'example.com. MX 0 .\nexample.com. TXT "v=spf1 ip4:192.0.2.1 -all"' },
  'a redirect lets somebody send': { zone: 'example.com. TXT "v=spf1 redirect=_spf.example.net"' },
  'a sender was named': { zone: closed, senders: ['google-workspace'] },
  'the domain does not exist': { zone: 'example.net. A 192.0.2.1' },
};
for (const [what, scene] of Object.entries(skipped))
  test(`the question does not arise: ${what}`, async () => {
    for (const id of ids) await theFinding(id, 'skip', scene);
  });

test('what the DNS does not say is neither good nor bad', async () => {
  const cases: readonly [string, Readonly<Record<string, FindingStatus>>][] = [
    [';!SERVFAIL example.com', { 'PRK-01': 'unknown', 'PRK-02': 'unknown', 'PRK-03': 'unknown', 'PRK-04': 'unknown' }],
    [';!TIMEOUT _dmarc.example.com', { 'PRK-01': 'pass', 'PRK-03': 'unknown' }],
    [';!SERVFAIL *._domainkey.example.com', { 'PRK-02': 'pass', 'PRK-04': 'unknown' }],
  ];
  for (const [mark, expected] of cases)
    for (const id of ids) {
      const status = expected[id];
      if (status !== undefined) await theFinding(id, status, { zone: `${closed}\n${mark}` });
    }
});

test('where the name is an alias a person decides', async () => {
  const zone = `${without('DMARC1')}\n_dmarc.example.com. CNAME dmarc.example.net.\ndmarc.example.net. TXT "v=DMARC1; p=none"`;
  const finding = await theFinding('PRK-03', 'fail', { zone });
  assert.deepEqual(finding.fix?.set, []);
  assert.match(String(finding.fix?.steps), /a CNAME|publish: _dmarc\.example\.com TXT/);
  assert.equal((await findingsFor('PRK-01', { zone }))[0]?.status, 'pass');
});

test('what is told of an unused domain is told once, and every fix of its DMARC record is the same', async () => {
  const silent = { zone: 'example.com. A 192.0.2.1' };
  for (const id of ['DMA-01', 'STS-01', 'RPT-01'] as const) await theFinding(id, 'skip', silent);
  const weak = { zone: `${silent.zone}\n_dmarc.example.com. TXT "v=DMARC1; p=none"` };
  const fixes = await Promise.all(
    (['PRK-03', 'DMA-13'] as const).map(async (id) => (await theFinding(id, 'fail', weak)).fix?.set[0]?.value),
  );
  assert.deepEqual(fixes, Array(2).fill('v=DMARC1; p=reject; sp=reject; np=reject'));
});
