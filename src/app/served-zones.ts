/** What `listen.dns` answers from: the master files of `dns.zones` and the zones that the office hosts, swapped in whole as they change. */
import type { Timers } from '../base/clock.ts';
import { type Outcome, refuse } from '../base/outcome.ts';
import type { Signals } from '../base/port/signals.ts';
import { dnsNameKey } from '../format/dns-name.ts';
import type { DomainName } from '../format/domain-name.ts';
import { parseZoneText } from '../format/zone-file.ts';
import { type ZoneSet, zoneSources } from '../protocol/dns/zone-set.ts';
import { ZoneShelf, type ZoneSource } from '../protocol/dns/zone-shelf.ts';
import { HostedZoneStore, hostedZonesChannel } from '../services/setup/hosted/hosted-zones.ts';
import { hostedSource, sourceAbove } from '../services/setup/setup.ts';
import type { Records } from './compose.ts';
import { ConfigMistakes } from './config.ts';
import type { Config } from './settings.ts';
import { readSettingFile } from './tls-identities.ts';

export type ServedZones = { readonly zones: () => ZoneSet; readonly close: () => Promise<void> };

type Ports = { readonly db: Records['db']; readonly timers: Timers; readonly signals: Signals };

/** Changes of a moment are one: a round over many domains changes a zone each. */
const gatherMs = 100;
/** Between others' turns; a zone takes 0.3 ms. (Measured: ten thousand of them in a row would hold up everybody for seconds.) */
const turnMs = 10;
/** Zones read at once, and serials. */
const readMany = 25;
const pageOfSerials = 1_000;

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
  readonly #shelf = new ZoneShelf();
  /** What is on the shelf, by the state it is in. */
  #held: ReadonlyMap<string, string> = new Map();
  readonly #files: ReadonlyMap<string, ZoneSource>;
  readonly #store: HostedZoneStore;
  #forget: () => void = () => {};
  #cancel: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(config: Config, ports: Ports) {
    this.#config = config;
    this.#ports = ports;
    this.#files = new Map(fileSources(config).map((source) => [dnsNameKey(source.soa.name), source]));
    this.#store = new HostedZoneStore(ports.db);
  }

  async open(): Promise<void> {
    this.#forget = this.#ports.db.onNotify(hostedZonesChannel, () => this.#soon());
    const reading = this.#read();
    this.#reading = reading.then(
      () => {},
      () => {},
    );
    const made = await reading;
    if (!made.ok) throw new ConfigMistakes([{ where: '', key: 'dns.zones', say: made.say }]);
    this.zones = made.value;
  }

  async close(): Promise<void> {
    this.#forget();
    this.#cancel?.();
    await this.#reading;
  }

  #soon(): void {
    this.#cancel ??= this.#ports.timers.after(gatherMs, () => {
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

  /** Only what is in another state than before is read and built, between the turns of everybody else. */
  async #read(): Promise<Outcome<ZoneSet, 'bad-zone' | 'zone-twice'>> {
    const turns = new Turns(this.#ports.timers);
    const serials = await this.#serials(turns);
    const twice = [...serials.keys()].find((zone) => this.#files.has(zone));
    if (twice !== undefined)
      return refuse('zone-twice', `${twice} stands in a file of dns.zones and is hosted by the office as well`);
    const fixed = this.#fixed(serials);
    const wanted = new Map<string, string>([...fixed.keys()].map((key) => [key, 'fixed']));
    for (const [zone, serial] of serials) wanted.set(zone, String(serial));
    const isOther = (key: string) => this.#held.get(key) !== wanted.get(key);
    const put = [...fixed].flatMap(([key, source]) => (isOther(key) ? [source] : []));
    const changed = [...serials.keys()].filter(isOther);
    for (let at = 0; at < changed.length; at += readMany) {
      const zones = await this.#store.load(changed.slice(at, at + readMany));
      put.push(...zones.map(hostedSource));
      await turns.rest();
    }
    const gone = [...this.#held.keys()].filter((key) => !wanted.has(key));
    const steps = this.#shelf.update({ put, gone });
    for (;;) {
      const step = steps.next();
      if (!step.done) {
        await turns.rest();
        continue;
      }
      if (step.value.ok) this.#held = wanted;
      return step.value;
    }
  }

  async #serials(turns: Turns): Promise<ReadonlyMap<DomainName, number>> {
    const serials = new Map<DomainName, number>();
    for (let last = ''; ; ) {
      const page = await this.#store.serials(last, pageOfSerials);
      for (const [zone, serial] of page) serials.set(zone, serial);
      if (page.length < pageOfSerials) return serials;
      last = page.at(-1)?.[0] ?? '';
      await turns.rest();
    }
  }

  /** The operator's files, and the zone above the hosted ones where nobody else has it. */
  #fixed(hosted: ReadonlyMap<string, number>): ReadonlyMap<string, ZoneSource> {
    const { 'dns.hosted_zone': zone, 'dns.name_servers': nameServers } = this.#config;
    if (zone === undefined || nameServers.length === 0 || this.#files.has(zone) || hosted.has(zone)) return this.#files;
    return new Map([...this.#files, [zone, sourceAbove(zone, nameServers)]]);
  }
}

/** Others get their turn when ours was long enough. */
class Turns {
  readonly #timers: Timers;
  #sinceMs: number;

  constructor(timers: Timers) {
    this.#timers = timers;
    this.#sinceMs = timers.monotonicMs();
  }

  async rest(): Promise<void> {
    if (this.#timers.monotonicMs() - this.#sinceMs < turnMs) return;
    await this.#timers.sleep(0);
    this.#sinceMs = this.#timers.monotonicMs();
  }
}

function fileSources(config: Config): readonly ZoneSource[] {
  const files = config['dns.zones'];
  const records = files.flatMap((file) => {
    const parsed = parseZoneText(readSettingFile('dns.zones', file));
    if (!parsed.ok) throw new ConfigMistakes([{ where: file, key: 'dns.zones', say: parsed.say }]);
    return parsed.value.records;
  });
  const sources = zoneSources(records);
  if (!sources.ok) throw new ConfigMistakes([{ where: files.join(', '), key: 'dns.zones', say: sources.say }]);
  return sources.value;
}
