/** Our authoritative server over real sockets, with the zones of a text. */
import assert from 'node:assert/strict';
import { createNodeNet } from '../../../../src/adapters/net/node-net.ts';
import type { Endpoint } from '../../../../src/base/port/net.ts';
import { silentSignals } from '../../../../src/base/port/signals.ts';
import { serveDns } from '../../../../src/entrances/dns/dns-entrance.ts';
import { parseZoneText, type ZoneText } from '../../../../src/format/zone-file.ts';
import { makeZoneSet } from '../../../../src/protocol/dns/zone-set.ts';

export type OurServer = AsyncDisposable & { readonly endpoint: Endpoint };

export function readZone(text: string): ZoneText {
  const zone = parseZoneText(text);
  assert.ok(zone.ok, zone.ok ? '' : zone.say);
  return zone.value;
}

export async function serveZone(text: string): Promise<OurServer> {
  const zones = makeZoneSet(readZone(text).records);
  assert.ok(zones.ok, zones.ok ? '' : zones.say);
  const { value } = zones;
  const listening = await serveDns({
    net: createNodeNet(),
    at: { address: '127.0.0.1', port: 0 },
    zones: () => value,
    signals: silentSignals,
    limits: { udpAnswersPerSecond: 100_000 },
  });
  return { endpoint: listening.endpoint, [Symbol.asyncDispose]: () => listening.close() };
}
