import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  carriedOut,
  codes,
  planned,
  planTable,
  realCatalogue,
  recordTable,
  type Wish,
} from '../../../../test/support/planning.ts';
import { domain } from '../../../../test/support/temp-office.ts';
import { dnsNameKey } from '../../../format/dns-name.ts';
import { recordValue } from '../../../format/record-set.ts';
import { parseZoneText } from '../../../format/zone-file.ts';
import { senderWants } from '../catalogue/sender-wants.ts';
import { ownStsRecord } from '../sts-policy.ts';
import { uselessTerms } from './plan-spf.ts';

const key = 'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDTc0FYm2y5oO2PqGBu3OYyX8tTVz+u6Kxlb3Xqvb0kXgQwIDAQAB';
const google = `google-workspace:key=${key}`;
const sendgrid = 'sendgrid:id=12,server=wl34,label=em56';
const own = 'own:192.0.2.10';
const world = `
_spf.google.com TXT "v=spf1 ip4:203.0.113.0/24 ~all"
spf.protection.outlook.com TXT "v=spf1 ip4:198.51.100.0/24 -all"
`;

test('an empty domain with Google, SendGrid and a server of its own: every record, none twice', async () => {
  assert.deepEqual(await planTable(world, { senders: [google, sendgrid, own] }), [
    'missing example.com MX 1 smtp.google.com',
    'missing example.com TXT v=spf1 include:_spf.google.com ip4:192.0.2.10 ~all',
    'missing bounce.example.com TXT v=spf1 ip4:192.0.2.10 ~all',
    `missing google._domainkey.example.com TXT v=DKIM1; k=rsa; p=${key}`,
    'missing s1._domainkey.example.com CNAME s1.domainkey.u12.wl34.sendgrid.net',
    'missing s2._domainkey.example.com CNAME s2.domainkey.u12.wl34.sendgrid.net',
    'missing em56.example.com CNAME u12.wl34.sendgrid.net',
    'missing bounce.example.com MX 10 mail.example.com',
    'missing mail.example.com A 192.0.2.10',
    'missing _dmarc.example.com TXT v=DMARC1; p=none',
    'missing 10.2.0.192.in-addr.arpa PTR mail.example.com',
  ]);
});

test('what is there and means the same is present, however it is spelled', async () => {
  const zone = `${world}
example.com MX 1 SMTP.Google.Com.
example.com TXT "v=spf1 +include:_SPF.google.com IP4:192.0.2.10 ~ALL"
example.com TXT "google-site-verification=of-somebody"
google._domainkey.example.com TXT "k=rsa;p=${key.slice(0, 40)} " "${key.slice(40)}"
s1._domainkey.example.com CNAME other.example.com.
other.example.com CNAME s1.domainkey.u12.wl34.sendgrid.net.
s2._domainkey.example.com CNAME S2.domainkey.u12.wl34.sendgrid.net.
em56.example.com CNAME u12.wl34.sendgrid.net.
_dmarc.example.com TXT "v=DMARC1;p=none;ri=3600"
bounce.example.com MX 10 mail.example.com.
bounce.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
mail.example.com A 192.0.2.10
10.2.0.192.in-addr.arpa PTR mail.example.com.
`;
  const { plan } = await planned(zone, { senders: [google, sendgrid, own] });
  assert.deepEqual(
    plan.records.map(({ state }) => state),
    Array(11).fill('present'),
  );
  assert.deepEqual(plan.conflicts, []);
});

