/**
 * An office of ours that foreign mail servers talk to: every entrance open on loopback, its zone answered by our own name server,
 * a certificate that an authority of the test has signed, a login, and mailboxes. `127.0.0.9` may relay through it.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { createStubResolver } from '../../../src/adapters/resolver/stub-resolver.ts';
import { closeAll } from '../../../src/app/close-all.ts';
import { type Office, openOffice } from '../../../src/app/compose.ts';
import { readConfig } from '../../../src/app/config.ts';
import { type OpenEntrances, openEntrances } from '../../../src/app/open-entrances.ts';
import type { Config, SettingName } from '../../../src/app/settings.ts';
import { createTelemetry } from '../../../src/app/telemetry.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Outcome } from '../../../src/base/outcome.ts';
import type { Endpoint } from '../../../src/base/port/net.ts';
import { silentSignals } from '../../../src/base/port/signals.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { serveDns } from '../../../src/entrances/dns/dns-entrance.ts';
import { parseMailbox } from '../../../src/format/address.ts';
import { parseDomainName } from '../../../src/format/domain-name.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { parseZoneText } from '../../../src/format/zone-file.ts';
import type { Resolver } from '../../../src/protocol/dns/types.ts';
import { emptyZoneSet, makeZoneSet, type ZoneSet } from '../../../src/protocol/dns/zone-set.ts';
import type { MessageView } from '../../../src/services/outbound/types.ts';
import { quoted } from '../post-office.ts';
import type { Arrival } from '../sandbox-scene.ts';
import { domain } from '../temp-office.ts';
import { makeTestAuthority, type TestAuthority } from '../test-certificate.ts';
import { inject } from './smtp-injector.ts';

/** Sends and receives for these. The peers reach `tls` over proven TLS only, `relay` from the address that may relay. */
export const officeDomains = {
  plain: 'example.com',
  tls: 'tls.example.com',
  relay: 'relay.example.com',
  international: 'bücher.example',
} as const;
export const officeHost = 'mx.example.com';
/** The client address that may relay. */
export const relayAddress = '127.0.0.9';
/** Receives and sends. */
export const ann = `ann@${officeDomains.plain}`;
export const juergen = `jürgen@${officeDomains.international}`;

export type PeerOffice = {
  readonly office: Office;
  readonly folder: string;
  readonly authority: TestAuthority;
  /** PEM of the authority that has signed every certificate here. */
  readonly authorityFile: string;
  readonly mxPort: number;
  readonly submission: { readonly port: number; readonly user: string; readonly password: string };
  /** Our name server, answering for everything in this world. */
  readonly dns: Endpoint;
  /** Names about which the office's resolver answers SERVFAIL. */
  readonly unresolvable: Set<string>;
  /** Lines of the log at level error. */
  readonly errors: readonly string[];
  /** Sends through submission, logged in; the message once it is queued. */
  readonly submit: (letter: Submission) => Promise<MessageView>;
  /** Hands over mail of others, from the address that may relay. */
  readonly relay: (letter: Submission) => Promise<void>;
  readonly settled: (message: MessageView) => Promise<MessageView>;
  /** The only stored message with this subject. */
  readonly arrival: (subject: string | RegExp) => Promise<Arrival>;
  readonly arrivals: (subject: string | RegExp) => Promise<Arrival[]>;
  readonly close: () => Promise<void>;
};

type Submission = {
  readonly from?: string;
  readonly to: readonly string[];
  readonly octets: string | Uint8Array;
};

export type PeerOfficeWish = {
  /** Recipient domain -> `host:port`. */
  readonly routes: Readonly<Record<string, string>>;
  /** Master-file lines besides those of the office. */
  readonly zone: readonly string[];
  readonly authority?: TestAuthority;
  readonly settings?: ReadonlyMap<SettingName, unknown>;
};

const patienceMs = 45_000;
const errorLevel = 50; // pino's number for it
const login = 'ann';

