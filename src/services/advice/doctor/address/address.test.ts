import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import { gatherSpfAndAddresses } from '../../../../../test/support/doctor-family.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import type { FindingStatus } from '../../types.ts';
import type { addressChecks } from '../checks/address.ts';
import type { Probes } from '../types.ts';

type Case = Scene & {
  readonly id: keyof typeof addressChecks;
  readonly status: FindingStatus;
  readonly severity?: string;
  readonly says?: RegExp;
  readonly deletes?: readonly string[];
  readonly sets?: readonly string[];
  readonly steps?: RegExp;
};

const arpa = '10.2.0.192.in-addr.arpa';
const arpa6 = '0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';
const server = 'mail.example.com A 192.0.2.10';
const named = `${server}\n${arpa} PTR mail.example.com.`;
const own = { senders: ['own:192.0.2.10'] };
const own6 = { senders: ['own:2001:db8::10'] };
const given = { addresses: ['192.0.2.10'] };
const called = (helo: string) => ({ helo: helo as DomainName });
const reaching = (answer: 'open' | 'blocked' | 'unknown'): { world: { probes: Probes } } => ({
  world: { probes: { port25: async () => answer } },
});
const office = {
  hostname: 'post.example.com' as DomainName,
  receives: true,
  keys: [],
  unchangedSinceMs: {},
  planned: {},
};

const cases: readonly Case[] = [
  { id: 'IPR-01', status: 'skip', zone: 'example.com A 192.0.2.1' },
  { id: 'IPR-01', status: 'pass', zone: named, ...own },
  { id: 'IPR-01', status: 'unknown', zone: server, ...own, isUnpublished: true },
  { id: 'IPR-01', status: 'unknown', zone: `${server}\n;!SERVFAIL ${arpa}.`, ...own },
  {
    id: 'IPR-01',
    status: 'fail',
    severity: 'error',
    zone: server,
    ...own,
    sets: [`${arpa} PTR mail.example.com`],
    steps: /^Ask whoever gave you 192\.0\.2\.10 .* mail\.example\.com\.$/,
  },
  {
    id: 'IPR-01',
    status: 'fail',
    zone: 'example.com A 192.0.2.1',
    ...given,
    sets: ['mail.example.com A 192.0.2.10', `${arpa} PTR mail.example.com`],
  },
  // A mail host of the domain's own may be what sends: nobody said so.
  {
    id: 'IPR-01',
    status: 'fail',
    severity: 'warn',
    zone: 'example.com MX 1 mx.example.com.\nmx.example.com A 192.0.2.10',
    sets: [`${arpa} PTR mx.example.com`],
  },
  { id: 'IPR-01', status: 'skip', zone: 'example.com MX 1 smtp.google.com.\nsmtp.google.com A 203.0.113.9' },
  { id: 'IPR-01', status: 'skip', zone: 'example.com MX 1 mx.example.com.\nmx.example.com A 10.0.0.1' },

  { id: 'IPR-02', status: 'pass', zone: named, ...own },
  { id: 'IPR-02', status: 'skip', zone: server, ...own },
  { id: 'IPR-02', status: 'unknown', zone: `${arpa} PTR mail.example.com.\n;!TIMEOUT mail.example.com.`, ...given },
  {
    id: 'IPR-02',
    status: 'fail',
    zone: `${arpa} PTR out.example.com.`,
    ...given,
    sets: ['out.example.com A 192.0.2.10'],
  },
  {
    id: 'IPR-02',
    status: 'fail',
    zone: `${server}\n${arpa} PTR host.example.net.`,
    ...own,
    deletes: [`${arpa} PTR host.example.net`],
    sets: [`${arpa} PTR mail.example.com`],
  },

  { id: 'IPR-03', status: 'pass', zone: named, ...own },
  { id: 'IPR-03', status: 'skip', zone: server, ...own },
  { id: 'IPR-03', status: 'unknown', zone: `${server}\n;!SERVFAIL ${arpa}.`, ...own },
  {
    id: 'IPR-03',
    status: 'fail',
    zone: `${server}\n${arpa} PTR static.10.2.0.192.clients.example.net.`,
    ...own,
    deletes: [`${arpa} PTR static.10.2.0.192.clients.example.net`],
    sets: [`${arpa} PTR mail.example.com`],
  },
  { id: 'IPR-03', status: 'fail', zone: `${arpa} PTR ec2-192-0-2-10.compute.example.net.`, ...given },
  { id: 'IPR-03', status: 'fail', zone: `${arpa} PTR dyn-77.pool.example.net.`, ...given },

  { id: 'IPR-04', status: 'pass', zone: named, ...own },
  { id: 'IPR-04', status: 'skip', zone: named, ...given },
  {
    id: 'IPR-04',
    status: 'fail',
    zone: named,
    ...given,
    ...called('localhost'),
    says: /own house/,
    steps: /mail\.example\.com/,
  },
  { id: 'IPR-04', status: 'fail', zone: named, ...given, ...called('server.local') },
  {
    id: 'IPR-04',
    status: 'fail',
    zone: `${arpa} PTR mail.example.com.`,
    ...own,
    says: /no address/,
    sets: ['mail.example.com A 192.0.2.10'],
  },
  { id: 'IPR-04', status: 'fail', zone: 'mail.example.com A 192.0.2.99', ...own, says: /192\.0\.2\.99 instead/ },
  {
    id: 'IPR-04',
    status: 'fail',
    zone: `${server}\n${arpa} PTR other.example.com.`,
    ...own,
    says: /is called other\.example\.com/,
  },
  { id: 'IPR-04', status: 'unknown', zone: ';!TIMEOUT mail.example.com.', ...own },

  { id: 'IPR-05', status: 'skip', zone: named, ...own },
  { id: 'IPR-05', status: 'pass', zone: `mail.example.com AAAA 2001:db8::10\n${arpa6} PTR mail.example.com.`, ...own6 },
  {
    id: 'IPR-05',
    status: 'fail',
    severity: 'error',
    zone: 'mail.example.com AAAA 2001:db8::10',
    ...own6,
    sets: [`${arpa6} PTR mail.example.com`],
  },
  { id: 'IPR-05', status: 'unknown', zone: `;!TIMEOUT ${arpa6}.`, ...own6 },

  { id: 'IPR-06', status: 'skip', zone: 'example.com A 192.0.2.1', ...reaching('blocked') },
  { id: 'IPR-06', status: 'unknown', zone: named, ...own },
  { id: 'IPR-06', status: 'unknown', zone: named, ...own, ...reaching('unknown') },
  { id: 'IPR-06', status: 'pass', zone: named, ...own, ...reaching('open') },
  { id: 'IPR-06', status: 'fail', severity: 'warn', zone: named, ...own, ...reaching('blocked'), steps: /relay/ },
  { id: 'IPR-06', status: 'fail', severity: 'critical', zone: named, office, ...reaching('blocked') },

  { id: 'IPR-07', status: 'pass', zone: 'example.com A 192.0.2.1' },
  { id: 'IPR-07', status: 'skip', zone: 'example.com TXT "x"' },
  { id: 'IPR-07', status: 'unknown', zone: ';!TIMEOUT example.com.' },
  {
    id: 'IPR-07',
    status: 'fail',
    severity: 'warn',
    zone: 'example.com A 127.0.0.1',
    deletes: ['example.com A 127.0.0.1'],
  },
  {
    id: 'IPR-07',
    status: 'fail',
    severity: 'error',
    zone: 'example.com MX 1 mx.example.com.\nmx.example.com A 192.168.1.5\nmx.example.com AAAA fe80::1\nmx.example.com A 192.0.2.7',
    deletes: ['mx.example.com A 192.168.1.5', 'mx.example.com AAAA fe80::1'],
  },
];

