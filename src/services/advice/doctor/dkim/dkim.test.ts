/** Every check of DKIM keys: a zone that makes it fail, one that makes it pass, and where nobody can know. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { good, key, mailchimp, oneOf, set, txt } from '../../../../../test/support/dkim-scenes.ts';
import { clinicNowMs, factsOf, findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import {
  ed25519,
  inPieces,
  otherRsa2048,
  rsa512,
  rsa1024,
  rsa2048,
  rsa4160,
} from '../../../../../test/support/doctor-keys.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import type { FindingStatus, Fix } from '../../types.ts';
import type { CheckId } from '../checks/checks.ts';
import type { OfficeKnowledge } from '../types.ts';
import { dkimRules } from './rules.ts';

const dayMs = 86_400_000;

function office(
  keys: readonly Partial<OfficeKnowledge['keys'][number]>[],
  since: Record<string, number> = {},
): OfficeKnowledge {
  return {
    hostname: 'mx.example.net' as DomainName,
    receives: true,
    keys: keys.map((one) => ({
      selector: 'ph1',
      record: good,
      state: 'active',
      createdAtMs: clinicNowMs - 10 * dayMs,
      ...one,
    })),
    unchangedSinceMs: since,
    planned: {},
  };
}
const reports = (selectorsSeen: readonly string[], days = 90) => ({ days, selectorsSeen, bySender: {} });
/** As Microsoft leaves it until it changes keys for the first time: the second alias leads to a name that is not there yet. */
const microsoft = `selector1._domainkey.example.com. CNAME selector1-example-com._domainkey.contoso.onmicrosoft.com.
selector2._domainkey.example.com. CNAME selector2-example-com._domainkey.contoso.onmicrosoft.com.
selector1-example-com._domainkey.contoso.onmicrosoft.com. TXT ${inPieces(good)}`;

type Row = Scene & {
  readonly id: CheckId;
  readonly status: FindingStatus;
  readonly severity?: string;
  readonly says?: RegExp;
  readonly fix?: Partial<Fix>;
  readonly steps?: RegExp;
};

