/** Every check of the DMARC record: a zone that makes it fail, one that makes it pass, and where nobody can know. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { at, dmarc, gone, mail, set, withMail } from '../../../../../test/support/dmarc-scenes.ts';
import { clinicNowMs, factsOf, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import { inPieces, rsa2048 } from '../../../../../test/support/doctor-keys.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import type { FindingStatus, Fix } from '../../types.ts';
import type { CheckId } from '../checks/checks.ts';
import type { OfficeKnowledge, ReportKnowledge } from '../types.ts';
import { dmarcRules } from './rules.ts';

const instead = (there: string, value: string) => ({ delete: [gone(there)], set: [set(value)] });
const rua = 'rua=mailto:dmarc@example.com';
const fine = `v=DMARC1; p=reject; ${rua}`;
const silent = `;!SERVFAIL ${at}.\n${mail}`;
const dayMs = 86_400_000;

function office(more: Partial<OfficeKnowledge> & { readonly days?: number } = {}): OfficeKnowledge {
  const { days, ...rest } = more;
  return {
    hostname: 'mx.example.net' as DomainName,
    receives: false,
    keys: [],
    unchangedSinceMs: days === undefined ? {} : { [`TXT ${at}`]: clinicNowMs - days * dayMs },
    planned: {},
    ...rest,
  };
}
const planned = (text: string) => office({ planned: { [`TXT ${at}`]: [text] } });
const reports = (more: Partial<ReportKnowledge> = {}): ReportKnowledge => ({
  days: 90,
  selectorsSeen: [],
  bySender: {},
  ...more,
});
const googleKey = `google._domainkey.example.com. 300 TXT ${inPieces(`v=DKIM1; k=rsa; p=${rsa2048}`)}`;

type Row = Scene & {
  readonly id: CheckId;
  readonly status: FindingStatus;
  readonly severity?: string;
  readonly says?: RegExp;
  readonly fix?: Partial<Fix>;
  readonly steps?: RegExp;
};

const rows: readonly Row[] = [
  // DMA-01
  {
    id: 'DMA-01',
    status: 'fail',
    zone: mail,
    fix: { delete: [], set: [set('v=DMARC1; p=none; rua=mailto:postmaster@example.com')] },
  },
  {
    id: 'DMA-01',
    status: 'fail',
    zone: 'example.com. TXT "v=spf1 ip4:192.0.2.1 ~all"',
    fix: { set: [set('v=DMARC1; p=none')] },
    steps: /an address that receives mail/,
  },
  { id: 'DMA-01', status: 'pass', zone: withMail(fine) },
  {
    id: 'DMA-01',
    status: 'pass',
    domain: 'news.example.com',
    zone: withMail(fine),
    says: /follows the DMARC record of example\.com/,
  },
  { id: 'DMA-01', status: 'unknown', zone: silent },
  { id: 'DMA-01', status: 'unknown', domain: 'news.example.com', zone: silent, says: /above news\.example\.com/ },
  { id: 'DMA-01', status: 'skip', zone: withMail(fine, fine) },
  { id: 'DMA-01', status: 'skip', zone: 'example.com. MX 0 .', says: /PRK-03/ },
  { id: 'DMA-01', status: 'skip', zone: 'example.com. A 192.0.2.1', says: /PRK-03/ },
  // DMA-02
  {
    id: 'DMA-02',
    status: 'fail',
    zone: withMail('v=DMARC1; p=none; rua=mailto:wizard@example.net', fine),
    fix: {
      delete: [gone('v=DMARC1; p=none; rua=mailto:wizard@example.net'), gone(fine)],
      set: [set(`${fine},mailto:wizard@example.net`)],
    },
  },
  { id: 'DMA-02', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-02', status: 'unknown', zone: silent },
  // DMA-03
  {
    id: 'DMA-03',
    status: 'fail',
    severity: 'error',
    zone: `${mail}\n${dmarc(fine, { name: 'example.com' })}`,
    fix: { delete: [gone(fine, 'example.com')], set: [set(fine)] },
  },
  {
    id: 'DMA-03',
    status: 'fail',
    zone: `${mail}\n${dmarc(fine, { name: '_dmarc.example.com.example.com' })}`,
    says: /twice/,
  },
  {
    id: 'DMA-03',
    status: 'fail',
    severity: 'advice',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=none; rua=mailto:old@example.com', { name: 'example.com' })}`,
    fix: {
      delete: [gone('v=DMARC1; p=none; rua=mailto:old@example.com', 'example.com'), gone(fine)],
      set: [set(`${fine},mailto:old@example.com`)],
    },
  },
  { id: 'DMA-03', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-03', status: 'unknown', zone: `;!TIMEOUT example.com.\n${dmarc(fine)}` },
  // DMA-04
  {
    id: 'DMA-04',
    status: 'fail',
    severity: 'error',
    zone: withMail(`V=dmarc1; p=reject; ${rua}`),
    fix: instead(`V=dmarc1; p=reject; ${rua}`, fine),
  },
  {
    id: 'DMA-04',
    status: 'fail',
    zone: withMail(`p=reject; v=DMARC1; ${rua}`),
    fix: instead(`p=reject; v=DMARC1; ${rua}`, fine),
  },
  {
    id: 'DMA-04',
    status: 'fail',
    zone: withMail(`"v=DMARC1, p=reject, ${rua}"`),
    fix: instead(`"v=DMARC1, p=reject, ${rua}"`, fine),
  },
  {
    id: 'DMA-04',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; p=none; ${rua}`),
    says: /stands there twice/,
    fix: instead(`v=DMARC1; p=reject; p=none; ${rua}`, fine),
  },
  {
    id: 'DMA-04',
    status: 'fail',
    severity: 'warn',
    zone: withMail(`${fine}; adkim=x; foo=1; fo=1`),
    fix: instead(`${fine}; adkim=x; foo=1; fo=1`, `v=DMARC1; p=reject; fo=1; ${rua}`),
  },
  { id: 'DMA-04', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-04', status: 'unknown', zone: silent },
  // DMA-05
  {
    id: 'DMA-05',
    status: 'fail',
    zone: withMail(`v=DMARC1; ${rua}`),
    says: /p= is missing.*for p=none/,
    fix: instead(`v=DMARC1; ${rua}`, `v=DMARC1; p=none; np=reject; ${rua}`),
  },
  { id: 'DMA-05', status: 'fail', zone: withMail('v=DMARC1; p=rejct'), says: /no record at all/ },
  {
    id: 'DMA-05',
    status: 'fail',
    zone: withMail(`${fine}; sp=nope`),
    steps: /p=reject is in force, which it was not/,
    fix: instead(`${fine}; sp=nope`, fine),
  },
  { id: 'DMA-05', status: 'pass', zone: withMail(fine) },
  // DMA-06
  {
    id: 'DMA-06',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=none; ${rua}`),
    office: office({ days: 31 }),
    reports: reports({ mayTighten: true }),
    says: /For 31 days/,
    fix: instead(`v=DMARC1; p=none; ${rua}`, `v=DMARC1; p=none; np=reject; ${rua}`),
  },
  {
    id: 'DMA-06',
    status: 'pass',
    zone: withMail(`v=DMARC1; p=none; ${rua}`),
    office: office({ days: 30 }),
    reports: reports({ mayTighten: true }),
  },
  {
    id: 'DMA-06',
    status: 'pass',
    zone: withMail(`v=DMARC1; p=none; ${rua}`),
    office: office({ days: 400 }),
    reports: reports({ mayTighten: false }),
  },
  { id: 'DMA-06', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-06', status: 'skip', zone: withMail(`v=DMARC1; p=none; ${rua}`) },
  // DMA-07
  {
    id: 'DMA-07',
    status: 'fail',
    zone: withMail('v=DMARC1; p=quarantine'),
    fix: instead('v=DMARC1; p=quarantine', 'v=DMARC1; p=quarantine; np=reject; rua=mailto:postmaster@example.com'),
  },
  {
    id: 'DMA-07',
    status: 'fail',
    zone: dmarc('v=DMARC1; p=none'),
    fix: { set: [] },
    steps: /an address that receives mail/,
  },
  { id: 'DMA-07', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-07', status: 'skip', zone: mail },
  // DMA-08
  {
    id: 'DMA-08',
    status: 'fail',
    zone: withMail('v=DMARC1; p=none; rua=https://example.com/d'),
    fix: { set: [set('v=DMARC1; p=none; np=reject; rua=mailto:postmaster@example.com')] },
    says: /mailto: addresses alone/,
  },
  {
    id: 'DMA-08',
    status: 'fail',
    zone: withMail('v=DMARC1; p=none; rua=dmarc@example.com'),
    says: /no report address/,
    fix: { set: [set('v=DMARC1; p=none; np=reject; rua=mailto:postmaster@example.com')] },
  },
  {
    id: 'DMA-08',
    status: 'fail',
    zone: `${withMail(`${fine},mailto:d@gone.example.net`)}\nexample.net. A 192.0.2.9`,
    says: /gone\.example\.net takes no mail/,
    fix: { set: [set(fine)] },
  },
  {
    id: 'DMA-08',
    status: 'fail',
    zone: dmarc('v=DMARC1; p=none; rua=mailto:dmarc@example.com'),
    says: /example\.com takes no mail/,
    steps: /have mail arrive/,
  },
  {
    id: 'DMA-08',
    status: 'fail',
    zone: `example.net. MX 0 .\n${withMail(`${fine},mailto:d@example.net`)}`,
    says: /takes no mail/,
  },
  {
    id: 'DMA-08',
    status: 'fail',
    zone: withMail('v=DMARC1; p=none; rua=mailto:postmaster@example.com'),
    world: {
      probes: {
        mailHost: async () => ({
          kind: 'seen',
          address: '192.0.2.25',
          greeting: '220',
          offersStartTls: false,
          accepts: { postmaster: '550 5.1.1 nobody' },
        }),
      },
    },
    says: /refuses that mailbox/,
  },
  { id: 'DMA-08', status: 'pass', zone: withMail(fine) },
  {
    id: 'DMA-08',
    status: 'unknown',
    zone: `;!SERVFAIL example.net.\n${withMail('v=DMARC1; p=none; rua=mailto:d@example.net')}`,
  },
  {
    id: 'DMA-08',
    status: 'unknown',
    isUnpublished: true,
    zone: withMail('v=DMARC1; p=none; rua=mailto:d@service.test'),
  },
  // DMA-09
  {
    id: 'DMA-09',
    status: 'fail',
    zone: `example.net. MX 1 mx.example.net.\n${withMail('v=DMARC1; p=none; rua=mailto:d@example.net')}`,
    fix: { delete: [], set: [set('v=DMARC1', 'example.com._report._dmarc.example.net')] },
    steps: /zone of example\.net/,
  },
  {
    id: 'DMA-09',
    status: 'pass',
    zone: `*._report._dmarc.example.net. TXT "v=DMARC1"\n${withMail('v=DMARC1; p=none; rua=mailto:d@example.net')}`,
  },
  { id: 'DMA-09', status: 'pass', zone: withMail(fine), says: /your own domain/ },
  {
    id: 'DMA-09',
    status: 'unknown',
    zone: `;!TIMEOUT example.com._report._dmarc.example.net.\n${withMail('v=DMARC1; p=none; rua=mailto:d@example.net')}`,
  },
  {
    id: 'DMA-09',
    status: 'unknown',
    isUnpublished: true,
    zone: withMail('v=DMARC1; p=none; rua=mailto:d@service.test'),
  },
  {
    id: 'DMA-09',
    status: 'fail',
    zone: `example.com._report._dmarc.example.net. TXT "v=DMARC1; rua=mailto:x@elsewhere.test"\nexample.net. MX 1 mx.example.net.\n${withMail('v=DMARC1; p=none; rua=mailto:d@example.net')}`,
    steps: /does not do: redirected to another host/,
  },
  // DMA-10
  {
    id: 'DMA-10',
    status: 'fail',
    zone: withMail(`${fine},mailto:b@example.com,mailto:c@example.com`),
    says: /3 addresses/,
  },
  { id: 'DMA-10', status: 'pass', zone: withMail(`${fine},mailto:b@example.com`) },
  // DMA-11
  {
    id: 'DMA-11',
    status: 'fail',
    zone: withMail('v=DMARC1; p=reject; rf=afrf; ri=86400; pct=100; rua=mailto:dmarc@example.com!10m'),
    says: /rf=afrf, ri=86400, the size limit in rua and pct=100/,
    fix: { set: [set(fine)] },
  },
  {
    id: 'DMA-11',
    status: 'fail',
    zone: withMail(`${fine}; pct=25`),
    says: /act on 25 % .* ignore it/,
    fix: { set: [] },
  },
  { id: 'DMA-11', status: 'pass', zone: withMail(`v=DMARC1; p=quarantine; t=y; pct=0; ${rua}`), says: /go by t=y/ },
  { id: 'DMA-11', status: 'pass', zone: withMail(fine) },
  // DMA-12
  {
    id: 'DMA-12',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; sp=none; ${rua}`),
    fix: instead(`v=DMARC1; p=reject; sp=none; ${rua}`, `v=DMARC1; p=reject; np=reject; ${rua}`),
  },
  { id: 'DMA-12', status: 'fail', zone: withMail(`v=DMARC1; p=reject; np=none; ${rua}`), fix: { set: [set(fine)] } },
  { id: 'DMA-12', status: 'pass', zone: withMail(`v=DMARC1; p=quarantine; sp=reject; ${rua}`) },
  {
    id: 'DMA-12',
    status: 'skip',
    domain: 'a.example.com',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=reject; sp=none', { name: '_dmarc.a.example.com' })}`,
  },
  // DMA-13
  {
    id: 'DMA-13',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=quarantine; ${rua}`),
    fix: instead(`v=DMARC1; p=quarantine; ${rua}`, `v=DMARC1; p=quarantine; np=reject; ${rua}`),
  },
  { id: 'DMA-13', status: 'pass', zone: withMail(`v=DMARC1; p=none; np=reject; ${rua}`) },
  { id: 'DMA-13', status: 'pass', zone: withMail(fine) },
  // DMA-14
  {
    id: 'DMA-14',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; t=y; pct=0; ${rua}`),
    office: office({ days: 31 }),
    says: /p=reject is treated as quarantine/,
    fix: { set: [set(fine)] },
  },
  {
    id: 'DMA-14',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; t=y; ${rua}`),
    office: office({ days: 31 }),
    reports: reports({ mayTighten: false }),
    fix: { set: [] },
    steps: /mend that before/,
  },
  { id: 'DMA-14', status: 'pass', zone: withMail(`v=DMARC1; p=reject; t=y; ${rua}`), office: office({ days: 30 }) },
  { id: 'DMA-14', status: 'skip', zone: withMail(`v=DMARC1; p=reject; t=y; ${rua}`) },
  { id: 'DMA-14', status: 'pass', zone: withMail(fine) },
  // DMA-15
  {
    id: 'DMA-15',
    status: 'fail',
    severity: 'error',
    zone: withMail(`${fine}; adkim=s; aspf=s`),
    senders: ['mailgun'],
    says: /Mailgun .* its mail fails DMARC/,
    fix: { set: [set(fine)] },
  },
  {
    id: 'DMA-15',
    status: 'fail',
    severity: 'warn',
    zone: withMail(`${fine}; adkim=s; aspf=s`),
    senders: ['sendgrid'],
    says: /still passes by the other way/,
    fix: { set: [set(`v=DMARC1; p=reject; adkim=s; ${rua}`)] },
  },
  { id: 'DMA-15', status: 'pass', zone: withMail(`${fine}; adkim=s; aspf=s`), senders: ['google-workspace'] },
  { id: 'DMA-15', status: 'pass', zone: withMail(fine), senders: ['mailgun'] },
  { id: 'DMA-15', status: 'skip', zone: withMail(`${fine}; adkim=s`) },
  // DMA-16
  {
    id: 'DMA-16',
    status: 'fail',
    domain: 'shop.github.io',
    zone: '_dmarc.github.io. TXT "v=DMARC1; p=reject; rua=mailto:d@github.io"\nshop.github.io. A 192.0.2.1',
    says: /failed and treated as reject by the new standard \(RFC 9989\), without any policy by the old one/,
    fix: { set: [set('v=DMARC1; p=reject', '_dmarc.shop.github.io')] },
  },
  {
    id: 'DMA-16',
    status: 'fail',
    domain: 'mail.example.com',
    zone: `${mail}\n${dmarc('v=DMARC1; p=reject', { name: '_dmarc.mail.example.com' })}`,
    says: /that example\.com signed/,
    fix: { delete: [], set: [set('v=DMARC1; p=none', '_dmarc.example.com')] },
  },
  {
    id: 'DMA-16',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; t=y; ${rua}`),
    says: /as quarantine by new receivers and as reject/,
    fix: { set: [set(`v=DMARC1; p=reject; t=y; pct=0; ${rua}`)] },
  },
  {
    id: 'DMA-16',
    status: 'fail',
    zone: withMail(`v=DMARC1; p=reject; pct=0; ${rua}`),
    says: /as reject by new receivers and as quarantine/,
    steps: /add "; t=y"/,
  },
  { id: 'DMA-16', status: 'pass', zone: withMail(`v=DMARC1; p=reject; t=y; pct=0; ${rua}`) },
  { id: 'DMA-16', status: 'pass', zone: withMail(fine), says: /both take example\.com/ },
  { id: 'DMA-16', status: 'unknown', zone: `;!SERVFAIL _dmarc.com.\n${mail}` },
  // DMA-17
  {
    id: 'DMA-17',
    status: 'fail',
    zone: withMail('v=DMARC1; p=none; rua=mailto:wizard@example.com'),
    office: planned(fine),
    says: /p=reject became p=none.*reports no longer go to mailto:dmarc@example\.com/,
    fix: { set: [set(`${fine},mailto:wizard@example.com`)] },
  },
  {
    id: 'DMA-17',
    status: 'fail',
    zone: mail,
    office: planned(fine),
    says: /no record counts/,
    fix: { set: [set(fine)] },
  },
  { id: 'DMA-17', status: 'fail', zone: withMail(`${fine}; t=y`), office: planned(fine), says: /test mode/ },
  {
    id: 'DMA-17',
    status: 'fail',
    zone: withMail(`${fine}; sp=none`),
    office: planned(fine),
    says: /names below: reject became none/,
  },
  { id: 'DMA-17', status: 'pass', zone: withMail(fine), office: planned(`v=DMARC1; p=quarantine; ${rua}`) },
  { id: 'DMA-17', status: 'unknown', zone: silent, office: planned(fine) },
  { id: 'DMA-17', status: 'skip', zone: withMail(fine) },
  // DMA-18
  {
    id: 'DMA-18',
    status: 'fail',
    severity: 'warn',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=none; rua=mailto:n@example.com', { name: '_dmarc.news.example.com' })}`,
    senders: ['sendgrid:subdomain=news'],
    says: /asks for none, and the domain asks for reject/,
    fix: {
      delete: [gone('v=DMARC1; p=none; rua=mailto:n@example.com', '_dmarc.news.example.com')],
      set: [set('v=DMARC1; p=reject; rua=mailto:n@example.com', '_dmarc.news.example.com')],
    },
  },
  {
    id: 'DMA-18',
    status: 'fail',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=reject; psd=n', { name: '_dmarc.news.example.com' })}`,
    senders: ['sendgrid:subdomain=news'],
    says: /cuts it off/,
  },
  {
    id: 'DMA-18',
    status: 'fail',
    severity: 'advice',
    domain: 'news.example.com',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=reject; sp=none', { name: '_dmarc.news.example.com' })}`,
    says: /nobody reads sp=none here/,
    fix: { set: [set('v=DMARC1; p=reject', '_dmarc.news.example.com')] },
  },
  {
    id: 'DMA-18',
    status: 'fail',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=none', { name: '_dmarc.news.example.com' })}\n${dmarc('v=DMARC1; p=reject', { name: '_dmarc.news.example.com' })}`,
    senders: ['sendgrid:subdomain=news'],
    says: /2 DMARC records: none counts/,
  },
  {
    id: 'DMA-18',
    status: 'pass',
    zone: `${withMail(fine)}\n${dmarc('v=DMARC1; p=reject', { name: '_dmarc.news.example.com' })}`,
    senders: ['sendgrid:subdomain=news'],
  },
  {
    id: 'DMA-18',
    status: 'unknown',
    zone: `;!SERVFAIL _dmarc.news.example.com.\n${withMail(fine)}`,
    senders: ['sendgrid:subdomain=news'],
  },
  { id: 'DMA-18', status: 'skip', zone: withMail(fine) },
  // DMA-19
  {
    id: 'DMA-19',
    status: 'fail',
    zone: withMail(fine, 'google-site-verification=abc'),
    fix: { delete: [gone('google-site-verification=abc')], set: [] },
  },
  { id: 'DMA-19', status: 'skip', zone: `${mail}\n*.example.com. TXT "hello"` },
  { id: 'DMA-19', status: 'pass', zone: withMail(fine) },
  { id: 'DMA-19', status: 'unknown', zone: silent },
  // DMA-20
  {
    id: 'DMA-20',
    status: 'fail',
    zone: withMail(fine),
    senders: ['google-workspace'],
    says: /no key published.*SPF alone/,
    steps: /Admin console/,
  },
  {
    id: 'DMA-20',
    status: 'fail',
    zone: `${withMail(fine)}\n${googleKey}`,
    senders: ['google-workspace'],
    reports: reports({ bySender: { 'google-workspace': { messages: 100, alignedSpf: 100, alignedDkim: 98 } } }),
    says: /of 100 messages of Google Workspace only 98/,
  },
  {
    id: 'DMA-20',
    status: 'pass',
    zone: `${withMail(fine)}\n${googleKey}`,
    senders: ['google-workspace'],
    reports: reports({ bySender: { 'google-workspace': { messages: 100, alignedSpf: 100, alignedDkim: 99 } } }),
  },
  { id: 'DMA-20', status: 'pass', zone: `${withMail(fine)}\n${googleKey}`, senders: ['google-workspace'] },
  { id: 'DMA-20', status: 'unknown', zone: withMail(fine), senders: ['smtp-relay'] },
  { id: 'DMA-20', status: 'unknown', zone: silent, senders: ['google-workspace'] },
  { id: 'DMA-20', status: 'skip', zone: withMail(`v=DMARC1; p=quarantine; ${rua}`), senders: ['google-workspace'] },
  { id: 'DMA-20', status: 'unknown', zone: withMail(fine), senders: ['mailgun'] },
  // DMA-21
  {
    id: 'DMA-21',
    status: 'fail',
    zone: withMail(fine),
    office: office({ writesToLists: true }),
    steps: /p=quarantine/,
    fix: { set: [] },
  },
  { id: 'DMA-21', status: 'pass', zone: withMail(fine), office: office({ writesToLists: false }) },
  {
    id: 'DMA-21',
    status: 'pass',
    zone: withMail(`v=DMARC1; p=quarantine; ${rua}`),
    office: office({ writesToLists: true }),
  },
  { id: 'DMA-21', status: 'skip', zone: withMail(fine) },
  // DMA-22
  { id: 'DMA-22', status: 'fail', zone: withMail(`${fine}; ruf=mailto:f@example.com`), says: /mailto:f@example\.com/ },
  { id: 'DMA-22', status: 'pass', zone: withMail(fine) },
  // DMA-23
  {
    id: 'DMA-23',
    status: 'fail',
    zone: `${mail}\n${dmarc(`v=DMARC1; p=none; ${rua}`, { ttl: 86_400 })}`,
    says: /24 hours/,
    fix: instead(`v=DMARC1; p=none; ${rua}`, `v=DMARC1; p=none; np=reject; ${rua}`),
  },
  { id: 'DMA-23', status: 'pass', zone: withMail(`v=DMARC1; p=none; ${rua}`) },
  { id: 'DMA-23', status: 'pass', zone: `${mail}\n${dmarc(fine, { ttl: 86_400 })}` },
  // DMA-24
  {
    id: 'DMA-24',
    status: 'fail',
    zone: `default._bimi.example.com. TXT "v=BIMI1; l=https://example.com/l.svg"\n${withMail(`v=DMARC1; p=reject; sp=none; t=y; ${rua}`)}`,
    says: /sp=none and t=y/,
    fix: { set: [set(`v=DMARC1; p=reject; np=reject; ${rua}`)] },
  },
  {
    id: 'DMA-24',
    status: 'pass',
    zone: `default._bimi.example.com. TXT "v=BIMI1; l=https://example.com/l.svg"\n${withMail(fine)}`,
  },
  { id: 'DMA-24', status: 'unknown', zone: `;!SERVFAIL default._bimi.example.com.\n${withMail(fine)}` },
  { id: 'DMA-24', status: 'skip', zone: withMail(fine) },
];

test('DMARC: every check has a scene that fails and one that passes', () => {
  for (const { id } of dmarcRules)
    for (const status of ['fail', 'pass'])
      assert.ok(
        rows.some((row) => row.id === id && row.status === status),
        `${id} ${status}`,
      );
});

for (const [number, { id, status, severity, says, fix, steps, ...scene }] of rows.entries())
  test(`${id} ${status}: ${says?.source ?? `scene ${number}`}`, async () => {
    const finding = await theFinding(id, status, scene);
    if (severity !== undefined) assert.equal(finding.severity, severity);
    if (says !== undefined) assert.match(finding.meaning, says);
    if (steps !== undefined) assert.match((finding.fix?.steps ?? []).join('\n'), steps);
    for (const part of ['delete', 'set'] as const)
      if (fix?.[part] !== undefined) assert.deepEqual(finding.fix?.[part], fix[part], JSON.stringify(finding.fix));
    if (status === 'fail') assert.ok(finding.fix, 'what is wrong has a way out');
    if (status !== 'skip')
      for (const { answer } of finding.evidence) assert.notEqual(answer, 'not asked', JSON.stringify(finding.evidence));
  });

test('what the policy is for mail of the domain itself is told for the score that is to be expected', async () => {
  const policyOf = async (scene: Scene) => (await factsOf(scene)).dmarc.policy;
  assert.equal(await policyOf({ zone: withMail(fine) }), 'reject');
  assert.equal(await policyOf({ zone: withMail('v=DMARC1; p=reject; t=y') }), 'quarantine');
  assert.equal(await policyOf({ zone: withMail('v=DMARC1; p=reject; sp=none'), domain: 'a.example.com' }), 'none');
  assert.equal(await policyOf({ zone: mail }), 'missing');
  assert.equal(await policyOf({ zone: withMail('v=DMARC1') }), 'missing');
  assert.equal(await policyOf({ zone: silent }), 'unknown');
});
