/**
 * An office on a simulated machine: composed as in `serve`, with the simulated world for its ports, and the doors that speak SMTP. It
 * is started again after each death, as a service manager does.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openFileSecrets } from '../../src/adapters/secrets/file-secrets.ts';
import { openSqlite } from '../../src/adapters/store/sqlite-db.ts';
import { migrations, type Office, openOffice } from '../../src/app/compose.ts';
import { readConfig } from '../../src/app/config.ts';
import type { Config, SettingName } from '../../src/app/settings.ts';
import { createIds } from '../../src/base/id.ts';
import type { Signals } from '../../src/base/port/signals.ts';
import { seededRandom } from '../../src/base/random.ts';
import { serveMx } from '../../src/entrances/mx/mx-entrance.ts';
import type { SmtpListener } from '../../src/entrances/smtp/serve-smtp.ts';
import { serveSubmission, submissionPolicy } from '../../src/entrances/submission/submission-entrance.ts';
import { type DomainName, parseDomainName } from '../../src/format/domain-name.ts';
import { type SmtpLimitName, type SmtpLimits, smtpLimits } from '../../src/protocol/smtp/limits.ts';
import { Directory } from '../../src/services/directory/directory.ts';
import { Events } from '../../src/services/events/events.ts';
import { makeTestDkimKey } from '../support/dkim-test-keys.ts';
import type { Ledger } from './ledger.ts';
import type { Life, Machine } from './machine.ts';
import type { SimNet } from './net.ts';
import type { SimDns } from './resolver.ts';

export type OfficePlan = {
  /** Folder of its template and its name in traces: `alpha`. */
  readonly name: string;
  readonly address: string;
  readonly domain: string;
  readonly people: readonly string[];
};

export const password = 'correct horse battery staple';

/** When the simulated world begins; midnight, so that dates are easily read. */
export const beginsAtMs = Date.UTC(2027, 0, 1);

function name(text: string): DomainName {
  const parsed = parseDomainName(text);
  if (parsed === undefined) throw new Error(`not a domain name: ${text}`);
  return parsed;
}

/** A data folder with everything an office has before its first letter; made once, copied for each run. Answers its zone. */
export async function makeTemplate(folder: string, plan: OfficePlan): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const random = seededRandom(4_711);
  const clock = { nowMs: () => beginsAtMs - 86_400_000 };
  const secrets = openFileSecrets(join(folder, 'secret.key'), random);
  const db = await openSqlite(folder, { migrations, office: 'take' });
  const timers = { ...clock, monotonicMs: () => 0, sleep: async () => {}, after: () => () => {} };
  const ids = createIds(clock, random);
  const events = new Events({ db, timers, ids });
  const directory = new Directory({ db, clock, ids, random, secrets, events, makeDkimKey: makeTestDkimKey });
  const domain = name(plan.domain);
  await directory.addDomain(domain, { verifiedBy: 'operator' });
  for (const local of plan.people) await directory.addMailbox({ local, domain });
  await directory.accounts.createUser(plan.people[0] ?? 'ada', { domains: [domain], password });
  const keys = await directory.keysOf(domain);
  await db.close();
  const mx = `mx.${plan.domain}`;
  return [
    `${plan.domain} MX 10 ${mx}`,
    `${plan.domain} TXT "v=spf1 ip4:${plan.address} -all"`,
    `bounce.${plan.domain} MX 10 ${mx}`,
    `bounce.${plan.domain} TXT "v=spf1 ip4:${plan.address} -all"`,
    `${mx} A ${plan.address}`,
    `${mx} TXT "v=spf1 a -all"`,
    `_dmarc.${plan.domain} TXT "v=DMARC1; p=reject"`,
    ...keys.map((key) => `${key.selector}._domainkey.${plan.domain} TXT ${inStrings(key.publicRecord)}`),
  ].join('\n');
}

/** Strings of a TXT record, none longer than 255 octets. */
function inStrings(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((piece) => `"${piece}"`).join(' ');
}

export type OfficeWorld = {
  readonly net: SimNet;
  readonly dns: SimDns;
  readonly ledger: Ledger;
  readonly seed: number;
};

