import assert from 'node:assert/strict';
import test from 'node:test';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { systemClock } from '../../../base/clock.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { createDomainPlanner } from './domain-planner.ts';

const planner = createDomainPlanner(realCatalogue());
const domain = 'example.com' as DomainName;

async function planOf(zone: string, parameters: Readonly<Record<string, string>>) {
  const declaration = { domain, senders: [{ sender: 'sendgrid', parameters }] };
  const observed = await planner.observe({ resolver: resolverFromZone(zone), timers: systemClock }, declaration);
  assert.ok(observed.ok);
  const plan = planner.plan(declaration, observed.value);
  assert.ok(plan.ok);
  return plan.value.records
    .filter(({ sender }) => sender === 'sendgrid')
    .map(({ name, value, state }) => [name, value, state]);
}

const first = 's1._domainkey.example.com CNAME s1.domainkey.u12.wl3.sendgrid.net';

test('what DNS shows of a sender is not asked for: one record of it tells the others', async () => {
  assert.deepEqual(await planOf(first, {}), [
    ['s1._domainkey.example.com', 's1.domainkey.u12.wl3.sendgrid.net', 'present'],
    ['s2._domainkey.example.com', 's2.domainkey.u12.wl3.sendgrid.net', 'missing'],
  ]);
});

test('what was declared is not overruled by what is there, and a wildcard teaches nothing', async () => {
  assert.deepEqual((await planOf(first, { id: '7', server: 'wl3' }))[0], [
    's1._domainkey.example.com',
    's1.domainkey.u7.wl3.sendgrid.net',
    'wrong',
  ]);
  assert.deepEqual(await planOf('*._domainkey.example.com CNAME s1.domainkey.u12.wl3.sendgrid.net', {}), []);
});