test('SPF of four services: nothing that is there is lost, and what is over ten lookups is told with the ways out', async () => {
  const eaters = ['a', 'b', 'c', 'd'];
  const zone = `${world}
example.com TXT "v=spf1 ${eaters.map((one) => `include:${one}.test`).join(' ')} ~all"
${eaters.map((one) => `${one}.test TXT "v=spf1 include:${one}1.test include:${one}2.test ~all"\n${one}1.test TXT "v=spf1 ip4:203.0.113.1 ~all"\n${one}2.test TXT "v=spf1 ip4:203.0.113.2 ~all"`).join('\n')}
`;
  const { plan } = await planned(zone, { senders: [google, own] });
  const conflict = plan.conflicts.find(({ code }) => code === 'spf-too-many-lookups');
  assert.ok(conflict, JSON.stringify(plan.conflicts));
  assert.match(conflict.fix, /--spf flatten/);
  assert.ok(!plan.records.some(({ name, type }) => name === 'example.com' && type === 'TXT'));
  const flat = await planned(zone, { senders: [google, own], spf: ['flatten'] });
  const [record] = flat.plan.records.filter(({ name, type }) => name === 'example.com' && type === 'TXT');
  assert.equal(record?.state, 'wrong');
  assert.deepEqual(flat.plan.conflicts, []);
});

test('over ten lookups, terms of declared senders that help nobody go first, each with its reason', async () => {
  const eater = (name: string) =>
    `${name} TXT "v=spf1 include:1.${name} include:2.${name} ~all"\n1.${name} TXT "v=spf1 ip4:203.0.113.9 ~all"\n2.${name} TXT "v=spf1 ip4:203.0.113.10 ~all"`;
  const zone = `${world}
example.com TXT "v=spf1 include:sendgrid.net include:a.test include:b.test include:c.test ~all"
${['sendgrid.net', 'a.test', 'b.test', 'c.test'].map(eater).join('\n')}
`;
  const full = await planned(zone, { senders: [google, sendgrid] });
  assert.deepEqual(
    full.plan.dropped.map(({ term }) => term),
    ['include:sendgrid.net'],
  );
  assert.match(full.plan.dropped[0]?.why ?? '', /return path below this name/);
  assert.deepEqual(full.plan.conflicts, []);
  const roomy = await planned(
    `${world}\nexample.com TXT "v=spf1 include:sendgrid.net ~all"\n${eater('sendgrid.net')}`,
    {
      senders: [google, sendgrid],
    },
  );
  assert.match(recordTable(roomy.plan)[1] ?? '', /include:sendgrid\.net/);
});

test('a zone file that says nothing of the services it includes: what they say is unknown, and the record is planned', async () => {
  const { plan } = await planned('example.com TXT "v=spf1 mx include:spf.mailjet.com ~all"', { senders: [google] });
  assert.ok(
    recordTable(plan).includes(
      'wrong example.com TXT v=spf1 mx include:spf.mailjet.com include:_spf.google.com ~all <- v=spf1 mx include:spf.mailjet.com ~all',
    ),
    recordTable(plan).join('\n'),
  );
  const gone = await planned('example.com A 192.0.2.1\nwww.google.com A 192.0.2.1', { senders: [google] });
  assert.ok(codes(gone.plan.conflicts).includes('spf-broken-below'));
});

test('a parked domain says so everywhere, and not while somebody uses it', async () => {
  assert.deepEqual(await planTable('', { parked: true }), [
    'missing example.com MX 0 .',
    'missing example.com TXT v=spf1 -all',
    'missing _dmarc.example.com TXT v=DMARC1; p=reject; sp=reject; np=reject',
    'missing *._domainkey.example.com TXT v=DKIM1; p=',
  ]);
  const used = await planned(
    'example.com TXT "v=spf1 include:_spf.google.com -all"\n_dmarc.example.com TXT "v=DMARC1; p=none"',
    {
      parked: true,
    },
  );
  assert.deepEqual(codes(used.plan.conflicts), ['parked-in-use']);
  assert.deepEqual(used.plan.records, []);
  const plain = 'example.com TXT "v=spf1 -all"\n_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:a@example.com"';
  assert.deepEqual((await planTable(plain, { parked: true })).slice(1, 3), [
    'present example.com TXT v=spf1 -all',
    'present _dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:a@example.com',
  ]);
});

