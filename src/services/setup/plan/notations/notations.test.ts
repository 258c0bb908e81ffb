import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { planned } from '../../../../../test/support/planning.ts';
import { dnsNameKey } from '../../../../format/dns-name.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import { recordValue } from '../../../../format/record-set.ts';
import { parseZoneText } from '../../../../format/zone-file.ts';
import type { Plan, PlannedRecord } from '../../types.ts';
import { factsOf } from '../facts.ts';
import { dnscontrolNotation } from './dnscontrol-notation.ts';
import { terraformForCloudflare, terraformForRoute53 } from './terraform-notation.ts';
import { zoneNotation } from './zone-notation.ts';

const domain = 'example.com' as DomainName;
const empty = { domain, conflicts: [], notes: [], dropped: [], steps: [] };

function record(part: Partial<PlannedRecord>): PlannedRecord {
  return {
    name: 'example.com',
    type: 'TXT',
    value: 'x',
    ttl: 3600,
    state: 'missing',
    needed: 'required',
    why: 'w',
    sender: 's',
    ...part,
  };
}

/** Values, reasons and sender names that try to leave their place. */
const hostile = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '\n; x',
    `\${file("/etc/passwd")}`,
    '%{ for x in y }',
    '</script>',
    "');evil('",
    '*/',
    '"\n}\n',
    '\\"',
  ),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 600 }),
);
const records = fc.array(
  fc
    .record({ value: hostile, why: hostile, sender: hostile, replaces: fc.array(hostile, { maxLength: 2 }) })
    .map((part) => record(part)),
  { minLength: 1, maxLength: 4 },
);

function planOf(some: readonly PlannedRecord[]): Plan {
  return { ...empty, records: some.map((one, at) => ({ ...one, name: `n${at}.example.com` })) };
}

test('zone text that our reader reads back as the same records, whatever stands in values and reasons', () => {
  fc.assert(
    fc.property(records, (some) => {
      const plan = planOf(some);
      const read = parseZoneText(zoneNotation(plan));
      assert.ok(read.ok, read.ok ? '' : read.say);
      assert.deepEqual(
        read.value.records.map(({ name, data, ttlSeconds }) => [
          dnsNameKey(name),
          recordValue(data)?.value,
          ttlSeconds,
        ]),
        plan.records.map(({ name, value, ttl }) => [name, value, ttl]),
      );
    }),
    { numRuns: 40 },
  );
});

test('dnscontrol text that is JavaScript with these calls and no others', () => {
  fc.assert(
    fc.property(records, (some) => {
      const plan = planOf(some);
      const called: unknown[] = [];
      const tell = (...values: unknown[]) => values;
      runInNewContext(dnscontrolNotation(plan), {
        D_EXTEND: (name: string, ...all: unknown[]) => called.push(name, ...all),
        TXT: (name: string, value: string) => ({ name, value }),
        TTL: tell,
      });
      assert.deepEqual(JSON.parse(JSON.stringify(called)), [
        'example.com',
        ...plan.records.map(({ name, value }) => ({ name: name.replace('.example.com', ''), value })),
      ]);
    }),
    { numRuns: 40 },
  );
});

test('Terraform strings begin no template and end where they should', () => {
  fc.assert(
    fc.property(records, (some) => {
      const text = terraformForCloudflare(planOf(some));
      for (const line of text.split('\n')) {
        if (line.startsWith('#')) continue;
        const bare = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
          assert.doesNotMatch(quoted, /(?<![$%])(?:\$\$|%%)*[$%]\{/, line);
          return '""';
        });
        assert.match(bare, /^(?:|\}|(?:variable|resource) "".*\{| {2}[a-z_]+ += (?:""|[a-z_.]+|[0-9]+))$/, line);
      }
    }),
    { numRuns: 40 },
  );
});

test('a key of 413 octets is cut into strings of 255 where the notation wants it', () => {
  const value = `v=DKIM1; k=rsa; p=${'A'.repeat(395)}`;
  const plan = planOf([record({ value })]);
  const strings = [...zoneNotation(plan).matchAll(/"([^"]*)"/g)].map(([, text = '']) => text.length);
  assert.deepEqual(strings, [255, 158]);
  assert.match(terraformForCloudflare(plan), /content = "\\"v=DKIM1; k=rsa; p=A{237}\\" \\"A{158}\\""/);
});

test('what is not known, goes away or stands in another zone is a comment in every notation', () => {
  const plan: Plan = {
    ...empty,
    records: [
      record({ state: 'unknown', value: 'unknown-1' }),
      record({ state: 'extra', value: 'extra-1' }),
      record({ name: '10.2.0.192.in-addr.arpa', type: 'PTR', value: 'mail.example.com' }),
      record({ name: 'example.com._report._dmarc.other.test', value: 'v=DMARC1' }),
      record({ name: 'mx.example.com', type: 'MX', value: '0 .' }),
    ],
  };
  const facts = factsOf({ answers: {} });
  for (const [text, mark] of [
    [zoneNotation(plan), ';'],
    [dnscontrolNotation(plan), '//'],
    [terraformForCloudflare(plan), '#'],
    [terraformForRoute53(plan, facts), '#'],
  ] as const)
    for (const what of ['unknown-1', 'extra-1', 'mail.example.com', 'other.test']) {
      const lines = text.split('\n').filter((line) => line.includes(what));
      assert.ok(lines.length > 0 && lines.every((line) => line.trim().startsWith(mark)), `${what}\n${text}`);
    }
  assert.match(zoneNotation(plan), /^mx\.example\.com\. 3600 IN MX 0 \.$/m);
  assert.match(dnscontrolNotation(plan), /MX\("mx", 0, "\.", TTL\(3600\)\)/);
});

test('Route 53 replaces whole sets, so what stands beside comes along, and what gives way does not', async () => {
  const zone = `example.com TXT "v=spf1 mx ~all"\nexample.com TXT "other-verification=\${x}"`;
  const { plan, observed } = await planned(zone, { senders: ['own:192.0.2.10'] });
  const [set = ''] = terraformForRoute53(plan, factsOf(observed))
    .split('resource ')
    .filter((one) => one.startsWith('"aws_route53_record" "txt_apex"'));
  assert.match(set, /"\\"v=spf1 mx ip4:192\.0\.2\.10 ~all\\"",\n +"\\"other-verification=\$\$\{x\}\\"",/);
  assert.doesNotMatch(set, /"\\"v=spf1 mx ~all\\""/);
  const blind = terraformForRoute53(plan, factsOf({ answers: {} }));
  assert.match(blind, /# example\.com TXT: what else stands there is not known, ask again/);
});
