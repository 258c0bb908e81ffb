/** The zone text of a plan, read by BIND: it takes it as it is, and holds the same records afterwards. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dnsNameKey } from '../../../src/format/dns-name.ts';
import { recordValue } from '../../../src/format/record-set.ts';
import { parseZoneText } from '../../../src/format/zone-file.ts';
import { zoneNotation } from '../../../src/services/setup/setup.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';
import { planned } from '../../support/planning.ts';
import { run } from '../../support/sandbox-scene.ts';

const key = `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA${'t0pS0kzyqZ0TzHf1'.repeat(21)}IDAQAB`;
const senders = [
  `google-workspace:key=${key}`,
  'own:ip4=192.0.2.10,ip6=2001:db8::10',
  'sendgrid:id=12,server=wl34,label=em56',
  'zendesk:token=5a4a93fac7830475',
  `mailjet:key=${key}`,
  'amazon-ses',
];
const published = 'example.com TXT "v=spf1 mx ~all"\nexample.com TXT "other \\"quoted\\" \\\\ text"';
const skip = skipDnsPeers('named-checkzone');

for (const [what, wish] of [
  ['six senders', { senders, dmarc: { stage: 'quarantine-test', rua: 'd@reports.test' } }],
  ['a parked domain', { parked: true }],
  [
    'an office that receives',
    {
      office: {
        hostname: 'mx.post.test' as never,
        receives: true,
        keys: [{ selector: 'ph1', record: `v=DKIM1; p=${key}`, retired: false }],
      },
    },
  ],
] as const)
  test(`named-checkzone takes the zone text of a plan: ${what}`, { skip }, async () => {
    const { plan } = await planned(what === 'a parked domain' ? '' : published, wish);
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-plan-'));
    try {
      const file = join(folder, 'zone');
      const top =
        'example.com. 300 IN SOA ns.example.com. host.example.com. 1 7200 900 1209600 60\nexample.com. 300 IN NS ns.example.com.\nns.example.com. 300 IN A 192.0.2.53\n';
      writeFileSync(file, top + zoneNotation(plan));
      const { code, out, err } = await run('named-checkzone', ['-q', '-D', '-o', '-', 'example.com', file]);
      assert.equal(code, 0, `${out}${err}`);
      const read = parseZoneText(out);
      assert.ok(read.ok, read.ok ? '' : read.say);
      const held = new Set(
        read.value.records.map(
          ({ name, data }) => `${dnsNameKey(name)} ${recordValue(data)?.type} ${recordValue(data)?.value}`,
        ),
      );
      const wanted = plan.records.filter(({ name, type }) => type !== 'PTR' && name.endsWith('example.com'));
      assert.ok(wanted.length >= 4);
      for (const { name, type, value } of wanted)
        assert.ok(held.has(`${name} ${type} ${value}`), `${name} ${type} ${value}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