test('DNS that fails is unknown, record by record, and what depends on it is not guessed', async () => {
  const zone = `${world}\n;!SERVFAIL example.com\n;!TIMEOUT s1._domainkey.example.com\n;!SERVFAIL _dmarc.example.com`;
  const { plan } = await planned(zone, { senders: [google, sendgrid] });
  const state = (name: string, type: string) =>
    plan.records.find((one) => one.name === name && one.type === type)?.state;
  assert.equal(state('example.com', 'TXT'), 'unknown');
  assert.equal(state('example.com', 'MX'), 'unknown');
  assert.equal(state('_dmarc.example.com', 'TXT'), 'unknown');
  assert.equal(state('s1._domainkey.example.com', 'CNAME'), 'unknown');
  assert.equal(state('s2._domainkey.example.com', 'CNAME'), 'missing');
  assert.ok(plan.records.every(({ replaces }) => replaces === undefined));
});

test('a wildcard answers for names that nobody has: they are missing, and what it says is not taken for a conflict', async () => {
  const zone = `${world}
*.example.com CNAME web.example.net.
*.example.com TXT "nothing to see"
web.example.net A 198.51.100.1
_dmarc.example.com TXT "v=DMARC1; p=quarantine"
`;
  const { plan } = await planned(zone, { senders: [google, sendgrid] });
  assert.deepEqual(plan.conflicts, []);
  assert.deepEqual(
    plan.records.filter(({ state }) => state !== 'missing').map(({ name }) => name),
    ['_dmarc.example.com'],
  );
});

test('what a wildcard says is not at the name: it neither gives way nor is in the way', async () => {
  const zone = `${world}
*._domainkey.example.com TXT "v=DKIM1; p=BBBB"
*.example.com TXT "v=DMARC1; p=quarantine; rua=mailto:a@example.com"
`;
  const table = await planTable(zone, { senders: [google], dmarc: { stage: 'reject' } });
  assert.deepEqual(table.slice(2), [
    `missing google._domainkey.example.com TXT v=DKIM1; k=rsa; p=${key}`,
    'missing _dmarc.example.com TXT v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:a@example.com',
  ]);
});

test('RFC 4592 §2.2.2: a sub-domain that a wildcard serves is not taken away without a word', async () => {
  const wild = '*.example.com A 192.0.2.1\n*.example.com MX 10 mx.example.net.\n';
  const senders = [`${sendgrid},subdomain=news`];
  const { plan } = await planned(`${world}${wild}`, { senders });
  assert.deepEqual(
    plan.conflicts.map(({ code, name, say }) => [code, name, /\((.*)\)/.exec(say)?.[1]]),
    [['wildcard-ends', 'news.example.com', 'A 192.0.2.1, MX 10 mx.example.net']],
  );
  const kept = await planned(`${world}${wild}news.example.com A 192.0.2.1\n`, { senders });
  assert.deepEqual(kept.plan.conflicts, []);
  assert.deepEqual((await planned(`${world}${wild}`, { senders: [sendgrid] })).plan.conflicts, []);
});

test('a wildcard that says what is wanted is enough for those who ask', async () => {
  const { plan } = await planned('*._domainkey.example.com TXT "v=DKIM1; p="', { parked: true });
  assert.equal(plan.records.find(({ name }) => name.startsWith('*'))?.state, 'present');
});

test('two that want the same selector: one of them is told what to do', async () => {
  const senders = [sendgrid, 'sendgrid:id=99,server=wl34,label=em99'];
  const { plan } = await planned('', { senders });
  assert.deepEqual(codes(plan.conflicts), ['selector-taken', 'selector-taken']);
  assert.equal(plan.records.filter(({ name }) => name === 's1._domainkey.example.com').length, 1);
  const apart = await planned('', { senders: [sendgrid, 'sendgrid:id=99,server=wl34,label=em99,subdomain=news'] });
  assert.deepEqual(apart.plan.conflicts, []);
  assert.ok(apart.plan.records.some(({ name }) => name === 's1._domainkey.news.example.com'));
});

