import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsFor, theFinding } from '../../../../../test/support/doctor.ts';
import { gatherSpfAndAddresses } from '../../../../../test/support/doctor-family.ts';
import type { FindingStatus } from '../../types.ts';
import type { spfChecks } from '../checks/spf.ts';

type Case = {
  readonly id: keyof typeof spfChecks;
  readonly status: FindingStatus;
  readonly zone: string;
  readonly severity?: string;
  readonly senders?: readonly string[];
  readonly addresses?: readonly string[];
  readonly isUnpublished?: boolean;
  /** In the sentence. */
  readonly says?: RegExp;
  readonly deletes?: readonly string[];
  /** `value`, or `name TYPE value` where it is not TXT at the domain. */
  readonly sets?: readonly string[];
};

const google = '_spf.google.com TXT "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:aa::/48 ~all"';
const proton = '_spf.protonmail.ch TXT "v=spf1 ip4:198.51.100.0/25 ~all"';
const microsoft = 'spf.protection.outlook.com TXT "v=spf1 ip4:198.51.100.128/25 -all"';
const ses = 'amazonses.com TXT "v=spf1 ip4:198.51.100.0/24 -all"';
const record = (text: string) => `example.com TXT "${text}"`;
const spread = (terms: number) =>
  Array.from({ length: terms }, (_, at) => `h${at}.example.net TXT "v=spf1 ip4:192.0.2.${at} -all"`).join('\n');
const includes = (terms: number) => Array.from({ length: terms }, (_, at) => `include:h${at}.example.net`).join(' ');

