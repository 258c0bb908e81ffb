/** One run of one command: the options that many commands share, and what they open, closed when the run ends. */
import { type Clock, fixedClock } from '../../base/clock.ts';
import { type Authorities, resolverAsAuthority } from '../../protocol/dns/authorities.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import type { Format } from './answer.ts';
import { CliError } from './cli-error.ts';
import type { CliHost, DoctorEyes, DoctorWish, Eyes, OpenOffice, Place } from './cli-host.ts';
import { exits } from './exits.ts';
import type { OfficeClient } from './office-client.ts';
import { type Retyped, retyped, type Typed } from './typed-line.ts';

/** The shared options by the name commander gives them. */
export type SharedOptions = {
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly quiet?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly server?: string;
  readonly key?: string;
  readonly resolver?: readonly string[];
  readonly zone?: readonly string[];
  readonly clock?: string;
};

export class Run implements AsyncDisposable {
  readonly host: CliHost;
  readonly format: Format;
  readonly quiet: boolean;
  readonly #options: SharedOptions;
  readonly #typed: Typed;
  #office: OfficeClient | undefined;
  #folder: OpenOffice | undefined;

  /** @param typed the command line */
  constructor(host: CliHost, options: SharedOptions, typed: Typed) {
    this.host = host;
    this.#typed = typed;
    this.#options = options;
    this.format = options.json ? 'json' : options.jsonl ? 'jsonl' : 'text';
    this.quiet = options.quiet ?? false;
  }

  /** What is said besides the answer. */
  note(text: string): void {
    if (!this.quiet) this.host.err(`${text}\n`);
  }

  /** What was typed, with what is to be different, to be typed again. */
  again(changes: Retyped = {}): string {
    return `${this.host.command} ${retyped(this.#typed, changes)}`;
  }

  get place(): Place {
    const { config, data } = this.#options;
    return { ...(config === undefined ? {} : { config }), ...(data === undefined ? {} : { data }) };
  }

  /** @param make whether a data folder is made where there is none */
  async office({ make }: { readonly make: boolean } = { make: false }): Promise<OfficeClient> {
    this.#office ??= await this.#openOffice(make);
    return this.#office;
  }

  /** The data folder itself, for what no API does. Somebody who works with a distant office does not mean a folder by chance. */
  async folder({ make }: { readonly make: boolean } = { make: false }): Promise<OpenOffice> {
    const { environment, command } = this.host;
    const isNamed = (this.#options.data ?? this.#options.config ?? filled(environment.POSTHORN_DATA)) !== undefined;
    if (filled(environment.POSTHORN_URL) !== undefined && !isNamed) {
      throw new CliError({
        exit: exits.usage,
        code: 'not_by_api',
        say: 'POSTHORN_URL names a running office, and this is done in the data folder itself.',
        next: `where that folder is: ${command} COMMAND --data DIR`,
      });
    }
    this.#folder ??= await this.host.openOffice(this.place, { make });
    return this.#folder;
  }

  async #openOffice(make: boolean): Promise<OfficeClient> {
    const { data, config, server, key } = this.#options;
    const { environment } = this.host;
    if (server !== undefined && (data ?? config) !== undefined)
      throw contradiction('--server names a running office, --data and --config a folder here: give one of them.');
    const isHere = server === undefined && (data ?? config) !== undefined;
    const url = isHere ? undefined : (server ?? filled(environment.POSTHORN_URL));
    if (url === undefined && key !== undefined) throw contradiction('--key is of use only together with --server URL.');
    if (url !== undefined) {
      const { openRemoteOffice } = await import('./remote-office.ts');
      return openRemoteOffice(this.host, url, key ?? filled(environment.POSTHORN_API_KEY));
    }
    const { openLocalOffice } = await import('./local-office.ts');
    return openLocalOffice(this.host, await this.folder({ make }), () => this.eyes());
  }

  /** Zone text answers every question: nothing leaves the machine. */
  get isOffline(): boolean {
    return (this.#options.zone ?? []).length > 0;
  }

  /** What `--zone` and `--resolver` say; the system's name servers without them. */
  async resolver(): Promise<Resolver> {
    const { zone = [], resolver = [] } = this.#options;
    if (zone.length > 0 && resolver.length > 0) throw contradiction(zoneOrResolver);
    if (zone.length > 0) {
      const { readZones } = await import('./read-zones.ts');
      return readZones(this.host, zone);
    }
    if (resolver.length === 0) return this.host.resolver([]);
    const { readServer } = await import('./read-options.ts');
    return this.host.resolver(resolver.map(readServer));
  }

  /** Whether one of the name servers that are asked is a big public one. */
  async asksPublicResolver(): Promise<boolean> {
    const { zone = [], resolver = [] } = this.#options;
    if (zone.length > 0) return false;
    const [{ isPublicResolver }, { readServer }] = await Promise.all([
      import('../../protocol/dnsbl/public-resolvers.ts'),
      import('./read-options.ts'),
    ]);
    const given = resolver.map((text) => readServer(text).host);
    return (given.length > 0 ? given : await this.host.systemServers()).some(isPublicResolver);
  }

  /** For what an office asks: with `--zone` and `--resolver` these stand for all servers, else every one is asked. */
  async eyes(): Promise<Eyes> {
    const { zone = [], resolver: servers = [] } = this.#options;
    if (zone.length === 0 && servers.length === 0) return this.host.dns(this.place);
    const resolver = await this.resolver();
    if (zone.length > 0) return { resolver, authorities: resolverAsAuthority(resolver, 'the zone file') };
    const name = servers.join(', ');
    // A resolver anew for each question: what ours remembers from before a change says nothing about it.
    const authorities: Authorities = {
      lookup: async (...asked) => resolverAsAuthority(await this.resolver(), name).lookup(...asked),
    };
    return { resolver, authorities };
  }

  /** What the doctor looks through: zone text alone, or name servers, and hosts where they may be looked at. */
  async doctorEyes(wish: Omit<DoctorWish, 'servers'>): Promise<DoctorEyes> {
    const { zone = [], resolver: servers = [] } = this.#options;
    if (zone.length === 0) {
      const { readServer } = await import('./read-options.ts');
      return this.host.doctorEyes({ ...wish, servers: servers.map(readServer) });
    }
    if (servers.length > 0) throw contradiction(zoneOrResolver);
    const [{ readZoneTexts }, { zoneResolver }, { zoneNames }] = await Promise.all([
      import('./read-zones.ts'),
      import('../../protocol/dns/zone-resolver.ts'),
      import('../../protocol/dns/zone-names.ts'),
    ]);
    const zones = await readZoneTexts(this.host, zone);
    return {
      resolver: zoneResolver(zones),
      resolverName: 'the zone file',
      isPublicResolver: false,
      zoneText: { namesBelow: zoneNames(zones) },
      probes: {},
    };
  }

  async clock(): Promise<Clock> {
    const { clock } = this.#options;
    if (clock === undefined) return this.host.timers;
    const { readClock } = await import('./read-options.ts');
    return fixedClock(readClock(clock));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#office?.close();
    await this.#folder?.close();
  }
}

const zoneOrResolver = '--zone answers every question itself, --resolver asks others: give one of them.';

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function contradiction(say: string): CliError {
  return new CliError({ exit: exits.usage, code: 'options_contradict', say, next: 'posthorn COMMAND --help' });
}
