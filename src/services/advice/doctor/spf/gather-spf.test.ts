import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { factsOf, findingsFor, theFinding } from '../../../../../test/support/doctor.ts';
import { gatherSpfAndAddresses } from '../../../../../test/support/doctor-family.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../../../protocol/dns/types.ts';
import { resolverFromZone } from '../../../../protocol/dns/zone-resolver.ts';
import { parseSpfRecord } from '../../../../protocol/spf/record.ts';
import { addressRules } from '../address/rules.ts';
import { findingsOf } from '../judge-domain.ts';
import { spfRules } from './rules.ts';

/** Answers all at once who asked at the same time: a round is what a delay of the network would be paid for. */
function inRounds(resolver: Resolver) {
  const asked: string[] = [];
  let rounds = 0;
  let next: Promise<void> | undefined;
  const round = () => {
    next ??= new Promise((resolve) => {
      setImmediate(() => {
        rounds++;
        next = undefined;
        resolve();
      });
    });
    return next;
  };
  const lookup = async <T extends RecordType>(
    ...[name, type]: Parameters<typeof resolver.lookup<T>>
  ): Promise<DnsAnswer<RecordData[T]>> => {
    asked.push(`${type} ${name}`);
    await round();
    return resolver.lookup(name, type);
  };
  return { resolver: { lookup }, asked, rounds: () => rounds };
}

const services = {
  'google-workspace': '_spf.google.com TXT "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com ~all"',
  'microsoft-365': 'spf.protection.outlook.com TXT "v=spf1 ip4:198.51.100.0/26 -all"',
  proton: '_spf.protonmail.ch TXT "v=spf1 ip4:198.51.100.64/26 ~all"',
  fastmail: 'spf.messagingengine.com TXT "v=spf1 ip4:198.51.100.128/28 ?all"',
  icloud: 'icloud.com TXT "v=spf1 ip4:198.51.100.144/28 ~all"',
  mailgun: 'mailgun.org TXT "v=spf1 ip4:198.51.100.160/28 ~all"',
  godaddy: 'secureserver.net TXT "v=spf1 ip4:198.51.100.176/28 -all"',
  salesforce: '_spf.salesforce.com TXT "v=spf1 exists:%{i}._spf.mta.salesforce.com -all"',
  zendesk: 'mail.zendesk.com TXT "v=spf1 ip4:198.51.100.192/28 ~all"',
  titan: 'spf.titan.email TXT "v=spf1 ip4:198.51.100.208/28 ~all"',
  mailjet: 'spf.mailjet.com TXT "v=spf1 ip4:198.51.100.224/28 ?all"',
} as const;
const below = [
  '_netblocks.google.com TXT "v=spf1 ip4:203.0.113.0/25 ~all"',
  '_netblocks2.google.com TXT "v=spf1 ip6:2001:db8:1::/48 ~all"',
];
const twelve = [...Object.keys(services), 'own:192.0.2.10'];
const names = ['_spf.google.com', 'spf.protection.outlook.com', '_spf.protonmail.ch', 'icloud.com', 'mailgun.org'];
const manyZone = [
  `example.com TXT "v=spf1 ip4:192.0.2.10 ${names.map((name) => `include:${name}`).join(' ')} ~all"`,
  ...Object.values(services),
  ...below,
].join('\n');

test('twelve senders: each question once, and four rounds of questions at most one after the other', async () => {
  const watched = inRounds(resolverFromZone(manyZone));
  const world = { resolver: watched.resolver };
  const scene = { zone: manyZone, senders: twelve, world, gather: gatherSpfAndAddresses };
  const facts = await factsOf(scene);
  const verdicts = spfRules
    .filter(({ id }) => id === 'SPF-14')
    .flatMap((rule) => findingsOf(rule, facts))
    .map(({ status, subject }) => `${status} ${subject}`);
  assert.deepEqual(verdicts.toSorted(), [
    'fail Fastmail',
    'fail GoDaddy email (secureserver)',
    'fail Mailjet',
    'fail Salesforce',
    'fail Titan',
    'fail Zendesk',
    'pass Google Workspace',
    'pass Microsoft 365',
    'pass Proton Mail',
    'pass Your own server',
    'pass iCloud+ custom domain',
  ]);
  assert.equal(new Set(watched.asked).size, watched.asked.length);
  assert.ok(watched.rounds() <= 4, `${watched.rounds()} rounds`);
});

