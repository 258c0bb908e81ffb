/** A data folder with an office in it: a domain, two mailboxes, a login, a key, and the configuration to serve it. */
import { mkdirSync, writeFileSync } from 'node:fs';

import { DatabaseSync } from 'node:sqlite';
import { databaseFile } from '../../../src/adapters/store/sqlite-db.ts';
import { openRecords } from '../../../src/app/compose.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Outcome } from '../../../src/base/outcome.ts';
import { silentSignals } from '../../../src/base/port/signals.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { parseMailbox } from '../../../src/format/address.ts';
import { parseDomainName } from '../../../src/format/domain-name.ts';

const ownDomain = 'example.com';
/** Sends; its notifications arrive there. */
export const author = 'ann@example.com';
/** Receives. */
export const resident = 'box@example.com';
export const login = 'ann';

export type Home = {
  readonly data: string;
  readonly config: string;
  readonly apiKey: string;
  readonly password: string;
};

/** Tables of the configuration, each with its lines. */
export type Settings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const everywhere: Settings = {
  listen: { http: '127.0.0.1:0', mx: '127.0.0.1:0', submission: '127.0.0.1:0', submissions: '127.0.0.1:0' },
  // 127.0.0.1 may relay; every other address of loopback is a stranger.
  relay: { allow: ['127.0.0.1/32'] },
  retry: { test: true, delays: ['300ms', '1s'], give_up_after: '1h' },
};

/** @param data the data folder, made when missing; the configuration is written beside it */
export async function makeHome(data: string, settings: Settings = {}): Promise<Home> {
  const config = `${data}.toml`;
  writeConfig(config, data, settings);
  return { data, config, ...(await furnish(data)) };
}

/** Writes the configuration anew, for the next start. */
export function writeConfig(file: string, data: string, settings: Settings): void {
  const lines = [`data = ${JSON.stringify(data)}`, 'hostname = "mx.example.com"'];
  for (const table of new Set([...Object.keys(everywhere), ...Object.keys(settings)])) {
    lines.push(`[${table}]`);
    for (const [key, value] of Object.entries({ ...everywhere[table], ...settings[table] }))
      lines.push(`${/^\w+$/.test(key) ? key : JSON.stringify(key)} = ${JSON.stringify(value)}`);
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}

async function furnish(data: string): Promise<{ apiKey: string; password: string }> {
  mkdirSync(data, { recursive: true });
  const world = { timers: systemClock, random: systemRandom, signals: silentSignals };
  const records = await openRecords(data, 'beside', world);
  try {
    const { directory } = records;
    const domain = needed(parseDomainName(ownDomain));
    whatIs(await directory.addDomain(domain, { verifiedBy: 'operator' }));
    for (const address of [author, resident]) await directory.addMailbox(whatIs(parseMailbox(address)));
    const user = whatIs(await directory.accounts.createUser(login, { domains: [domain] }));
    const key = whatIs(
      await directory.accounts.createKey({ name: 'faults', mode: 'live', scopes: ['send', 'read', 'admin'] }),
    );
    return { apiKey: key.token, password: needed(user.appPassword) };
  } finally {
    await records.close();
  }
}

function whatIs<T>(outcome: Outcome<T, string>): T {
  if (!outcome.ok) throw new Error(outcome.say);
  return outcome.value;
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the test needs this');
  return value;
}

export type Row = Readonly<Record<string, string | number | null>>;

/** Asks the database of an office that is serving, from outside. */
export function ask(home: Pick<Home, 'data'>, sql: string, ...values: (string | number)[]): Row[] {
  const database = new DatabaseSync(databaseFile(home.data), { readOnly: true, timeout: 5_000 });
  try {
    return database.prepare(sql).all(...values) as Row[];
  } finally {
    database.close();
  }
}

export function count(home: Pick<Home, 'data'>, sql: string, ...values: (string | number)[]): number {
  return Number(Object.values(ask(home, sql, ...values)[0] ?? {})[0] ?? Number.NaN);
}

export function openDeliveries(home: Pick<Home, 'data'>): number {
  return count(home, 'SELECT count(*) FROM outbound_deliveries WHERE settled_at_ms IS NULL');
}

/** Of `state` -> number of deliveries. */
export function states(home: Pick<Home, 'data'>, where = 'TRUE'): Record<string, number> {
  const rows = ask(home, `SELECT state, count(*) AS n FROM outbound_deliveries WHERE ${where} GROUP BY state`);
  return Object.fromEntries(rows.map((row) => [String(row.state), Number(row.n)]));
}
