import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { failing, good, resolverWith, serversOf } from '../../../../../test/support/dns-scenes.ts';
import { clinicNowMs, findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import type { Authorities } from '../../../../protocol/dns/authorities.ts';
import type { FindingStatus, Fix } from '../../types.ts';
import type { dnsChecks } from '../checks/dns.ts';

type Id = keyof typeof dnsChecks;

const noServers: Authorities = { lookup: async () => ({ kind: 'failed', say: 'no servers' }) };

type Case = {
  readonly what: string;
  readonly status: FindingStatus;
  readonly scene: Scene;
  readonly severity?: string;
  readonly fix?: Fix;
  readonly says?: RegExp;
};

const record = (name: string, type: string, value: string) => ({ name, type, value });
const unanswered: Case = {
  what: 'nothing is answered',
  status: 'unknown',
  scene: {
    zone: '',
    world: { resolver: failing('servfail'), authorities: noServers },
  },
};

// ---- DNSSEC

const key = { flags: 257, protocol: 3, algorithm: 13, key: Buffer.from('a key of the zone') };
const owner = Buffer.from('\x07example\x03com\x00', 'latin1');
const keyData = Buffer.concat([Buffer.from([1, 1, 3, 13]), key.key]);
const digestOf = (hash: string) => createHash(hash).update(owner).update(keyData).digest('hex');
const dnskey = `example.com. DNSKEY 257 3 13 ${key.key.toString('base64')}`;
const ds = `example.com. DS 4711 13 2 ${digestOf('sha256')}`;
const stale = `example.com. DS 815 13 2 ${'00'.repeat(32)}`;
const signedBy = (...lines: readonly string[]) => `${good}\n${dnskey}\n${lines.join('\n')}`;
const checked = (zone: string): Scene => ({
  zone,
  world: {
    resolver: resolverWith(zone, (answer) => (answer.kind === 'failed' ? answer : { ...answer, secure: true })),
  },
});

// ---- senders

const sendgrid = { senders: ['sendgrid:id=12,server=wl1,label=em1'] };
const keysThere = `
s1._domainkey.example.com. CNAME s1.domainkey.u12.wl1.sendgrid.net.
s2._domainkey.example.com. CNAME s2.domainkey.u12.wl1.sendgrid.net.
em1.example.com. CNAME u12.wl1.sendgrid.net.
u12.wl1.sendgrid.net. A 192.0.2.7
s1.domainkey.u12.wl1.sendgrid.net. TXT "k=rsa; p=AAAA"
s2.domainkey.u12.wl1.sendgrid.net. TXT "k=rsa; p=AAAA"`;

const cases: Record<Id, readonly Case[]> = {
  'DNS-01': [
    { what: 'a domain that is there', status: 'pass', scene: { zone: good } },
    { what: 'a zone file that has it', status: 'pass', scene: { zone: good, isUnpublished: true }, says: /zone file/ },
    { what: 'names below it only', status: 'pass', scene: { zone: '_dmarc.example.com. TXT "v=DMARC1; p=none"' } },
    {
      what: 'no such domain',
      status: 'fail',
      severity: 'critical',
      scene: { zone: 'example.net. A 192.0.2.1' },
      says: /knows no example\.com/,
    },
    {
      what: 'the wrong zone file',
      status: 'fail',
      scene: { zone: 'example.net. A 192.0.2.1', isUnpublished: true },
      says: /zone file has no record/,
    },
    {
      what: 'an alias to a name that is not there',
      status: 'fail',
      scene: { zone: 'example.com. CNAME shop.example.net.\nexample.net. A 192.0.2.1' },
      fix: {
        delete: [record('example.com', 'CNAME', 'shop.example.net')],
        set: [],
        steps: ['If example.com shall be used, give it records of its own, or an alias to a name that exists.'],
      },
      says: /is an alias to shop\.example\.net, and there is no such name/,
    },
    {
      what: 'an alias that a zone file knows no end of',
      status: 'unknown',
      scene: { zone: 'example.com. CNAME shop.example.net.', isUnpublished: true },
      says: /alias to shop\.example\.net; the zone file knows nothing/,
    },
    {
      what: 'every server is dead',
      status: 'fail',
      scene: {
        zone: good,
        world: { resolver: failing('servfail'), authorities: serversOf({ 'ns1.example.com': undefined }) },
      },
      says: /name servers of example\.com give no answer/,
    },
    {
      what: 'resolvers get answers from the zone above, and none from the domain',
      status: 'fail',
      severity: 'critical',
      scene: { zone: ';!SERVFAIL example.com', world: { authorities: noServers } },
    },
    {
      what: 'the network is down',
      status: 'unknown',
      scene: {
        zone: good,
        world: { resolver: failing('timeout'), authorities: serversOf({ 'ns1.example.com': undefined }) },
      },
    },
    {
      what: 'a failure in the zone file',
      status: 'unknown',
      scene: { zone: ';!SERVFAIL example.com', isUnpublished: true },
    },
    unanswered,
  ],
  'DNS-02': [
    {
      what: 'two servers agree',
      status: 'pass',
      scene: { zone: good, world: { authorities: serversOf({ 'ns1.example.com': good, 'ns2.example.com': good }) } },
      says: /All 2 name servers/,
    },
    {
      what: 'texts that are not of mail may differ',
      status: 'pass',
      scene: {
        zone: good,
        world: {
          authorities: serversOf({ 'ns1.example.com': good, 'ns2.example.com': `${good}\nexample.com. TXT "other"` }),
        },
      },
    },
    {
      what: 'another SPF record',
      status: 'fail',
      severity: 'error',
      scene: {
        zone: good,
        world: {
          authorities: serversOf({ 'ns1.example.com': good, 'ns2.example.com': good.replace('mx -all', 'a ~all') }),
        },
      },
      says: /ns1\.example\.com against ns2\.example\.com/,
    },
    {
      what: 'no DMARC record on one of them',
      status: 'fail',
      scene: {
        zone: good,
        world: {
          authorities: serversOf({ 'ns1.example.com': good, 'ns2.example.com': good.replace('_dmarc', '_else') }),
        },
      },
      says: /the DMARC record/,
    },
    { what: 'a zone file', status: 'unknown', scene: { zone: good, isUnpublished: true } },
    unanswered,
  ],
  'DNS-03': [
    { what: 'all answer', status: 'pass', scene: { zone: good } },
    {
      what: 'one is lame',
      status: 'fail',
      severity: 'error',
      scene: {
        zone: `${good}\nexample.com. NS ns2.example.com.\nexample.com. NS ns3.example.com.`,
        world: {
          authorities: serversOf({ 'ns1.example.com': good, 'ns2.example.com': undefined, 'ns3.example.com': good }),
        },
      },
      says: /ns2\.example\.com is named for example\.com and does not answer/,
    },
    {
      what: 'none can be reached from here, though the resolver gets answers',
      status: 'unknown',
      scene: { zone: good, world: { authorities: serversOf({ 'ns1.example.com': undefined }) } },
      says: /from this machine/,
    },
    { what: 'a zone file', status: 'unknown', scene: { zone: good, isUnpublished: true } },
    unanswered,
  ],
  'DNS-04': [
    { what: 'signed, and checked', status: 'pass', scene: checked(signedBy(ds)) },
    {
      what: 'signed, and nobody checked',
      status: 'unknown',
      scene: { zone: signedBy(ds) },
      says: /does not check signatures/,
    },
    {
      what: 'the resolver says that signatures are wrong',
      status: 'fail',
      severity: 'critical',
      scene: {
        zone: good,
        world: {
          resolver: resolverWith(good, (answer, _, type) =>
            type === 'MX' ? { kind: 'failed', why: 'bogus' } : answer,
          ),
        },
      },
    },
    {
      what: 'a reference to a key that is not there',
      status: 'fail',
      severity: 'critical',
      scene: { zone: signedBy(stale) },
      says: /do not fit/,
    },
    {
      what: 'a reference left over from an old key',
      status: 'fail',
      severity: 'warn',
      scene: checked(signedBy(ds, stale)),
      fix: {
        delete: [record('example.com', 'DS', `815 13 2 ${'00'.repeat(32)}`)],
        set: [],
        steps: ['DS records are changed at the registrar, not in the zone.'],
      },
    },
    {
      what: 'only a SHA-1 digest',
      status: 'fail',
      severity: 'warn',
      scene: checked(signedBy(`example.com. DS 4711 13 1 ${digestOf('sha1')}`)),
      says: /SHA-1 digest/,
    },
    {
      what: 'a zone file with the wrong reference',
      status: 'fail',
      scene: { zone: signedBy(stale), isUnpublished: true },
    },
    { what: 'unsigned', status: 'fail', severity: 'advice', scene: { zone: good }, says: /not signed/ },
    { what: 'a zone file', status: 'unknown', scene: { zone: good, isUnpublished: true } },
    unanswered,
  ],
  'DNS-05': [
    { what: 'no wildcard', status: 'pass', scene: { zone: good } },
    {
      what: 'keys that are void on purpose',
      status: 'pass',
      scene: { zone: `${good}\n*._domainkey.example.com. TXT "v=DKIM1; p="` },
    },
    {
      what: 'a wildcard for web servers',
      status: 'pass',
      scene: { zone: `${good}\n*.example.com. A 192.0.2.8` },
    },
    {
      what: 'a text for every name',
      status: 'fail',
      severity: 'error',
      scene: { zone: `example.com. MX 10 mx.example.com.\n*.example.com. TXT "v=spf1 -all"` },
      fix: {
        delete: [record('*.example.com', 'TXT', 'v=spf1 -all')],
        set: [],
        steps: [
          'If the wildcard has to stay, publish instead a DMARC record at _dmarc.example.com, a key below _domainkey.example.com and an MTA-STS record at _mta-sts.example.com: names that exist are out of its reach.',
        ],
      },
      says: /_dmarc, every name below _domainkey\.example\.com and _mta-sts/,
    },
    {
      what: 'a key for every selector',
      status: 'fail',
      severity: 'error',
      scene: { zone: `${good}\n*._domainkey.example.com. TXT "v=DKIM1; p=AAAA"` },
      says: /every name below _domainkey.*made-up key/,
    },
    {
      what: 'a wildcard for web servers leads to a name with texts, and the policy has a record of its own',
      status: 'fail',
      severity: 'advice',
      scene: {
        zone: `${good}\n_dmarc.example.com. TXT "v=DMARC1; p=reject"\n*.example.com. CNAME web.example.net.\nweb.example.net. TXT "hello"`,
      },
      says: /receivers pass over it/,
    },
    {
      what: 'an alias for every name that leads to a text',
      status: 'fail',
      scene: { zone: '*.example.com. CNAME web.example.net.\nweb.example.net. TXT "hello"' },
    },
    unanswered,
  ],
  'DNS-06': [
    { what: 'nothing doubled', status: 'pass', scene: { zone: good } },
    {
      what: 'a policy at a doubled name',
      status: 'fail',
      severity: 'error',
      scene: { zone: `${good}\n_dmarc.example.com.example.com. TXT "v=DMARC1; p=reject"` },
      fix: {
        delete: [record('_dmarc.example.com.example.com', 'TXT', 'v=DMARC1; p=reject')],
        set: [],
        steps: [
          'In the form of the DNS host, enter names without example.com at their end, or with a dot after it.',
          '_dmarc.example.com has a TXT record already: change that one if the other is the better, and never publish both.',
        ],
      },
    },
    {
      what: 'the right name has none of the kind',
      status: 'fail',
      scene: {
        zone: 'example.com. TXT "google-site-verification=x"\nexample.com.example.com. TXT "v=spf1 mx -all"\nexample.com.example.com. TXT "google-site-verification=x"',
      },
      fix: {
        delete: [
          record('example.com.example.com', 'TXT', 'v=spf1 mx -all'),
          record('example.com.example.com', 'TXT', 'google-site-verification=x'),
        ],
        set: [record('example.com', 'TXT', 'v=spf1 mx -all')],
        steps: ['In the form of the DNS host, enter names without example.com at their end, or with a dot after it.'],
      },
    },
    {
      what: 'a policy goes where it belongs as receivers read it, and once',
      status: 'fail',
      scene: {
        zone: 'example.com. MX 10 mx.example.com.\n_dmarc.example.com.example.com. TXT "V=dmarc1; p=reject"\n_dmarc.example.com.example.com. TXT "v=DMARC1; p=none"',
      },
      fix: {
        delete: [
          record('_dmarc.example.com.example.com', 'TXT', 'V=dmarc1; p=reject'),
          record('_dmarc.example.com.example.com', 'TXT', 'v=DMARC1; p=none'),
        ],
        set: [record('_dmarc.example.com', 'TXT', 'v=DMARC1; p=reject')],
        steps: ['In the form of the DNS host, enter names without example.com at their end, or with a dot after it.'],
      },
    },
    {
      what: 'an alias is not put beside a record',
      status: 'fail',
      scene: { zone: `${good}\n_dmarc.example.com.example.com. CNAME p.example.net.\np.example.net. TXT "x"` },
      fix: {
        delete: [record('_dmarc.example.com.example.com', 'CNAME', 'p.example.net')],
        set: [],
        steps: [
          'In the form of the DNS host, enter names without example.com at their end, or with a dot after it.',
          '_dmarc.example.com has another record already: change that one if the other is the better, and never publish both.',
        ],
      },
    },
    {
      what: 'a doubled name that only zone text shows',
      status: 'fail',
      scene: { zone: `${good}\nodd.example.com.example.com. TXT "x"`, isUnpublished: true },
      says: /odd\.example\.com\.example\.com/,
    },
    {
      what: 'a key of a sender at a doubled name',
      status: 'fail',
      scene: {
        ...sendgrid,
        zone: `${good}\ns1._domainkey.example.com.example.com. CNAME s1.domainkey.u12.wl1.sendgrid.net.`,
      },
      says: /it belongs at s1\._domainkey\.example\.com/,
    },
    {
      what: 'a service with the domain added to it',
      status: 'fail',
      scene: { zone: 'example.com. MX 1 aspmx.l.google.com.example.com.' },
      fix: {
        delete: [record('example.com', 'MX', '1 aspmx.l.google.com.example.com')],
        set: [record('example.com', 'MX', '1 aspmx.l.google.com')],
        steps: ['In the form of the DNS host, enter names without example.com at their end, or with a dot after it.'],
      },
    },
    {
      what: 'a wildcard is no doubled name',
      status: 'pass',
      scene: { zone: `${good}\n*.example.com. TXT "hello"` },
    },
    unanswered,
  ],
  'DNS-07': [
    { what: 'no alias in the way', status: 'pass', scene: { zone: good } },
    {
      what: 'an alias that stands alone',
      status: 'pass',
      scene: { zone: '_dmarc.example.com. CNAME dmarc.example.net.\ndmarc.example.net. TXT "v=DMARC1; p=none"' },
    },
    {
      what: 'a whole sub-domain that is an alias',
      status: 'pass',
      scene: {
        domain: 'news.example.com',
        zone: 'news.example.com. CNAME web.example.net.\nweb.example.net. A 192.0.2.1',
      },
    },
    {
      what: 'an alias at the top',
      status: 'fail',
      severity: 'error',
      scene: { zone: 'example.com. CNAME web.example.net.\nweb.example.net. A 192.0.2.1' },
      fix: {
        delete: [record('example.com', 'CNAME', 'web.example.net')],
        set: [record('example.com', 'A', '192.0.2.1')],
        steps: [
          'If the DNS host has ALIAS, ANAME or "CNAME flattening at the top", use that in place of the addresses.',
        ],
      },
    },
    {
      what: 'an alias beside a text, in a zone file',
      status: 'fail',
      scene: {
        isUnpublished: true,
        zone: `${good}\n_dmarc.example.com. CNAME dmarc.example.net.`,
      },
      says: /At _dmarc\.example\.com an alias \(CNAME\) stands beside TXT/,
    },
    {
      what: 'an alias beside a text, as servers show it',
      status: 'fail',
      scene: {
        zone: good,
        world: {
          resolver: resolverWith(good, (answer, name, type) =>
            type === 'CNAME' && name === '_dmarc.example.com'
              ? ({ kind: 'found', records: ['dmarc.example.net'], ttlSeconds: 60, secure: false } as never)
              : answer,
          ),
        },
      },
    },
    unanswered,
  ],
  'DNS-08': [
    { what: 'nobody wants an alias', status: 'skip', scene: { zone: good } },
    { what: 'aliases that can be seen', status: 'pass', scene: { ...sendgrid, zone: good + keysThere } },
    {
      what: 'a proxy in front of the return path',
      status: 'fail',
      severity: 'error',
      scene: {
        ...sendgrid,
        zone: `${good}${keysThere.replace('em1.example.com. CNAME u12.wl1.sendgrid.net.', 'em1.example.com. A 192.0.2.200')}`,
      },
      fix: {
        delete: [record('em1.example.com', 'A', '192.0.2.200')],
        set: [record('em1.example.com', 'CNAME', 'u12.wl1.sendgrid.net')],
        steps: [
          'If the DNS host shows a CNAME there with a proxy (an orange cloud), set it to "DNS only"; nothing else has to change.',
        ],
      },
    },
    {
      what: 'the DNS does not say',
      status: 'unknown',
      scene: { ...sendgrid, zone: `${good}\n;!TIMEOUT em1.example.com` },
    },
  ],
  'DNS-09': [
    { what: 'an hour', status: 'pass', scene: { zone: good }, says: /within 1 hour/ },
    {
      what: 'the TTL of the SOA is the less',
      status: 'pass',
      scene: { zone: good.replace('example.com. SOA', 'example.com. 900 SOA').replace('604800 3600', '604800 86400') },
      says: /within 15 minutes/,
    },
    {
      what: 'a day',
      status: 'fail',
      severity: 'advice',
      scene: {
        zone: good.replace('example.com. SOA', 'example.com. 86400 SOA').replace('604800 3600', '604800 86400'),
      },
      says: /24 hours/,
    },
    { what: 'no SOA', status: 'unknown', scene: { zone: 'example.com. A 192.0.2.1' } },
    {
      what: 'a zone file without one',
      status: 'skip',
      scene: { zone: 'example.com. A 192.0.2.1', isUnpublished: true },
    },
    unanswered,
  ],
  'DNS-10': [
    { what: 'nobody knows', status: 'skip', scene: { zone: good } },
    {
      what: 'a year',
      status: 'pass',
      scene: { zone: good, registeredUntilMs: clinicNowMs + 365 * 86_400_000 },
    },
    {
      what: 'twelve days',
      status: 'fail',
      severity: 'warn',
      scene: { zone: good, registeredUntilMs: clinicNowMs + 12 * 86_400_000 },
      says: /ends on 2026-12-04, in 12 days/,
    },
    { what: 'it is over', status: 'fail', scene: { zone: good, registeredUntilMs: clinicNowMs - 1 }, says: /ended on/ },
  ],
  'DNS-11': [
    { what: 'no alias', status: 'skip', scene: { zone: good } },
    { what: 'aliases that lead somewhere', status: 'pass', scene: { ...sendgrid, zone: good + keysThere } },
    {
      what: 'a service gave the name up',
      status: 'fail',
      severity: 'warn',
      scene: {
        ...sendgrid,
        zone: `${good}${keysThere}`
          .replace('u12.wl1.sendgrid.net. A 192.0.2.7', 'x.sendgrid.net. A 192.0.2.7')
          .replaceAll('domainkey.u12.wl1', 'domainkey.u12.wl2'),
      },
      says: /em1\.example\.com leads to u12\.wl1\.sendgrid\.net/,
    },
    {
      what: 'a zone file knows nothing of services',
      status: 'unknown',
      scene: { ...sendgrid, isUnpublished: true, zone: `${good}\nem1.example.com. CNAME u12.wl1.sendgrid.net.` },
      says: /knows nothing of the services/,
    },
    unanswered,
  ],
};

for (const [id, list] of Object.entries(cases))
  for (const { what, status, scene, severity, fix, says } of list)
    test(`${id} ${status}: ${what}`, async () => {
      const finding = await theFinding(id as Id, status, scene);
      if (severity !== undefined) assert.equal(finding.severity, severity);
      if (fix !== undefined) assert.deepEqual(finding.fix, fix);
      if (says !== undefined) assert.match(finding.meaning, says);
      if (status === 'fail')
        assert.ok(finding.fix && finding.evidence.length > 0, 'a failure shows why, and what to do');
    });

test('DNS-03: a server is taken out of the zone only where others are left', async () => {
  const zone = `${good}\nexample.com. NS ns2.example.com.`;
  const two = { 'ns1.example.com': good, 'ns2.example.com': undefined };
  const alone = await theFinding('DNS-03', 'fail', { zone, world: { authorities: serversOf(two) } });
  assert.deepEqual(alone.fix?.delete, []);
  const three = { ...two, 'ns3.example.com': good };
  const [kept] = await findingsFor('DNS-03', { zone, world: { authorities: serversOf(three) } });
  assert.deepEqual(kept?.fix?.delete, [record('example.com', 'NS', 'ns2.example.com')]);
});
