import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { systemClock } from '../../../base/clock.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import type { Declaration } from '../types.ts';
import { createDomainPlanner } from './domain-planner.ts';
import { observeDomain, observeLimits } from './observe-domain.ts';

const domain = 'example.com' as DomainName;
const declaration: Declaration = {
  domain,
  senders: [
    { sender: 'google-workspace', parameters: {} },
    { sender: 'sendgrid', parameters: { id: '12', server: 'wl34', label: 'em56' } },
    { sender: 'own', parameters: { ip4: '192.0.2.10' } },
  ],
};
const planner = createDomainPlanner(realCatalogue());

async function observed(resolver: Resolver) {
  const looked = await planner.observe({ resolver, timers: systemClock }, declaration);
  assert.ok(looked.ok);
  const plan = planner.plan(declaration, looked.value);
  assert.ok(plan.ok);
  return { observed: looked.value, plan: plan.value };
}

test('questions are asked at once, each once, no more at a time than allowed, and none is left open', async () => {
  const inner = resolverFromZone(
    'example.com TXT "v=spf1 include:a.test -all"\na.test TXT "v=spf1 include:b.test -all"',
  );
  const asked: string[] = [];
  let [now, most] = [0, 0];
  const { plan, observed: facts } = await observed({
    lookup: async (name, type) => {
      asked.push(`${type} ${name}`);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return inner.lookup(name, type);
    },
  });
  assert.equal(new Set(asked).size, asked.length);
  assert.ok(most > 10 && most <= observeLimits.atOnce, `${most} at once`);
  assert.ok(asked.includes('TXT b.test'), 'what is included below is asked for, too');
  assert.ok(!Object.values(facts.answers).some((answer) => answer.kind === 'failed'));
  assert.ok(plan.records.every(({ state }) => state !== 'unknown'));
  const saved = JSON.parse(JSON.stringify(facts));
  assert.deepEqual(planner.plan(declaration, saved), { ok: true, value: plan });
});

test('a resolver that fails, throws or never answers leaves unknown states, and an end', async () => {
  const atOnce = (_ms: number, run: () => void) => {
    setImmediate(run);
    return () => {};
  };
  const manual = { ...systemClock, after: atOnce };
  const never = await planner.observe(
    { resolver: { lookup: () => new Promise(() => {}) }, timers: manual },
    declaration,
  );
  const thrown = await planner.observe(
    { resolver: { lookup: () => Promise.reject(new Error('no')) }, timers: systemClock },
    declaration,
  );
  for (const looked of [never, thrown]) {
    assert.ok(looked.ok);
    const plan = planner.plan(declaration, looked.value);
    assert.ok(plan.ok);
    assert.ok(plan.value.records.length > 5);
    assert.deepEqual([...new Set(plan.value.records.map(({ state }) => state))], ['unknown']);
    assert.ok(plan.value.records.every(({ replaces }) => replaces === undefined));
  }
});

test('hostile zones: loops, giant texts, thousands of records, includes without end', async () => {
  const zone = [
    'example.com TXT "v=spf1 include:example.com redirect=loop.test"',
    'loop.test TXT "v=spf1 include:loop.test include:example.com"',
    's1._domainkey.example.com CNAME s2._domainkey.example.com.',
    's2._domainkey.example.com CNAME s1._domainkey.example.com.',
    ...Array.from(
      { length: 1800 },
      (_, at) => `_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:a${at}@example.com"`,
    ),
    ...Array.from({ length: 40 }, () => `em56.example.com TXT "${'x'.repeat(4000)}"`),
    ...Array.from({ length: 100 }, (_, at) => `example.com MX ${at} mx${at}.example.net.`),
  ].join('\n');
  const { plan, observed: facts } = await observed(resolverFromZone(zone));
  const dmarc = plan.records.find(({ name }) => name.startsWith('_dmarc.'));
  assert.equal(dmarc?.state, 'unknown', 'more than any answer holds is no answer');
  assert.ok(JSON.stringify(facts).length < 200_000);
  assert.ok(plan.conflicts.some(({ name, code }) => name === 's1._domainkey.example.com' && code === 'selector-taken'));
});

test('thousands of records that just fit: what is said of them stays short', async () => {
  const { plan } = await observed(
    resolverFromZone(
      [
        ...Array.from(
          { length: 600 },
          (_, at) => `_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:a@example${at}.net"`,
        ),
        ...Array.from({ length: 600 }, (_, at) => `example.com TXT "v=spf1 include:a${at}.test ~all"`),
      ].join('\n'),
    ),
  );
  assert.ok(JSON.stringify({ ...plan, steps: [] }).length < 120_000);
  const dmarc = plan.records.find(({ name }) => name === '_dmarc.example.com');
  assert.equal(dmarc?.value.split(',').length, 10);
  assert.ok(plan.dropped.some(({ term }) => term.startsWith('590 report addresses')));
});

test('a zone that leads ever deeper is left after so many questions', async () => {
  let asked = 0;
  const facts = await observeDomain(
    {
      resolver: {
        lookup: async () => {
          asked++;
          return { kind: 'none', why: 'nodata', ttlSeconds: 0, secure: false };
        },
      },
      timers: systemClock,
    },
    domain,
    (known) => {
      for (let at = 0; at < 5000; at++) known.answer(`n${at}.example.com`, 'TXT');
    },
  );
  assert.equal(asked, observeLimits.questions);
  assert.equal(Object.keys(facts.answers).length, observeLimits.questions);
});