test('two return paths at one label, whoever was named first: nothing stands beside a CNAME', async () => {
  const stripe = `stripe:token=a1b2c3d4,${[...'abcdef'].map((one, at) => `token${at + 1}=orvz7hkwc3zmp4k7latumjp2qg4y3gu${one}`).join(',')}`;
  for (const senders of [
    [stripe, own],
    [own, stripe],
  ]) {
    const { plan } = await planned('', { senders });
    const types = plan.records.filter(({ name }) => name === 'bounce.example.com').map(({ type }) => type);
    assert.deepEqual(types, senders[0] === own ? ['TXT', 'MX'] : ['CNAME']);
    assert.ok(codes(plan.conflicts).includes('label-taken'));
    const there = await planTable('bounce.example.com CNAME custom-email-domain.stripe.com.', { senders });
    assert.deepEqual(
      there.filter((one) => one.includes(' bounce.example.com ')),
      ['present bounce.example.com CNAME custom-email-domain.stripe.com'],
    );
  }
});

test('a selector that somebody else has waits for a person; an older target of the same service is replaced', async () => {
  const foreign = await planned('s1._domainkey.example.com CNAME dkim.other.test.', { senders: [sendgrid] });
  assert.deepEqual(codes(foreign.plan.conflicts), ['selector-taken']);
  assert.match(foreign.plan.conflicts[0]?.fix ?? '', /s1\.domainkey\.u12\.wl34\.sendgrid\.net/);
  const older = await planTable('s1._domainkey.example.com CNAME s1.domainkey.u7.wl1.sendgrid.net.', {
    senders: [sendgrid],
  });
  assert.ok(
    older.includes(
      'wrong s1._domainkey.example.com CNAME s1.domainkey.u12.wl34.sendgrid.net <- s1.domainkey.u7.wl1.sendgrid.net',
    ),
  );
});

test('RFC 1034 §3.6.2: nothing stands beside a CNAME', async () => {
  const { plan } = await planned('em56.example.com A 198.51.100.7\nbounce.example.com CNAME old.test.', {
    senders: [sendgrid, own],
  });
  assert.deepEqual(codes(plan.conflicts).toSorted(), ['cname-beside', 'label-taken', 'label-taken']);
  assert.ok(!plan.records.some(({ name }) => name === 'em56.example.com' || name === 'bounce.example.com'));
});

test('the mail of a domain goes one way: a second service waits for a word', async () => {
  const microsoft = 'microsoft-365';
  const zone = `${world}\nexample.com MX 10 aspmx.l.google.com.\nexample.com MX 20 alt1.aspmx.l.google.com.`;
  const moved = await planned(zone, { senders: [microsoft] });
  assert.ok(codes(moved.plan.conflicts).includes('second-inbound'));
  assert.ok(!moved.plan.records.some(({ type, name }) => type === 'MX' && name === 'example.com'));
  const heard = await planTable(zone, { senders: [microsoft], inbound: 'microsoft-365' });
  assert.ok(
    heard.includes(
      'wrong example.com MX 0 example-com.mail.protection.outlook.com <- 10 aspmx.l.google.com <- 20 alt1.aspmx.l.google.com',
    ),
    heard.join('\n'),
  );
  const both = await planned(world, { senders: [google, microsoft] });
  assert.deepEqual(codes(both.plan.conflicts), ['second-inbound']);
  const decided = await planned(world, { senders: [google, microsoft], inbound: 'microsoft-365' });
  assert.deepEqual(codes(decided.plan.conflicts), []);
  const older = await planTable(zone, { senders: [google] });
  assert.deepEqual(older.slice(0, 2), [
    'present example.com MX 10 aspmx.l.google.com',
    'present example.com MX 20 alt1.aspmx.l.google.com',
  ]);
});

