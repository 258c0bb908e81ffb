import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinicNowMs, findingsFor, type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import { aYear, markCertificate, squareLogo } from '../../../../../test/support/mark-certificate.ts';
import type { Probes } from '../types.ts';

const record =
  'example.com MX 10 mx.example.com.\ndefault._bimi.example.com TXT "v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/mark.pem"\n';
const withoutCertificate = 'default._bimi.example.com TXT "v=BIMI1; l=https://example.com/logo.svg; a="\n';
const enforced = '_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"\n';
const good = await markCertificate(aYear(clinicNowMs));

type File = { text: string; type?: string } | { say: string };

function scene({
  zone = record + enforced,
  logo = { text: squareLogo },
  mark = { text: good },
}: {
  zone?: string;
  logo?: File;
  mark?: File;
} = {}): Scene {
  const file: Probes['file'] = async (url) => {
    const came = url.endsWith('.svg') ? logo : mark;
    if ('say' in came) return { ok: false, say: came.say };
    return { ok: true, octets: Buffer.from(came.text), mediaType: came.type ?? 'image/svg+xml' };
  };
  return { zone, world: { probes: { file } } };
}
const withDmarc = (text: string) => scene({ zone: `${record}_dmarc.example.com TXT "${text}"\n` });

test('without a logo there is nothing to say; declined, neither; not found out is unknown', async () => {
  for (const id of ['BMI-01', 'BMI-02', 'BMI-03', 'BMI-04'] as const) {
    await theFinding(id, 'skip', scene({ zone: enforced }));
    await theFinding(id, 'skip', scene({ zone: `${enforced}default._bimi.example.com TXT "v=BIMI1; l=; a="` }));
    await theFinding(id, 'unknown', scene({ zone: `${enforced};!TIMEOUT default._bimi.example.com` }));
  }
});

test('BMI-01: DMARC is in force for all mail', async () => {
  await theFinding('BMI-01', 'pass', scene());
  await theFinding('BMI-01', 'pass', withDmarc('v=DMARC1; p=quarantine; pct=100'));
  for (const [text, said] of [
    ['v=DMARC1; p=none', /p=none/],
    ['v=DMARC1; p=reject; sp=none', /sp=none/],
    ['v=DMARC1; p=reject; t=y', /t=y/],
    ['v=DMARC1; p=quarantine; pct=50', /pct=50/],
  ] as const)
    assert.match((await theFinding('BMI-01', 'fail', withDmarc(text))).meaning, said);
  const mended = await theFinding(
    'BMI-01',
    'fail',
    withDmarc('v=DMARC1; p=reject; sp=none; pct=20; rua=mailto:d@example.com'),
  );
  assert.equal(mended.fix?.set[0]?.value, 'v=DMARC1; p=reject; np=reject; rua=mailto:d@example.com');
  assert.match((await theFinding('BMI-01', 'fail', scene({ zone: record }))).meaning, /no DMARC record/);
  await theFinding('BMI-01', 'unknown', scene({ zone: `${record};!SERVFAIL _dmarc.example.com` }));
});

test('BMI-01: a sub-domain shows the logo of its organizational domain, whose DMARC counts too', async () => {
  const below = {
    ...scene({
      zone: `${record}_dmarc.example.com TXT "v=DMARC1; p=none"\n_dmarc.news.example.com TXT "v=DMARC1; p=reject"\n`,
    }),
    domain: 'news.example.com',
  };
  const found = await theFinding('BMI-01', 'fail', below);
  assert.equal(found.subject, '_dmarc.example.com');
  await theFinding('BMI-02', 'pass', below);
});

