/**
 * What DNS hosts answer when asked for the records of a zone, and templates of Domain Connect: whatever comes, a zone is read or refused with
 * a sentence of one line, nothing in it lies outside of it, and what is read can be written.
 */
import assert from 'node:assert/strict';
import { createAzureEditor } from '../../../src/adapters/zones/azure.ts';
import type { HostWorld } from '../../../src/adapters/zones/call-host.ts';
import { createCloudflareEditor } from '../../../src/adapters/zones/cloudflare.ts';
import { createDesecEditor } from '../../../src/adapters/zones/desec.ts';
import { createDigitalOceanEditor } from '../../../src/adapters/zones/digitalocean.ts';
import { createGandiEditor } from '../../../src/adapters/zones/gandi.ts';
import { createHetznerEditor } from '../../../src/adapters/zones/hetzner.ts';
import { createOvhEditor } from '../../../src/adapters/zones/ovh.ts';
import { createRoute53Editor } from '../../../src/adapters/zones/route53.ts';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { canonicalValue } from '../../../src/format/record-set.ts';
import { previewTemplate } from '../../../src/services/setup/domain-connect/preview-template.ts';
import { readTemplate } from '../../../src/services/setup/domain-connect/read-template.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import type { ZoneEditor } from '../../../src/services/setup/zone-editor.ts';
import { contractZone, set } from '../../contracts/zone-editor.ts';
import { azureCredentials, azureReplay } from '../../support/dns-hosts/azure.ts';
import { cloudflareReplay, cloudflareToken as token } from '../../support/dns-hosts/cloudflare.ts';
import { desecReplay, desecToken } from '../../support/dns-hosts/desec.ts';
import { digitalOceanReplay, digitalOceanToken } from '../../support/dns-hosts/digitalocean.ts';
import { gandiReplay, gandiToken } from '../../support/dns-hosts/gandi.ts';
import { hetznerReplay, hetznerToken } from '../../support/dns-hosts/hetzner.ts';
import { ovhCredentials, ovhReplay } from '../../support/dns-hosts/ovh.ts';
import { noTime, type Replay } from '../../support/dns-hosts/replay.ts';
import { route53Credentials, route53Replay } from '../../support/dns-hosts/route53.ts';
import { isOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

type Host = {
  readonly replay: (sets: readonly RecordSet[]) => Replay;
  readonly editor: (world: HostWorld) => ZoneEditor;
};

/** By the letter that an input begins with. */
const hosts: Readonly<Record<string, Host>> = {
  a: { replay: azureReplay, editor: (world) => createAzureEditor(world, azureCredentials) },
  c: { replay: cloudflareReplay, editor: (world) => createCloudflareEditor(world, { token }) },
  d: { replay: digitalOceanReplay, editor: (world) => createDigitalOceanEditor(world, { token: digitalOceanToken }) },
  e: { replay: desecReplay, editor: (world) => createDesecEditor(world, { token: desecToken }) },
  g: { replay: gandiReplay, editor: (world) => createGandiEditor(world, { token: gandiToken }) },
  h: { replay: hetznerReplay, editor: (world) => createHetznerEditor(world, { token: hetznerToken }) },
  o: { replay: ovhReplay, editor: (world) => createOvhEditor(world, ovhCredentials) },
  r: { replay: route53Replay, editor: (world) => createRoute53Editor(world, route53Credentials) },
};

const listing = /\/(?:rrsets?\/?|recordsets|dns_records|records|record(?:\/\d+)?)$/;
const held = [
  set(contractZone, 'TXT', ['v=spf1 -all', 'say "no" \\ to it']),
  set(contractZone, 'MX', ['10 mx1.posthorn.example']),
  set(`_s._tcp.${contractZone}`, 'SRV', ['0 1 587 mail.posthorn.example']),
  set(`www.${contractZone}`, 'CNAME', ['pages.host.example']),
];

async function read(letter: string, page: string): Promise<Outcome> {
  const { replay, editor } = hosts[letter] ?? assert.fail();
  const host = replay(held);
  const exchange: HostWorld['exchange'] = async (url, request, signal) =>
    listing.test(url.pathname) ? { status: 200, headers: {}, text: page } : host.exchange(url, request, signal);
  const result = await editor({ exchange, timers: noTime, base: host.base }).read(contractZone);
  if (!result.ok) {
    assert.ok(isOneLine(result.say), result.say);
    return `${letter} ${result.code}`;
  }
  for (const { type, values, ttl } of result.value.sets) {
    assert.ok(Number.isFinite(ttl));
    for (const value of values) assert.notEqual(canonicalValue(type, value), undefined, value);
  }
  return `${letter} ${result.value.sets.map(({ type }) => type).join(' ')}`;
}

function preview(text: string): Outcome {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return 'no JSON';
  }
  const template = readTemplate(file);
  const made = template.ok
    ? previewTemplate(template.value, { zone: contractZone, host: '', variables: { id: 'x' } }, held)
    : template;
  if (!made.ok) {
    assert.ok(isOneLine(made.say), made.say);
    return `template ${made.say.slice(0, 20)}`;
  }
  for (const { name, after } of made.value.changes) {
    assert.ok(name === contractZone || name.endsWith(`.${contractZone}`), name);
    for (const value of after?.values ?? [])
      assert.notEqual(canonicalValue(after?.type ?? 'TXT', value), undefined, value);
  }
  return `template ${made.value.changes.map(({ type }) => type).join(' ')}`;
}