export async function openPeerOffice(wish: PeerOfficeWish): Promise<PeerOffice> {
  const opened: (() => Promise<void>)[] = [];
  const close = () => closeAll(opened);
  try {
    return { ...(await build(wish, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(wish: PeerOfficeWish, opened: (() => Promise<void>)[]): Promise<Omit<PeerOffice, 'close'>> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-peers-'));
  opened.push(async () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o711); // foreign servers drop root and go to their own folders in it
  const authority = wish.authority ?? (await makeTestAuthority('Peers'));
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, authority.certificatePem);
  const net = createNodeNet();
  let zones: ZoneSet = emptyZoneSet;
  const dns = await serveDns({
    net,
    at: { address: '127.0.0.1', port: 0 },
    zones: () => zones,
    signals: silentSignals,
  });
  opened.push(() => dns.close());
  const unresolvable = new Set<string>();
  const asked = createStubResolver({ net, timers: systemClock, random: systemRandom, servers: [dns.endpoint] });
  const resolver: Resolver = {
    lookup: async (name, type, options) =>
      unresolvable.has(name) ? { kind: 'failed', why: 'servfail' } : asked.lookup(name, type, options),
  };
  const errors: string[] = [];
  const telemetry = createTelemetry({
    level: 'warn',
    office: officeHost,
    write: (line) => {
      if ((JSON.parse(line) as { level: number }).level >= errorLevel) errors.push(line);
    },
  });
  const world = {
    net,
    resolver,
    timers: systemClock,
    random: systemRandom,
    signals: telemetry.signals,
    trust: [authority.certificatePem],
  };
  const office = await openOffice(configOf(join(folder, 'office'), wish), domain(officeHost), world);
  opened.push(() => office.stop());
  const password = await furnish(office);
  const identity = await authority.issue({ names: [officeHost], addresses: ['127.0.0.1'] });
  const entrances = await openEntrances(office, configOf(join(folder, 'office'), wish), {
    ...world,
    telemetry,
    identity: () => identity,
  });
  opened.push(() => entrances.close());
  zones = zoneSetOf(await zoneLines(office, wish));
  await office.start();
  return {
    ...facts(office, entrances, password),
    office,
    folder,
    authority,
    authorityFile,
    dns: dns.endpoint,
    unresolvable,
    errors,
  };
}

function configOf(data: string, wish: PeerOfficeWish): Config {
  const anywhere = '127.0.0.1:0';
  const flags = new Map<SettingName, unknown>([
    ['data', data],
    ['hostname', officeHost],
    ['listen.http', anywhere],
    ['listen.mx', anywhere],
    ['listen.submission', anywhere],
    ['listen.submissions', anywhere],
    ['routes', wish.routes],
    ['retry.test', true],
    ['retry.delays', ['400ms', '800ms']],
    ['retry.give_up_after', '1h'],
    ['relay.allow', [`${relayAddress}/32`]],
    ...(wish.settings ?? []),
  ]);
  const read = readConfig({ environment: {}, flags });
  if ('mistakes' in read) throw new Error(JSON.stringify(read.mistakes));
  return read.config;
}

/** @returns the password of the login */
async function furnish(office: Office): Promise<string> {
  const { directory } = office;
  for (const name of Object.values(officeDomains)) await directory.addDomain(domain(name), { verifiedBy: 'operator' });
  const addresses = [ann, `ann@${officeDomains.tls}`, `ann@${officeDomains.relay}`, juergen];
  for (const address of addresses) got(await directory.addMailbox(got(parseMailbox(address))));
  const user = got(await directory.accounts.createUser(login, { domains: Object.values(officeDomains).map(domain) }));
  if (user.appPassword === undefined) throw new Error('a login has a password');
  return user.appPassword;
}

async function zoneLines(office: Office, wish: PeerOfficeWish): Promise<string[]> {
  const lines = [
    '$TTL 60',
    '. SOA a.root. nobody.root. 1 3600 600 86400 60',
    '. NS a.root.',
    `${officeHost}. A 127.0.0.1`,
  ];
  for (const name of Object.values(officeDomains)) {
    const own = parseDomainName(name);
    const keys = await office.directory.keysOf(domain(name));
    lines.push(
      ...[own, `bounce.${own}`].flatMap((host) => [`${host}. MX 10 ${officeHost}.`, `${host}. TXT "v=spf1 mx -all"`]),
      `_dmarc.${own}. TXT "v=DMARC1; p=reject"`,
      ...keys.map(({ selector, publicRecord }) => `${selector}._domainkey.${own}. TXT ${quoted(publicRecord)}`),
    );
  }
  return [...lines, ...wish.zone, ''];
}

function zoneSetOf(lines: readonly string[]): ZoneSet {
  const parsed = parseZoneText(lines.join('\n'));
  const zones = parsed.ok ? makeZoneSet(parsed.value.records) : parsed;
  if (!zones.ok) throw new Error(zones.say);
  return zones.value;
}

function facts(office: Office, entrances: OpenEntrances, password: string) {
  const [mx] = entrances.mx;
  const [implicit] = entrances.submissions;
  if (!mx || !implicit) throw new Error('an office has these entrances');
  const submission = { port: implicit.endpoint.port, user: login, password };
  const arrivals = async (wanted: string | RegExp) => {
    const isIt = (subject: string) => (typeof wanted === 'string' ? subject === wanted : wanted.test(subject));
    const found = (await office.mailbox.list({ limit: 5_000 })).filter(({ subject }) => isIt(subject));
    return Promise.all(
      found.map(async (mail) => {
        const raw = await office.mailbox.raw(mail.id);
        if (!raw) throw new Error(`${mail.id} has no octets`);
        return { mail, raw, index: indexMessage(raw) };
      }),
    );
  };
  return {
    mxPort: mx.endpoint.port,
    submission,
    submit: async ({ from = ann, to, octets }: Submission) => {
      const { reply, recipients } = await inject({ port: submission.port, login: submission, from, to, octets });
      const id = /Queued as (em_\w+)/.exec(reply)?.[1];
      if (id === undefined) throw new Error(`the office did not take it: ${[...recipients, reply].join(' / ')}`);
      const view = await office.outbound.message(id as MessageView['id']);
      if (!view) throw new Error(`there is no ${id}`);
      return view;
    },
    relay: async ({ from = ann, to, octets }: Submission) => {
      const said = await inject({ port: mx.endpoint.port, address: relayAddress, from, to, octets });
      if (!said.reply.startsWith('250')) throw new Error(`the office did not take it: ${said.reply}`);
    },
    settled: async ({ id }: MessageView) => {
      const view = await office.outbound.settled(id, AbortSignal.timeout(patienceMs));
      if (!view?.settled) throw new Error(`${id} came to no end: ${JSON.stringify(view?.recipients.slice(0, 3))}`);
      return view;
    },
    arrivals,
    arrival: async (subject: string | RegExp) => {
      for (const endMs = performance.now() + patienceMs; ; await systemClock.sleep(25)) {
        const [found, ...more] = await arrivals(subject);
        if (found && more.length === 0) return found;
        if (more.length > 0) throw new Error(`${more.length + 1} messages "${subject}"`);
        if (performance.now() > endMs) throw new Error(`waited in vain for "${subject}"`);
      }
    },
  };
}

function got<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(outcome.say);
  return outcome.value;
}
