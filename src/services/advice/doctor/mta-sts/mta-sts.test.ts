import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinicNowMs, findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import {
  certificateFor,
  hostShowing,
  mailHostsOf,
  plainHost,
  policyFileOf,
} from '../../../../../test/support/doctor-hosts.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import type { StsMode } from '../../../../protocol/mta-sts/types.ts';
import { ownStsPolicy, stsPolicyOf, stsRecordOf } from '../../../setup/setup.ts';
import type { OfficeKnowledge, Probes } from '../types.ts';

const certificate = await certificateFor('mx.example.com');
const base = 'example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.25\n';
const served = 'mta-sts.example.com A 192.0.2.80\n';
const announced = '_mta-sts.example.com TXT "v=STSv1; id=abc"\n';
const policy = (mode: string, { mx = 'mx.example.com', age = '604800' } = {}) =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: ${age}\r\n`;
const good = hostShowing(certificate);

type Wish = {
  zone?: string;
  file?: Parameters<typeof policyFileOf>[0];
  host?: Parameters<typeof mailHostsOf>[0][string];
};

/** All in order, unless the wish says otherwise. */
function scene({ zone = base + served + announced, file = policy('enforce'), host = good }: Wish = {}): Scene {
  const probes: Probes = { policyFile: policyFileOf(file), mailHost: mailHostsOf({ 'mx.example.com': host }) };
  return { zone, world: { probes } };
}
const withoutNetwork = (zone = base + served + announced): Scene => ({ zone });

test('STS-01: the record and the name that serves the policy', async () => {
  await theFinding('STS-01', 'pass', scene());
  const absent = await theFinding('STS-01', 'fail', scene({ zone: base }));
  assert.equal(absent.severity, 'advice');
  assert.equal(absent.fix?.set[0]?.name, '_mta-sts.example.com');
  assert.match(absent.fix?.set[0]?.value ?? '', /^v=STSv1; id=[a-z0-9]{20}$/);
  assert.match(absent.fix?.steps?.[0] ?? '', /"mode: testing" "mx: mx.example.com"/);
  const noRecord = await theFinding('STS-01', 'fail', scene({ zone: base + served }));
  assert.equal(noRecord.severity, 'warn');
  const noHost = await theFinding('STS-01', 'fail', scene({ zone: base + announced }));
  assert.equal(noHost.subject, 'mta-sts.example.com');
  await theFinding('STS-01', 'skip', scene({ zone: 'example.com MX 0 .' }));
  await theFinding('STS-01', 'unknown', scene({ zone: `${base};!TIMEOUT _mta-sts.example.com` }));
  await theFinding('STS-01', 'unknown', scene({ zone: `${base}${announced};!TIMEOUT mta-sts.example.com` }));
});

test('STS-01: what is wrong with the record is told, and it is replaced', async () => {
  for (const [records, why] of [
    ['"v=STSv1; id=a_b"', /letters and digits/],
    ['"v=STSv1;"', /no id/],
    ['"v=STSv1; id=a"\n_mta-sts.example.com TXT "v=STSv1; id=b"', /more than one/],
  ] as const) {
    const found = await theFinding(
      'STS-01',
      'fail',
      scene({ zone: `${base}${served}_mta-sts.example.com TXT ${records}` }),
    );
    assert.match(found.meaning, why);
    assert.ok((found.fix?.delete.length ?? 0) > 0);
  }
});

test('what the DNS does not tell is no fault of the policy', async () => {
  const silent = scene({ zone: `${base}${announced};!TIMEOUT mta-sts.example.com\n`, file: 'hello' });
  assert.match((await theFinding('STS-02', 'unknown', silent)).meaning, /mta-sts\.example\.com could not be looked up/);
  await theFinding('STS-01', 'unknown', scene({ zone: 'example.com A 192.0.2.1\n;!TIMEOUT example.com\n' }));
});

test('STS-02: the file as senders fetch it', async () => {
  await theFinding('STS-02', 'pass', scene());
  const code = await theFinding(
    'STS-02',
    'fail',
    scene({ file: { code: 'certificate', say: 'it is for another name' } }),
  );
  assert.match(code.fix?.steps?.join() ?? '', /certificate/);
  await theFinding(
    'STS-02',
    'fail',
    scene({ file: { code: 'fetch-error', say: 'a redirect (301), which is not followed' } }),
  );
  await theFinding('STS-02', 'fail', scene({ file: 'version: STSv2\r\n' }));
  await theFinding('STS-02', 'unknown', withoutNetwork());
  await theFinding('STS-02', 'skip', scene({ zone: base }));
});

test('STS-03: a policy that only asks for reports, for too long', async () => {
  await theFinding('STS-03', 'pass', scene());
  await theFinding('STS-03', 'fail', scene({ file: policy('none') }));
  await theFinding('STS-03', 'unknown', scene({ file: policy('testing') }));
  const dated = (id: string) => base + served + announced.replace('abc', id);
  const old = await theFinding('STS-03', 'fail', scene({ zone: dated('20260901T000000Z'), file: policy('testing') }));
  assert.match(old.meaning, /82 days by the date in its id/);
  assert.match(old.fix?.steps?.[0] ?? '', /"mode: enforce"/);
  for (const host of [plainHost(), { kind: 'failed', why: 'silence' } as const]) {
    const early = await theFinding('STS-03', 'fail', scene({ zone: dated('20260901'), file: policy('testing'), host }));
    assert.deepEqual(early.fix?.set, [], 'nothing that would hold mail back');
    assert.match(early.fix?.steps?.[0] ?? '', /STS-04/);
  }
  await theFinding('STS-03', 'pass', scene({ zone: dated('20261110000000'), file: policy('testing') }));
  await theFinding('STS-03', 'unknown', scene({ zone: dated('20270101000000'), file: policy('testing') }));
  const office = officeKnowing(clinicNowMs - 40 * 86_400_000);
  await theFinding('STS-03', 'fail', { ...scene({ file: policy('testing') }), office });
  await theFinding('STS-03', 'pass', {
    ...scene({ file: policy('testing') }),
    office: officeKnowing(clinicNowMs - 86_400_000),
  });
  await theFinding('STS-03', 'skip', scene({ zone: base }));
  await theFinding('STS-03', 'unknown', withoutNetwork());
});

function officeKnowing(sinceMs: number): OfficeKnowledge {
  const hostname = 'mx.example.com' as DomainName;
  const unchangedSinceMs = { 'TXT _mta-sts.example.com': sinceMs };
  return { hostname, receives: true, keys: [], unchangedSinceMs, planned: {} };
}

test('STS-04: each mail host is named by the policy and proves its name', async () => {
  await theFinding('STS-04', 'pass', scene());
  const [unnamed, stranger] = await findingsFor(
    'STS-04',
    scene({ file: policy('enforce', { mx: '*.other.example' }) }),
  );
  assert.partialDeepStrictEqual(unnamed, { status: 'fail', severity: 'error', subject: 'mx.example.com' });
  assert.match(unnamed?.fix?.steps?.join() ?? '', /"mx: mx.example.com"/);
  assert.partialDeepStrictEqual(stranger, { status: 'fail', severity: 'advice', subject: '*.other.example' });
  const [mild] = await findingsFor('STS-04', scene({ file: policy('testing', { mx: 'other.example' }) }));
  assert.equal(mild?.severity, 'warn');
  const expired = hostShowing(certificate, { certificateProblem: 'CERT_HAS_EXPIRED' });
  assert.match((await theFinding('STS-04', 'fail', scene({ host: expired }))).meaning, /has expired/);
  for (const [certificateProblem, said] of [
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /signed by itself/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /chain is not complete/],
    ['CERT_REVOKED', /CERT_REVOKED/],
  ] as const) {
    const host = hostShowing(certificate, { certificateProblem });
    assert.match((await theFinding('STS-04', 'fail', scene({ host }))).meaning, said);
  }
  const other = hostShowing(await certificateFor('mail.example.org'));
  assert.match((await theFinding('STS-04', 'fail', scene({ host: other }))).meaning, /another name/);
  assert.match((await theFinding('STS-04', 'fail', scene({ host: plainHost() }))).meaning, /no encryption/);
  const failing = { ...plainHost(), offersStartTls: true, tlsProblem: 'wrong version number' };
  assert.match((await theFinding('STS-04', 'fail', scene({ host: failing }))).meaning, /wrong version number/);
});

test('STS-04: what could not be seen is unknown', async () => {
  await theFinding('STS-04', 'unknown', scene({ host: { kind: 'failed', why: 'no answer' } }));
  await theFinding('STS-04', 'unknown', withoutNetwork());
  await theFinding('STS-04', 'unknown', scene({ zone: `${served}${announced};!SERVFAIL example.com` }));
  await theFinding('STS-04', 'skip', scene({ zone: base }));
  await theFinding('STS-04', 'skip', scene({ file: policy('none') }));
  await theFinding('STS-04', 'skip', scene({ zone: `example.com MX 0 .\n${served}${announced}` }));
});

test('STS-05: the lifetime of the policy', async () => {
  await theFinding('STS-05', 'pass', scene());
  await theFinding('STS-05', 'pass', scene({ file: policy('enforce', { age: '86400' }) }));
  await theFinding('STS-05', 'pass', scene({ file: policy('enforce', { age: '31557600' }) }));
  assert.match(
    (await theFinding('STS-05', 'fail', scene({ file: policy('enforce', { age: '86399' }) }))).meaning,
    /less than a day/,
  );
  const long = await theFinding('STS-05', 'fail', scene({ file: policy('enforce', { age: '31557601' }) }));
  assert.match(long.meaning, /more than a year/);
  await theFinding('STS-05', 'unknown', withoutNetwork());
  await theFinding('STS-05', 'skip', scene({ file: 'hello' }));
  await theFinding('STS-05', 'skip', scene({ zone: base }));
});

test('STS-06: the id is that of the policy this office serves', async () => {
  const office = officeKnowing(0);
  const enforced = ownStsPolicy('mx.example.com', 'enforce');
  const zoneWith = (text: string) => `${base}${served}_mta-sts.example.com TXT "${text}"\n`;
  const current = scene({ zone: zoneWith(stsRecordOf(enforced)), file: enforced });
  await theFinding('STS-06', 'pass', { ...current, office });
  const stale = scene({ zone: zoneWith(stsRecordOf(ownStsPolicy('mx.example.com'))), file: enforced });
  const found = await theFinding('STS-06', 'fail', { ...stale, office });
  assert.equal(found.fix?.set[0]?.value, stsRecordOf(enforced));
  assert.equal(found.fix?.delete[0]?.value, stsRecordOf(ownStsPolicy('mx.example.com')));
  await theFinding('STS-06', 'skip', current);
  await theFinding('STS-06', 'skip', { ...scene({ file: policy('enforce', { age: '86400' }) }), office });
});

test('a hostile policy file is no policy, or one that is judged as it stands', async () => {
  const files = [
    '',
    '\0'.repeat(5_000),
    'version: STSv1\nmode: enforce\nmx: *\nmax_age: 1',
    `version: STSv1\nmode: enforce\n${'mx: a.example\n'.repeat(3_000)}max_age: 604800`,
    `version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: ${'9'.repeat(400)}`,
    `version: STSv1\nmode: enforce\nmx: ${'a.'.repeat(4_000)}example\nmax_age: 604800`,
    `${' '.repeat(70_000)}version: STSv1`,
  ];
  for (const file of files) {
    await theFinding('STS-02', 'fail', scene({ file }));
    for (const id of ['STS-01', 'STS-03', 'STS-04', 'STS-05', 'STS-06'] as const)
      for (const { meaning } of await findingsFor(id, scene({ file }))) assert.ok(meaning.length < 400, meaning);
  }
});

test('a proof of ownership among the MX records gets no place in a policy', async () => {
  const zone =
    'example.com. MX 0 mx.example.com.\nexample.com. MX 32767 ms1234.msv1.invalid.\nmx.example.com. A 192.0.2.1';
  const steps = String((await theFinding('STS-01', 'fail', { zone })).fix?.steps);
  assert.match(steps, /"mx: mx\.example\.com"/);
  assert.doesNotMatch(steps, /invalid/);
});

/** @param count mail hosts `mx1` to `mxN` of the domain, all with addresses */
function manyHosts(count: number): string {
  const at = Array.from({ length: count }, (_, index) => index + 1);
  return at.map((n) => `example.com MX ${n * 10} mx${n}.example.com\nmx${n}.example.com A 192.0.2.${n}\n`).join('');
}

test('a policy names every mail host, also those that are not dialled', async () => {
  const zone = manyHosts(13);
  const dialled: string[] = [];
  const probes: Probes = {
    mailHost: async ({ host }) => {
      dialled.push(host);
      return { kind: 'failed', why: 'no answer' };
    },
  };
  const found = await theFinding('STS-01', 'fail', { zone, world: { probes } });
  for (let n = 1; n <= 13; n++) assert.match(String(found.fix?.steps), new RegExp(`"mx: mx${n}\\.example\\.com"`));
  assert.equal(new Set(dialled).size, 10);
});

test('STS-04: mail hosts beyond those that are dialled are held against the policy, and told together', async () => {
  const zone = manyHosts(13) + served + announced;
  const naming = (last: number) => {
    const lines = Array.from({ length: last }, (_, index) => `mx: mx${index + 1}.example.com\r\n`).join('');
    return `version: STSv1\r\nmode: enforce\r\n${lines}max_age: 604800\r\n`;
  };
  const short = await findingsFor('STS-04', scene({ zone, file: naming(10) }));
  const [beyond] = short.filter(({ status }) => status === 'fail');
  assert.partialDeepStrictEqual(beyond, { subject: 'mx11.example.com', severity: 'error' });
  assert.match(beyond?.meaning ?? '', /mx11\.example\.com, mx12\.example\.com and mx13\.example\.com/);
  assert.match(String(beyond?.fix?.steps), /"mx: mx13\.example\.com"/);
  assert.equal(short.length, 11);
  const all = await findingsFor('STS-04', scene({ zone, file: naming(13) }));
  assert.deepEqual([...new Set(all.map(({ status }) => status))], ['unknown'], 'no name of the policy is a stranger');
  assert.match(all.at(-1)?.meaning ?? '', /mx11.*not dialled/);
});

test('STS-03: with hosts that nobody dialled no policy is put in force', async () => {
  const zone = `${manyHosts(11)}${served}_mta-sts.example.com TXT "v=STSv1; id=20260901"\n`;
  const probes: Probes = {
    policyFile: policyFileOf(policy('testing', { mx: '*.example.com' })),
    mailHost: async ({ host }) => hostShowing(await certificateFor(host)),
  };
  const found = await theFinding('STS-03', 'fail', { zone, world: { probes } });
  assert.deepEqual(found.fix?.set, []);
});

test('the mode that somebody decided stays in every fix', async () => {
  const enforcing = stsRecordOf(stsPolicyOf(['mx.example.com'], 'enforce'));
  const zone = `${base}_mta-sts.example.com TXT "${enforcing}"\n`;
  const byRecord = await theFinding('STS-01', 'fail', scene({ zone }));
  assert.match(String(byRecord.fix?.steps), /"mode: enforce"/);
  const byFile = await theFinding('STS-01', 'fail', scene({ zone: base + served }));
  assert.deepEqual(byFile.fix?.set[0]?.value, enforcing);
  const broken = scene({ zone: base + served + announced, file: policy('enforce', { mx: 'a b' }) });
  assert.match(String((await theFinding('STS-02', 'fail', broken)).fix?.steps), /"mode: testing"/);
});

test('an office serves the policy as it was told', async () => {
  const told = (stsMode: StsMode) => ({ ...officeKnowing(0), stsMode });
  const none = await theFinding('STS-01', 'fail', { ...scene({ zone: base }), office: told('enforce') });
  assert.deepEqual(
    none.fix?.set.map(({ name, type, value }) => `${name} ${type} ${value}`),
    [
      'mta-sts.example.com CNAME mx.example.com',
      `_mta-sts.example.com TXT ${stsRecordOf(ownStsPolicy('mx.example.com', 'enforce'))}`,
    ],
  );
  assert.deepEqual(none.fix?.steps, ['this office serves the policy itself, at the name that leads to it']);
  const unannounced = await theFinding('STS-01', 'fail', {
    ...scene({ zone: base + announced }),
    office: told('testing'),
  });
  assert.ok(unannounced.fix?.set.some(({ type }) => type === 'CNAME'));
  const otherwise = await theFinding('STS-01', 'fail', { ...scene({ zone: base }), office: told('none') });
  assert.match(String(otherwise.fix?.steps), /posthorn plan example\.com --mta-sts testing --save/);
  const elsewhere = await theFinding('STS-02', 'fail', { ...scene({ file: 'hello' }), office: told('enforce') });
  assert.match(String(elsewhere.fix?.steps), /first serve .*"mode: enforce"/, 'a web server of its own');
  await theFinding('STS-03', 'pass', { ...scene({ file: policy('none') }), office: told('none') });
});
