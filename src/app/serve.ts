/** `posthorn serve`: the real thing, from its configuration, until it is asked to stop. */

import { hostname as machineName } from 'node:os';
import { compileEarly } from '../adapters/host/compile-early.ts';
import { createGiveBack } from '../adapters/host/give-back.ts';
import { createMemoryGuard } from '../adapters/host/memory-guard.ts';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { createAuthorities } from '../adapters/resolver/authorities.ts';
import { createStubResolver } from '../adapters/resolver/stub-resolver.ts';
import { readSystemServers } from '../adapters/resolver/system-servers.ts';
import { createSigningThread } from '../adapters/signing/signing-thread.ts';
import { takeBackupNote } from '../adapters/store/backup-note.ts';
import { systemClock } from '../base/clock.ts';
import { stopped } from '../base/deadline.ts';
import type { Listening } from '../base/port/net.ts';
import { systemRandom } from '../base/random.ts';
import { serveDns } from '../entrances/dns/dns-entrance.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { closeAll } from './close-all.ts';
import { type Office, openOffice, type World } from './compose.ts';
import { ConfigMistakes } from './config.ts';
import { type DnsHostPorts, zoneEditorByRules } from './dns-hosts.ts';
import { openCertificate, trustIn } from './office-certificate.ts';
import { named, openEntrances } from './open-entrances.ts';
import { acceptorsWithin, openFilesMax } from './open-files.ts';
import { keepPolicyHosts } from './policy-hosts.ts';
import { openServedZones } from './served-zones.ts';
import type { Config } from './settings.ts';
import { createTelemetry } from './telemetry.ts';

export type ServeIo = {
  /** For people: where it listens. */
  readonly err: (text: string) => void;
  /** Log lines, JSON. */
  readonly log: (line: string) => void;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Credentials of DNS hosts are looked for in it. */
  readonly environment: DnsHostPorts['environment'];
};

export async function runServe(config: Config, io: ServeIo): Promise<number> {
  compileEarly();
  const hostname = hostnameOf(config);
  const telemetry = createTelemetry({ level: config['log.level'], office: hostname, write: io.log });
  const net = createNodeNet({ signals: telemetry.signals, acceptors: acceptorsWithin(openFilesMax()) });
  const servers = config['dns.resolvers'].length > 0 ? config['dns.resolvers'] : readSystemServers();
  const trustAd = config['dns.trust_ad'];
  const giveBack = createGiveBack();
  const memory = createMemoryGuard({
    timers: systemClock,
    signals: telemetry.signals,
    giveBack: giveBack.all,
    freeBuffers: giveBack.buffers,
  });
  const resolver = createStubResolver({
    net,
    timers: systemClock,
    random: systemRandom,
    servers: servers.map((server) => (trustAd ? { ...server, trustAd } : server)),
    signals: telemetry.signals,
  });
  const signing = createSigningThread({ timers: systemClock, signals: telemetry.signals });
  const world = {
    net,
    timers: systemClock,
    random: systemRandom,
    signals: telemetry.signals,
    resolver,
    authorities: createAuthorities({ net, timers: systemClock, random: systemRandom, resolver }),
    zoneEditor: zoneEditorByRules(
      { resolver, timers: systemClock, random: systemRandom, environment: io.environment },
      config.dns_hosts,
    ),
    trust: config['tls.trust'].map(trustIn),
    memory,
    signDkim: signing.sign,
  } satisfies World;
  const office = await openOffice(config, hostname, world);
  const stopTrimming = giveBack.regularly(systemClock);
  const closers: (() => Promise<void>)[] = [async () => stopTrimming(), () => signing.close(), () => office.stop()];
  try {
    const { identity, keep, close } = await openCertificate(config, hostname, {
      ...world,
      zoneEditor: (domain) => world.zoneEditor(domain, { db: office.db, kept: office.credentials }),
    });
    closers.push(close);
    const isWeb = config['listen.https'] !== undefined;
    const hosts = keep && isWeb ? keepPolicyHosts({ ...world, ...office, keep }) : undefined;
    if (hosts) closers.push(hosts.stop);
    const ports = { ...world, telemetry, identity, ...(hosts && { identityOf: hosts.identityOf }) };
    const entrances = await openEntrances(office, config, ports);
    closers.push(() => entrances.close());
    const dns = await openDns(config, office, world);
    if (dns) closers.push(() => dns.close());
    await tellOfBackup(config, office, { err: io.err, signals: telemetry.signals });
    await office.start();
    io.err(greeting(hostname, config, { entrances, dns }));
    await stopped(io.signal);
    io.err('posthorn: stopping; transactions under way may end ...\n');
    return 0;
  } finally {
    await closeAll(closers);
  }
}

/** What was open in the backup goes out now, also what the office that is gone had sent since. */
async function tellOfBackup(
  config: Config,
  office: Office,
  { err, signals }: Pick<ServeIo, 'err'> & Pick<World, 'signals'>,
): Promise<void> {
  const note = takeBackupNote(config.data);
  if (!note) return;
  const { open } = await office.outbound.counts();
  const made = Number.isNaN(note.madeAtMs) ? 'an unknown time' : new Date(note.madeAtMs).toISOString();
  signals.emit('warn', 'store.restored_from_backup', { made_at: made, open });
  err(
    `posthorn: restored from the backup of ${made}. ${open} deliveries were open then and go out now; those that were made since go out twice.\n`,
  );
}

/** The configured name, or the machine's own when that is a whole one. */
function hostnameOf(config: Config): DomainName {
  const own = config.hostname ?? parseDomainName(machineName());
  if (own?.includes('.')) return own;
  const why = config.hostname
    ? `${config.hostname} is no public host name`
    : `is not set, and this machine's own name (${machineName()}) is no public host name`;
  const say = `${why}. Set hostname = "mx.example.com"`;
  throw new ConfigMistakes([{ where: '', key: 'hostname', say }]);
}

async function openDns(config: Config, office: Office, world: World): Promise<Listening | undefined> {
  const at = config['listen.dns'];
  if (!at) return undefined;
  const { signals, net } = world;
  const served = await openServedZones(config, { ...world, db: office.db });
  try {
    const dns = await named('listen.dns', at, () => serveDns({ net, at, zones: served.zones, signals }));
    return { endpoint: dns.endpoint, close: () => closeAll([served.close, () => dns.close()]) };
  } catch (error) {
    await served.close();
    throw error;
  }
}

function greeting(
  hostname: string,
  config: Config,
  {
    entrances,
    dns,
  }: { readonly entrances: Awaited<ReturnType<typeof openEntrances>>; readonly dns: Listening | undefined },
): string {
  const place = ({ endpoint }: { readonly endpoint: { readonly address: string; readonly port: number } }) =>
    `${endpoint.address}:${endpoint.port}`;
  const lines = [
    ['HTTP API', `http://${place(entrances.http)}`],
    ...(entrances.https ? [['HTTPS', `https://${place(entrances.https)}`]] : []),
    ['MX', entrances.mx.map(place).join(', ')],
    [
      'submission',
      `${entrances.submission.map(place).join(', ')} (STARTTLS), ${entrances.submissions.map(place).join(', ')} (TLS)`,
    ],
    ...(dns ? [['DNS', place(dns)]] : []),
    ['data', config.data],
  ];
  return `posthorn ${hostname} is serving.\n${lines.map(([what = '', where]) => `  ${what.padEnd(12)}${where}\n`).join('')}`;
}
