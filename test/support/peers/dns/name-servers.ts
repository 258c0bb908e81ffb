/**
 * Name servers we did not write, each a process of its own on a loopback port of its own, with its configuration and zones in a folder
 * that goes with it: BIND and Knot as authorities, unbound and BIND as resolvers.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../../../src/base/port/net.ts';
import { ownPort } from '../own-ports.ts';

export type NameServer = AsyncDisposable & {
  readonly endpoint: Endpoint;
  /** What it has said so far. */
  readonly log: () => string;
};

export type ZoneFile = {
  /** Without the final dot. */
  readonly origin: string;
  readonly text: string;
};

export const address = '127.0.0.1';
const startMs = 15_000;

type Daemon = {
  readonly program: string;
  readonly files: (folder: string, port: number) => Readonly<Record<string, string>>;
  readonly args: (folder: string) => readonly string[];
  /** Absent: a free one. */
  readonly port?: number;
  readonly ready: RegExp;
  /** It runs, but not with what it was given. */
  readonly broken: RegExp;
};

export async function startDaemon({ program, files, args, ready, broken, port: wanted }: Daemon): Promise<NameServer> {
  const folder = mkdtempSync(join(tmpdir(), `posthorn-${program}-`));
  const port = wanted ?? (await ownPort());
  for (const [name, text] of Object.entries(files(folder, port))) writeFileSync(join(folder, name), text);
  const child = spawn(program, args(folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (octets: Buffer) => {
      log += octets.toString('latin1');
      if (broken.test(log))
        started.reject(new Error(`${program} does not like what it was given:\n${log.slice(-1_500)}`));
      else if (ready.test(log)) started.resolve();
    });
  }
  child.once('error', started.reject);
  child.once('exit', () => {
    ended.resolve();
    started.reject(new Error(`${program} ended:\n${log.slice(-1_500)}`));
  });
  const late = setTimeout(() => started.reject(new Error(`${program} does not start:\n${log.slice(-1_500)}`)), startMs);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended.promise;
      clearTimeout(force);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await started.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return { endpoint: { address, port }, log: () => log, [Symbol.asyncDispose]: stop };
}

function zoneFileName({ origin }: ZoneFile): string {
  return `${origin || 'root'}.zone`;
}

function zoneFiles(zones: readonly ZoneFile[]): Record<string, string> {
  return Object.fromEntries(zones.map((zone) => [zoneFileName(zone), zone.text]));
}

// ---- authorities ----

export type NamedOptions = {
  /** Lines for `options { }`. */
  readonly options?: string;
  /** Everything below is asked there: BIND as a resolver. */
  readonly forward?: { readonly origin: string; readonly to: Endpoint };
  /** DS records in zone text: from there on it validates. */
  readonly anchors?: readonly string[];
  /** Statements beside `options`: keys. */
  readonly statements?: string;
  /** Statements for every zone: who may change it. */
  readonly perZone?: string;
};

/** BIND. */
export function startNamed(
  zones: readonly ZoneFile[],
  { options = '', forward, anchors = [], statements = '', perZone = '' }: NamedOptions = {},
): Promise<NameServer> {
  return startDaemon({
    program: 'named',
    args: (folder) => ['-g', '-n', '1', '-c', join(folder, 'named.conf')],
    ready: /\brunning$/m,
    broken: /not loaded due to errors/,
    files: (folder, port) => ({
      ...zoneFiles(zones),
      'named.conf': `
options {
  directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key"; managed-keys-directory "${folder}";
  listen-on port ${port} { ${address}; }; listen-on-v6 { none; };
  recursion ${forward ? 'yes' : 'no'}; allow-query { any; }; notify no; dnssec-validation ${anchors.length > 0 ? 'yes' : 'no'}; querylog no; empty-zones-enable no;
  max-records-per-type 1000;
  ${options}
};
controls { };
${statements}
trust-anchors { ${anchors.map(bindAnchor).join(' ')} };
${zones.map((zone) => `zone "${zone.origin || '.'}" { type primary; file "${zoneFileName(zone)}"; ${perZone} };`).join('\n')}
${forward ? `zone "${forward.origin}" { type forward; forward only; forwarders { ${forward.to.address} port ${forward.to.port}; }; };` : ''}
`,
    }),
  });
}