type Open = { readonly office: Office; readonly life: Life; readonly doors: readonly SmtpListener[] };

export class SimOffice {
  readonly plan: OfficePlan;
  readonly machine: Machine;
  readonly #world: OfficeWorld;
  readonly #settings: ReadonlyMap<SettingName, unknown>;
  #open: Open | undefined;
  /** The store takes nothing more until a restart. */
  onRefusal: () => void = () => {};

  constructor(plan: OfficePlan, machine: Machine, world: OfficeWorld, settings: ReadonlyMap<SettingName, unknown>) {
    this.plan = plan;
    this.machine = machine;
    this.#world = world;
    this.#settings = settings;
    world.net.addHost(plan.address, plan.name);
  }

  furnish(template: string): void {
    cpSync(template, this.machine.folder, { recursive: true });
  }

  /** Undefined while it is down or just starting. */
  get office(): Office | undefined {
    return this.#open?.life.dead === false ? this.#open.office : undefined;
  }

  get life(): Life | undefined {
    return this.#open?.life;
  }

  /** Resolves when it serves, or rejects; does neither when it is killed meanwhile. */
  async start(): Promise<void> {
    const life = this.machine.boot();
    const { net, dns, seed } = this.#world;
    const hostname = name(`mx.${this.plan.domain}`);
    const random = seededRandom(seed * 31 + life.number * 7 + this.plan.name.length);
    const timers = life.timers;
    const signals = this.#signals(life);
    const port = net.portOf(this.plan.address, life);
    const config = this.#config();
    const office = await openOffice(config, hostname, {
      net: port,
      resolver: dns.portOf(life),
      timers,
      random,
      signals,
      trust: [],
    });
    const { outbound, inbound, blobs, disk, directory } = office;
    const submit = { hostname, outbound, blobs, disk, timers, accounts: directory.accounts };
    const identity = { certificatePem: '', privateKeyPem: '' };
    const common = {
      net: port,
      timers,
      signals,
      hostname,
      limits: limitsOf(config),
      identity: () => identity,
      proxyFrom: [],
    };
    const at = (number: number) => ({ address: this.plan.address, port: number });
    const mx = await serveMx({ ...submit, inbound }, { relayFrom: [] }, { ...common, at: at(25) });
    const submission = await serveSubmission(submissionPolicy(submit), { ...common, at: at(587), implicitTls: false });
    this.#open = { office, life, doors: [mx, submission] };
    await office.start();
  }

  /** As `serve` does: the doors, then the queue, then the store. */
  async stop(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    await Promise.all(open.doors.map((door) => door.stop()));
    await open.office.stop();
    open.life.stopped = true;
  }

  #config(): Config {
    const flags = new Map<SettingName, unknown>([...this.#settings, ['data', this.machine.folder]]);
    const read = readConfig({ environment: {}, flags });
    if ('mistakes' in read) throw new Error(JSON.stringify(read.mistakes));
    return read.config;
  }

  #signals(life: Life): Signals {
    const { ledger } = this.#world;
    return {
      emit: (level, what, fields = {}) => {
        if (life.dead || level === 'debug') return;
        if (what === 'store.writing_ended') this.onRefusal();
        if (level === 'info' && what !== 'outbound.attempt' && what !== 'inbound.message') return;
        const words = Object.entries(fields).map(([key, value]) => `${key}=${String(value).slice(0, 160)}`);
        this.machine.trace.say(this.plan.name, `${what} ${words.join(' ')}`);
        // A fault of the world has its words; these are mistakes of ours.
        if (level === 'error' && /\b(Bug|TypeError|RangeError|ReferenceError)\b/.test(words.join(' ')))
          ledger.fail(`a mistake of the product: ${what} ${words.join(' ')}`);
      },
    };
  }
}

function limitsOf(config: Config): SmtpLimits {
  const names = Object.keys(smtpLimits) as SmtpLimitName[];
  return Object.fromEntries(names.map((limit) => [limit, config[`limits.${limit}`]])) as SmtpLimits;
}
