/** Builds the sandbox world and takes it down: offices, DNS, authority, listeners, and the file that says where everything is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNodeNet } from '../../adapters/net/node-net.ts';
import { createAuthorities } from '../../adapters/resolver/authorities.ts';
import { createStubResolver } from '../../adapters/resolver/stub-resolver.ts';
import { createDirectMx } from '../../adapters/transports/direct-mx.ts';
import { systemClock } from '../../base/clock.ts';
import { Bug, Fault, invariant } from '../../base/outcome.ts';
import type { Endpoint, Listening, Net } from '../../base/port/net.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { systemRandom } from '../../base/random.ts';
import { serveDns } from '../../entrances/dns/dns-entrance.ts';
import { parseMailbox } from '../../format/address.ts';
import { parseNetwork } from '../../format/ip-address.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import type { Authorities } from '../../protocol/dns/authorities.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { emptyZoneSet, makeZoneSet, type ZoneSet } from '../../protocol/dns/zone-set.ts';
import type { Transport } from '../../services/outbound/transport.ts';
import { closeAll } from '../close-all.ts';
import { type Office, openOffice } from '../compose.ts';
import { ConfigMistakes, readConfig } from '../config.ts';
import { named, type OpenEntrances, openEntrances } from '../open-entrances.ts';
import type { Config, SettingName } from '../settings.ts';
import { createTelemetry } from '../telemetry.ts';
import { identityFromFiles } from '../tls-identities.ts';
import type { Stage } from './demonstration.ts';
import { domainNamed } from './domain-named.ts';
import { sandboxCertificates } from './sandbox-certificates.ts';
import type { SandboxFacts } from './sandbox-facts.ts';
import { createWorldNet, type WorldMap } from './world-net.ts';
import { worldZones, zoneOf } from './world-zones.ts';
import { keepZoneFile, sandboxZoneEditor, ZoneFiles } from './zone-files.ts';

export type SandboxWorld = {
  readonly facts: SandboxFacts;
  readonly stage: Stage;
  readonly outside: Outside;
  /** From the call to the last listener. */
  readonly startedMs: number;
  readonly close: () => Promise<void>;
};

/** The rest of the world: its DNS, and hosts that belong to neither office. */
type Outside = {
  readonly resolver: Resolver;
  /** A host at an address of the world that hands mail to whoever is responsible for it. */
  readonly hostAt: (address: string, ehloName: string) => Transport;
};

export type WorldOptions = {
  readonly data: string;
  /** Free ports chosen by the system instead of the documented ones. */
  readonly ownPorts: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of both offices, whatever environment and defaults say: for scenarios. */
  readonly settings?: ReadonlyMap<SettingName, unknown>;
  readonly err: (text: string) => void;
};

/** Addresses of the documentation ranges: RFC 5737 §3. */
const yours = { domain: 'example.com', hostname: 'mx.example.com', address: '192.0.2.10' } as const;
const theirs = { domain: 'example.net', hostname: 'mx.example.net', address: '198.51.100.20' } as const;
const strangerAddress = '203.0.113.66';

const mailboxes = { sender: 'hello@example.com', friend: 'friend@example.net', nobody: 'nobody@example.net' } as const;
const loopback = '127.0.0.1';
const login = 'hello';

type Place = typeof yours | typeof theirs;
type House = {
  readonly place: Place;
  readonly config: Config;
  readonly office: Office;
  readonly entrances: OpenEntrances;
};

