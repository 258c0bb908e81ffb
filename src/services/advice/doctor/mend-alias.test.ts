/** Records of mail policies that are kept behind an alias: each fix is one that the zone can take. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Scene, theFinding } from '../../../../test/support/doctor.ts';
import type { CheckId } from './checks/checks.ts';

const base = `example.com. MX 10 mx.example.com.
mx.example.com. A 192.0.2.25
example.com. TXT "v=spf1 mx -all"
`;

const kept = [
  { id: 'STS-01', name: '_mta-sts.example.com', broken: 'v=STSv1; id=2026-01-01', sets: 1 },
  { id: 'RPT-02', name: '_smtp._tls.example.com', broken: 'v=TLSRPTv1', sets: 1 },
  { id: 'BMI-02', name: 'default._bimi.example.com', broken: 'v=BIMI1; l=http://x.test/', sets: 0 },
] as const satisfies readonly { readonly id: CheckId; readonly [key: string]: unknown }[];

for (const { id, name, broken, sets } of kept)
  test(`${id}: a record behind an alias is mended where it is kept`, async () => {
    const zone = `${base}${name}. CNAME kept.example.net.\nkept.example.net. TXT "${broken}"`;
    const { fix } = await theFinding(id, 'fail', { zone });
    assert.deepEqual(fix?.delete, [{ name: 'kept.example.net', type: 'TXT', value: broken }]);
    assert.deepEqual(
      fix.set.map((record) => `${record.name} ${record.type}`),
      sets > 0 ? ['kept.example.net TXT'] : [],
    );
    assert.match(fix.steps?.[0] ?? '', /is an alias: the record is kept at kept\.example\.net/);
  });

const missing = [
  { id: 'STS-01', name: '_mta-sts.example.com' },
  { id: 'RPT-01', name: '_smtp._tls.example.com' },
] as const satisfies readonly { readonly id: CheckId; readonly name: string }[];

for (const { id, name } of missing) {
  const fixOf = async (zone: string, more: Partial<Scene> = {}) =>
    (await theFinding(id, 'fail', { zone: `${base}${zone}`, ...more })).fix;
  const own = [`${name} TXT`];

  test(`${id}: an alias that leads to no record gives way to it`, async () => {
    const fix = await fixOf(`${name}. CNAME kept.example.net.`);
    assert.deepEqual(fix?.delete, [{ name, type: 'CNAME', value: 'kept.example.net' }]);
    assert.deepEqual(
      fix.set.map((record) => `${record.name} ${record.type}`),
      own,
    );
  });

  test(`${id}: beside a wildcard alias the record is published at its own name`, async () => {
    const fix = await fixOf('*.example.com. CNAME example.com.');
    assert.deepEqual(fix?.delete, []);
    assert.deepEqual(
      fix.set.map((record) => `${record.name} ${record.type}`),
      own,
    );
  });
}