test('PTR: another name that leads back is as good, one that does not is wrong', async () => {
  const ptr = async (zone: string) =>
    (await planTable(zone, { senders: [own] })).find((line) => line.includes(' PTR '));
  assert.equal(
    await ptr('10.2.0.192.in-addr.arpa PTR mx.host.test.\nmx.host.test A 192.0.2.10'),
    'present 10.2.0.192.in-addr.arpa PTR mx.host.test',
  );
  assert.equal(
    await ptr('10.2.0.192.in-addr.arpa PTR static-10.host.test.'),
    'wrong 10.2.0.192.in-addr.arpa PTR mail.example.com <- static-10.host.test',
  );
  assert.match(
    (await ptr('10.2.0.192.in-addr.arpa PTR mx.host.test.\nmx.host.test A 192.0.2.99')) ?? '',
    /^wrong .* <- mx\.host\.test$/,
  );
  assert.equal(await ptr(';!TIMEOUT 10.2.0.192.in-addr.arpa'), 'unknown 10.2.0.192.in-addr.arpa PTR mail.example.com');
});

test('an office that receives: its keys, bounces, MTA-STS and TLS reports; none of these for somebody else’s MX', async () => {
  const office = {
    hostname: 'mx.post.test' as never,
    receives: true,
    keys: [
      { selector: 'ph1', record: `v=DKIM1; k=rsa; p=${key}`, retired: false },
      { selector: 'ph0', record: 'v=DKIM1; k=rsa; p=AAAA', retired: true },
    ],
  };
  const zone = 'mx.post.test A 192.0.2.1\nph0._domainkey.example.com TXT "v=DKIM1; k=rsa; p=AAAA"';
  const table = await planTable(zone, { office });
  assert.deepEqual(
    table.map((line) => line.replace(/id=[0-9a-f]{20}$/, 'id=#')),
    [
      'missing example.com MX 10 mx.post.test',
      'missing example.com TXT v=spf1 a:mx.post.test ~all',
      'missing bounce.example.com TXT v=spf1 a:mx.post.test ~all',
      'missing bounce.example.com MX 10 mx.post.test',
      `missing ph1._domainkey.example.com TXT v=DKIM1; k=rsa; p=${key}`,
      'extra ph0._domainkey.example.com TXT v=DKIM1; k=rsa; p=AAAA',
      'missing _dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:postmaster@example.com',
      'missing _mta-sts.example.com TXT v=STSv1; id=#',
      'missing mta-sts.example.com CNAME mx.post.test',
      'missing _smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:postmaster@example.com',
    ],
  );
  const elsewhere = await planTable(`${zone}\n${world}`, { office: { ...office, receives: false }, senders: [google] });
  assert.ok(!elsewhere.some((line) => /_mta-sts|_smtp\._tls/.test(line)));
});

test('the mode of MTA-STS that is declared: the id follows it; without one, and where another serves the policy, it stays', async () => {
  const office = { hostname: 'mx.post.test' as never, receives: true, keys: [] };
  const hosts = 'mx.post.test A 192.0.2.1\nexample.com MX 10 mx.post.test\n';
  const [testing, enforce, none] = (['testing', 'enforce', 'none'] as const).map((mode) =>
    ownStsRecord('mx.post.test', mode),
  );
  const seen = async (zone: string, wish: object) =>
    (await planTable(`${hosts}${zone}`, { office, ...wish })).filter((line) => /mta-sts\./.test(line));
  const ours = `_mta-sts.example.com TXT "${testing}"\nmta-sts.example.com CNAME mx.post.test`;
  const host = 'present mta-sts.example.com CNAME mx.post.test';
  assert.deepEqual(await seen(ours, {}), [`present _mta-sts.example.com TXT ${testing}`, host]);
  assert.deepEqual(await seen(ours, { mta_sts: 'testing' }), [`present _mta-sts.example.com TXT ${testing}`, host]);
  assert.deepEqual(await seen(ours, { mta_sts: 'enforce' }), [
    `wrong _mta-sts.example.com TXT ${enforce} <- ${testing}`,
    host,
  ]);
  assert.deepEqual(await seen(ours, { mta_sts: 'none' }), [
    `wrong _mta-sts.example.com TXT ${none} <- ${testing}`,
    host,
  ]);
  assert.deepEqual(await seen('', { mta_sts: 'none' }), []);
  assert.deepEqual(await seen('', { mta_sts: 'enforce' }), [
    `missing _mta-sts.example.com TXT ${enforce}`,
    'missing mta-sts.example.com CNAME mx.post.test',
  ]);
  const theirs = '_mta-sts.example.com TXT "v=STSv1; id=7"\nmta-sts.example.com A 192.0.2.9';
  assert.deepEqual(await seen(theirs, { mta_sts: 'enforce' }), ['present _mta-sts.example.com TXT v=STSv1; id=7']);
});

