/**
 * The store of the zones that the office answers for itself. What comes in is looked at before it is kept: a set that could not be
 * served, or stands beside an alias, is refused. Whoever serves the zones hears of every change on the channel `hosted-zones`.
 */
import type { Kysely } from 'kysely';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Db, Reader, Tx } from '../../../base/port/db.ts';
import { type DomainName, isEqualOrBelow, parentOf, parseQueryName } from '../../../format/domain-name.ts';
import { canonicalValue, haveSameValues, recordsOfSet } from '../../../format/record-set.ts';
import type { RecordChange, RecordSet, SetupType } from '../types.ts';
import type { HostedRefusal, HostedZone, HostedZones } from './types.ts';

type SetRow = { zone: string; name: string; type: string; ttl: number; record_values: string };
type Tables = {
  setup_hosted_zones: { zone: string; name_servers: string; serial: number };
  setup_hosted_sets: SetRow;
  setup_hosted_past: { zone: string; serial: number };
};

export const hostedZonesChannel = 'hosted-zones';
const nameServersTtl = 86_400;

export class HostedZoneStore implements HostedZones {
  readonly #db: Db;
  readonly #sql: Kysely<Tables>;

  constructor(db: Db) {
    this.#db = db;
    this.#sql = db.queries<Tables>();
  }