/** `example.com. IN DS 1 13 2 AB CD` as BIND's configuration wants it. */
function bindAnchor(ds: string): string {
  const [, origin, tag, algorithm, digestType, digest = ''] = /^(\S+) .*DS (\d+) (\d+) (\d+) (.+)$/.exec(ds) ?? [];
  assert.ok(origin, ds);
  return `"${origin}" static-ds ${tag} ${algorithm} ${digestType} "${digest.replaceAll(' ', '')}";`;
}

export type KnotOptions = {
  /** Lines for `server:`. */
  readonly server?: string;
  /** It signs the zones itself, on the fly. */
  readonly signed?: boolean;
  /** Sections before the zones': keys and who may do what. */
  readonly sections?: string;
  /** A line for every zone. */
  readonly perZone?: string;
};

/** Knot. */
export function startKnot(
  zones: readonly ZoneFile[],
  { server = '', signed = false, sections = '', perZone = '' }: KnotOptions = {},
): Promise<NameServer> {
  return startDaemon({
    program: 'knotd',
    args: (folder) => ['-c', join(folder, 'knot.conf')],
    ready: /server started/,
    broken: /error: .*zone|failed to load/i,
    files: (folder, port) => ({
      ...zoneFiles(zones),
      'knot.conf': `
server:
    rundir: "${folder}"
    user: "root"
    listen: ${address}@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    ${server}
log:
  - target: stderr
    any: info
database:
    storage: "${folder}"
${sections}
policy:
  - id: quick
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
template:
  - id: default
    storage: "${folder}"
    zonefile-sync: -1
    journal-content: none
    ${perZone}
    ${signed ? 'dnssec-signing: on\n    dnssec-policy: quick' : ''}
zone:
${zones.map((zone) => `  - domain: "${zone.origin || '.'}"\n    file: "${zoneFileName(zone)}"`).join('\n')}
`,
    }),
  });
}

// ---- resolvers ----

type StubZone = {
  readonly origin: string;
  readonly at: Endpoint;
  /** Its servers are asked every time, and always here, whatever addresses the zone itself gives them. */
  readonly noCache?: boolean;
};

export type UnboundOptions = {
  /** Absent: a free one. */
  readonly port?: number;
  /** Zones whose authorities it asks itself. */
  readonly stubs?: readonly StubZone[];
  /** Zones it hands to a resolver. */
  readonly forwards?: readonly StubZone[];
  /** DS or DNSKEY records in zone text: from there on it validates. */
  readonly anchors?: readonly string[];
  /** Lines for `server:`. */
  readonly server?: string;
};

/** Unbound: validates below its trust anchors, and knows no other part of the DNS than the zones it is given. */
export function startUnbound({
  port: wanted,
  stubs = [],
  forwards = [],
  anchors = [],
  server = '',
}: UnboundOptions): Promise<NameServer> {
  const zone = (kind: 'stub' | 'forward') => (one: StubZone) =>
    `${kind}-zone:\n  name: "${one.origin || '.'}"\n  ${kind}-addr: ${one.at.address}@${one.at.port}${one.noCache ? `\n  ${kind}-no-cache: yes` : ''}`;
  return startDaemon({
    program: 'unbound',
    ...(wanted !== undefined && { port: wanted }),
    args: (folder) => ['-d', '-p', '-c', join(folder, 'unbound.conf')],
    ready: /start of service/,
    broken: /fatal error/,
    files: (folder, port) => ({
      'unbound.conf': `
server:
  directory: "${folder}"
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  val-log-level: 2
  ede: yes
  interface: ${address}@${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  num-threads: 1
  module-config: "validator iterator"
  local-zone: "test." nodefault
  ${anchors.map((anchor) => `trust-anchor: "${anchor.replaceAll('"', '\\"')}"`).join('\n  ')}
  ${server}
${stubs.map(zone('stub')).join('\n')}
${forwards.map(zone('forward')).join('\n')}
remote-control:
  control-enable: no
`,
    }),
  });
}
