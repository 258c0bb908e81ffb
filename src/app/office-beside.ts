/** A data folder as a command sees it, beside the office that may be serving it: services without sockets, DNS and workers. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { join } from 'node:path';
import { databaseFile } from '../adapters/store/sqlite-db.ts';
import { systemClock } from '../base/clock.ts';
import { Bug } from '../base/outcome.ts';
import { silentSignals } from '../base/port/signals.ts';
import { systemRandom } from '../base/random.ts';
import { CliError } from '../entrances/cli/cli-error.ts';
import type { OpenOffice } from '../entrances/cli/cli-host.ts';
import { exits } from '../entrances/cli/exits.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { Outbound, type Preflight } from '../services/outbound/outbound.ts';
import { openCare, openDelegations, openRecords, originOf, outboundOptions } from './compose.ts';
import { type DnsHostPorts, zoneEditorByRules } from './dns-hosts.ts';
import { runningSandbox } from './office-dns.ts';
import { sandboxZoneEditor } from './sandbox/zone-files.ts';
import type { Config } from './settings.ts';
import { type OpenZoneEditor, openSetupDesk } from './setup-desk.ts';

const world = { timers: systemClock, random: systemRandom, signals: silentSignals };

/** A machine may have any name; mail that is queued here needs one that DNS could know. */
const nameless = 'localhost' as DomainName;

type BesideOptions = {
  readonly make: boolean;
  readonly command: string;
  /** Credentials of DNS hosts are looked for in it. */
  readonly environment: DnsHostPorts['environment'];
};

/** @param make whether the folder is made where there is none */
export async function openOfficeBeside(
  config: Config,
  { make, command, environment }: BesideOptions,
): Promise<OpenOffice> {
  const folder = config.data;
  if (!make) requireOffice(folder, command);
  const records = await openRecords(folder, 'beside', world);
  const sandbox = runningSandbox(folder);
  const ofSandbox = parseDomainName(sandbox?.mx.hostname ?? '');
  const publicUrl = config.public_url ?? sandbox?.api.url;
  const hostname = ofSandbox ?? config.hostname ?? parseDomainName(machineName()) ?? nameless;
  const outbound = new Outbound(
    {
      ...records,
      ...world,
      preflight: preflightBeside(config, hostname),
      routeOf: async () => {
        throw new Bug('a command beside the office delivers nothing');
      },
    },
    outboundOptions(config, hostname, records),
  );
  const delegations = openDelegations(config, hostname, { ...records, ...world });
  return {
    ...records,
    folder,
    hostname,
    isServed: isServed(folder),
    ...(publicUrl !== undefined && { publicUrl }),
    setup: async (resolver) => {
      const [{ Setup }, { loadCatalogue }] = await Promise.all([
        import('../services/setup/setup.ts'),
        import('./load-catalogue.ts'),
      ]);
      return new Setup({ resolver, timers: systemClock, catalogue: await loadCatalogue(), db: records.db });
    },
    outbound,
    delegations,
    desk: (eyes) => {
      const zoneEditor = zoneEditorOf(config, { ...world, ...eyes, environment });
      return openSetupDesk({ ...records, delegations }, hostname, {
        ...world,
        ...eyes,
        zoneEditor,
        origin: originOf(config, hostname),
      });
    },
    care: (eyes) => openCare(records, outbound, { ...world, ...eyes }),
  };
}

/** Only few commands send, and only some of what they send is scored. */
function preflightBeside(config: Config, hostname: DomainName): Preflight {
  return async (draft) => {
    const [{ openFilters, openPreflight }, { officeScorer }, { openOfficeDns }] = await Promise.all([
      import('./preflight.ts'),
      import('./office-scorer.ts'),
      import('./office-dns.ts'),
    ]);
    const eyes = { ...world, resolver: openOfficeDns(config).resolver };
    return openPreflight(officeScorer({ ...eyes, filters: openFilters(config, eyes) }), hostname, eyes).preflight(
      draft,
    );
  };
}

/** A command that only looks makes no data folder: more likely it was typed in the wrong place. */
export function requireOffice(folder: string, command: string): void {
  if (existsSync(databaseFile(folder))) return;
  throw new CliError({
    exit: exits.configuration,
    code: 'no_office',
    say: `There is no office in ${folder}.`,
    next: `${command} COMMAND --data DIR; or begin here: ${command} sandbox`,
  });
}

/** Whether the process that wrote its number into the folder is alive. */
function isServed(folder: string): boolean {
  try {
    process.kill(Number.parseInt(readFileSync(join(folder, 'office.pid'), 'utf8'), 10), 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // alive, and somebody else's
  }
}

/** Where the zones of this office are kept; in the sandbox, with the sandbox. */
function zoneEditorOf(config: Config, ports: DnsHostPorts): OpenZoneEditor {
  return runningSandbox(config.data) ? sandboxZoneEditor(config.data) : zoneEditorByRules(ports, config.dns_hosts);
}
