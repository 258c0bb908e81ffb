/** Where a new office would be: its folder and settings file; or the sandbox, where that serves the folder. */
import { existsSync } from 'node:fs';
import { CliError } from '../entrances/cli/cli-error.ts';
import type { Home, Place } from '../entrances/cli/cli-host.ts';
import { exits } from '../entrances/cli/exits.ts';
import type { DomainName } from '../format/domain-name.ts';
import type { ConfigRead } from './config.ts';
import { usualFile } from './load-config.ts';
import { runningSandbox } from './office-dns.ts';
import type { SandboxFacts } from './sandbox/sandbox-facts.ts';
import { makeZoneFile } from './sandbox/zone-files.ts';

export async function findHome(place: Place, read: (place: Place) => Promise<ConfigRead>): Promise<Home> {
  const settingsFile = place.config ?? usualFile;
  const hasSettings = existsSync(settingsFile);
  const { config: _, ...elsewhere } = place;
  const { config } = await read(hasSettings ? place : elsewhere); // one that is to be written cannot be read
  const sandbox = runningSandbox(config.data);
  return {
    folder: config.data,
    settingsFile,
    hasSettings,
    hostname: sandbox?.mx.hostname ?? config.hostname,
    ...(sandbox && { sandbox: { friend: sandbox.world.friend, makeZone: zoneMaker(config.data, sandbox) } }),
  };
}

function zoneMaker(folder: string, { world }: SandboxFacts): (domain: DomainName) => boolean {
  return (domain) => {
    if (domain !== world.other_domain && !domain.endsWith(`.${world.other_domain}`))
      return makeZoneFile(folder, domain);
    throw new CliError({
      exit: exits.badInput,
      code: 'domain_taken',
      say: `${domain} belongs to the other office of the sandbox.`,
      next: 'take any other name: posthorn init shop.example',
    });
  };
}
