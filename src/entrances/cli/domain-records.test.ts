import assert from 'node:assert/strict';
import test from 'node:test';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { recordsToPublish, zoneLines } from './domain-records.ts';
import { findKeyRecord } from './find-key-record.ts';
import type { Domain } from './office-client.ts';

const longKey = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`;

const domain: Domain = {
  object: 'domain',
  name: 'example.com',
  unicode: 'example.com',
  created_at: '2026-11-22T06:00:00Z',
  receives: true,
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
    ...['MX example.com', 'TXT example.com', 'MX bounce.example.com', 'TXT bounce.example.com'],
    ...['TXT s0._domainkey.example.com', 'TXT _dmarc.example.com'],
  ]);
});

test('a domain that only sends has no MX; without a host name nothing that names it', () => {
  const sends = recordsToPublish({ ...domain, receives: false }, 'mx.example.com');
  assert.equal(
    sends.some(({ type, name }) => type === 'MX' && name === 'example.com'),
    false,
  );
  assert.equal(sends.at(-1)?.value, 'v=DMARC1; p=none');
  assert.deepEqual(
    recordsToPublish(domain, undefined).map(({ name }) => name),
    ['s0._domainkey.example.com', '_dmarc.example.com'],
  );
});

test('a key record is ours when its key is, however it is spelled', async () => {
  const key = { domain: 'example.com', selector: 's0', publicRecord: 'v=DKIM1; k=rsa; p=QUJD' } as Parameters<
    typeof findKeyRecord
  >[1];
  const look = async (zone: string) =>
    (await findKeyRecord(resolverFromZone(zone), key, new AbortController().signal)).found;
  const name = 's0._domainkey.example.com.';
  assert.equal(await look(`${name} TXT "v=DKIM1; k=rsa; p=QUJD"`), 'ours');
  assert.equal(await look(`${name} TXT "p=QU JD; k=rsa"`), 'ours');
  assert.equal(await look(`${name} TXT "v=DKIM1; p=QUJE"`), 'another');
  assert.equal(await look(`${name} TXT "v=DKIM1; p="`), 'another');
  assert.equal(await look(`${name} TXT "v=DKIM1; p=QUJD"\n${name} TXT "v=DKIM1; p=QUJE"`), 'another');
  assert.equal(await look('example.com. TXT "x"'), 'none');
  assert.equal(await look(`;!TIMEOUT ${name}`), 'no-answer');
});