export async function openWorld(options: WorldOptions): Promise<SandboxWorld> {
  const beganMs = performance.now();
  const opened: (() => Promise<void>)[] = [];
  const close = () => closeAll(opened);
  try {
    const world = await build(options, opened);
    return { ...world, startedMs: Math.round(performance.now() - beganMs), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  options: WorldOptions,
  opened: (() => Promise<void>)[],
): Promise<Omit<SandboxWorld, 'close' | 'startedMs'>> {
  const net = createNodeNet();
  const map: WorldMap = new Map();
  let zones: ZoneSet = emptyZoneSet;
  let files: ZoneFiles | undefined;
  const noted = (say: string) => options.err(`${JSON.stringify({ level: 40, msg: 'zone file', say })}\n`);
  const dnsAt = options.ownPorts ? { address: loopback, port: 0 } : dnsPlace(options.environment);
  const dns = await named('listen.dns', dnsAt, () =>
    serveDns({ net, at: dnsAt, zones: () => files?.zones(zones, noted) ?? zones, signals: silentSignals }),
  );
  opened.push(() => dns.close());
  const resolver = createStubResolver({ net, timers: systemClock, random: systemRandom, servers: [dns.endpoint] });
  const certificates = await sandboxCertificates(options.data, [yours.hostname, theirs.hostname]);
  const deps = { net, timers: systemClock, random: systemRandom };
  const authorities = createAuthorities({ ...deps, resolver, placeOf: () => dns.endpoint });
  const context = { options, net, map, resolver, authorities, certificates, opened };
  const your = await openHouse(context, yours, options.data);
  const their = await openHouse(context, theirs, join(options.data, theirs.domain), your.config);
  zones = await publish(options.data, { your, their });
  files = new ZoneFiles(options.data, systemClock.nowMs, zones);
  const access = await openAccess(options.data, your, their);
  const facts = factsOf(options.data, access, {
    your,
    their,
    dns: dns.endpoint,
    authority: certificates.authorityFile,
  });
  writeFileSync(facts.world.facts_file, `${JSON.stringify(facts, undefined, 2)}\n`, { mode: 0o600 });
  const outside: Outside = {
    resolver,
    hostAt: (address, ehloName) => {
      const transport = createDirectMx({ ...deps, net: createWorldNet(net, map, address), resolver }, { ehloName });
      opened.push(() => transport.close());
      return transport;
    },
  };
  await your.office.start();
  await their.office.start();
  const stage: Stage = {
    ...mailboxes,
    timers: systemClock,
    yours: your.office,
    theirs: their.office,
    api: facts.api,
    forger: { address: strangerAddress, transport: outside.hostAt(strangerAddress, 'mail.example.org') },
  };
  return { facts, stage, outside };
}

type Context = {
  readonly options: WorldOptions;
  readonly net: Net;
  readonly map: WorldMap;
  readonly resolver: Resolver;
  readonly authorities: Authorities;
  readonly certificates: Awaited<ReturnType<typeof sandboxCertificates>>;
  readonly opened: (() => Promise<void>)[];
};

/** Where DNS answers: the setting of the real thing, with the sandbox's documented default. */
function dnsPlace(environment: WorldOptions['environment']): Endpoint {
  const read = readConfig({ environment, flags: new Map() });
  if ('mistakes' in read) throw new ConfigMistakes(read.mistakes);
  return read.config['listen.dns'] ?? { address: loopback, port: 1053 };
}

/** @param before the house whose ports are taken: this one listens on the next free ones */
async function openHouse(context: Context, place: Place, folder: string, before?: Config): Promise<House> {
  const { options, net, map, resolver, authorities, certificates, opened } = context;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = await configOf(context, place, folder, before);
  const telemetry = createTelemetry({ level: config['log.level'], office: place.domain, write: options.err });
  const world = {
    net: createWorldNet(net, map, place.address),
    resolver,
    authorities,
    zoneEditor: sandboxZoneEditor(options.data),
    timers: systemClock,
    random: systemRandom,
    signals: telemetry.signals,
    trust: [certificates.authorityPem],
  };
  const office = await openOffice(config, domainNamed(place.hostname), world);
  opened.push(() => office.stop());
  await furnish(office, place);
  const identity = identityFromFiles(certificates.files(place.hostname), world);
  const entrances = await openEntrances(office, config, { ...world, net, telemetry, identity });
  opened.push(() => entrances.close());
  const [, proxied] = entrances.mx;
  invariant(proxied, 'the sandbox has a PROXY-only listener');
  map.set(`${place.address}:25`, proxied.endpoint);
  return { place, config, office, entrances };
}

/** Environment and defaults for your office; for the other one, the ports after them. */
async function configOf(context: Context, place: Place, folder: string, before?: Config): Promise<Config> {
  const { options, net, certificates } = context;
  const own = options.ownPorts || before !== undefined;
  const identity = certificates.files(place.hostname);
  const flags = new Map<SettingName, unknown>([
    ['data', folder],
    ['hostname', place.hostname],
    ['tls.certificate', identity.certificate],
    ['tls.key', identity.key],
    ...(options.settings ?? []),
  ]);
  const ask = (environment: WorldOptions['environment']) =>
    readConfig({ environment: { POSTHORN_LOG_LEVEL: 'warn', ...environment }, flags });
  const read = ask(own ? {} : options.environment);
  if ('mistakes' in read) throw new ConfigMistakes(read.mistakes);
  const portFor = async (setting: 'listen.http' | 'listen.mx' | 'listen.submission' | 'listen.submissions') => {
    const at = firstEndpoint((before ?? read.config)[setting]);
    if (options.ownPorts) return { address: at.address, port: 0 };
    return before ? nextFree(net, at) : at;
  };
  const [http, mx, submission, submissions] = [
    await portFor('listen.http'),
    await portFor('listen.mx'),
    await portFor('listen.submission'),
    await portFor('listen.submissions'),
  ];
  return {
    ...read.config,
    'listen.http': http,
    'tests.public': true,
    'listen.https': { address: loopback, port: 0 }, // others come by the world's names, so the port is nobody's to remember
    'listen.mx': [plain(mx), { at: { address: loopback, port: 0 }, proxyFrom: [loopbackNetwork()] }],
    'listen.submission': [plain(submission)],
    'listen.submissions': [plain(submissions)],
  };
}

function firstEndpoint(value: Config['listen.http'] | Config['listen.mx']): Endpoint {
  const first = 'port' in value ? value : value[0]?.at;
  return first ?? { address: loopback, port: 0 };
}

function plain(at: Endpoint) {
  return { at, proxyFrom: [] };
}

function loopbackNetwork() {
  const network = parseNetwork('127.0.0.0/8');
  invariant(network, 'a network');
  return network;
}

const portsTried = 50;

async function nextFree(net: Net, after: Endpoint): Promise<Endpoint> {
  for (let port = after.port + 1; port <= after.port + portsTried; port++) {
    const free = await tryListen(net, { address: after.address, port });
    if (free) return free;
  }
  throw new Fault('EADDRINUSE', `none of the ${portsTried} ports after ${after.port} is free`);
}

async function tryListen(net: Net, at: Endpoint): Promise<Endpoint | undefined> {
  try {
    const listening: Listening = await net.listen(at, (connection) => connection.destroy());
    await listening.close();
    return at;
  } catch (error) {
    if (error instanceof Fault && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** The domain and the mailbox of whoever lives here; kept from an earlier run where they exist. */
async function furnish(office: Office, place: Place): Promise<void> {
  await office.directory.addDomain(domainNamed(place.domain), { verifiedBy: 'operator' });
  const resident = parseMailbox(place.domain === yours.domain ? mailboxes.sender : mailboxes.friend);
  if (!resident.ok) throw new Bug(resident.say);
  await office.directory.addMailbox(resident.value);
}

/** Your zone is a file, so that you may change it; it is written anew only where your office could not sign with what it says. */
async function publish(folder: string, { your, their }: Record<'your' | 'their', House>): Promise<ZoneSet> {
  const hostOf = async ({ place, office }: House) => ({
    ...place,
    keys: await office.directory.keysOf(domainNamed(place.domain)),
  });
  const [yourHost, theirHost] = [await hostOf(your), await hostOf(their)];
  const signing = yourHost.keys.filter(({ state }) => state === 'active').map(({ publicRecord }) => publicRecord);
  keepZoneFile(folder, domainNamed(yours.domain), { text: zoneOf(yourHost), mustHold: signing });
  const parsed = parseZoneText(worldZones([yourHost, theirHost], [theirHost]));
  const zones = parsed.ok ? makeZoneSet(parsed.value.records) : parsed;
  if (!zones.ok) throw new Bug(`the sandbox's own zones: ${zones.say}`);
  return zones.value;
}

type Access = { readonly key: string; readonly otherKey: string; readonly password: string };

/** Keys and password of the last run where they still open the door, else new ones. */
async function openAccess(folder: string, your: House, their: House): Promise<Access> {
  const earlier = readEarlier(factsFile(folder));
  return {
    key: await apiKey(your.office, earlier?.api.key),
    otherKey: await apiKey(their.office, earlier?.world.other_api.key),
    password: await submissionPassword(your.office, earlier?.submission.password),
  };
}

function factsFile(folder: string): string {
  return join(folder, 'sandbox.json');
}

function readEarlier(file: string): SandboxFacts | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SandboxFacts;
  } catch {
    return undefined; // half-written by a kill: everything in it can be made again
  }
}

async function apiKey(office: Office, earlier: string | undefined): Promise<string> {
  if (earlier !== undefined && (await office.directory.accounts.findKey(earlier)).ok) return earlier;
  const created = await office.directory.accounts.createKey({ name: 'sandbox', mode: 'live', scopes: ['admin'] });
  if (!created.ok) throw new Bug(created.say);
  return created.value.token;
}

async function submissionPassword(office: Office, earlier: string | undefined): Promise<string> {
  const { accounts } = office.directory;
  if (earlier !== undefined && (await accounts.authenticate(login, earlier)).ok) return earlier;
  const created = await accounts.createUser(login, { domains: [domainNamed(yours.domain)] });
  if (created.ok && created.value.appPassword !== undefined) return created.value.appPassword;
  const another = await accounts.addAppPassword(login);
  if (!another.ok) throw new Bug(another.say);
  return another.value;
}

function factsOf(
  folder: string,
  access: Access,
  built: { readonly your: House; readonly their: House; readonly dns: Endpoint; readonly authority: string },
): SandboxFacts {
  const { your, their, dns } = built;
  const [mx, proxied] = your.entrances.mx;
  const [submission] = your.entrances.submission;
  const [submissions] = your.entrances.submissions;
  const { https } = your.entrances;
  invariant(mx && proxied && submission && submissions && https, 'your office has every entrance');
  const url = ({ entrances }: House) => `http://${entrances.http.endpoint.address}:${entrances.http.endpoint.port}`;
  return {
    api: { url: url(your), key: access.key },
    submission: {
      host: submission.endpoint.address,
      port: submission.endpoint.port,
      tls_port: submissions.endpoint.port,
      user: login,
      password: access.password,
      from: mailboxes.sender,
    },
    mx: {
      host: mx.endpoint.address,
      port: mx.endpoint.port,
      proxy_port: proxied.endpoint.port,
      domain: yours.domain,
      hostname: yours.hostname,
      recipient: mailboxes.sender,
    },
    dns: { host: dns.address, port: dns.port },
    https: { host: https.endpoint.address, port: https.endpoint.port },
    pid: process.pid,
    world: {
      yours: `${yours.hostname} at ${yours.address}`,
      theirs: `${theirs.hostname} at ${theirs.address}`,
      stranger: strangerAddress,
      other_domain: theirs.domain,
      friend: mailboxes.friend,
      other_api: { url: url(their), key: access.otherKey },
      authority: built.authority,
      facts_file: factsFile(folder),
    },
  };
}