const rows: readonly Row[] = [
  // DKM-01
  {
    id: 'DKM-01',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: ['google-workspace'],
    selectors: ['google'],
    steps: /Publish what it shows as TXT at google\._domainkey\.example\.com/,
  },
  { id: 'DKM-01', status: 'fail', zone: 'example.com. A 192.0.2.1', office: office([{}]), severity: 'error' },
  {
    id: 'DKM-01',
    status: 'unknown',
    zone: ';!SERVFAIL default._domainkey.example.com.\nexample.com. A 192.0.2.1',
    says: /no answer for 1 of the usual names/,
  },
  { id: 'DKM-01', status: 'fail', zone: 'example.com. A 192.0.2.1', selectors: ['s9'], says: /no key named "s9"/ },
  { id: 'DKM-01', status: 'pass', zone: key('s9', good), selectors: ['s9'] },
  {
    id: 'DKM-01',
    status: 'unknown',
    zone: ';!SERVFAIL s9._domainkey.example.com.\nexample.com. A 192.0.2.1',
    selectors: ['s9'],
  },
  {
    id: 'DKM-01',
    status: 'unknown',
    zone: ';!SERVFAIL _domainkey.example.com.\nexample.com. MX 10 mx.example.com.',
    says: /cannot be listed.*not proven/,
  },
  {
    id: 'DKM-01',
    status: 'fail',
    severity: 'error',
    zone: 'example.com. MX 10 mx.example.com.',
    says: /no DKIM key at all, nothing stands below _domainkey\.example\.com/,
    steps: /--sender NAME/,
  },
  { id: 'DKM-01', status: 'skip', zone: 'example.com. A 192.0.2.1', says: /No mail of example\.com is known/ },
  { id: 'DKM-01', status: 'skip', zone: 'example.com. MX 0 .\nexample.com. TXT "v=spf1 -all"' },
  {
    id: 'DKM-01',
    status: 'unknown',
    zone: 'example.com. MX 10 mx.example.com.\n_domainkey.example.com. CNAME gone.example.net.',
  },
  { id: 'DKM-01', status: 'unknown', zone: key('a-name-nobody-guesses', good), says: /cannot be guessed/ },
  { id: 'DKM-01', status: 'pass', zone: key('default', good), says: /default/ },
  { id: 'DKM-01', status: 'pass', zone: key('ph1', good), says: /Keys are published: ph1/ },
  {
    id: 'DKM-01',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: ['google-workspace'],
    says: /Google Workspace signs/,
    steps: /Admin console/,
  },
  {
    id: 'DKM-01',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: [`google-workspace:key=${rsa2048}`],
    fix: { delete: [], set: [set('google', good)] },
  },
  { id: 'DKM-01', status: 'pass', zone: key('google', good), senders: ['google-workspace'] },
  {
    id: 'DKM-01',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    office: office([{}]),
    fix: { set: [set('ph1', good)] },
  },
  {
    id: 'DKM-01',
    status: 'fail',
    severity: 'warn',
    zone: 'example.com. A 192.0.2.1',
    office: office([{ state: 'pending' }]),
  },
  { id: 'DKM-01', status: 'pass', zone: key('ph1', good), office: office([{}]) },
  {
    id: 'DKM-01',
    status: 'fail',
    severity: 'warn',
    zone: 'example.com. A 192.0.2.1',
    reports: reports(['x7']),
    says: /Receivers saw/,
  },
  { id: 'DKM-01', status: 'skip', zone: 's9._domainkey.example.com. CNAME gone.example.net.', selectors: ['s9'] },
  { id: 'DKM-01', status: 'fail', zone: '*._domainkey.example.com. TXT "v=DKIM1; p="', selectors: ['s9'] },
  {
    id: 'DKM-01',
    status: 'skip',
    zone: key('google', 'v=DKIM1; p=AAAA'),
    senders: ['google-workspace'],
    says: /DKM-02/,
  },
  // DKM-02
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('google', 'v=DKIM1; p=AAAA'),
    senders: [`google-workspace:key=${rsa2048}`],
    fix: { delete: [txt('google', 'v=DKIM1; p=AAAA')], set: [set('google', good)] },
  },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: `s9._domainkey.example.com. CNAME s9.example.net.\ns9.example.net. TXT "v=DKIM1; p=AAAA"`,
    selectors: ['s9'],
    steps: /only leads to s9\.example\.net/,
  },
  { id: 'DKM-02', status: 'fail', zone: key('mail', `p=${rsa1024.slice(0, 120)}`), says: /cut off: 120 of 216/ },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('mail', `v=DKIM1; k=rsa; p=${rsa2048.slice(0, 200)}" "${rsa2048.slice(200)}`),
    says: /quotation marks/,
    fix: {
      delete: [txt('mail', `v=DKIM1; k=rsa; p=${rsa2048.slice(0, 200)}" "${rsa2048.slice(200)}`)],
      set: [set('mail', good)],
    },
  },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('mail', `v=DKIM1; k=rsa; p=${rsa2048.slice(0, 239)}`),
    says: /cut off: 239 of 392/,
    steps: /copy it whole/,
  },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('mail', `v=dkim1; p=${rsa2048}`),
    says: /written exactly so/,
    fix: { set: [set('mail', good)] },
  },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('mail', `v=DKIM1; k=rsa; p=v=DKIM1; k=rsa; p=${rsa2048}`),
    says: /twice/,
    fix: { set: [set('mail', good)] },
  },
  { id: 'DKM-02', status: 'fail', zone: key('mail', `v=DKIM1; k=dsa; p=${rsa2048}`), says: /of a kind/ },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('mail', `v=DKIM1; s=tlsrpt; p=${rsa2048}`),
    says: /not meant for mail/,
    fix: { set: [set('mail', `v=DKIM1; p=${rsa2048}`)] },
  },
  { id: 'DKM-02', status: 'pass', zone: key('mail', good) },
  { id: 'DKM-02', status: 'skip', zone: 'example.com. A 192.0.2.1' },
  {
    id: 'DKM-02',
    status: 'unknown',
    zone: `;!TIMEOUT s9._domainkey.example.com.\n${key('mail', good)}`,
    selectors: ['s9'],
  },
  {
    id: 'DKM-02',
    status: 'fail',
    zone: key('k2', 'v=DKIM1; p=AAAA'),
    senders: ['mailchimp'],
    fix: { delete: [txt('k2', 'v=DKIM1; p=AAAA')], set: [set('k2', 'dkim2.mcsv.net', 'CNAME')] },
  },
  // DKM-03
  { id: 'DKM-03', status: 'pass', zone: `${key('s9', 'v=DKIM1; p=')}\n${key('s9', good)}`, selectors: ['s9'] },
  { id: 'DKM-03', status: 'skip', zone: '*._domainkey.example.com. TXT "v=DKIM1; p="', selectors: ['s9'] },
  {
    id: 'DKM-03',
    status: 'fail',
    zone: key('ph1', 'v=DKIM1; p='),
    office: office([{}]),
    fix: { delete: [txt('ph1', 'v=DKIM1; p=')], set: [set('ph1', good)] },
  },
  { id: 'DKM-03', status: 'fail', zone: key('s9', 'v=DKIM1; p='), selectors: ['s9'], steps: /sign with another key/ },
  { id: 'DKM-03', status: 'skip', zone: key('default', 'v=DKIM1; p=') },
  { id: 'DKM-03', status: 'pass', zone: key('s9', good), selectors: ['s9'] },
  // DKM-04
  {
    id: 'DKM-04',
    status: 'fail',
    zone: key('google', `p=${rsa1024}`),
    senders: [`google-workspace:key=${rsa2048}`],
    fix: { delete: [txt('google', `p=${rsa1024}`)], set: [set('google', good)] },
  },
  {
    id: 'DKM-04',
    status: 'fail',
    zone: key('google', `p=${rsa1024}`),
    senders: [`google-workspace:key=${rsa1024}`],
    fix: { set: [] },
    steps: /new key of 2048 bits/,
  },
  { id: 'DKM-04', status: 'pass', zone: `${key('mail', good)}\n${key('default', `k=ed25519; p=${ed25519}`)}` },
  { id: 'DKM-04', status: 'fail', severity: 'error', zone: key('mail', `p=${rsa512}`), says: /shorter than 1024/ },
  { id: 'DKM-04', status: 'fail', severity: 'warn', zone: key('mail', `p=${rsa1024}`), says: /1024 bits/ },
  { id: 'DKM-04', status: 'fail', severity: 'warn', zone: key('mail', `p=${rsa4160}`), says: /longer than 4096/ },
  {
    id: 'DKM-04',
    status: 'fail',
    zone: key('ph1', `p=${rsa1024}`),
    office: office([{}]),
    steps: /posthorn domains key rotate example\.com/,
  },
  { id: 'DKM-04', status: 'pass', zone: key('mail', `p=${rsa2048}`) },
  // DKM-05
  {
    id: 'DKM-05',
    status: 'fail',
    zone: `s9._domainkey.example.com. CNAME s9.example.net.\ns9.example.net. TXT ${inPieces(`t=y; p=${rsa2048}`)}`,
    selectors: ['s9'],
    fix: { delete: [], set: [] },
    steps: /change the record there to: p=/,
  },
  {
    id: 'DKM-05',
    status: 'fail',
    zone: key('mail', `v=DKIM1; t=y:s; p=${rsa2048}`),
    fix: { delete: [txt('mail', `v=DKIM1; t=y:s; p=${rsa2048}`)], set: [set('mail', `v=DKIM1; t=s; p=${rsa2048}`)] },
  },
  { id: 'DKM-05', status: 'pass', zone: key('mail', `v=DKIM1; t=s; p=${rsa2048}`) },
  // DKM-06
  {
    id: 'DKM-06',
    status: 'pass',
    zone: key('mail', `v=DKIM1; t=s; p=${rsa2048}`),
    senders: ['mailchimp:subdomain=news'],
  },
  {
    id: 'DKM-06',
    status: 'fail',
    zone: key('mail', `v=DKIM1; t=s; p=${rsa2048}`),
    senders: ['wordpress:subdomain=shop'],
    says: /do not count for WordPress .*\(shop\.example\.com\)\.$/,
    fix: { set: [set('mail', `v=DKIM1; p=${rsa2048}`)] },
  },
  { id: 'DKM-06', status: 'pass', zone: key('mail', `v=DKIM1; t=s; p=${rsa2048}`) },
  // DKM-07
  {
    id: 'DKM-07',
    status: 'fail',
    zone: key('mail', `v=DKIM1; h=sha1; p=${rsa2048}`),
    fix: { set: [set('mail', `v=DKIM1; p=${rsa2048}`)] },
  },
  { id: 'DKM-07', status: 'pass', zone: key('mail', `v=DKIM1; h=sha1:sha256; p=${rsa2048}`) },
  // DKM-08
  {
    id: 'DKM-08',
    status: 'pass',
    zone: `${mailchimp.replace('dkim2.mcsv.net.', 'k2.keys.example.com.')}\nk2.keys.example.com. CNAME dkim2.mcsv.net.`,
    senders: ['mailchimp'],
  },
  {
    id: 'DKM-08',
    status: 'fail',
    zone: 's9._domainkey.example.com. CNAME gone.example.net.',
    selectors: ['s9'],
    says: /no key is there/,
  },
  {
    id: 'DKM-08',
    status: 'fail',
    zone: `k2._domainkey.example.com. CNAME dkim9.mcsv.net.\ndkim9.mcsv.net. TXT ${inPieces(good)}`,
    senders: ['mailchimp'],
    says: /not your account at Mailchimp/,
    fix: {
      delete: [{ name: 'k2._domainkey.example.com', type: 'CNAME', value: 'dkim9.mcsv.net' }],
      set: [set('k2', 'dkim2.mcsv.net', 'CNAME')],
    },
  },
  { id: 'DKM-08', status: 'pass', zone: mailchimp, senders: ['mailchimp'] },
  {
    id: 'DKM-08',
    status: 'unknown',
    zone: ';!SERVFAIL gone.example.net.\ns9._domainkey.example.com. CNAME gone.example.net.',
    selectors: ['s9'],
  },
  {
    id: 'DKM-08',
    status: 'unknown',
    isUnpublished: true,
    zone: 's9._domainkey.example.com. CNAME s9.dkim.example.net.',
    selectors: ['s9'],
  },
  { id: 'DKM-08', status: 'skip', zone: key('mail', good) },
  { id: 'DKM-08', status: 'unknown', zone: microsoft, says: /may not have been made yet/ },
  { id: 'DNS-11', status: 'unknown', zone: microsoft, says: /selector2\._domainkey.*Microsoft 365/ },
  // Reports saw it in use, or no other key of the service is there.
  { id: 'DKM-08', status: 'fail', zone: microsoft, selectors: ['selector2'] },
  { id: 'DKM-08', status: 'fail', zone: microsoft, reports: reports(['selector2']) },
  { id: 'DNS-11', status: 'fail', zone: microsoft, selectors: ['selector2'] },
  // DKM-09
  {
    id: 'DKM-09',
    status: 'fail',
    zone: `${mailchimp.split('\n').slice(1).join('\n')}\n${key('k2', good)}`,
    senders: ['mailchimp'],
    says: /asks for an alias/,
    fix: { delete: [txt('k2', good)], set: [set('k2', 'dkim2.mcsv.net', 'CNAME')] },
  },
  {
    id: 'DKM-09',
    status: 'fail',
    zone: `google._domainkey.example.com. CNAME other.example.net.\nother.example.net. TXT ${inPieces(good)}`,
    senders: [`google-workspace:key=${otherRsa2048}`],
    says: /receivers get another key/,
    fix: { set: [set('google', `v=DKIM1; k=rsa; p=${otherRsa2048}`)] },
  },
  { id: 'DKM-09', status: 'pass', zone: mailchimp, senders: ['mailchimp'] },
  { id: 'DKM-09', status: 'skip', zone: key('mail', good) },
  // DKM-10
  {
    id: 'DKM-10',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: ['mailchimp', `own:ip4=192.0.2.10,selector=k2,key=${rsa2048}`],
    steps: /What Mailchimp wants there: k2\._domainkey\.example\.com CNAME dkim2\.mcsv\.net/,
  },
  {
    id: 'DKM-10',
    status: 'pass',
    zone: 'example.com. A 192.0.2.1',
    senders: [`own:ip4=192.0.2.10,selector=k2,key=${rsa2048}`, `own:ip4=192.0.2.11,selector=k2,key=${rsa2048}`],
  },
  {
    id: 'DKM-10',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: [`own:ip4=192.0.2.10,selector=k2,key=${rsa2048}`, `own:ip4=192.0.2.11,selector=k2,key=${otherRsa2048}`],
  },
  {
    id: 'DKM-10',
    status: 'fail',
    zone: 'example.com. A 192.0.2.1',
    senders: ['mailchimp', `own:ip4=192.0.2.10,selector=k2,key=${rsa2048}`],
    says: /each want a key of their own/,
    steps: /--sender own:subdomain=news/,
  },
  {
    id: 'DKM-10',
    status: 'pass',
    zone: 'example.com. A 192.0.2.1',
    senders: ['mailchimp', `own:ip4=192.0.2.10,selector=own1,key=${rsa2048}`],
  },
  { id: 'DKM-10', status: 'skip', zone: 'example.com. A 192.0.2.1' },
  // DKM-11
  {
    id: 'DKM-11',
    status: 'fail',
    zone: key('ph1', `p=${otherRsa2048}`),
    office: office([{}]),
    fix: { delete: [txt('ph1', `p=${otherRsa2048}`)], set: [set('ph1', good)] },
  },
  { id: 'DKM-11', status: 'pass', zone: key('ph1', `k=rsa; p=${rsa2048}`), office: office([{}]) },
  {
    id: 'DKM-11',
    status: 'unknown',
    zone: ';!SERVFAIL ph1._domainkey.example.com.\nexample.com. A 192.0.2.1',
    office: office([{}]),
  },
  { id: 'DKM-11', status: 'skip', zone: key('ph1', good) },
  // DKM-12
  { id: 'DKM-12', status: 'skip', zone: mailchimp, office: office([], { 'TXT k2._domainkey.example.com': 0 }) },
  {
    id: 'DKM-12',
    status: 'pass',
    zone: key('ph1', good),
    office: office([{}], { 'TXT ph1._domainkey.example.com': 0 }),
  },
  {
    id: 'DKM-12',
    status: 'fail',
    zone: `${key('mail', good)}\n${key('mail', `p=${otherRsa2048}`)}`,
    office: office([], { 'TXT mail._domainkey.example.com': 0 }),
  },
  {
    id: 'DKM-12',
    status: 'fail',
    zone: key('ph1', good),
    office: office([{ createdAtMs: clinicNowMs - 181 * dayMs }]),
    says: /181 days/,
  },
  {
    id: 'DKM-12',
    status: 'fail',
    zone: key('mail', good),
    office: office([], { 'TXT mail._domainkey.example.com': clinicNowMs - 400 * dayMs }),
    says: /400 days/,
  },
  {
    id: 'DKM-12',
    status: 'pass',
    zone: key('ph1', good),
    office: office([{ createdAtMs: clinicNowMs - 180 * dayMs }]),
  },
  { id: 'DKM-12', status: 'skip', zone: key('ph1', good) },
  // DKM-13
  {
    id: 'DKM-13',
    status: 'fail',
    zone: key('mail', good),
    senders: ['google-workspace:selector=other'],
    reports: reports(['google']),
    says: /known here uses it\.$/,
  },
  {
    id: 'DKM-13',
    status: 'fail',
    zone: key('mail', good),
    reports: reports(['google']),
    says: /looks like Google Workspace/,
    steps: /--sender google-workspace/,
  },
  {
    id: 'DKM-13',
    status: 'pass',
    zone: key('google', good),
    senders: ['google-workspace'],
    reports: reports(['google']),
  },
  { id: 'DKM-13', status: 'skip', zone: key('mail', good) },
  // DKM-14
  {
    id: 'DKM-14',
    status: 'fail',
    zone: key('mail', good),
    reports: reports([]),
    fix: { delete: [txt('mail', good)], set: [] },
  },
  { id: 'DKM-14', status: 'pass', zone: key('mail', good), reports: reports(['mail']) },
  { id: 'DKM-14', status: 'skip', zone: key('mail', good), reports: reports([], 89) },
  // DKM-15
  {
    id: 'DKM-15',
    status: 'unknown',
    zone: `;!TIMEOUT s9._domainkey.example.com.\n${key('mail', `v=DKIM1; k=ed25519; p=${ed25519}`)}`,
    selectors: ['s9'],
  },
  { id: 'DKM-15', status: 'fail', zone: key('mail', `v=DKIM1; k=ed25519; p=${ed25519}`), says: /Ed25519/ },
  { id: 'DKM-15', status: 'pass', zone: `${key('mail', `v=DKIM1; k=ed25519; p=${ed25519}`)}\n${key('default', good)}` },
  {
    id: 'DKM-15',
    status: 'fail',
    zone: `${key('ph1', `v=DKIM1; k=ed25519; p=${ed25519}`)}\n${key('default', good)}`,
    office: office([{ record: `v=DKIM1; k=ed25519; p=${ed25519}` }]),
    steps: /domains key rotate/,
  },
  // DKM-16
  {
    id: 'DKM-16',
    status: 'fail',
    zone: `${key('mail', good)}\n${key('mail', 'p=AAAA')}`,
    fix: { delete: [txt('mail', 'p=AAAA')], set: [txt('mail', good)] },
  },
  {
    id: 'DKM-16',
    status: 'fail',
    zone: `${key('mail', good)}\n${key('mail', `p=${otherRsa2048}`)}`,
    fix: { delete: [], set: [] },
    steps: /Leave the one/,
  },
  {
    id: 'DKM-16',
    status: 'fail',
    zone: `${key('ph1', good)}\n${key('ph1', `p=${otherRsa2048}`)}`,
    office: office([{}]),
    fix: { delete: [txt('ph1', `p=${otherRsa2048}`)], set: [txt('ph1', good)] },
  },
  { id: 'DKM-16', status: 'pass', zone: `${key('mail', good)}\nmail._domainkey.example.com. 300 TXT "v=spf1 -all"` },
  // DKM-17
  { id: 'DKM-17', status: 'fail', zone: mailchimp, senders: ['mailchimp'], says: /all its customers/ },
  { id: 'DKM-17', status: 'pass', zone: key('google', good), senders: [`google-workspace:key=${rsa2048}`] },
  { id: 'DKM-17', status: 'skip', zone: key('mail', good) },
];

