import assert from 'node:assert/strict';
import test from 'node:test';
import { parseQueryName } from '../../format/domain-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { zoneNames } from './zone-names.ts';

test('names at and below a domain are told with all that stands there, what no look-up would show included', async () => {
  const zone = parseZoneText(`
Example.com. MX 10 mx.example.com.
example.com. TXT "v=spf1 -all"
example.com. TXT "other"
_dmarc.example.com. CNAME dmarc.example.net.
_dmarc.example.com. TXT "v=DMARC1; p=none"
loc.example.com. LOC 51 30 12.748 N 0 7 39.612 W 0.00m
notexample.com. A 192.0.2.1`);
  assert.ok(zone.ok);
  const domain = parseQueryName('example.com');
  assert.ok(domain);
  assert.deepEqual(await zoneNames([zone.value])(domain), [
    { name: 'example.com', types: ['MX', 'TXT'] },
    { name: '_dmarc.example.com', types: ['CNAME', 'TXT'] },
    { name: 'loc.example.com', types: ['LOC'] },
  ]);
});