  /** Takes a domain, or a name below it, into our own keeping. False: it is there already, and stays as it is. */
  async add(zone: DomainName, nameServers: readonly string[]): Promise<boolean> {
    return this.#db.write(async (tx) => {
      if ((await this.#zoneRow(tx, zone)) !== undefined) return false;
      const past = await tx.first(
        this.#sql.selectFrom('setup_hosted_past').select('serial').where('zone', '=', zone).compile(),
      );
      // What caches and our own server remember of a zone that was here before is older.
      const row = { zone, name_servers: JSON.stringify(nameServers), serial: nextSerial(past?.serial ?? 0) };
      await tx.run(this.#sql.insertInto('setup_hosted_zones').values(row).compile());
      await this.#put(tx, zone, { name: zone, type: 'NS', ttl: nameServersTtl, values: nameServers });
      tx.afterCommit(() => this.#db.notify(hostedZonesChannel));
      return true;
    });
  }

  /** The nearest zone at or above. */
  find(domain: DomainName): Promise<HostedZone | undefined> {
    return this.#db.read(async (reader) => {
      for (let zone: DomainName | undefined = domain; zone !== undefined; zone = parentOf(zone)) {
        const found = await this.#load(reader, zone);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  /** By name, a page of those behind `after`, with what tells one state of a zone from another. */
  async serials(after: string, limit: number): Promise<readonly (readonly [DomainName, number])[]> {
    const page = this.#sql.selectFrom('setup_hosted_zones').select(['zone', 'serial']).where('zone', '>', after);
    const query = page.orderBy('zone').limit(limit).compile();
    const rows = await this.#db.read((reader) => reader.all(query));
    return rows.map(({ zone, serial }) => [zone as DomainName, serial] as const);
  }

  /** Those of the named ones that are there still. */
  async load(names: readonly DomainName[]): Promise<readonly HostedZone[]> {
    return this.#db.read(async (reader) => {
      const found = await Promise.all(names.map((name) => this.#load(reader, name)));
      return found.filter((zone) => zone !== undefined);
    });
  }

  /** It is answered no more. */
  async remove(zone: DomainName): Promise<void> {
    await this.#db.write(async (tx) => {
      const row = await this.#zoneRow(tx, zone);
      if (row !== undefined) await this.#remember(tx, row);
      await tx.run(this.#sql.deleteFrom('setup_hosted_sets').where('zone', '=', zone).compile());
      await tx.run(this.#sql.deleteFrom('setup_hosted_zones').where('zone', '=', zone).compile());
      tx.afterCommit(() => this.#db.notify(hostedZonesChannel));
    });
  }

  change(zone: DomainName, changes: readonly RecordChange[]): Promise<Outcome<HostedZone, HostedRefusal>> {
    return this.#db.write(async (tx) => {
      const held = await this.#load(tx, zone);
      if (held === undefined) return refuse('no-such-zone', `${zone} is no zone of this office.`);
      if (changes.length === 0) return accept(held);
      const objection = objectionTo(held, changes);
      if (objection !== undefined) return objection;
      for (const { name, type, after } of changes)
        await this.#put(tx, zone, after ?? { name, type, ttl: 0, values: [] });
      const serial = nextSerial(held.serial);
      await tx.run(this.#sql.updateTable('setup_hosted_zones').set({ serial }).where('zone', '=', zone).compile());
      tx.afterCommit(() => this.#db.notify(hostedZonesChannel));
      return accept((await this.#load(tx, zone)) ?? held);
    });
  }

  async #remember(tx: Tx, { zone, serial }: Tables['setup_hosted_zones']): Promise<void> {
    await tx.run(
      this.#sql
        .insertInto('setup_hosted_past')
        .values({ zone, serial })
        .onConflict((conflict) => conflict.column('zone').doUpdateSet({ serial }))
        .compile(),
    );
  }

  async #zoneRow(reader: Reader, zone: DomainName) {
    return reader.first(this.#sql.selectFrom('setup_hosted_zones').selectAll().where('zone', '=', zone).compile());
  }

  async #load(reader: Reader, zone: DomainName): Promise<HostedZone | undefined> {
    const row = await this.#zoneRow(reader, zone);
    if (row === undefined) return undefined;
    const rows = await reader.all(
      this.#sql
        .selectFrom('setup_hosted_sets')
        .selectAll()
        .where('zone', '=', zone)
        .orderBy('name')
        .orderBy('type')
        .compile(),
    );
    return zoneOfRows(row, rows);
  }

  /** Without values the set goes. */
  async #put(tx: Tx, zone: DomainName, { name, type, ttl, values }: RecordSet): Promise<void> {
    const { deleteFrom, insertInto } = {
      deleteFrom: this.#sql.deleteFrom('setup_hosted_sets'),
      insertInto: this.#sql.insertInto('setup_hosted_sets'),
    };
    await tx.run(deleteFrom.where('zone', '=', zone).where('name', '=', name).where('type', '=', type).compile());
    if (values.length === 0) return;
    const spelled = values.map((value) => canonicalValue(type, value) ?? value);
    await tx.run(insertInto.values({ zone, name, type, ttl, record_values: JSON.stringify(spelled) }).compile());
  }
}

/** RFC 1982 §3.1 */
function nextSerial(serial: number): number {
  return serial === 0xffff_ffff ? 1 : serial + 1;
}

function zoneOfRows(row: Tables['setup_hosted_zones'], rows: readonly SetRow[]): HostedZone {
  const sets = rows.map(({ name, type, ttl, record_values: values }): RecordSet => {
    return { name, type: type as SetupType, ttl, values: JSON.parse(values) as string[] };
  });
  const nameServers = JSON.parse(row.name_servers) as string[];
  return { zone: row.zone as DomainName, serial: row.serial, nameServers, sets };
}

type Objection = Extract<Outcome<never, HostedRefusal>, { readonly ok: false }>;

function objectionTo({ zone, sets }: HostedZone, changes: readonly RecordChange[]): Objection | undefined {
  const key = ({ name, type }: { readonly name: string; readonly type: string }) => `${type} ${name}`;
  const next = new Map(sets.map((set) => [key(set), set]));
  for (const change of changes) {
    const { name, type, before, after } = change;
    if (!haveSameValues(next.get(key(change)), before))
      return refuse('changed-meanwhile', `${name} ${type} is not what it was when the change was planned.`);
    const owner = parseQueryName(name);
    if (owner === undefined || !isEqualOrBelow(owner, zone))
      return refuse('not-supported', `${name} does not lie in ${zone}.`);
    if (after === undefined) next.delete(key(change));
    else if (recordsOfSet(after) === undefined)
      return refuse('not-supported', `A value of ${name} ${type} is none of its type.`);
    else next.set(key(change), after);
  }
  if (!next.has(`NS ${zone}`)) return refuse('not-supported', `${zone} has to keep its name servers.`);
  const aliases = [...next.values()].filter(({ type }) => type === 'CNAME');
  const crowded = aliases.find(
    ({ name, values }) =>
      values.length > 1 || [...next.values()].some((set) => set.name === name && set.type !== 'CNAME'),
  );
  return crowded && refuse('not-supported', `${crowded.name} is an alias, and beside one there is nothing else.`); // RFC 1034 §3.6.2
}
