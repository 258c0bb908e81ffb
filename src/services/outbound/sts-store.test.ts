import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domain, officeMigrations, tempDb } from '../../../test/support/temp-office.ts';
import { utf8 } from '../../base/bytes.ts';
import { parseStsPolicy, policyText } from '../../protocol/mta-sts/policy.ts';
import type { CachedPolicy, StsMode } from '../../protocol/mta-sts/types.ts';
import { outboundMigrations } from './outbound-migrations.ts';
import { createStsStore } from './sts-store.ts';

function policy(mode: StsMode, fetchedAtMs: number, maxAgeSeconds = 1_000): CachedPolicy {
  const read = parseStsPolicy(utf8(policyText({ mode, mx: ['*.example.com', 'mx.example.net'], maxAgeSeconds })));
  assert.ok(read.ok);
  return { policy: read.value, id: `id${fetchedAtMs}`, fetchedAtMs };
}

test('a policy is kept as it was, replaced by the next one, and swept out when it is too old', async (t) => {
  const db = await tempDb(t, [...officeMigrations, ...outboundMigrations]);
  const store = createStsStore(db);
  const [here, there] = [domain('example.com'), domain('example.net')];
  assert.equal(await store.get(here), undefined);
  await store.put(here, policy('testing', 0));
  await store.put(here, policy('enforce', 10));
  await store.put(there, policy('none', 20, 5_000));
  assert.deepEqual(await createStsStore(db).get(here), policy('enforce', 10));
  const sixtyDaysMs = 60 * 86_400_000;
  await store.put(domain('example.org'), policy('enforce', 1_000_010 + sixtyDaysMs));
  assert.deepEqual(
    await store.get(here),
    policy('enforce', 10),
    'a clock that stands ahead sweeps out nothing that holds',
  );
  await store.put(domain('example.org'), policy('enforce', 1_000_011 + sixtyDaysMs));
  assert.equal(await store.get(here), undefined);
  assert.deepEqual(await store.get(there), policy('none', 20, 5_000));
});