test('SPF-03 shows the place with a caret', async () => {
  const zone = `example.com TXT "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 ip4:192.0.2.999 ip4:192.0.2.4 ip4:192.0.2.5 -all"`;
  const { evidence } = await theFinding('SPF-03', 'fail', { zone, gather: gatherSpfAndAddresses });
  const [text = '', caret = ''] = evidence[1]?.answer.split('\n') ?? [];
  assert.equal(text.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1), 'ip4:192.0.2.999');
  assert.ok(text.length <= 66 && caret.length <= 66);
});

test('several terms that are one too many go by one record, so that fixes of findings can be joined', async () => {
  const zone = [
    'example.com TXT "v=spf1 ip4:192.0.2.10 include:one.example.net include:two.example.net include:amazonses.com include:sendgrid.net -all"',
    ...['one.example.net', 'two.example.net', 'amazonses.com', 'sendgrid.net'].map(
      (name) => `${name} TXT "v=spf1 -all"`,
    ),
  ].join('\n');
  const scene = { zone, senders: ['own:192.0.2.10'], gather: gatherSpfAndAddresses };
  for (const [id, record] of [
    ['SPF-13', 'v=spf1 ip4:192.0.2.10 -all'],
    ['SPF-15', 'v=spf1 ip4:192.0.2.10 include:one.example.net include:two.example.net -all'],
  ] as const) {
    const findings = await findingsFor(id, scene);
    assert.ok(findings.length >= 2);
    for (const { fix } of findings)
      assert.deepEqual(
        fix?.set.map(({ value }) => value),
        [record],
        id,
      );
  }
});

test('SPF-05 shows what each include costs, and a way out that keeps everybody', async () => {
  const hosts = Array.from({ length: 9 }, (_, at) => `include:h${at}.example.net`).join(' ');
  const zone = [
    `example.com TXT "v=spf1 ${hosts} include:_spf.google.com -all"`,
    ...Array.from({ length: 9 }, (_, at) => `h${at}.example.net TXT "v=spf1 ip4:192.0.2.${at} -all"`),
    services['google-workspace'],
    ...below,
  ].join('\n');
  const scene = { zone, senders: ['google-workspace'], gather: gatherSpfAndAddresses };
  const { evidence, fix, meaning } = await theFinding('SPF-05', 'fail', scene);
  assert.match(meaning, /need 12 questions/);
  assert.deepEqual(
    evidence.slice(-3).map(({ query, answer }) => `${query}: ${answer}`),
    [
      'include:_spf.google.com: 3 lookups',
      '  include:_netblocks.google.com: 1 lookup',
      '  include:_netblocks2.google.com: 1 lookup',
    ],
  );
  assert.ok(fix && fix.set.length > 0);
  const mended = fix.set.map(({ name, value }) => `${name} TXT "${value.replaceAll(/(.{200})/g, '$1" "')}"`);
  const after = `${mended.join('\n')}\n${zone.split('\n').slice(1).join('\n')}`;
  assert.notEqual((await findingsFor('SPF-05', { ...scene, zone: after }))[0]?.severity, 'error');
  await theFinding('SPF-14', 'pass', { ...scene, zone: after });
});

