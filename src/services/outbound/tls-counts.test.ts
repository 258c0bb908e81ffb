import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { tempOffice } from '../../../test/support/temp-office.ts';
import type { Db } from '../../base/port/db.ts';
import type { Signals } from '../../base/port/signals.ts';
import type { ReportedPolicy, TlsSession } from '../../protocol/tls-rpt/types.ts';
import { TlsCounts } from './tls-counts.ts';

const sts: ReportedPolicy = { type: 'sts', strings: ['mode: enforce'], domain: 'a.test', mxHosts: ['*.a.test'] };
const none: ReportedPolicy = { type: 'no-policy-found', strings: [], domain: 'b.test', mxHosts: [] };
const good: TlsSession = { domain: 'a.test', policy: sts };
const bad: TlsSession = {
  ...good,
  failure: { result: 'certificate-expired', receivingHost: 'mx.a.test', receivingAddress: '192.0.2.1' },
};

async function open(t: TestContext, write?: Db['write']) {
  const { db, events } = await tempOffice(t);
  const timers = createManualTimers(0);
  const told: string[] = [];
  const signals: Signals = { emit: (level, name) => void told.push(`${level} ${name}`) };
  const counts = new TlsCounts({ db: write ? { write } : db, events, timers, signals });
  const written = async () => (await db.read((reader) => events.list(reader, { limit: 10 }))).map(({ data }) => data);
  return { counts, timers, told, written };
}

test('every hour, and at the end, what was counted under policies becomes events', async (t) => {
  const { counts, timers, told, written } = await open(t);
  counts.start();
  for (const session of [good, good, bad, { domain: 'b.test', policy: none }]) counts.count(session);
  assert.equal(counts.of('a.test').length, 1);
  await timers.pass(3_600_000);
  const failure = {
    result: 'certificate-expired',
    sessions: 1,
    receiving_host: 'mx.a.test',
    receiving_address: '192.0.2.1',
  };
  const policy = { type: 'sts', domain: 'a.test', strings: ['mode: enforce'], mx_hosts: ['*.a.test'] };
  const first = {
    domain: 'a.test',
    from_ms: 0,
    to_ms: 3_600_000,
    policies: [{ ...policy, successful: 2, failed: 1, failures: [failure] }],
  };
  assert.deepEqual(await written(), [first]);
  assert.deepEqual(counts.of('a.test'), [], 'and the counting begins anew');
  await timers.pass(3_600_000);
  assert.equal((await written()).length, 1, 'an hour without sessions leaves nothing');
  counts.count(good);
  await counts.stop();
  assert.partialDeepStrictEqual((await written())[1], { from_ms: 7_200_000, policies: [{ successful: 1, failed: 0 }] });
  await timers.pass(7_200_000);
  assert.equal((await written()).length, 2);
  assert.deepEqual(
    told,
    ['debug', 'debug', 'warn', 'debug', 'debug'].map((level) => `${level} tls.session`),
  );
});

test('a full disk costs the counts and nothing else', async (t) => {
  const { counts, told } = await open(t, async () => {
    throw new Error('disk full');
  });
  counts.count(good);
  await counts.stop();
  assert.deepEqual(told, ['debug tls.session', 'error tls.counts_not_stored']);
  assert.deepEqual(counts.of('a.test'), []);
});
