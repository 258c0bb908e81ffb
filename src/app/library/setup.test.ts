import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolverFromZone } from 'posthorn/dns';
import {
  createPlanner,
  createSpfCompiler,
  planRecords,
  recognise,
  route53Notation,
  zoneNotation,
} from 'posthorn/setup';

const resolver = resolverFromZone(
  'example.com TXT "v=spf1 mx ~all"\n_spf.google.com TXT "v=spf1 ip4:203.0.113.0/24 ~all"',
);
const written = { domain: 'example.com', senders: ['google-workspace', 'own:192.0.2.10'] };

test('posthorn/setup: a plan in one call, and in steps that can be kept and repeated', async () => {
  const plan = await planRecords(written, { resolver });
  assert.ok(plan.ok);
  const planner = await createPlanner({ resolver });
  const declaration = planner.declare(written);
  assert.ok(declaration.ok);
  const observed = await planner.observe(declaration.value);
  assert.ok(observed.ok);
  const kept = JSON.parse(JSON.stringify(observed.value));
  assert.deepEqual(planner.plan(declaration.value, kept), plan);
  assert.match(zoneNotation(plan.value), /^mail\.example\.com\. 3600 IN A 192\.0\.2\.10$/m);
  assert.match(route53Notation(plan.value, observed.value), /aws_route53_record/);
  const { senders } = recognise(planner.catalogue, { mx: ['smtp.google.com'] });
  assert.deepEqual(
    senders.map(({ sender }) => sender.id),
    ['google-workspace'],
  );
});

test('posthorn/setup: what is wrong is an answer, not a throw', async () => {
  const answers = await Promise.all(
    [{ domain: 'https://example.com/' }, { domain: 'example.com', senders: ['nobody'] }].map((one) =>
      planRecords(one, { resolver }),
    ),
  );
  assert.deepEqual(
    answers.map((one) => (one.ok ? 'ok' : one.code)),
    ['bad-domain', 'unknown-sender'],
  );
});

test('posthorn/setup: the SPF compiler alone', () => {
  const facts = { lookup: () => ({ kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false }) as const };
  const proposal = createSpfCompiler().compile(facts, {
    name: 'example.com' as never,
    present: ['v=spf1 ip4:192.0.2.1 ~all'],
    wanted: [{ sender: 'own', terms: ['ip4:192.0.2.10'], aligns: 'yes' }],
  });
  assert.equal(proposal.record, 'v=spf1 ip4:192.0.2.1 ip4:192.0.2.10 ~all');
});