test('DKIM: every check has a scene that fails and one that passes', async () => {
  for (const { id } of dkimRules)
    for (const status of ['fail', 'pass'])
      assert.ok(
        rows.some((row) => row.id === id && row.status === status),
        `${id} ${status}`,
      );
});

for (const [at, { id, status, severity, says, fix, steps, ...scene }] of rows.entries())
  test(`${id} ${status}: ${says?.source ?? `scene ${at}`}`, async () => {
    const finding = scene.senders?.includes('mailchimp')
      ? await oneOf(id, status, scene)
      : await theFinding(id, status, scene);
    if (severity !== undefined) assert.equal(finding.severity, severity);
    if (says !== undefined) assert.match(finding.meaning, says);
    if (steps !== undefined) assert.match((finding.fix?.steps ?? []).join('\n'), steps);
    if (fix !== undefined) assert.partialDeepStrictEqual(finding.fix, fix);
    if (status === 'fail') assert.ok(finding.fix, 'what is wrong has a way out');
    if (status === 'fail' || status === 'pass')
      for (const { answer } of finding.evidence) assert.notEqual(answer, 'not asked', JSON.stringify(finding.evidence));
  });

test('how each sender signs is told for the score that is to be expected', async () => {
  const { dkim } = await factsOf({
    zone: `${key('google', `p=${rsa1024}`)}\n${mailchimp.split('\n').slice(1).join('\n')}`,
    senders: ['google-workspace', 'mailchimp'],
  });
  assert.deepEqual(dkim.senders.slice(0, 2), [
    { label: 'google-workspace', keys: [{ selector: 'google', state: 'weak' }] },
    {
      label: 'mailchimp',
      keys: [
        { selector: 'k2', state: 'missing' },
        { selector: 'k3', state: 'good' },
      ],
    },
  ]);
});

test('two accounts with one service want the same selectors: told apart, and no key is asked for twice', async () => {
  const senders = ['sendgrid:11111111,wl1,em1', 'sendgrid:22222222,wl2,em2'];
  const scene = { zone: 'example.com. A 192.0.2.1', senders };
  for (const { meaning } of await findingsFor('DKM-10', scene))
    assert.match(meaning, /^SendGrid.{1,2}11111111.* and SendGrid.{1,2}22222222.* each want/);
  assert.deepEqual(
    (await findingsFor('DKM-01', scene)).flatMap(({ status, fix }) => [status, ...(fix?.set ?? [])]),
    ['skip', 'skip', 'skip', 'skip'],
  );
});