const label = fc.constantFrom('example.com', 'a.example.com', 'b.example.net', 'c.example.net', '_spf.google.com');
const term = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '+', '-', '~', '?'),
      fc.constantFrom('include:', 'a:', 'mx:', 'exists:', 'ptr:', 'redirect='),
      label,
    )
    .map((parts) => parts.join('')),
  fc.constantFrom(
    'mx',
    'a',
    'ptr',
    'all',
    '-all',
    '~all',
    '+all',
    '?all',
    'ip4:192.0.2.1',
    'ip4:10.0.0.0/8',
    'ip6:2001:db8::/20',
    'a/4',
  ),
  fc.constantFrom(
    'exists:%{i}.%{d}',
    'include:%{p}.example.net',
    'exists:%{x}',
    'ipv4:192.0.2.7',
    'ip4=192.0.2.7',
    'exp=%{c}',
    'moo',
    '%',
    'v=spf1',
  ),
);
const text = fc
  .tuple(
    fc.constantFrom('v=spf1 ', 'v=spf1 ', 'V=SPF1 ', ' v=spf1 ', 'v=spf1;', 'spf2.0/pra ', ''),
    fc.array(term, { maxLength: 40 }),
  )
  .map(([version, terms]) => `${version}${terms.join(' ')}`);
const line = fc.oneof(
  fc.tuple(label, text).map(
    ([name, value]) =>
      `${name} TXT ${
        value
          .match(/.{1,200}/g)
          ?.map((part) => `"${part}"`)
          .join(' ') ?? '""'
      }`,
  ),
  fc.tuple(label, label).map(([name, host]) => `${name} MX 1 ${host}.`),
  fc.tuple(label, fc.constantFrom('127.0.0.1', '192.0.2.10')).map(([name, address]) => `${name} A ${address}`),
  fc.tuple(fc.constantFrom('SERVFAIL', 'TIMEOUT'), label).map(([why, name]) => `;!${why} ${name}.`),
);

test('hostile zones: no rule throws, questions are bounded, a fix is a record that reads and can be had', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.boolean(), async (lines, isUnpublished) => {
      const zone = lines.join('\n');
      const watched = inRounds(resolverFromZone(zone));
      const scene = { zone, isUnpublished, senders: ['google-workspace', 'amazon-ses', 'postmark', 'own:192.0.2.10'] };
      const world = { resolver: { lookup: countedOnly(watched.asked, resolverFromZone(zone)) } };
      const facts = await factsOf({ ...scene, addresses: ['192.0.2.44'], world, gather: gatherSpfAndAddresses });
      for (const rule of [...spfRules, ...addressRules]) {
        const findings = findingsOf(rule, facts);
        assert.ok(findings.length > 0, rule.id);
        for (const { fix, meaning } of findings) {
          assert.match(meaning, /^[\x20-\x7e]+\.$/, rule.id);
          for (const { type, value } of fix?.set ?? [])
            if (type === 'TXT') assert.ok(parseSpfRecord(value).ok, `${rule.id}: ${value}`);
        }
      }
      assert.ok(watched.asked.length <= 700, `${watched.asked.length} questions`);
    }),
    { numRuns: 40 },
  );
});

function countedOnly(asked: string[], resolver: Resolver): Resolver['lookup'] {
  return (name, type) => {
    asked.push(`${type} ${name}`);
    return resolver.lookup(name, type);
  };
}

test('records that include hundreds of names cost a bounded number of questions', async () => {
  const recordOf = (name: string) => {
    const many = Array.from({ length: 900 }, (_, at) => `include:n${at}.${name}`);
    const strings = (many.join(' ').match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(' ');
    return `${name} TXT "v=spf1 " ${strings} " -all"`;
  };
  const zone = ['example.com', 'bounce.example.com', 'mail.example.com'].map(recordOf).join('\n');
  const asked: string[] = [];
  const resolver = { lookup: countedOnly(asked, resolverFromZone(zone)) };
  await factsOf({ zone, senders: ['own:192.0.2.10'], world: { resolver }, gather: gatherSpfAndAddresses });
  assert.ok(asked.length <= 620, `${asked.length}`);
});
