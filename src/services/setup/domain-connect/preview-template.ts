/**
 * What a Domain Connect template of somebody else would do to a zone: records that come and go by the rules of the protocol, SPF as the
 * union of what is meant, and a DMARC record that is there never replaced by a service's own. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';
import { type DomainName, isEqualOrBelow, parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { canonicalValue } from '../../../format/record-set.ts';
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import type { RecordChange, RecordSet, SetupType } from '../types.ts';
import { joinSpf } from './join-spf.ts';
import type { ConnectRecord, ConnectTemplate } from './read-template.ts';

export type TemplateUse = {
  readonly zone: DomainName;
  /** Below the zone; empty for the zone itself. */
  readonly host: string;
  readonly variables: Readonly<Record<string, string>>;
};

export type TemplatePreview = {
  readonly changes: readonly RecordChange[];
  /** What the template wants and does not get, or what goes for it. */
  readonly conflicts: readonly { readonly name: string; readonly say: string }[];
};

type Result<T> = Outcome<T, 'bad-template'>;
/** A record of the template with its holes filled. */
type Wanted = {
  readonly record: ConnectRecord;
  readonly name: QueryName;
  readonly type: SetupType;
  readonly value: string;
};

export function previewTemplate(
  template: ConnectTemplate,
  use: TemplateUse,
  sets: readonly RecordSet[],
): Result<TemplatePreview> {
  const zone = new ZoneDraft(use.zone, sets);
  for (const record of template.records) {
    const filled = fill(record, use);
    if (!filled.ok) return filled;
    zone.apply(filled.value, template.serviceName);
  }
  return accept({ changes: zone.changes(), conflicts: zone.conflicts });
}

const holesMax = 20;

function fill(record: ConnectRecord, { zone, host, variables }: TemplateUse): Result<Wanted> {
  const fqdn = host ? `${host}.${zone}` : zone;
  const known: Readonly<Record<string, string>> = { ...variables, domain: zone, host, fqdn };
  const missing = new Set<string>();
  const filled = (text: string) =>
    text
      .split('%', 2 * holesMax)
      .map((part, at) => {
        if (at % 2 === 0) return part;
        if (!Object.hasOwn(known, part)) missing.add(part);
        return known[part] ?? '';
      })
      .join('');
  const absolute = (text: string) =>
    text === '@' || text === '' ? fqdn : text.endsWith('.') ? text.slice(0, -1) : `${text}.${fqdn}`;
  const name = parseQueryName(absolute(filled(record.host)));
  const target = filled(record.pointsTo ?? '');
  const pointsTo = target === '@' ? fqdn : target;
  const text = record.type === 'SPFM' ? `v=spf1 ${filled(record.spfRules ?? '')} ~all` : filled(record.data ?? '');
  if (missing.size > 0)
    return refuse('bad-template', `the template wants to be told ${printable([...missing].join(', '), 200)}`);
  const type = record.type === 'SPFM' ? 'TXT' : record.type;
  const value = canonicalValue(type, valueFor(record, type, pointsTo, text));
  if (name === undefined || !isEqualOrBelow(name, zone))
    return refuse('bad-template', `${printable(record.host, 100)} is no name in ${zone}`);
  if (value === undefined)
    return refuse(
      'bad-template',
      `the template's ${record.type} record of ${name} has no value that could stand in a zone`,
    );
  return accept({ record, name, type, value });
}

function valueFor(record: ConnectRecord, type: SetupType, pointsTo: string, text: string): string {
  if (type === 'TXT') return text;
  if (type === 'MX') return `${record.priority ?? 10} ${pointsTo}`;
  if (type === 'SRV') return `${record.priority ?? 0} ${record.weight ?? 0} ${record.port ?? 0} ${pointsTo}`;
  return pointsTo;
}

class ZoneDraft {
  readonly conflicts: { readonly name: string; readonly say: string }[] = [];
  readonly #zone: string;
  readonly #before: readonly RecordSet[];
  readonly #now: Map<string, RecordSet>;
  /** What the template itself has brought does not give way to it. */
  readonly #brought = new Set<string>();

  constructor(zone: string, sets: readonly RecordSet[]) {
    this.#zone = zone;
    this.#before = sets;
    this.#now = new Map(sets.map((set) => [keyOf(set), set]));
  }

