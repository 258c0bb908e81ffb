/** The DNS as the office of a data folder sees it, for commands beside it: the sandbox's own world, the settings' servers, or the system's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuardedHttpOptions } from '../adapters/http/guarded-http.ts';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { createAuthorities } from '../adapters/resolver/authorities.ts';
import { createStubResolver, type ResolverServer } from '../adapters/resolver/stub-resolver.ts';
import { readSystemServers } from '../adapters/resolver/system-servers.ts';
import { systemClock } from '../base/clock.ts';
import type { Endpoint } from '../base/port/net.ts';
import { systemRandom } from '../base/random.ts';
import type { Eyes } from '../entrances/cli/cli-host.ts';
import type { SandboxFacts } from './sandbox/sandbox-facts.ts';
import type { Config } from './settings.ts';

export function openOfficeDns(config: Pick<Config, 'data' | 'dns.resolvers'>): Eyes {
  const sandbox = runningSandbox(config.data)?.dns;
  if (sandbox) {
    const dns = { address: sandbox.host, port: sandbox.port };
    return eyes([dns], () => dns); // one server is everybody's in that world
  }
  const own = config['dns.resolvers'];
  return eyes(own.length > 0 ? own : readSystemServers());
}

function eyes(servers: readonly ResolverServer[], placeOf?: () => Endpoint): Eyes {
  const deps = { net: createNodeNet(), timers: systemClock, random: systemRandom };
  const resolver = createStubResolver({ ...deps, servers });
  return { resolver, authorities: createAuthorities({ ...deps, resolver, ...(placeOf ? { placeOf } : {}) }) };
}

/** How a host of the sandbox's world is reached over HTTPS: at this machine, with a certificate of its authority. */
export function sandboxWeb(folder: string): Pick<GuardedHttpOptions, 'trust' | 'test'> {
  const facts = runningSandbox(folder);
  if (facts?.https === undefined) return {};
  const { host: address, port } = facts.https;
  return { trust: [readFileSync(facts.world.authority, 'utf8')], test: { port, address } };
}

/** The sandbox that serves the folder now. */
export function runningSandbox(folder: string): SandboxFacts | undefined {
  const file = join(folder, 'sandbox.json');
  if (!existsSync(file)) return undefined;
  try {
    const facts = JSON.parse(readFileSync(file, 'utf8')) as SandboxFacts;
    process.kill(facts.pid, 0);
    return facts;
  } catch {
    return undefined; // it ended, or its file is half-written
  }
}