test('keys that are declared are added, and replace nobody’s: not another key, not an alias, not one that is not named', async () => {
  const record = `v=DKIM1; k=rsa; p=${key}`;
  const other = 'v=DKIM1; k=rsa; p=AAAA';
  const keys = [{ selector: 'S2026', record }];
  const seen = async (zone: string, wish: Wish = { keys }) => {
    const { plan } = await planned(zone, wish);
    const lines = recordTable(plan).filter((line) => line.includes('_domainkey'));
    return [...lines, ...codes(plan.conflicts)];
  };
  const name = 's2026._domainkey.example.com';
  assert.deepEqual(await seen(''), [`missing ${name} TXT ${record}`]);
  assert.deepEqual(await seen(`${name} TXT "v=DKIM1; p=${key}"`), [`present ${name} TXT ${record}`]);
  assert.deepEqual(await seen(`${name} TXT "${other}"`), ['selector-taken']);
  assert.deepEqual(await seen(`${name} CNAME key.relay.test`), ['selector-taken']);
  assert.deepEqual(await seen(`old._domainkey.example.com TXT "${other}"`), [`missing ${name} TXT ${record}`]);
  const office = { hostname: 'mx.post.test' as never, receives: false };
  const retired = { office: { ...office, keys: [{ selector: 's2026', record, retired: true }] }, keys };
  assert.deepEqual(await seen('mx.post.test A 192.0.2.1', retired), []);
  const own = { office: { ...office, keys: [{ selector: 's2026', record: other, retired: false }] }, keys };
  assert.deepEqual(await seen('mx.post.test A 192.0.2.1', own), [`missing ${name} TXT ${other}`, 'selector-taken']);
});

test('BIMI only where DMARC is in force', async () => {
  const bimi = { logo: 'https://example.com/logo.svg' };
  assert.deepEqual(codes((await planned('', { bimi })).plan.conflicts), ['bimi-needs-enforcement']);
  const table = await planTable('_dmarc.example.com TXT "v=DMARC1; p=reject"', { bimi });
  assert.ok(table.includes('missing default._bimi.example.com TXT v=BIMI1; l=https://example.com/logo.svg; a='));
});

test('a stream with too little mail is told so', async () => {
  const senders = [{ sender: 'sendgrid', subdomain: 'news', id: '12', server: 'wl34', label: 'em56', per_week: 200 }];
  assert.ok(codes((await planned('', { senders })).plan.notes).includes('thin-stream'));
});

// ---- Properties

