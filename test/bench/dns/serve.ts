/** Our name server alone in a process, with the zones of the file it is given; tells its port. */
import { readFileSync } from 'node:fs';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { silentSignals } from '../../../src/base/port/signals.ts';
import { serveDns } from '../../../src/entrances/dns/dns-entrance.ts';
import { parseZoneText } from '../../../src/format/zone-file.ts';
import { makeZoneSet } from '../../../src/protocol/dns/zone-set.ts';

const text = parseZoneText(readFileSync(process.argv[2] ?? '', 'latin1'));
if (!text.ok) throw new Error(text.say);
const made = makeZoneSet(text.value.records);
if (!made.ok) throw new Error(made.say);
const zones = made.value;
const listening = await serveDns({
  net: createNodeNet(),
  at: { address: '127.0.0.1', port: 0 },
  zones: () => zones,
  signals: silentSignals,
  limits: { udpAnswersPerSecond: Number.POSITIVE_INFINITY }, // all come from one network here
});
process.stdout.write(`${listening.endpoint.port}\n`);