const cases: readonly Case[] = [
  { id: 'SPF-01', status: 'pass', zone: record('v=spf1 -all') },
  {
    id: 'SPF-01',
    status: 'fail',
    zone: `example.com MX 10 mx.example.com.\n${google}`,
    senders: ['google-workspace', 'own:192.0.2.10'],
    sets: ['v=spf1 include:_spf.google.com ip4:192.0.2.10 ~all'],
  },
  { id: 'SPF-01', status: 'fail', zone: 'example.com MX 10 mx.example.com.', sets: ['v=spf1 mx ~all'] },
  { id: 'SPF-01', status: 'fail', zone: 'example.com A 192.0.2.1', sets: ['v=spf1 -all'] },
  { id: 'SPF-01', status: 'unknown', zone: ';!TIMEOUT example.com.' },

  { id: 'SPF-02', status: 'pass', zone: record('v=spf1 -all') },
  { id: 'SPF-02', status: 'skip', zone: 'example.com A 192.0.2.1' },
  { id: 'SPF-02', status: 'unknown', zone: ';!SERVFAIL example.com.' },
  {
    id: 'SPF-02',
    status: 'fail',
    zone: `${record('v=spf1 ip4:192.0.2.1 include:_spf.google.com -all')}\n${record('v=spf1 a:h.example.net ~all')}\n${google}\nh.example.net A 192.0.2.9`,
    deletes: ['v=spf1 ip4:192.0.2.1 include:_spf.google.com -all', 'v=spf1 a:h.example.net ~all'],
    sets: ['v=spf1 a:h.example.net ip4:192.0.2.1 include:_spf.google.com ~all'],
  },

  { id: 'SPF-03', status: 'pass', zone: record('v=spf1 mx -all') },
  { id: 'SPF-03', status: 'unknown', zone: ';!SERVFAIL example.com.' },
  {
    id: 'SPF-03',
    status: 'fail',
    zone: `${record('v=spf1 mx ipv4:192.0.2.1 -all')}\nexample.com MX 1 mx.example.com.\nmx.example.com A 192.0.2.2`,
    says: /character 11,/,
    deletes: ['v=spf1 mx ipv4:192.0.2.1 -all'],
    sets: ['v=spf1 mx ip4:192.0.2.1 -all'],
  },

  { id: 'SPF-04', status: 'pass', zone: record('v=spf1 -all') },
  { id: 'SPF-04', status: 'unknown', zone: ';!SERVFAIL example.com.' },
  {
    id: 'SPF-04',
    status: 'fail',
    zone: `${record('v=spf1 -all')}\nexample.com SPF "v=spf1 mx -all"`,
    deletes: ['example.com SPF v=spf1 mx -all'],
    sets: [],
  },

  { id: 'SPF-05', status: 'pass', zone: `${record(`v=spf1 ${includes(7)} -all`)}\n${spread(7)}` },
  {
    id: 'SPF-05',
    status: 'fail',
    severity: 'warn',
    zone: `${record(`v=spf1 ${includes(8)} -all`)}\n${spread(8)}`,
    says: /8 of the 10/,
  },
  {
    id: 'SPF-05',
    status: 'fail',
    severity: 'warn',
    zone: `${record(`v=spf1 ${includes(10)} -all`)}\n${spread(10)}`,
    says: /10 of the 10/,
  },
  { id: 'SPF-05', status: 'fail', severity: 'error', zone: `${record(`v=spf1 ${includes(11)} -all`)}\n${spread(11)}` },
  {
    id: 'SPF-05',
    status: 'unknown',
    zone: `${record('v=spf1 include:_spf.google.com -all')}\n;!TIMEOUT _spf.google.com.`,
    says: /at least 1 of 10/,
  },
  { id: 'SPF-05', status: 'unknown', zone: record('v=spf1 include:_spf.google.com -all'), isUnpublished: true },
  {
    id: 'SPF-05',
    status: 'fail',
    severity: 'error',
    zone: `${record('v=spf1 mx -all')}\n${Array.from({ length: 11 }, (_, at) => `example.com MX 1 m${at}.example.com.`).join('\n')}`,
    says: /11 mail hosts/,
  },

  {
    id: 'SPF-06',
    status: 'pass',
    zone: record('v=spf1 a:x.example.net a:y.example.net -all'),
    says: /^2 of the names/,
  },
  {
    id: 'SPF-06',
    status: 'fail',
    zone: `${record('v=spf1 a:x.example.net a:y.example.net mx:z.example.net ip4:192.0.2.1 -all')}`,
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },
  {
    id: 'SPF-06',
    status: 'unknown',
    zone: `${record('v=spf1 include:x.example.net -all')}\n;!SERVFAIL x.example.net.`,
  },

  { id: 'SPF-07', status: 'pass', zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}` },
  {
    id: 'SPF-07',
    status: 'fail',
    zone: `${record('v=spf1 include:gone.example.net mx -all')}\nexample.com MX 1 mx.example.com.\nmx.example.com A 192.0.2.2`,
    sets: ['v=spf1 mx -all'],
  },
  { id: 'SPF-07', status: 'fail', zone: `${record('v=spf1 redirect=gone.example.net')}` },
  {
    id: 'SPF-07',
    status: 'fail',
    zone: `${record('v=spf1 include:b.example.net -all')}\nb.example.net TXT "v=spf1 -all"\nb.example.net TXT "v=spf1 mx -all"`,
    says: /several SPF records/,
    sets: [],
  },
  {
    id: 'SPF-07',
    status: 'fail',
    zone: `${record('v=spf1 include:b.example.net -all')}\nb.example.net TXT "v=spf1 wrong -all"`,
    says: /cannot be read/,
  },
  { id: 'SPF-07', status: 'unknown', zone: `${record('v=spf1 include:b.example.net -all')}\n;!TIMEOUT b.example.net.` },
  { id: 'SPF-07', status: 'unknown', zone: record('v=spf1 include:_spf.google.com -all'), isUnpublished: true },

  { id: 'SPF-08', status: 'pass', zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}` },
  {
    id: 'SPF-08',
    status: 'fail',
    zone: record('v=spf1 ip4:192.0.2.1 include:example.com -all'),
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },
  {
    id: 'SPF-08',
    status: 'fail',
    zone: `${record('v=spf1 include:_a.example.com -all')}\n_a.example.com TXT "v=spf1 ip4:192.0.2.1 include:example.com -all"`,
    sets: ['_a.example.com TXT v=spf1 ip4:192.0.2.1 -all'],
  },
  { id: 'SPF-08', status: 'unknown', zone: `${record('v=spf1 include:b.example.net -all')}\n;!TIMEOUT b.example.net.` },

  { id: 'SPF-09', status: 'pass', zone: record('v=spf1 -all'), says: /to be refused/ },
  { id: 'SPF-09', status: 'pass', zone: `${record('v=spf1 redirect=b.example.net')}\nb.example.net TXT "v=spf1 ~all"` },
  { id: 'SPF-09', status: 'fail', severity: 'critical', zone: record('v=spf1 mx +all'), sets: ['v=spf1 mx ~all'] },
  { id: 'SPF-09', status: 'fail', severity: 'critical', zone: record('v=spf1 ip4:192.0.2.1 all') },
  {
    id: 'SPF-09',
    status: 'fail',
    severity: 'critical',
    zone: `${record('v=spf1 include:b.example.net -all')}\nb.example.net TXT "v=spf1 +all"`,
    says: /everybody in the world/,
  },
  {
    id: 'SPF-09',
    status: 'fail',
    severity: 'error',
    zone: record('v=spf1 ip4:192.0.2.1 ?all'),
    sets: ['v=spf1 ip4:192.0.2.1 ~all'],
  },
  {
    id: 'SPF-09',
    status: 'fail',
    severity: 'warn',
    zone: record('v=spf1 ip4:192.0.2.1'),
    sets: ['v=spf1 ip4:192.0.2.1 ~all'],
  },
  {
    id: 'SPF-09',
    status: 'fail',
    severity: 'error',
    zone: record('v=spf1 include:example.com ip4:192.0.2.1 ?all'),
    sets: ['v=spf1 ip4:192.0.2.1 ~all'],
  },
  { id: 'SPF-09', status: 'unknown', zone: `${record('v=spf1 redirect=b.example.net')}\n;!TIMEOUT b.example.net.` },

  { id: 'SPF-10', status: 'pass', zone: record('v=spf1 mx -all') },
  { id: 'SPF-10', status: 'fail', zone: record('v=spf1 ip4:192.0.2.1 ptr -all'), sets: ['v=spf1 ip4:192.0.2.1 -all'] },
  {
    id: 'SPF-10',
    status: 'fail',
    zone: `${record('v=spf1 include:_a.example.com -all')}\n_a.example.com TXT "v=spf1 ptr:example.com ip4:192.0.2.1 -all"`,
    sets: ['_a.example.com TXT v=spf1 ip4:192.0.2.1 -all'],
  },

  { id: 'SPF-11', status: 'pass', zone: record('v=spf1 mx -all exp=why.example.com') },
  {
    id: 'SPF-11',
    status: 'fail',
    zone: `${record('v=spf1 ip4:192.0.2.1 -all include:_spf.google.com')}\n${google}`,
    sets: ['v=spf1 ip4:192.0.2.1 include:_spf.google.com -all'],
  },
  {
    id: 'SPF-11',
    status: 'fail',
    zone: `${record('v=spf1 ip4:192.0.2.1 -all redirect=_spf.google.com')}\n${google}`,
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },

  { id: 'SPF-12', status: 'pass', zone: record('v=spf1 mx -all') },
  { id: 'SPF-12', status: 'skip', zone: 'example.com A 192.0.2.1' },
  { id: 'SPF-12', status: 'unknown', zone: ';!SERVFAIL example.com.' },
  { id: 'SPF-12', status: 'fail', severity: 'advice', zone: wide(16), says: /pieces of 255/ },
  { id: 'SPF-12', status: 'fail', severity: 'advice', zone: `${wide(10)}\n${record('x'.repeat(210))}`, says: /450/ },
  {
    id: 'SPF-12',
    status: 'fail',
    severity: 'advice',
    zone: `${wide(16)}\n${record('x'.repeat(250))}`,
    says: /above 512/,
  },
  {
    id: 'SPF-12',
    status: 'fail',
    severity: 'warn',
    zone: `${wide(5)}\n${Array.from({ length: 6 }, (_, at) => record(`token-${at}-${'x'.repeat(200)}`)).join('\n')}`,
    says: /1232/,
  },

  { id: 'SPF-13', status: 'skip', zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}` },
  {
    id: 'SPF-13',
    status: 'pass',
    zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}`,
    senders: ['google-workspace'],
  },
  {
    id: 'SPF-13',
    status: 'fail',
    zone: `${record('v=spf1 include:_spf.google.com include:_spf.protonmail.ch -all')}\n${google}\n${proton}`,
    senders: ['google-workspace'],
    says: /Proton Mail/,
    sets: ['v=spf1 include:_spf.google.com -all'],
  },

  { id: 'SPF-14', status: 'skip', zone: record('v=spf1 mx -all') },
  { id: 'SPF-14', status: 'skip', zone: 'example.com A 192.0.2.1', senders: ['google-workspace'] },
  {
    id: 'SPF-14',
    status: 'pass',
    zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}`,
    senders: ['google-workspace'],
  },
  // The very text is not needed: whoever passes by another include, or as a network, passes.
  {
    id: 'SPF-14',
    status: 'pass',
    zone: `${record('v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all')}\n${google}`,
    senders: ['google-workspace'],
  },
  {
    id: 'SPF-14',
    status: 'pass',
    zone: `${record('v=spf1 include:_a.example.com -all')}\n_a.example.com TXT "v=spf1 include:spf.protection.outlook.com -all"\n${microsoft}`,
    senders: ['microsoft-365'],
  },
  // And the very text is not enough: what stands before it may stop it.
  {
    id: 'SPF-14',
    status: 'fail',
    zone: `${record('v=spf1 -ip4:198.51.100.0/24 include:spf.protection.outlook.com -all')}\n${microsoft}`,
    senders: ['microsoft-365'],
    says: /forbids/,
  },
  {
    id: 'SPF-14',
    status: 'fail',
    severity: 'error',
    zone: `${record('v=spf1 mx ~all')}\n${microsoft}\nexample.com MX 1 mx.example.com.\nmx.example.com A 192.0.2.2`,
    senders: ['microsoft-365'],
    says: /^Microsoft 365 sends .* doubtful/,
    sets: ['v=spf1 mx include:spf.protection.outlook.com ~all'],
  },
  // Over the limit nobody passes who comes too late.
  {
    id: 'SPF-14',
    status: 'fail',
    zone: `${record(`v=spf1 ${includes(10)} include:spf.protection.outlook.com -all`)}\n${spread(10)}\n${microsoft}`,
    senders: ['microsoft-365'],
    says: /give up/,
  },
  {
    id: 'SPF-14',
    status: 'unknown',
    zone: `${record('v=spf1 include:_spf.google.com -all')}\n;!TIMEOUT _spf.google.com.`,
    senders: ['google-workspace'],
  },
  {
    id: 'SPF-14',
    status: 'unknown',
    zone: record('v=spf1 include:_spf.google.com -all'),
    senders: ['google-workspace'],
    isUnpublished: true,
  },
  {
    id: 'SPF-14',
    status: 'fail',
    zone: record('v=spf1 include:_spf.google.com -all'),
    senders: ['microsoft-365'],
    isUnpublished: true,
  },
  {
    id: 'SPF-14',
    status: 'unknown',
    zone: record('v=spf1 ip4:192.0.2.0/24 -all'),
    senders: ['microsoft-365'],
    isUnpublished: true,
  },
  { id: 'SPF-14', status: 'pass', zone: record('v=spf1 ip4:192.0.2.0/24 -all'), addresses: ['192.0.2.9'] },
  {
    id: 'SPF-14',
    status: 'fail',
    zone: record('v=spf1 ip4:192.0.2.0/24 -all'),
    addresses: ['2001:db8::9'],
    sets: ['v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::9 -all'],
  },
  // A record that asks by address cannot be listed: its include stands for it.
  {
    id: 'SPF-14',
    status: 'pass',
    zone: `${record('v=spf1 include:_spf.salesforce.com -all')}\n_spf.salesforce.com TXT "v=spf1 exists:%{i}._spf.mta.salesforce.com -all"`,
    senders: ['salesforce'],
  },
  {
    id: 'SPF-14',
    status: 'fail',
    zone: `${record('v=spf1 mx -all')}\nexample.com MX 1 mx.example.com.\nmx.example.com A 192.0.2.2\n_spf.salesforce.com TXT "v=spf1 exists:%{i}._spf.mta.salesforce.com -all"`,
    senders: ['salesforce'],
    sets: ['v=spf1 mx include:_spf.salesforce.com -all'],
  },

  { id: 'SPF-15', status: 'pass', zone: `${record('v=spf1 include:_spf.google.com -all')}\n${google}` },
  {
    id: 'SPF-15',
    status: 'fail',
    zone: `${record('v=spf1 include:_spf.google.com include:amazonses.com -all')}\n${google}\n${ses}`,
    says: /every customer of Amazon SES/,
    sets: ['v=spf1 include:_spf.google.com -all'],
  },

  // A part of the service's own tree is no old name of it.
  {
    id: 'SPF-16',
    status: 'pass',
    zone: `${record('v=spf1 include:_netblocks.google.com -all')}\n_netblocks.google.com TXT "v=spf1 -all"\n${google}`,
  },
  { id: 'SPF-16', status: 'pass', zone: `${record('v=spf1 include:_spf.protonmail.ch -all')}\n${proton}` },
  {
    id: 'SPF-16',
    status: 'fail',
    zone: `${record('v=spf1 include:_spf1.protonmail.com -all')}\n_spf1.protonmail.com TXT "v=spf1 ip4:192.0.2.0/28 -all"\n${proton}`,
    sets: ['v=spf1 include:_spf.protonmail.ch -all'],
  },

  { id: 'SPF-17', status: 'skip', zone: record('v=spf1 -all') },
  {
    id: 'SPF-17',
    status: 'pass',
    zone: `${record('v=spf1 ip4:192.0.2.10 -all')}\nbounce.example.com TXT "v=spf1 ip4:192.0.2.10 -all"`,
    senders: ['own:192.0.2.10'],
  },
  {
    id: 'SPF-17',
    status: 'fail',
    zone: record('v=spf1 ip4:192.0.2.10 -all'),
    senders: ['own:192.0.2.10'],
    sets: ['bounce.example.com TXT v=spf1 ip4:192.0.2.10 ~all', 'bounce.example.com MX 10 mail.example.com'],
  },
  {
    id: 'SPF-17',
    status: 'fail',
    zone: `${record('v=spf1 ip4:192.0.2.10 -all')}\nbounce.example.com MX 10 mx.example.com`,
    senders: ['own:192.0.2.10'],
    sets: ['bounce.example.com TXT v=spf1 ip4:192.0.2.10 ~all'],
  },
  {
    id: 'SPF-17',
    status: 'unknown',
    zone: `${record('v=spf1 ip4:192.0.2.10 -all')}\n;!SERVFAIL bounce.example.com.`,
    senders: ['own:192.0.2.10'],
  },
  {
    id: 'SPF-17',
    status: 'pass',
    zone: 'pm-bounces.example.com CNAME pm.mtasv.net.\npm.mtasv.net TXT "v=spf1 ip4:192.0.2.0/28 -all"',
    senders: ['postmark'],
  },
  {
    id: 'SPF-17',
    status: 'fail',
    zone: record('v=spf1 -all'),
    senders: ['postmark'],
    sets: ['pm-bounces.example.com CNAME pm.mtasv.net'],
  },
  {
    id: 'SPF-17',
    status: 'unknown',
    zone: 'pm-bounces.example.com CNAME pm.mtasv.net.',
    senders: ['postmark'],
    isUnpublished: true,
  },

  { id: 'SPF-18', status: 'skip', zone: record('v=spf1 -all') },
  {
    id: 'SPF-18',
    status: 'pass',
    zone: 'mail.example.com A 192.0.2.10\nmail.example.com TXT "v=spf1 a -all"',
    senders: ['own:192.0.2.10'],
  },
  {
    id: 'SPF-18',
    status: 'fail',
    zone: 'mail.example.com A 192.0.2.10',
    senders: ['own:192.0.2.10'],
    sets: ['mail.example.com TXT v=spf1 a -all'],
  },
  {
    id: 'SPF-18',
    status: 'fail',
    zone: 'mail.example.com A 192.0.2.10\nmail.example.com TXT "v=spf1 mx -all"',
    senders: ['own:192.0.2.10'],
    says: /192\.0\.2\.10 .* \(fail\)/,
    sets: ['mail.example.com TXT v=spf1 ip4:192.0.2.10 mx -all'],
  },
  { id: 'SPF-18', status: 'unknown', zone: ';!TIMEOUT mail.example.com.', senders: ['own:192.0.2.10'] },

  { id: 'SPF-19', status: 'pass', zone: record('v=spf1 ip4:192.0.0.0/16 ip6:2001:db8::/32 -all') },
  {
    id: 'SPF-19',
    status: 'fail',
    severity: 'warn',
    zone: record('v=spf1 ip4:64.0.0.0/15 -all'),
    says: /65,536|far more/,
  },
  { id: 'SPF-19', status: 'fail', severity: 'warn', zone: record('v=spf1 a/8 -all') },
  { id: 'SPF-19', status: 'fail', severity: 'warn', zone: record('v=spf1 ip6:2a00::/31 -all') },
  {
    id: 'SPF-19',
    status: 'fail',
    severity: 'advice',
    zone: record('v=spf1 ip4:192.0.2.1 ip4:192.168.1.0/24 ip4:10.0.0.0/8 -all'),
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },

  { id: 'SPF-20', status: 'pass', zone: record('v=spf1 -all') },
  { id: 'SPF-20', status: 'unknown', zone: ';!SERVFAIL example.com.' },
  {
    id: 'SPF-20',
    status: 'fail',
    severity: 'error',
    zone: record(' v=spf1 ip4:192.0.2.1 -all'),
    says: /blank/,
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },
  {
    id: 'SPF-20',
    status: 'fail',
    severity: 'error',
    zone: record('\\226\\128\\156v=spf1 ip4:192.0.2.1 -all'),
    says: /quotation marks/,
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },
  {
    id: 'SPF-20',
    status: 'fail',
    severity: 'warn',
    zone: `${record('v=spf1 ip4:192.0.2.1 -all')}\n${record('v=spf1; mx -all')}`,
  },
  {
    id: 'SPF-20',
    status: 'fail',
    severity: 'advice',
    zone: `${record('v=spf1 -all')}\n${record('spf2.0/pra -all')}`,
    deletes: ['spf2.0/pra -all'],
    sets: [],
  },
  { id: 'SPF-20', status: 'fail', severity: 'advice', zone: record('V=SPF1 -all'), sets: ['v=spf1 -all'] },

  { id: 'SPF-21', status: 'skip', zone: record('v=spf1 -all') },
  { id: 'SPF-21', status: 'pass', zone: record('v=spf1 exists:%{ir}._spf.%{d2} -all') },
  {
    id: 'SPF-21',
    status: 'fail',
    zone: record('v=spf1 exists:%{x}.example.net ip4:192.0.2.1 -all'),
    says: /"%\{x\}"/,
    sets: ['v=spf1 ip4:192.0.2.1 -all'],
  },
  { id: 'SPF-21', status: 'fail', zone: record('v=spf1 exists:%{c}.example.net -all') },
  { id: 'SPF-21', status: 'fail', zone: record('v=spf1 exists:%{d0}.example.net -all') },
  { id: 'SPF-21', status: 'fail', zone: record('v=spf1 exists:100%.example.net -all') },
  { id: 'SPF-21', status: 'pass', zone: record('v=spf1 -all exp=%{c}.example.net') },
  { id: 'SPF-21', status: 'unknown', zone: ';!SERVFAIL example.com.' },
];

/** A record of this many networks. */
function wide(networks: number): string {
  return record(
    `v=spf1 ${Array.from({ length: networks }, (_, at) => `ip4:203.0.113.${at * 2 + 100}`).join(' ')} -all`,
  ).replace(/"(.{250})/, '"$1" "');
}

for (const { id, status, says, deletes, sets, severity, ...scene } of cases) {
  const about = `${scene.zone.split('\n')[0]} ${scene.senders ?? scene.addresses ?? ''}${scene.isUnpublished ? ' (zone file)' : ''}`;
  test(`${id} ${status}: ${about.slice(0, 110)}`, async () => {
    const finding = await theFinding(id, status, { ...scene, gather: gatherSpfAndAddresses });
    if (says !== undefined) assert.match(finding.meaning, says);
    if (severity !== undefined) assert.equal(finding.severity, severity);
    const shown = ({ name, type, value }: { name: string; type: string; value: string }) =>
      name === 'example.com' && type === 'TXT' ? value : `${name} ${type} ${value}`;
    if (deletes !== undefined) assert.deepEqual(finding.fix?.delete.map(shown), deletes);
    if (sets !== undefined) assert.deepEqual(finding.fix?.set.map(shown), sets);
  });
}

test('every fix of a record is the same, whichever is taken first', async () => {
  const zone = `
example.com. TXT "v=spf1 include:_spf1.protonmail.com include:sendgrid.net include:servers.mcsv.net ptr ~all"
_spf1.protonmail.com. TXT "v=spf1 ip4:192.0.2.0/28 ~all"
_spf.protonmail.ch. TXT "v=spf1 ip4:192.0.2.0/28 ~all"
sendgrid.net. TXT "v=spf1 ip4:198.51.100.0/28 ~all"
servers.mcsv.net. TXT "v=spf1 ip4:203.0.113.0/28 ~all"`;
  const scene = { zone, senders: ['proton', 'sendgrid', 'mailchimp'] };
  for (const id of ['SPF-10', 'SPF-15', 'SPF-16'] as const)
    for (const { fix } of await findingsFor(id, scene)) {
      assert.deepEqual(
        fix?.set.map(({ value }) => value),
        ['v=spf1 include:_spf.protonmail.ch ~all'],
        id,
      );
      assert.ok(!/: (sendgrid|mailchimp) /.test(String(fix?.steps)), 'names as people know them');
    }
});
