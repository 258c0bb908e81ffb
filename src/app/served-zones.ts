/** What `listen.dns` answers from: the master files of `dns.zones` and the zones that the office hosts, swapped in whole as they change. */
import type { Timers } from '../base/clock.ts';
import type { Signals } from '../base/port/signals.ts';
import type { DnsRecord } from '../format/dns-record.ts';
import { parseZoneText } from '../format/zone-file.ts';
import { makeZoneSet, type ZoneSet } from '../protocol/dns/zone-set.ts';
import { HostedZoneStore, hostedZonesChannel } from '../services/setup/hosted/hosted-zones.ts';
import { zoneRecords } from '../services/setup/setup.ts';
import type { Records } from './compose.ts';
import { ConfigMistakes } from './config.ts';
import type { Config } from './settings.ts';
import { readSettingFile } from './tls-identities.ts';

export type ServedZones = { readonly zones: () => ZoneSet; readonly close: () => Promise<void> };

type Ports = { readonly db: Records['db']; readonly timers: Timers; readonly signals: Signals };

/** Changes of a moment are one: a round over many domains changes a zone each. */
const gatherMs = 100;
/** All zones are put together anew, 0.3 ms for each domain (measured): it may take a tenth of the time, whatever changes. */
const restShare = 10;

/** Throws `ConfigMistakes` when what is set contradicts itself, or the zones that are hosted. */
export async function openServedZones(config: Config, ports: Ports): Promise<ServedZones> {
  const served = new Served(config, ports);
  await served.open();
  return { zones: () => served.zones, close: () => served.close() };
}

class Served {
  zones: ZoneSet = new Map();
  readonly #config: Config;
  readonly #ports: Ports;
  readonly #files: readonly DnsRecord[];
  readonly #store: HostedZoneStore;
  #forget: () => void = () => {};
  #cancel: (() => void) | undefined;
  #tookMs = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(config: Config, ports: Ports) {
    this.#config = config;
    this.#ports = ports;
    this.#files = fileRecords(config);
    this.#store = new HostedZoneStore(ports.db);
  }

  async open(): Promise<void> {
    this.#forget = this.#ports.db.onNotify(hostedZonesChannel, () => this.#soon());
    const made = await this.#read();
    if (!made.ok) throw new ConfigMistakes([{ where: '', key: 'dns.zones', say: made.say }]);
    this.zones = made.value;
  }

  async close(): Promise<void> {
    this.#forget();
    this.#cancel?.();
    await this.#reading;
  }

  #soon(): void {
    const waitMs = Math.max(gatherMs, this.#tookMs * restShare);
    this.#cancel ??= this.#ports.timers.after(waitMs, () => {
      this.#cancel = undefined;
      this.#reading = this.#reading.then(() => this.#again());
    });
  }

  /** What cannot be served as it is leaves the zones of before in force. */
  async #again(): Promise<void> {
    try {
      const made = await this.#read();
      if (made.ok) this.zones = made.value;
      else this.#ports.signals.emit('error', 'dns.zones_not_changed', { reason: made.say });
    } catch (error) {
      this.#ports.signals.emit('error', 'dns.zones_not_changed', { reason: String(error) });
    }
  }

  async #read() {
    const beginMs = this.#ports.timers.monotonicMs();
    const made = await this.#make();
    this.#tookMs = this.#ports.timers.monotonicMs() - beginMs;
    return made;
  }

  async #make() {
    const { 'dns.hosted_zone': zone, 'dns.name_servers': nameServers } = this.#config;
    const hosted = await this.#store.all();
    const records = zoneRecords({ hosted, files: this.#files, ...(zone && { above: { zone, nameServers } }) });
    return records.ok ? makeZoneSet(records.value) : records;
  }
}

function fileRecords(config: Config): readonly DnsRecord[] {
  return config['dns.zones'].flatMap((file) => {
    const parsed = parseZoneText(readSettingFile('dns.zones', file));
    if (!parsed.ok) throw new ConfigMistakes([{ where: file, key: 'dns.zones', say: parsed.say }]);
    return parsed.value.records;
  });
}