test('BMI-02: the record and the logo', async () => {
  await theFinding('BMI-02', 'pass', scene());
  const broken = await theFinding(
    'BMI-02',
    'fail',
    scene({ zone: `${enforced}default._bimi.example.com TXT "v=BIMI1; l=http://example.com/l.svg"` }),
  );
  assert.equal(broken.fix?.delete[0]?.value, 'v=BIMI1; l=http://example.com/l.svg');
  for (const id of ['BMI-03', 'BMI-04'] as const)
    await theFinding(id, 'skip', scene({ zone: `${enforced}default._bimi.example.com TXT "v=BIMI1; x=1"` }));
  assert.match((await theFinding('BMI-02', 'fail', scene({ logo: { say: 'status 404' } }))).meaning, /status 404/);
  assert.match(
    (await theFinding('BMI-02', 'fail', scene({ logo: { text: squareLogo, type: 'text/plain' } }))).meaning,
    /text\/plain/,
  );
  const wide = squareLogo.replace('0 0 64 64', '0 0 64 32');
  assert.match((await theFinding('BMI-02', 'fail', scene({ logo: { text: wide } }))).meaning, /not square/);
  await theFinding('BMI-02', 'unknown', { zone: record + enforced });
  await theFinding('BMI-02', 'unknown', compressed());
  await theFinding(
    'BMI-02',
    'skip',
    scene({ zone: `${enforced}default._bimi.example.com TXT "v=BIMI1; l=; a=https://example.com/mark.pem"` }),
  );
});

function compressed(): Scene {
  const file: Probes['file'] = async () => ({
    ok: true,
    octets: Uint8Array.of(0x1f, 0x8b, 8),
    mediaType: 'image/svg+xml',
  });
  return { zone: record + enforced, world: { probes: { file } } };
}

test('BMI-03: a certificate is named', async () => {
  await theFinding('BMI-03', 'pass', scene());
  const common = await markCertificate({ ...aYear(clinicNowMs), mark: 'Prior Use Mark' });
  assert.match(
    (await theFinding('BMI-03', 'pass', scene({ mark: { text: common } }))).meaning,
    /without the blue check/,
  );
  assert.equal((await theFinding('BMI-03', 'fail', scene({ zone: withoutCertificate + enforced }))).severity, 'advice');
});

test('BMI-04: certificate, domain, day and logo agree', async () => {
  await theFinding('BMI-04', 'pass', scene());
  const dayMs = 86_400_000;
  for (const [wish, said] of [
    [{ ...aYear(clinicNowMs), notAfterMs: clinicNowMs - dayMs }, /ended on 2026-11-21/],
    [{ ...aYear(clinicNowMs), notBeforeMs: clinicNowMs + dayMs }, /begins on/],
    [{ ...aYear(clinicNowMs), names: ['other.example'] }, /not for example\.com/],
    [{ ...aYear(clinicNowMs), usage: '1.3.6.1.5.5.7.3.1' }, /something else than marks/],
    [{ ...aYear(clinicNowMs), logo: squareLogo.replace('#024', '#420') }, /another logo/],
  ] as const)
    assert.match(
      (await theFinding('BMI-04', 'fail', scene({ mark: { text: await markCertificate(wish) } }))).meaning,
      said,
    );
  const ending = await markCertificate({ ...aYear(clinicNowMs), notAfterMs: clinicNowMs + 10.5 * dayMs });
  assert.equal((await theFinding('BMI-04', 'fail', scene({ mark: { text: ending } }))).severity, 'advice');
  await theFinding('BMI-04', 'fail', scene({ mark: { text: 'hello' } }));
  await theFinding('BMI-04', 'fail', scene({ mark: { say: 'status 404' } }));
  await theFinding('BMI-04', 'skip', scene({ zone: withoutCertificate + enforced }));
});

test('BMI-04: what could not be proven is unknown, not right', async () => {
  const alone = await markCertificate(aYear(clinicNowMs), 'alone');
  assert.match((await theFinding('BMI-04', 'unknown', scene({ mark: { text: alone } }))).meaning, /authority/);
  const blank = await markCertificate({ ...aYear(clinicNowMs), logo: undefined });
  assert.match((await theFinding('BMI-04', 'unknown', scene({ mark: { text: blank } }))).meaning, /could not be read/);
  await theFinding('BMI-04', 'unknown', scene({ logo: { say: 'status 500' } }));
  await theFinding('BMI-04', 'unknown', { zone: record + enforced });
  assert.equal(
    (await findingsFor('BMI-04', scene({ mark: { text: good.replaceAll('\n', '\r\n') } })))[0]?.status,
    'pass',
  );
});