  apply(wanted: Wanted, service: string): void {
    const { record, name, type, value } = wanted;
    if (record.type === 'SPFM' || (type === 'TXT' && isSpfRecord(value))) {
      this.#joinSpf(wanted, service);
      return;
    }
    // RFC 1034 §3.6.2, §4.2.1: an alias there, or other name servers, would take the whole zone away.
    if (name === this.#zone && (type === 'CNAME' || type === 'NS')) {
      const say = `${service} wants ${type} ${value} at the top of the zone, which would end it: that is left out`;
      this.conflicts.push({ name, say });
      return;
    }
    const dmarc = this.#now.get(keyOf(wanted));
    if (type === 'TXT' && name.startsWith('_dmarc.') && dmarc?.values.some((text) => /^v=DMARC1\s*;/.test(text))) {
      if (!dmarc.values.includes(value))
        this.conflicts.push({
          name,
          say: `${service} wants ${value} in place of the DMARC record that is there, which stays`,
        });
      return;
    }
    for (const set of this.#now.values()) if (givesWay(set, wanted)) this.#remove(set, wanted, service);
    this.#add(wanted, record.ttl ?? dmarc?.ttl ?? ttlUsual);
  }

  #add({ name, type, value }: Wanted, ttl: number): void {
    const held = this.#now.get(keyOf({ name, type }));
    this.#brought.add(`${keyOf({ name, type })} ${value}`);
    if (held?.values.includes(value)) return;
    this.#now.set(keyOf({ name, type }), {
      name,
      type,
      ttl: held ? Math.min(held.ttl, ttl) : ttl,
      values: [...(held?.values ?? []), value],
    });
  }

  #remove(set: RecordSet, wanted: Wanted, service: string): void {
    const stays = (value: string) => this.#brought.has(`${keyOf(set)} ${value}`) || !isReplaced(set, value, wanted);
    const values = set.values.filter(stays);
    const gone = set.values.filter(
      (value) => !stays(value) && !(set.type === wanted.type && set.name === wanted.name && value === wanted.value),
    );
    if (gone.length > 0)
      this.conflicts.push({
        name: set.name,
        say: `${set.type} ${gone.join(', ')} goes for what ${service} wants there`,
      });
    if (values.length === 0) this.#now.delete(keyOf(set));
    else this.#now.set(keyOf(set), { ...set, values });
  }

  /** Whatever is there is kept: the template's terms join it. */
  #joinSpf({ name, value, record }: Wanted, service: string): void {
    const set = this.#now.get(`TXT ${name}`);
    const present = set?.values.filter(isSpfRecord) ?? [];
    const joined = joinSpf({ name: name as DomainName, present, asked: value, service });
    if (!joined.ok) {
      this.conflicts.push({ name, say: `${joined.say}: ${service} cannot be added before that is mended` });
      return;
    }
    const { text, told } = joined.value;
    for (const say of told) this.conflicts.push({ name, say });
    const others = set?.values ?? [];
    const values = present.length > 0 ? others.map((one) => (isSpfRecord(one) ? text : one)) : [...others, text];
    this.#now.set(`TXT ${name}`, { name, type: 'TXT', ttl: set?.ttl ?? record.ttl ?? ttlUsual, values });
  }

  changes(): readonly RecordChange[] {
    const before = new Map(this.#before.map((set) => [keyOf(set), set]));
    const keys = [...new Set([...before.keys(), ...this.#now.keys()])];
    return keys.flatMap((key) => {
      const [was, is] = [before.get(key), this.#now.get(key)];
      const { name, type } = (was ?? is) as RecordSet;
      if (JSON.stringify(was) === JSON.stringify(is)) return [];
      return [{ name, type, ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) }];
    });
  }
}

const ttlUsual = 3600;

function keyOf({ name, type }: { readonly name: string; readonly type: string }): string {
  return `${type} ${name}`;
}

/** The protocol's rules: what at the same name (of NS records: at or below) gives way to a record that comes. */
function givesWay(set: RecordSet, { name, type }: Wanted): boolean {
  if (type === 'NS') return isAtOrBelow(set.name, name);
  if (set.name !== name) return false;
  if (type === 'CNAME' || set.type === 'CNAME') return true;
  const hosts: readonly SetupType[] = ['A', 'AAAA'];
  return hosts.includes(type) ? hosts.includes(set.type) : set.type === type;
}

/** Texts give way only where the template says which. */
function isReplaced(set: RecordSet, value: string, { record, name, type }: Wanted): boolean {
  if (type !== 'TXT' || set.type !== 'TXT' || set.name !== name) return true;
  if (isSpfRecord(value)) return false;
  if (record.txtConflictMatchingMode === 'All') return true;
  const prefix = record.txtConflictMatchingPrefix ?? '';
  return record.txtConflictMatchingMode === 'Prefix' && prefix !== '' && value.startsWith(prefix);
}

function isAtOrBelow(name: string, above: QueryName): boolean {
  const own = parseQueryName(name);
  return own !== undefined && isEqualOrBelow(own, above);
}
