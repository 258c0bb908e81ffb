/** What mends a DMARC record: where it is kept, what it takes along, and what it leaves alone. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { at, dmarc, gone, mail, set } from '../../../../../test/support/dmarc-scenes.ts';
import { factsOf, findingsFor, theFinding } from '../../../../../test/support/doctor.ts';
import { judgeDomain } from '../judge-domain.ts';

test('a record that is kept elsewhere is mended there', async () => {
  const zone = `${mail}\n${at}. CNAME c1.dmarc.example.net.\n${dmarc('v=DMARC1; p=none', { name: 'c1.dmarc.example.net' })}`;
  const [finding] = await findingsFor('DMA-07', { zone });
  assert.deepEqual(finding?.fix?.delete, [gone('v=DMARC1; p=none', 'c1.dmarc.example.net')]);
  assert.deepEqual(
    finding.fix.set.map(({ name }) => name),
    ['c1.dmarc.example.net'],
  );
  assert.match(finding.fix.steps?.join() ?? '', /in the zone of whoever keeps that name/);
});

test('a wildcard alias keeps no policy: the record is published at its own name, and what stands at the end stays', async () => {
  const zone = `${mail}\nexample.com. TXT "v=spf1 mx -all"\n*.example.com. CNAME example.com.`;
  const missing = await theFinding('DMA-01', 'fail', { zone });
  assert.deepEqual(
    missing.fix?.set.map(({ name }) => name),
    [at],
  );
  assert.deepEqual(missing.fix?.delete, []);
  await theFinding('DMA-19', 'skip', { zone });
});

test('an alias that leads to no policy gives way to the record, and nothing is deleted where it leads', async () => {
  const zone = `${mail}\nexample.com. TXT "v=spf1 mx -all"\n${at}. CNAME example.com.`;
  const alias = { name: at, type: 'CNAME', value: 'example.com' };
  const missing = await theFinding('DMA-01', 'fail', { zone });
  assert.deepEqual(missing.fix?.delete, [alias]);
  assert.deepEqual(
    missing.fix.set.map(({ name, type }) => `${name} ${type}`),
    [`${at} TXT`],
  );
  const strange = await theFinding('DMA-19', 'fail', { zone });
  assert.deepEqual(strange.fix?.delete, [alias]);
  assert.deepEqual(strange.fix.set, []);
});

test('a domain that is closed as PRK wants it has nothing left to mend', async () => {
  const closed = 'example.com. MX 0 .\nexample.com. TXT "v=spf1 -all"\n*._domainkey.example.com. TXT "v=DKIM1; p="';
  const zone = `${closed}\n${dmarc('v=DMARC1; p=reject; sp=reject; np=reject')}`;
  assert.equal((await theFinding('DMA-07', 'fail', { zone })).severity, 'advice');
  const sending = `${mail}\n${dmarc('v=DMARC1; p=reject')}`;
  assert.equal((await theFinding('DMA-07', 'fail', { zone: sending })).severity, 'warn');
  const mends = judgeDomain(await factsOf({ zone })).filter(
    ({ status, severity }) => status === 'fail' && severity !== 'advice',
  );
  assert.deepEqual(mends, []);
});

test('where a fix would have all mail refused and nobody knows whether there is any, it says so', async () => {
  const watched = 'v=DMARC1; p=none; rua=mailto:d@example.net';
  const permit = 'example.com._report._dmarc.example.net. TXT "v=DMARC1"\nexample.net. MX 10 mx.example.net.';
  const silentZone = `example.com. A 192.0.2.1\n${dmarc(watched)}\n${permit}`;
  const unsure = await theFinding('DMA-13', 'fail', { zone: silentZone });
  assert.match(unsure.fix?.steps?.join() ?? '', /right only if nobody sends as example\.com/);
  const closed = await theFinding('DMA-13', 'fail', { zone: `example.com. MX 0 .\n${dmarc(watched)}\n${permit}` });
  assert.doesNotMatch(closed.fix?.steps?.join() ?? '', /right only if/);
  assert.match(closed.fix?.steps?.join() ?? '', /a name that is not in the DNS/);
});

test('the logo asks of the record what the check of the policy asks', async () => {
  const text = 'v=DMARC1; p=quarantine; sp=none; pct=50; ri=3600';
  const logo = 'default._bimi.example.com. TXT "v=BIMI1; l=https://example.com/l.svg"';
  const zone = `${mail}\n${logo}\n${dmarc(text)}`;
  const own = await theFinding('DMA-24', 'fail', { zone });
  assert.deepEqual((await theFinding('BMI-01', 'fail', { zone })).fix?.set, own.fix?.set);
  const elsewhere = {
    zone: `${mail}\n${logo}\n${at}. CNAME c1.example.net.\n${dmarc(text, { name: 'c1.example.net' })}`,
  };
  assert.equal((await theFinding('BMI-01', 'fail', elsewhere)).fix?.set[0]?.name, 'c1.example.net');
});

test('fixes that harm no mail are one and the same record, so that one taken after the other undoes nothing', async () => {
  const text = 'v=DMARC1; p=quarantine; rf=afrf; adkim=s; x=1; rua=http://x.test/r,mailto:d@example.com';
  const zone = `${mail}\n${dmarc(text, { ttl: 86_400 })}\n${dmarc('v=DMARC1; p=none; rua=mailto:old@example.com', { name: 'example.com' })}`;
  const ids = ['DMA-03', 'DMA-04', 'DMA-08', 'DMA-11', 'DMA-13', 'DMA-15', 'DMA-23'] as const;
  const fixes = await Promise.all(ids.map((id) => theFinding(id, 'fail', { zone, senders: ['mailgun'] })));
  const wanted = set('v=DMARC1; p=quarantine; np=reject; rua=mailto:d@example.com,mailto:old@example.com');
  for (const { id, fix } of fixes) assert.deepEqual(fix?.set, [wanted], id);
});
