import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTlsRptRecord } from './record.ts';
import { createTlsTally } from './tally.ts';
import type { ReportedPolicy, TlsSession } from './types.ts';
import { tlsReportFileName, tlsReportJson, tlsReportSubject } from './write-report.ts';

test('RFC 8460 §3: where reports go', () => {
  const one = ['mailto:reports@example.com'];
  assert.deepEqual(parseTlsRptRecord(['v=TLSRPTv1;rua=mailto:reports@example.com']), {
    kind: 'found',
    rua: one,
    ignored: [],
  });
  assert.deepEqual(parseTlsRptRecord(['v=spf1 -all', 'v=TLSRPTv1; x=y ; rua=mailto:reports@example.com ;']), {
    kind: 'found',
    rua: one,
    ignored: [],
  });
  assert.deepEqual(
    parseTlsRptRecord(['v=TLSRPTv1; rua=mailto:a@b.test , https://reports.test/v1?x=1, ftp://x.test/']),
    {
      kind: 'found',
      rua: ['mailto:a@b.test', 'https://reports.test/v1?x=1'],
      ignored: ['ftp://x.test/'],
    },
  );
});

test('RFC 8460 §3: what is none, and what is wrong', () => {
  for (const texts of [[], ['v=tlsrptv1; rua=mailto:a@b.test'], ['v=TLSRPTv1'], ['rua=mailto:a@b.test; v=TLSRPTv1;']])
    assert.deepEqual(parseTlsRptRecord(texts), { kind: 'none' });
  const good = 'v=TLSRPTv1; rua=mailto:a@b.test';
  assert.equal(parseTlsRptRecord([good, good]).kind, 'invalid');
  for (const rest of [
    '',
    ' rua=',
    ' rua',
    ' rua=reports',
    ' rua=mailto:',
    ' rua=http://x.test/',
    ' rua=mailto:a!b@c.test',
    ' rua =mailto:a@b.test',
    ' RUA=mailto:a@b.test',
    ' rua=mailto:a@b.test,',
    ` rua=${'mailto:a@b.test,'.repeat(11)}`,
    ' rua=mailto:a@b.test;; x=y',
    ' rua=mailto:a\0@b.test',
  ])
    assert.equal(parseTlsRptRecord([`v=TLSRPTv1;${rest}`]).kind, 'invalid', rest);
});

const sts: ReportedPolicy = {
  type: 'sts',
  strings: ['version: STSv1', 'mode: testing'],
  domain: 'example.com',
  mxHosts: ['*.example.com'],
};
const tlsa: ReportedPolicy = {
  type: 'tlsa',
  strings: ['3 1 1 ab'],
  domain: 'mx.example.com',
  mxHosts: [],
};
const session = (policy: ReportedPolicy, failure?: TlsSession['failure']): TlsSession => ({
  domain: 'example.com',
  policy,
  ...(failure ? { failure } : {}),
});

test('sessions are counted by policy, failures by what went wrong and where', () => {
  const tally = createTlsTally();
  const expired = {
    result: 'certificate-expired',
    receivingHost: 'mx.example.com',
    receivingAddress: '192.0.2.1',
  } as const;
  for (const one of [
    session(sts),
    session(sts, expired),
    session({ ...sts }, { ...expired }),
    session(sts, { ...expired, receivingAddress: '192.0.2.2' }),
    session(tlsa),
  ])
    tally.count(one);
  assert.deepEqual(tally.of('example.com'), [
    {
      policy: sts,
      successful: 1,
      failed: 3,
      failures: [
        { ...expired, sessions: 2 },
        { ...expired, receivingAddress: '192.0.2.2', sessions: 1 },
      ],
    },
    { policy: tlsa, successful: 1, failed: 0, failures: [] },
  ]);
  assert.deepEqual(tally.domains(), ['example.com']);
});

test('the tally is bounded, and what has no room for itself is counted where it can be', () => {
  const tally = createTlsTally();
  for (let i = 0; i < 200; i++) tally.count(session(sts, { result: 'validation-failure', reason: `reason ${i}` }));
  const [count] = tally.of('example.com');
  assert.equal(count?.failed, 200);
  assert.equal(count.failures.length, 51);
  assert.deepEqual(count.failures.at(-1), { result: 'validation-failure', sessions: 150 });
  const long = { ...sts, strings: ['x'.repeat(10_000)] };
  for (let i = 0; i < 1_000; i++) tally.count({ ...session(long), domain: `l${i}.test` });
  assert.deepEqual(tally.of('l999.test'), [
    { policy: { ...sts, strings: [], mxHosts: [] }, successful: 1, failed: 0, failures: [] },
  ]);
  for (let i = 0; i < 10_000; i++) tally.count({ ...session(sts), domain: `d${i}.test` });
  assert.equal(tally.domains().length, 10_000);
  assert.equal(tally.uncounted(), 1_001);
});

test('RFC 8460 §4.4: the report', () => {
  const policies = [
    {
      policy: sts,
      successful: 5326,
      failed: 303,
      failures: [
        {
          result: 'certificate-expired',
          sendingAddress: '192.0.2.9',
          receivingHost: 'mx.example.com',
          receivingAddress: '192.0.2.1',
          sessions: 303,
          reason: 'too old',
        },
      ],
    } as const,
    {
      policy: { type: 'no-policy-found', strings: [], domain: 'example.com', mxHosts: [] },
      successful: 1,
      failed: 0,
      failures: [],
    } as const,
  ];
  const report = {
    organization: 'Office',
    contact: 'tls@sender.test',
    reportId: 'r1@sender.test',
    fromMs: Date.UTC(2026, 10, 21),
    toMs: Date.UTC(2026, 10, 22) - 1,
    policies,
  };
  assert.deepEqual(JSON.parse(tlsReportJson(report)), {
    'organization-name': 'Office',
    'date-range': { 'start-datetime': '2026-11-21T00:00:00Z', 'end-datetime': '2026-11-21T23:59:59Z' },
    'contact-info': 'tls@sender.test',
    'report-id': 'r1@sender.test',
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: testing'],
          'policy-domain': 'example.com',
          'mx-host': ['*.example.com'],
        },
        summary: { 'total-successful-session-count': 5326, 'total-failure-session-count': 303 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '192.0.2.9',
            'receiving-mx-hostname': 'mx.example.com',
            'receiving-ip': '192.0.2.1',
            'failed-session-count': 303,
            'failure-reason-code': 'too old',
          },
        ],
      },
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'example.com' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ],
  });
  assert.equal(
    tlsReportFileName('sender.test', 'example.com', report),
    'sender.test!example.com!1795219200!1795305599!r1-sender.test.json',
  );
  assert.equal(
    tlsReportSubject('sender.test', 'example.com', 'r1@sender.test'),
    'Report Domain: example.com Submitter: sender.test Report-ID: <r1@sender.test>',
  );
});
