/** Opens the doors of an office: HTTP, MX, submission. A port in use is named together with the setting that moves it. */
import { httpConnectionsMax, type ServeHttpOptions, serveHttp } from '../adapters/http/serve-http.ts';
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Memory } from '../base/port/memory.ts';
import type { Endpoint, Net, TlsIdentity } from '../base/port/net.ts';
import type { Signals } from '../base/port/signals.ts';
import { createHttpApp } from '../entrances/http/http-entrance.ts';
import { type HttpLimits, httpLimits } from '../entrances/http/limits.ts';
import { withPolicyHosts } from '../entrances/http/policy-hosts.ts';
import { serveMx } from '../entrances/mx/mx-entrance.ts';
import type { SmtpListener } from '../entrances/smtp/serve-smtp.ts';
import { serveSubmission, submissionPolicy } from '../entrances/submission/submission-entrance.ts';
import type { DomainName } from '../format/domain-name.ts';
import { type SmtpLimitName, type SmtpLimits, smtpLimits } from '../protocol/smtp/limits.ts';
import { ownStsPolicy } from '../services/setup/setup.ts';
import type { Office } from './compose.ts';
import { environmentName } from './config.ts';
import { type OfficeWatch, watchOffice } from './office-health.ts';
import { connectionsWithin, openFilesMax } from './open-files.ts';
import type { Config, Listener, SettingName } from './settings.ts';
import type { Telemetry } from './telemetry.ts';
import type { TlsIdentitySource } from './tls-identities.ts';
import { version } from './version.ts';

export type OpenEntrances = {
  readonly http: { readonly endpoint: Endpoint };
  readonly https?: { readonly endpoint: Endpoint };
  /** In the order of the configuration. */
  readonly mx: readonly SmtpListener[];
  readonly submission: readonly SmtpListener[];
  readonly submissions: readonly SmtpListener[];
  /** Takes nobody in any more, lets transactions end, then closes. */
  readonly close: () => Promise<void>;
};

export type EntrancePorts = {
  readonly net: Net;
  readonly timers: Timers;
  readonly signals: Signals;
  readonly telemetry: Telemetry;
  readonly identity: TlsIdentitySource;
  /** For names of domains; absent, or undefined for a name: the office's own. */
  readonly identityOf?: (name: string) => TlsIdentity | undefined;
  readonly memory?: Memory;
};