for (const { id, status, severity, says, deletes, sets, steps, ...scene } of cases) {
  test(`${id} ${status}: ${scene.zone.replaceAll('\n', ' | ').slice(0, 80)} ${scene.senders ?? scene.addresses ?? ''}`, async () => {
    const finding = await theFinding(id, status, { ...scene, gather: gatherSpfAndAddresses });
    if (severity !== undefined) assert.equal(finding.severity, severity);
    if (says !== undefined) assert.match(finding.meaning, says);
    if (steps !== undefined) assert.match(finding.fix?.steps?.[0] ?? '', steps);
    const shown = ({ name, type, value }: { name: string; type: string; value: string }) => `${name} ${type} ${value}`;
    if (deletes !== undefined) assert.deepEqual(finding.fix?.delete.map(shown), deletes);
    if (sets !== undefined) assert.deepEqual(finding.fix?.set.map(shown), sets);
  });
}

test('an address is told of once, whoever names it', async () => {
  const zone = `example.com MX 1 mail.example.com.\n${server}`;
  const scene = { zone, ...own, ...given, gather: gatherSpfAndAddresses };
  assert.equal((await findingsFor('IPR-01', scene)).length, 1);
});

test('IPR-04: nobody is told to take the name that a provider gave to the line', async () => {
  const scene = {
    zone: 'mail.example.com. A 192.0.2.77\nhost-192-0-2-77.example.net. A 192.0.2.77\n77.2.0.192.in-addr.arpa. PTR host-192-0-2-77.example.net.',
    senders: ['own:192.0.2.77'],
    helo: 'vps.local' as DomainName,
  };
  const [odd] = await findingsFor('IPR-04', scene);
  assert.match(String(odd?.fix?.steps), /call itself mail\.example\.com in HELO/);
});
