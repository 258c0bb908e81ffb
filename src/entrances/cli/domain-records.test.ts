import assert from 'node:assert/strict';
import test from 'node:test';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { recordsToPublish, zoneLines } from './domain-records.ts';

const longKey = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`;

const domain: Parameters<typeof recordsToPublish>[0] = {
  name: 'example.com',
  receives: true,
  proof: { name: '_posthorn.example.com', type: 'TXT', value: 'posthorn-domain=x' },
  dkim_keys: (['active', 'retired'] as const).map((state, index) => ({
    selector: `s${index}`,
    algorithm: 'rsa-sha256',
    state,
    record: { name: `s${index}._domainkey.example.com`, type: 'TXT', value: longKey },
  })),
};

test('what is to be published is a zone that answers it', async () => {
  const records = recordsToPublish(domain, 'mx.example.com');
  const resolver = resolverFromZone(zoneLines(records).join('\n'));
  for (const { name, type, value } of records) {
    const asked = parseQueryName(name) as QueryName;
    const answer = await resolver.lookup(asked, type);
    assert.ok(answer.kind === 'found', name);
    const values = answer.records.map((one) => (typeof one === 'string' ? one : `${one.preference} ${one.exchange}`));
    assert.ok(values.includes(value), `${name} ${values}`);
  }
  const names = records.map(({ type, name }) => `${type} ${name}`);
  assert.deepEqual(names, [
    'TXT _posthorn.example.com',
    ...['MX example.com', 'TXT example.com', 'MX bounce.example.com', 'TXT bounce.example.com'],
    ...['TXT s0._domainkey.example.com', 'TXT _dmarc.example.com'],
  ]);
});
