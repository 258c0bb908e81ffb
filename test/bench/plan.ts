/**
 * How fast domains are planned, and whether many of them need more memory than one: `npm run bench:plan`. Twelve senders with everything
 * they want; the facts of a zone that was observed before; then 10,000 domains, each declared, observed through a resolver in memory and
 * planned. --json prints the figures for a program. Exit code 1 when a mark is missed.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Resolver } from 'posthorn/dns';
import { resolverFromZone } from 'posthorn/dns';
import { createPlanner, type Planner } from 'posthorn/setup';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, domains: { type: 'string', default: '10000' } } });

const marks = { planMs: 1, heapGrowthMb: 5 } as const;
const key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt0pS0kzyqZ0TzHf17uG1QwIDAQAB';
const senders = [
  `google-workspace:key=${key}`,
  'own:192.0.2.10',
  'sendgrid:id=12,server=wl34,label=em56',
  'mailchimp',
  `postmark:selector=20260115093045pm,key=${key}`,
  'zendesk:token=5a4a93fac7830475',
  `mailjet:key=${key}`,
  'brevo',
  'hubspot:portal=12345678,pod=hs04',
  'intercom:token=131d15b0-cc84-4947-8bd2-2b4a354c0518,workspace=acme',
  `stripe:token=a1b2c3d4,${[...'abcdef'].map((one, at) => `token${at + 1}=orvz7hkwc3zmp4k7latumjp2qg4y3gu${one}`).join(',')}`,
  'salesforce:selector1=example-sf-a,code1=48fps4,selector2=example-sf-b,code2=5v0vw9',
];

const providers = `
_spf.google.com TXT "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com ~all"
_netblocks.google.com TXT "v=spf1 ip4:203.0.113.0/26 ip4:203.0.113.64/26 ~all"
_netblocks2.google.com TXT "v=spf1 ip6:2001:db8:1::/48 ~all"
spf.mailjet.com TXT "v=spf1 ip4:198.51.100.0/24 ~all"
mail.zendesk.com TXT "v=spf1 ip4:198.51.100.0/24 ~all"
_spf.salesforce.com TXT "v=spf1 exists:%{i}._spf.mta.salesforce.com -all"
`;
const published = `${providers}
example.com TXT "v=spf1 include:_spf.google.com include:spf.mailjet.com ~all"
example.com TXT "google-site-verification=abcdefghijklmnopqrstuvwxyz"
example.com MX 1 smtp.google.com.
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:d@example.com"
google._domainkey.example.com TXT "v=DKIM1; k=rsa; p=${key}"
s1._domainkey.example.com CNAME s1.domainkey.u12.wl34.sendgrid.net.
`;

async function plannerOver(resolver: Resolver): Promise<Planner> {
  return createPlanner({ resolver });
}

function sure<T>(outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly say: string }): T {
  if (!outcome.ok) throw new Error(outcome.say);
  return outcome.value;
}

function median(some: readonly number[]): number {
  return some.toSorted((one, other) => one - other)[some.length >> 1] ?? Number.NaN;
}

async function timeOfPlan() {
  const planner = await plannerOver(resolverFromZone(published));
  const declaration = sure(planner.declare({ domain: 'example.com', senders }));
  const observed = sure(await planner.observe(declaration));
  // A declaration of its own each time: what is remembered of one must not count.
  const run = () => sure(planner.plan({ ...declaration }, observed));
  const startedAt = performance.now();
  run();
  const firstMs = performance.now() - startedAt;
  for (let warm = 0; warm < 3_000; warm++) run();
  const times: number[] = [];
  for (let round = 0; round < 3_000; round++) {
    const before = performance.now();
    run();
    times.push(performance.now() - before);
  }
  const records = run().records.length;
  return { firstMs, medianMs: median(times), p99Ms: times.toSorted((a, b) => a - b)[2_970] ?? 0, records };
}

/** Answers for any domain as the zone of example.com does. */
function resolverOfAll(): Resolver {
  const inner = resolverFromZone(published);
  return {
    lookup: (name, type, options) => {
      const here = name.replace(/d[0-9]+\.test$/, 'example.com') as typeof name;
      return inner.lookup(here, type, options);
    },
  };
}

const heapMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};

async function manyDomains(count: number) {
  const planner = await plannerOver(resolverOfAll());
  const heaps: number[] = [];
  const startedAt = performance.now();
  let records = 0;
  for (let at = 0; at < count; at++) {
    const declaration = sure(planner.declare({ domain: `d${at}.test`, senders }));
    const observed = sure(await planner.observe(declaration));
    records += sure(planner.plan(declaration, observed)).records.length;
    if ((at + 1) % (count / 10) === 0) heaps.push(heapMb());
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { count, seconds, records, heaps, rssMb: process.resourceUsage().maxRSS / 1_000 };
}

const plan = await timeOfPlan();
const many = await manyDomains(Number(values.domains));
const [first = 0] = many.heaps;
const growthMb = (many.heaps.at(-1) ?? 0) - first;
const met = { plan: plan.medianMs < marks.planMs, memory: growthMb < marks.heapGrowthMb };

if (values.json) process.stdout.write(`${JSON.stringify({ plan, many, growthMb, met }, undefined, 2)}\n`);
else {
  const say = (ok: boolean) => (ok ? 'met' : 'NOT MET');
  const lines = [
    `${cpus()[0]?.model ?? 'a machine'}, Node ${process.versions.node}`,
    `one domain, 12 senders, ${plan.records} records: median ${plan.medianMs.toFixed(3)} ms, p99 ${plan.p99Ms.toFixed(3)} ms, the first ${plan.firstMs.toFixed(1)} ms (mark ${marks.planMs} ms: ${say(met.plan)})`,
    `${many.count} domains declared, observed and planned: ${many.seconds.toFixed(1)} s, ${((many.seconds / many.count) * 1_000).toFixed(2)} ms each, ${many.records} records`,
    `heap after each tenth, MB: ${many.heaps.map((one) => one.toFixed(1)).join(' ')} (growth ${growthMb.toFixed(1)} MB, mark ${marks.heapGrowthMb}: ${say(met.memory)}); peak resident ${many.rssMb.toFixed(0)} MB`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
process.exitCode = met.plan && met.memory ? 0 : 1;
