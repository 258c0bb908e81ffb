import assert from 'node:assert/strict';
import test from 'node:test';
import { findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import { certificateFor, hostShowing, mailHostsOf, plainHost } from '../../../../../test/support/doctor-hosts.ts';
import { makeCertificate } from '../../../../../test/support/test-chain.ts';
import type { FindingStatus, Fix } from '../../types.ts';
import type { mxChecks } from '../checks/mx.ts';
import type { HostProbe } from '../types.ts';

type Id = keyof typeof mxChecks;

const good = `
example.com. MX 10 mx.example.com.
mx.example.com. A 192.0.2.1
mx.example.com. AAAA 2001:db8::1`;

const record = (name: string, type: string, value: string) => ({ name, type, value });
const mx = (value: string) => record('example.com', 'MX', value);
const unanswered: Case = { what: 'nothing is answered', status: 'unknown', scene: { zone: ';!SERVFAIL example.com' } };

const dayMs = 86_400_000;
const rightName = await certificateFor('mx.example.com');
const otherName = await certificateFor('mail.example.net');
const over = await makeCertificate({ name: 'mx.example.com', names: ['mx.example.com'], expired: true });

/** Certificates of tests are for ten days from now on. */
const showing = (probe: HostProbe, inDays = 0): Scene => ({
  zone: good,
  world: { nowMs: Date.now() + inDays * dayMs, probes: { mailHost: mailHostsOf({ 'mx.example.com': probe }) } },
});
const refusing = (postmaster: string, abuse: string) =>
  showing(hostShowing(rightName, { accepts: { postmaster, abuse } }));

type Case = {
  readonly what: string;
  readonly status: FindingStatus;
  readonly scene: Scene;
  readonly severity?: string;
  readonly fix?: Fix;
  readonly says?: RegExp;
};

const cases: Record<Id, readonly Case[]> = {
  'MX-01': [
    { what: 'a host', status: 'pass', scene: { zone: good }, says: /goes to mx\.example\.com/ },
    { what: 'no mail, and it says so', status: 'pass', scene: { zone: 'example.com. MX 0 .' }, says: /null MX/ },
    {
      what: 'neither host nor address',
      status: 'fail',
      severity: 'error',
      scene: { zone: 'example.com. TXT "hello"' },
      says: /neither an MX record nor an address/,
    },
    {
      what: 'replies would go to the web server',
      status: 'fail',
      severity: 'error',
      scene: { zone: 'example.com. A 192.0.2.1\nexample.com. TXT "v=spf1 ip4:192.0.2.1 -all"' },
      says: /tried at its web server/,
    },
    {
      what: 'a web site that nobody sends from',
      status: 'fail',
      severity: 'advice',
      scene: { zone: 'example.com. A 192.0.2.1' },
    },
    {
      what: 'a declared service takes the mail: its records',
      status: 'fail',
      scene: { zone: 'example.com. A 192.0.2.1', senders: ['google-workspace'] },
      fix: { delete: [], set: [{ ...mx('1 smtp.google.com'), ttl: 3600 }] },
    },
    { what: 'an unused domain', status: 'skip', scene: { zone: 'example.com. TXT "v=spf1 -all"' } },
    { what: 'no such domain', status: 'skip', scene: { zone: 'example.net. A 192.0.2.1' } },
    {
      what: 'the address is not told',
      status: 'unknown',
      scene: { zone: '_dmarc.example.com. TXT "x"\n;!TIMEOUT example.com' },
    },
    unanswered,
  ],
  'MX-02': [
    { what: 'hosts only', status: 'pass', scene: { zone: good } },
    { what: 'alone', status: 'pass', scene: { zone: 'example.com. MX 0 .' } },
    {
      what: 'both',
      status: 'fail',
      severity: 'error',
      scene: { zone: `${good}\nexample.com. MX 0 .` },
      fix: {
        delete: [mx('0 .')],
        set: [],
        steps: ['If example.com shall take no mail, remove the other MX records instead and leave this one.'],
      },
    },
    { what: 'no MX', status: 'skip', scene: { zone: 'example.com. A 192.0.2.1' } },
    unanswered,
  ],
  'MX-03': [
    { what: 'a host with addresses', status: 'pass', scene: { zone: good } },
    {
      what: 'an alias',
      status: 'fail',
      severity: 'error',
      scene: {
        zone: 'example.com. MX 10 mail.example.com.\nmail.example.com. CNAME web.example.net.\nweb.example.net. A 192.0.2.1',
      },
      fix: { delete: [mx('10 mail.example.com')], set: [mx('10 web.example.net')] },
    },
    {
      what: 'an address',
      status: 'fail',
      scene: { zone: 'example.com. MX 10 192.0.2.1.' },
      fix: {
        delete: [mx('10 192.0.2.1')],
        set: [record('mail.example.com', 'A', '192.0.2.1'), mx('10 mail.example.com')],
      },
    },
    { what: 'localhost', status: 'fail', scene: { zone: 'example.com. MX 10 localhost.' }, says: /own machine/ },
    {
      what: 'a private address',
      status: 'fail',
      scene: { zone: 'example.com. MX 10 mx.example.com.\nmx.example.com. A 10.0.0.1' },
      says: /nobody outside can reach \(10\.0\.0\.1\)/,
    },
    {
      what: 'no such host; another one takes the mail',
      status: 'fail',
      scene: { zone: `${good}\nexample.com. MX 20 gone.example.net.` },
      fix: {
        delete: [mx('20 gone.example.net')],
        set: [],
        steps: ['Give gone.example.net an A record with the address of the mail server, or name another host.'],
      },
    },
    {
      what: 'no such host, and no other: it stays until there is one',
      status: 'fail',
      scene: { zone: 'example.com. MX 10 mx.example.com.' },
      fix: {
        delete: [],
        set: [],
        steps: ['Give mx.example.com an A record with the address of the mail server, or name another host.'],
      },
    },
    {
      what: 'a name no host can have',
      status: 'fail',
      scene: { zone: 'example.com. MX 10 my\\032mail.example.com.' },
      says: /cannot be the name of a host/,
    },
    {
      what: 'a zone file does not know the hosts of others',
      status: 'unknown',
      scene: { zone: 'example.com. MX 1 smtp.google.com.', isUnpublished: true },
      says: /knows nothing of other domains/,
    },
    {
      what: 'a zone file knows its own',
      status: 'fail',
      scene: { zone: 'example.com. MX 1 mx.example.com.', isUnpublished: true },
    },
    { what: 'the host is not told', status: 'unknown', scene: { zone: `${good}\n;!SERVFAIL mx.example.com` } },
    { what: 'null MX', status: 'skip', scene: { zone: 'example.com. MX 0 .' } },
    unanswered,
  ],
  'MX-04': [
    {
      what: 'one service',
      status: 'pass',
      scene: { zone: 'example.com. MX 1 aspmx.l.google.com.\nexample.com. MX 5 alt1.aspmx.l.google.com.' },
    },
    {
      what: 'two hosts of nobody known',
      status: 'pass',
      scene: { zone: 'example.com. MX 1 mx.example.com.\nexample.com. MX 5 backup.example.net.' },
    },
    {
      what: 'two services',
      status: 'fail',
      severity: 'warn',
      scene: {
        zone: 'example.com. MX 1 aspmx.l.google.com.\nexample.com. MX 10 example-com.mail.protection.outlook.com.',
      },
      fix: {
        delete: [mx('10 example-com.mail.protection.outlook.com')],
        set: [],
        steps: [
          'This leaves the mail to Google Workspace. If Microsoft 365 shall take it, remove the records of Google Workspace instead.',
        ],
      },
    },
    {
      what: 'a second service behind the first gets what the first leaves',
      status: 'fail',
      scene: { zone: 'example.com. MX 1 aspmx.l.google.com.\nexample.com. MX 5 mx.example.com.' },
      says: /whenever Google Workspace does not answer/,
    },
    {
      what: 'two services side by side share the mail',
      status: 'fail',
      scene: { zone: 'example.com. MX 5 aspmx.l.google.com.\nexample.com. MX 5 mx.example.com.' },
      says: /by chance/,
    },
    {
      what: 'two services: who was declared keeps the mail',
      status: 'fail',
      scene: {
        senders: ['microsoft-365'],
        zone: 'example.com. MX 1 aspmx.l.google.com.\nexample.com. MX 10 example-com.mail.protection.outlook.com.',
      },
      says: /Google Workspace and Microsoft 365/,
    },
    unanswered,
  ],
  'MX-05': [
    { what: 'none', status: 'pass', scene: { zone: good } },
    {
      what: 'left over',
      status: 'fail',
      severity: 'warn',
      scene: { zone: `${good}\nexample.com. MX 32767 ms1234.msv1.invalid.` },
      fix: { delete: [mx('32767 ms1234.msv1.invalid')], set: [] },
    },
    unanswered,
  ],
  'MX-06': [
    { what: 'once', status: 'pass', scene: { zone: good } },
    {
      what: 'with another number',
      status: 'fail',
      severity: 'advice',
      scene: { zone: `${good}\nexample.com. MX 20 MX.example.com.` },
      fix: { delete: [mx('20 mx.example.com')], set: [] },
    },
    {
      what: 'with other letters',
      status: 'fail',
      scene: { zone: `${good}\nexample.com. MX 10 MX.Example.com.` },
      fix: { delete: [mx('10 mx.example.com')], set: [mx('10 mx.example.com')] },
    },
    unanswered,
  ],
  'MX-07': [
    { what: 'there', status: 'pass', scene: { zone: good } },
    {
      what: 'not there',
      status: 'fail',
      severity: 'advice',
      scene: { zone: good.replace('AAAA 2001:db8::1', 'TXT "x"') },
    },
    { what: 'not told', status: 'unknown', scene: { zone: `${good}\n;!TIMEOUT mx.example.com` } },
    {
      what: 'a zone file',
      status: 'unknown',
      scene: { zone: 'example.com. MX 1 smtp.google.com.', isUnpublished: true },
    },
    unanswered,
  ],
  'MX-08': [
    { what: 'encrypted', status: 'pass', scene: showing(hostShowing(rightName)), says: /TLSv1\.3/ },
    { what: 'not offered', status: 'fail', severity: 'error', scene: showing(plainHost()), says: /no encryption/ },
    {
      what: 'another name',
      status: 'fail',
      severity: 'warn',
      scene: showing(hostShowing(otherName)),
      says: /for another name/,
    },
    {
      what: 'expired',
      status: 'fail',
      severity: 'warn',
      scene: showing(hostShowing(over)),
      says: /expired on \d{4}-\d\d-\d\d/,
    },
    {
      what: 'expires soon',
      status: 'fail',
      severity: 'advice',
      scene: showing(hostShowing(rightName), 7),
      says: /expires in 2 days/,
    },
    {
      what: 'not valid yet',
      status: 'fail',
      severity: 'warn',
      scene: showing(hostShowing(rightName), -30),
      says: /only from/,
    },
    {
      what: 'nobody vouches for it',
      status: 'fail',
      severity: 'advice',
      scene: showing(hostShowing(rightName, { certificateProblem: 'self-signed certificate' })),
      says: /no public authority/,
    },
    {
      what: 'an old version',
      status: 'fail',
      severity: 'warn',
      scene: showing(hostShowing(rightName, { tls: { protocol: 'TLSv1.1', cipher: 'x', chain: [] } })),
      says: /TLSv1\.1/,
    },
    {
      what: 'the handshake fails',
      status: 'fail',
      severity: 'error',
      scene: showing({ ...plainHost(), offersStartTls: true, tlsProblem: 'handshake failure' }),
      says: /does not come about/,
    },
    {
      what: 'nonsense for a certificate',
      status: 'fail',
      scene: showing(hostShowing(rightName, { tls: { protocol: 'TLSv1.3', cipher: 'x', chain: ['AAAA'] } })),
      says: /cannot be read/,
    },
    {
      what: 'the host is silent',
      status: 'unknown',
      scene: showing({ kind: 'failed', why: '[192.0.2.1] could not be reached (ETIMEDOUT)' }),
      says: /could not be reached/,
    },
    { what: 'a zone file', status: 'unknown', scene: { zone: good, isUnpublished: true }, says: /zone file/ },
    { what: 'no mail', status: 'skip', scene: { zone: 'example.com. MX 0 .' } },
    unanswered,
  ],
  'MX-09': [
    { what: 'nobody sends', status: 'skip', scene: { zone: 'example.com. A 192.0.2.1' } },
    { what: 'replies arrive', status: 'pass', scene: { zone: good, senders: ['own:192.0.2.1'] } },
    {
      what: 'a null MX, and a sender',
      status: 'fail',
      severity: 'error',
      scene: { zone: 'example.com. MX 0 .', senders: ['mailchimp'] },
      says: /Mail of Mailchimp comes from example\.com, which says that it takes no mail/,
    },
    {
      what: 'a null MX, and a sender that receives',
      status: 'fail',
      scene: { zone: 'example.com. MX 0 .', senders: ['google-workspace'] },
      fix: { delete: [mx('0 .')], set: [{ ...mx('1 smtp.google.com'), ttl: 3600 }] },
    },
    {
      what: 'a sub-domain that does not exist',
      status: 'fail',
      scene: { zone: good, senders: ['mailchimp:subdomain=news'] },
      fix: {
        delete: [],
        set: [record('news.example.com', 'MX', '10 mx.example.com')],
        steps: [
          'Let the service that takes the mail of example.com take that of news.example.com, too; or have Mailchimp send from example.com.',
        ],
      },
    },
    {
      what: 'a return path with SPF and without MX',
      status: 'fail',
      scene: {
        zone: `${good}\nmail.example.com. TXT "v=spf1 include:amazonses.com ~all"`,
        senders: ['amazon-ses:region=eu-west-1'],
      },
      says: /Bounces of Amazon SES go to mail\.example\.com/,
      fix: {
        delete: [],
        set: [record('mail.example.com', 'MX', '10 feedback-smtp.eu-west-1.amazonses.com')],
      },
    },
    {
      what: 'a return path that is not used',
      status: 'pass',
      scene: { zone: good, senders: ['amazon-ses:region=eu-west-1'] },
    },
    {
      what: 'a return path in a zone that the zone file does not hold',
      status: 'unknown',
      scene: {
        isUnpublished: true,
        zone: `${good}\nem1.example.com. CNAME u12.wl1.sendgrid.net.`,
        senders: ['sendgrid:id=12,server=wl1,label=em1'],
      },
    },
    {
      what: 'nothing is answered',
      status: 'unknown',
      scene: { zone: ';!SERVFAIL example.com', senders: ['mailchimp'] },
    },
  ],
  'MX-10': [
    { what: 'both are there', status: 'pass', scene: showing(hostShowing(rightName)) },
    {
      what: 'one is not',
      status: 'fail',
      severity: 'warn',
      scene: refusing('250 ok', '550 5.1.1 no such mailbox'),
      says: /abuse@example\.com is refused \("550 5\.1\.1 no such mailbox"\)/,
    },
    {
      what: 'neither is, in words only',
      status: 'fail',
      scene: refusing('550 User unknown', '550 User unknown'),
      says: /postmaster@example\.com and abuse@example\.com/,
    },
    {
      what: 'it is we who are refused',
      status: 'unknown',
      scene: refusing('550 5.7.1 Recipient address rejected: blocked', '550 5.7.25 unknown client'),
    },
    { what: 'put off', status: 'unknown', scene: refusing('451 4.7.1 greylisted', '250 ok') },
    { what: 'nobody is asked', status: 'unknown', scene: { zone: good, isUnpublished: true } },
    { what: 'no mail', status: 'skip', scene: { zone: 'example.com. MX 0 .' } },
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

test('MX-04: the declared service keeps the mail', async () => {
  const zone = 'example.com. MX 1 aspmx.l.google.com.\nexample.com. MX 10 example-com.mail.protection.outlook.com.';
  const finding = await theFinding('MX-04', 'fail', { zone, senders: ['microsoft-365'] });
  assert.deepEqual(finding.fix?.delete, [mx('1 aspmx.l.google.com')]);
});

test('MX-08: each host is looked at once and judged for itself', async () => {
  const dialled: string[] = [];
  const hosts = mailHostsOf({ 'mx.example.com': hostShowing(rightName), 'mx2.example.com': plainHost() });
  const findings = await findingsFor('MX-08', {
    zone: `${good}\nexample.com. MX 20 mx2.example.com.\nmx2.example.com. A 192.0.2.2`,
    world: {
      nowMs: Date.now(),
      probes: {
        mailHost: (wish) => {
          dialled.push(wish.host);
          return hosts(wish);
        },
      },
    },
  });
  assert.deepEqual(
    findings.map(({ subject, status }) => [subject, status]),
    [
      ['mx.example.com', 'pass'],
      ['mx2.example.com', 'fail'],
    ],
  );
  assert.deepEqual(dialled.sort(), ['mx.example.com', 'mx2.example.com']);
});

test('MX-10: one host that takes it is enough', async () => {
  const zone = `${good}\nexample.com. MX 20 mx2.example.com.\nmx2.example.com. A 192.0.2.2`;
  const strict = hostShowing(rightName, { accepts: { postmaster: '550 5.1.1 no', abuse: '550 5.1.1 no' } });
  const mailHost = mailHostsOf({ 'mx.example.com': strict, 'mx2.example.com': plainHost() });
  await theFinding('MX-10', 'pass', { zone, world: { probes: { mailHost } } });
});