const line = fc.constantFrom(
  'example.com TXT "v=spf1 mx include:foreign.test ~all"',
  'example.com TXT "v=spf1 a -all"',
  'example.com TXT "somebody-verification=1"',
  'example.com MX 5 mx.foreign.test.',
  'example.com MX 0 .',
  'example.com A 198.51.100.9',
  'foreign.test TXT "v=spf1 ip4:198.51.100.0/24 -all"',
  '_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:a@foreign.test; pct=50; ri=1; fo=1"',
  '_dmarc.example.com TXT "v=DMARC1; p=none; sp=quarantine; rua=mailto:b@example.com!10m"',
  '_dmarc.example.com TXT "V=dmarc1; p=reject"',
  '_dmarc.example.com TXT "unrelated"',
  's1._domainkey.example.com TXT "v=DKIM1; p=AAAA"',
  's2._domainkey.example.com CNAME foreign.test.',
  'google._domainkey.example.com TXT "v=DKIM1; p=BBBB"',
  'em56.example.com CNAME u12.wl34.sendgrid.net.',
  'bounce.example.com MX 1 mx.foreign.test.',
  'bounce.example.com TXT "v=spf1 include:foreign.test -all"',
  'mail.example.com A 198.51.100.4',
  '*.example.com TXT "v=DMARC1; p=quarantine"',
  '*.example.com A 198.51.100.5',
  '*._domainkey.example.com TXT "v=DKIM1; p="',
  '10.2.0.192.in-addr.arpa PTR other.foreign.test.',
  ';!SERVFAIL _dmarc.example.com',
  ';!TIMEOUT google._domainkey.example.com',
  ';!SERVFAIL foreign.test',
);
const wishes = fc.record({
  senders: fc.uniqueArray(fc.constantFrom(google, sendgrid, own, 'stripe', 'postmark', 'zendesk')),
  dmarc: fc.constantFrom(
    {},
    { stage: 'none' },
    { stage: 'quarantine-test' },
    { stage: 'reject', rua: 'd@example.net' },
  ),
  parked: fc.constant(undefined),
});
const zones = fc.uniqueArray(line, { maxLength: 12 }).map((lines) => `${world}\n${lines.join('\n')}`);

test('whatever is there: nothing foreign is removed, SPF loses no term, and a plan that is carried out is all present', async () => {
  await fc.assert(
    fc.asyncProperty(zones, wishes, async (zone, wish) => {
      const { plan, observed } = await planned(zone, wish);
      assert.ok(!plan.records.some(({ state }) => state === 'extra'));
      const read = parseZoneText(zone);
      assert.ok(read.ok);
      const there = new Set(
        read.value.records.map(
          ({ name, data }) => `${dnsNameKey(name)} ${recordValue(data)?.type} ${recordValue(data)?.value}`,
        ),
      );
      for (const { name, type, replaces = [], value } of plan.records)
        for (const old of replaces) {
          assert.ok(there.has(`${name} ${type} ${old}`), `${old} gives way and is not there`);
          if (old.startsWith('v=spf1')) for (const term of foreignTerms(old)) assert.ok(value.includes(term), value);
        }
      const aliases = new Set(plan.records.flatMap(({ name, type }) => (type === 'CNAME' ? [name] : [])));
      assert.ok(!plan.records.some(({ name, type }) => type !== 'CNAME' && aliases.has(name)));
      const after = carriedOut(zone, plan);
      const again = await planned(after, wish);
      const settled = (one: string) => one.replace(/^(?:missing|wrong) /, 'present ').replace(/ <- .*$/, '');
      assert.deepEqual(recordTable(again.plan), recordTable(plan).map(settled), after);
      assert.deepEqual(JSON.parse(JSON.stringify(observed)), observed);
    }),
    { numRuns: Number(process.env.PLAN_RUNS ?? 6) },
  );
});

function foreignTerms(spf: string): readonly string[] {
  return spf.split(' ').filter((term) => /^(?:include:foreign|a$|mx$)/.test(term));
}

test('terms that can let nothing pass are left out of a zone of ours, with the reason', () => {
  const definition = realCatalogue().find('smtp-relay');
  assert.ok(definition);
  const deaf = { ...definition, aligns: { ...definition.aligns, spf: 'no' } } as const;
  const wants = senderWants(deaf, domain('example.com'), { include: 'spf.relay.example' });
  assert.ok(wants.ok);
  const [dropped] = uselessTerms({ domain: domain('example.com'), wants: [wants.value] });
  assert.equal(dropped?.term, 'include:spf.relay.example');
  assert.match(dropped.why, /can never pass/);
});

test('what a sender still needs is asked for in a form that can be typed whole, with what was told before', async () => {
  const { plan } = await planned('', { senders: ['sendgrid:id=12345678,subdomain=news'] });
  const said = plan.notes.find(({ code }) => code === 'parameter-missing')?.say ?? '';
  assert.match(said, /Tell it so: --sender sendgrid:id=12345678,subdomain=news,server=wl123,label=em1234$/);
});
