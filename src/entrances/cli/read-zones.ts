/** `--zone FILE`, several times: a resolver over these texts alone, so that nothing leaves the machine. */
import { latin1 } from '../../base/bytes.ts';
import { parseZoneText, type ZoneText } from '../../format/zone-file.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { zoneResolver } from '../../protocol/dns/zone-resolver.ts';
import type { CliHost } from './cli-host.ts';
import { bad } from './read-options.ts';

export async function readZones(host: Pick<CliHost, 'readFile'>, paths: readonly string[]): Promise<Resolver> {
  return zoneResolver(await readZoneTexts(host, paths));
}

export async function readZoneTexts(
  host: Pick<CliHost, 'readFile'>,
  paths: readonly string[],
): Promise<readonly ZoneText[]> {
  const texts = await Promise.all(paths.map(async (path) => ({ path, bytes: await host.readFile(path) })));
  return texts.map(({ path, bytes }) => {
    const parsed = parseZoneText(latin1(bytes));
    if (parsed.ok) return parsed.value;
    throw bad('bad_zone', `${path}: ${parsed.say}.`, [`correct that line of ${path}`]);
  });
}
