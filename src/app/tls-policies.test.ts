/** An office holds other domains to what they ask of TLS: a policy that it keeps decides, in this process and after a restart. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startBadMx } from '../../test/support/bad-mx.ts';
import { patience, sendRequest } from '../../test/support/post-office.ts';
import { domain, tempFolder } from '../../test/support/temp-office.ts';
import { makeTestAuthority } from '../../test/support/test-certificate.ts';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { utf8 } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import type { Signals } from '../base/port/signals.ts';
import { systemRandom } from '../base/random.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import { parseStsPolicy, policyText } from '../protocol/mta-sts/policy.ts';
import { createStsStore } from '../services/outbound/sts-store.ts';
import { type Office, openOffice, openRecords } from './compose.ts';
import { readConfig } from './config.ts';
import type { SettingName } from './settings.ts';

const zone = `
proven.test MX 10 mx.proven.test
mx.proven.test A 127.0.0.1
_mta-sts.proven.test TXT "v=STSv1; id=1"
stripped.test MX 10 mx.stripped.test
mx.stripped.test A 127.0.0.1
_mta-sts.stripped.test TXT "v=STSv1; id=1"
free.test MX 10 mx.stripped.test
`;

test('MTA-STS: proven TLS or no mail; whoever asks for nothing gets it anyhow; all of it counted', async (t) => {
  const authority = await makeTestAuthority();
  const mx = await startBadMx({ identity: await authority.issue({ names: ['mx.proven.test'] }) });
  let office: Office | undefined;
  const folder = tempFolder(t, async () => {
    await office?.stop();
    await mx.close();
  });
  const told: string[] = [];
  const signals: Signals = {
    emit: (_level, name, fields) =>
      void (name === 'tls.session' && told.push(`${fields?.domain} ${fields?.policy} ${fields?.result}`)),
  };
  const world = {
    net: createNodeNet(),
    resolver: resolverFromZone(zone),
    timers: systemClock,
    random: systemRandom,
    signals,
    trust: [authority.certificatePem],
  };
  const flags = new Map<SettingName, unknown>([
    ['data', folder],
    ['delivery.port', mx.port],
    ['delivery.allow_loopback_mx', true],
  ]);
  const read = readConfig({ environment: {}, flags });
  assert.ok('config' in read);

  const before = await openRecords(folder, 'take', world);
  const store = createStsStore(before.db);
  for (const name of ['proven.test', 'stripped.test']) {
    const policy = parseStsPolicy(utf8(policyText({ mode: 'enforce', mx: [`*.${name}`], maxAgeSeconds: 86_400 })));
    assert.ok(policy.ok);
    await store.put(domain(name), { policy: policy.value, id: '1', fetchedAtMs: systemClock.nowMs() });
  }
  await before.close();

  office = await openOffice(read.config, domain('mx.example.com'), world);
  assert.ok((await office.directory.addDomain(domain('example.com'), { verifiedBy: 'operator' })).ok);
  await office.start();
  const { outbound } = office;
  const to = ['a@proven.test', 'b@stripped.test', 'c@free.test'];
  const accepted = await outbound.submit({ kind: 'key', account: 'key_1' }, sendRequest({ to }), {
    kind: 'http',
    clientAddress: '127.0.0.1',
  });
  assert.ok(accepted.ok);
  const states = async () =>
    (await outbound.message(accepted.value.id))?.recipients.map(({ state }) => state).join(' ');
  for (const until = patience(); (await states()) !== 'delivered delayed delivered'; ) {
    assert.ok(!until.aborted, 'the three did not come to what they are to be');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(told.toSorted(), [
    'free.test no-policy-found successful',
    'proven.test sts successful',
    'stripped.test sts certificate-host-mismatch',
  ]);
  assert.partialDeepStrictEqual(office.tlsCounts.of('stripped.test'), [
    { policy: { type: 'sts' }, failed: 1, failures: [{ receivingHost: 'mx.stripped.test' }] },
  ]);
  await office.stop();
  office = await openOffice(read.config, domain('mx.example.com'), world);
  const { db, events } = office;
  const written = await db.read((reader) => events.list(reader, { types: ['tls.counted'], limit: 10 }));
  assert.deepEqual(written.map(({ subject }) => subject).toSorted(), ['proven.test', 'stripped.test']);
});