const record = { id: '1', name: 'posthorn.example', type: 'TXT', ttl: 300, content: '"v=spf1 " "-all"' };
const azureSet = {
  name: '@',
  type: 'Microsoft.Network/dnszones/TXT',
  etag: 'x',
  properties: { TTL: 60, TXTRecords: [{ value: ['a', 'b'] }] },
};
const awsSets =
  '<ResourceRecordSet><Name>\\052.posthorn.example.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>&quot;a\\042b&quot; &#34;c&#x22;</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>';
const service = {
  type: 'SRV',
  service: '_imap',
  protocol: '_tcp',
  name: '@',
  target: 'imap.example',
  port: 143,
  priority: 0,
  weight: 1,
  ttl: 60,
};
const pages: Readonly<Record<string, unknown>> = {
  a: {
    value: [
      azureSet,
      { ...azureSet, type: 'x/MX', properties: { TTL: 1, MXRecords: [{ preference: 1, exchange: 'mx.' }] } },
    ],
  },
  c: {
    result: [
      record,
      { ...record, type: 'MX', priority: 1, content: 'mx.example' },
      { ...record, type: 'SRV', data: { priority: 0, weight: 1, port: 2, target: 'a.b' } },
    ],
    result_info: { total_pages: 1 },
  },
  d: {
    domain_records: [
      { id: 1, type: 'MX', name: '@', data: 'mx', priority: 1, ttl: 60 },
      { id: 2, type: 'CNAME', name: 'w', data: '@', ttl: 60 },
    ],
    links: {},
  },
  e: [
    { subname: '', type: 'TXT', ttl: 60, records: ['"a" "b"'] },
    { subname: '*', type: 'A', ttl: 60, records: ['192.0.2.1'] },
  ],
  g: [{ rrset_name: '@', rrset_type: 'MX', rrset_ttl: 300, rrset_values: ['10 mx', '20 mx.example.'] }],
  h: {
    rrsets: [{ name: '@', type: 'TXT', ttl: null, records: [{ value: '"a"', comment: 'c' }] }],
    meta: { pagination: { next_page: null } },
  },
  o: { id: 1, fieldType: 'SPF', subDomain: '', target: '"v=spf1 -all"', ttl: 0 },
  t: {
    serviceName: 'x',
    records: [
      { type: 'SPFM', host: '@', spfRules: 'include:%id%.example ~mx' },
      { type: 'CNAME', host: 'www', pointsTo: '%id%.%fqdn%' },
      { type: 'TXT', host: '_dmarc', data: 'v=DMARC1; p=none' },
      { type: 'NS', host: 'a.b', pointsTo: 'ns.example' },
      service,
    ],
  },
};

export const dnsHosts: FuzzTarget = {
  name: 'dns-hosts',
  octetsMax: 16_384,
  msMax: 60, // a page of thousands of sets, each of them read and spelled again
  seeds: () => [
    ...Object.entries(pages).map(([letter, page]) => `${letter}${JSON.stringify(page)}`),
    `r<?xml version="1.0"?><ListResourceRecordSetsResponse xmlns="x"><ResourceRecordSets>${awsSets}</ResourceRecordSets><IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>`,
    'o[1,2]',
  ],
  dictionary: [
    '"',
    '\\',
    '\\"',
    'null',
    '[]',
    '{}',
    '-1',
    '1e999',
    '@',
    '.',
    ' ',
    '%',
    '%id%',
    '<',
    '</',
    '/>',
    '&',
    '&#x',
    '&lt;',
    '<A>',
    'CNAME',
    'TXT',
    'v=spf1 ',
    '\\u0000',
    '\\u20ac',
    'example.',
    '__proto__',
  ],
  separators: [',', ':', '{', '}', '[', ']', '"', '<', '>'],
  open: () => ({
    run: async (input) => {
      const text = fromUtf8(input);
      const [letter, rest] = [text.slice(0, 1), text.slice(1)];
      if (letter === 't') return preview(rest);
      return Object.hasOwn(hosts, letter) ? read(letter, rest) : 'nobody';
    },
  }),
};