export async function openEntrances(office: Office, config: Config, ports: EntrancePorts): Promise<OpenEntrances> {
  const closers: (() => Promise<void>)[] = [];
  // All at once: each has its own patience.
  const close = async () => {
    const ends = await Promise.allSettled(closers.map((closer) => closer()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
  try {
    const opened = await openAll(office, config, ports, closers);
    return { ...opened, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openAll(
  office: Office,
  config: Config,
  { net, timers, signals, telemetry, identity, identityOf, memory }: EntrancePorts,
  closers: (() => Promise<void>)[],
): Promise<Omit<OpenEntrances, 'close'>> {
  const { hostname, outbound, inbound, blobs, disk, directory } = office;
  const spare = memory ? { memory } : {};
  const common = { net, timers, signals, hostname, limits: limitsWithin(config, signals), identity, ...spare };
  const submit = { hostname, outbound, blobs, disk, timers, accounts: directory.accounts };
  const policy = submissionPolicy(submit);
  const open =
    (setting: SettingName, each: (listener: Listener) => Promise<SmtpListener>) => async (listener: Listener) => {
      const opened = await named(setting, listener.at, () => each(listener));
      closers.push(() => opened.stop());
      return opened;
    };
  const mx = open('listen.mx', (listener) =>
    serveMx({ ...submit, inbound }, { relayFrom: config['relay.allow'] }, { ...common, ...listener }),
  );
  const submission = (setting: SettingName, implicitTls: boolean) =>
    open(setting, (listener) => serveSubmission(policy, { ...common, ...listener, implicitTls }));
  const starttls = submission('listen.submission', false);
  const implicit = submission('listen.submissions', true);
  const opened = {
    mx: await inTurn(config['listen.mx'], mx),
    submission: await inTurn(config['listen.submission'], starttls),
    submissions: await inTurn(config['listen.submissions'], implicit),
  };
  const { counts, health } = watchOffice({ ...office, ...spare }, timers);
  watch(counts, telemetry, opened);
  const app = createHttpApp(
    { ...office, timers, signals, health, metrics: telemetry.metrics, ...spare },
    {
      version,
      limits: httpLimitsOf(config),
      publicTests: config['tests.public'],
      ...(config.public_url ? { publicUrl: config.public_url } : {}),
    },
  );
  closers.push(async () => app.close());
  const fetch = withPolicyHosts(app.fetch, {
    own: hostname,
    policyOf: (domain) => stsPolicyOf(office, domain),
    documentOf: async (domain) => (await office.desk.policy(domain))?.document,
  });
  const limits = { connections: connectionsOf(config, httpConnectionsMax) };
  const serve = async (
    setting: 'listen.http' | 'listen.https',
    at: Endpoint,
    tls: Pick<ServeHttpOptions, 'identityOf'>,
  ) => {
    const listening = await named(setting, at, () => serveHttp(fetch, { at, timers, signals, limits, ...tls }));
    closers.push(() => listening.close());
    return listening;
  };
  const http = await serve('listen.http', config['listen.http'], {});
  const secure = config['listen.https'];
  const https =
    secure && (await serve('listen.https', secure, { identityOf: (name) => identityOf?.(name) ?? identity() }));
  return { ...opened, http, ...(https && { https }) };
}

/** Of domains whose mail is received here; their records may lead here or not. */
async function stsPolicyOf(
  { directory, delegations, hostname }: Pick<Office, 'directory' | 'delegations' | 'hostname'>,
  domain: DomainName,
): Promise<string | undefined> {
  const known = await directory.domain(domain);
  if (!known?.receives || known.verified === undefined) return undefined;
  return ownStsPolicy(hostname, await delegations.stsModeOf(domain));
}

async function inTurn<T>(listeners: readonly Listener[], open: (listener: Listener) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  for (const listener of listeners) opened.push(await open(listener));
  return opened;
}

/** Values of `[limits]` by their names in the table. */
function limitsOf(config: Config): SmtpLimits {
  const names = Object.keys(smtpLimits) as SmtpLimitName[];
  return Object.fromEntries(names.map((name) => [name, config[`limits.${name}`]])) as SmtpLimits;
}

function httpLimitsOf(config: Config): HttpLimits {
  const names = Object.keys(httpLimits) as (keyof HttpLimits)[];
  return Object.fromEntries(names.map((name) => [name, config[`limits.http_${name}`]])) as HttpLimits;
}

function limitsWithin(config: Config, signals: Signals): SmtpLimits {
  const limits = limitsOf(config);
  const connections = connectionsOf(config, limits.connections_in_all);
  if (connections < limits.connections_in_all)
    signals.emit('info', 'limits.connections_lowered', {
      connections_in_all: connections,
      open_files: openFilesMax(),
    });
  return { ...limits, connections_in_all: connections };
}

/** No more connections of one listener than the process may open files for, HTTP counted like a listener more. */
function connectionsOf(config: Config, wanted: number): number {
  const smtp = [config['listen.mx'], config['listen.submission'], config['listen.submissions']];
  return connectionsWithin(openFilesMax(), {
    wanted,
    listeners: smtp.flat().length + 1,
    deliveries: config['delivery.concurrency'],
  });
}

/** Turns the system's word for a port that cannot be had into a sentence with the next step. */
export async function named<T>(setting: SettingName, at: Endpoint, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const place = `${at.address}:${at.port}`;
    const move = `Choose another with ${environmentName(setting)}=${at.address}:PORT, or ${setting} in posthorn.toml.`;
    if (error.code === 'EADDRINUSE')
      throw new Fault('EADDRINUSE', `${place} is in use already: by another Posthorn? ${move}`, { cause: error });
    if (error.code === 'EACCES')
      throw new Fault('EACCES', `this user may not listen on ${place}. ${move}`, { cause: error });
    throw error;
  }
}

function watch(
  counts: OfficeWatch['counts'],
  telemetry: Telemetry,
  opened: Record<'mx' | 'submission' | 'submissions', readonly SmtpListener[]>,
): void {
  telemetry.gauge('posthorn_queue_open', 'Deliveries that have not ended', async () => (await counts()).open);
  telemetry.gauge('posthorn_queue_ready', 'Deliveries waiting for a slot', async () => (await counts()).ready);
  telemetry.gauge('posthorn_smtp_connections', 'SMTP connections being served', () =>
    Object.values(opened)
      .flat()
      .reduce((sum, listener) => sum + listener.connections, 0),
  );
}
