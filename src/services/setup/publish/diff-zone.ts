/**
 * From a plan and the zone as its host holds it to the least that has to change. Values that the plan does not speak of stay, in
 * sets that it changes too; where two records would end up that mean the same thing, nothing is changed and it says so. Pure.
 */
import { isEqualOrBelow, parseQueryName } from '../../../format/domain-name.ts';
import { canonicalValue } from '../../../format/record-set.ts';
import type { Plan, PlannedRecord, RecordChange, RecordSet, SetupType } from '../types.ts';
import type { ZoneContents } from '../zone-editor.ts';
import type { DiffObstacle, ZoneDiff } from './types.ts';

export type DiffOptions = {
  /** Records that are only nice to have are published too. */
  readonly withOptional?: boolean;
};

export function diffZone(plan: Plan, contents: ZoneContents, { withOptional = false }: DiffOptions = {}): ZoneDiff {
  const wanted = plan.records.filter(({ needed }) => withOptional || needed !== 'optional');
  const home = wanted.filter((record) => liesIn(contents, record));
  const changes: RecordChange[] = [];
  const obstacles: DiffObstacle[] = [];
  for (const records of bySet(home)) {
    const changed = changeSet(records, contents);
    if (changed === undefined) continue;
    if ('say' in changed) obstacles.push(changed);
    else changes.push(changed);
  }
  const { possible, beside } = besideAliases(changes, contents);
  return {
    changes: goingFirst(possible),
    elsewhere: wanted.filter(
      (record) => !home.includes(record) && record.state !== 'present' && record.state !== 'extra',
    ),
    obstacles: [...obstacles, ...beside],
    present: home.filter(({ state }) => state === 'present').length,
    ...raisedTtl(changes, home, contents),
  };
}

/** Hosts that make one change after the other take an alias only where nothing stands any more; what goes at a name goes first. */
function goingFirst(changes: readonly RecordChange[]): readonly RecordChange[] {
  const byName = Map.groupBy(changes, ({ name }) => name);
  return [...byName.values()].flatMap((there) => [
    ...there.filter(({ after }) => after === undefined),
    ...there.filter(({ after }) => after !== undefined),
  ]);
}

function liesIn({ zone, sets }: ZoneContents, { name, type }: PlannedRecord): boolean {
  if (type === 'PTR' || !isBelow(name, zone)) return false;
  const cuts = sets.filter((set) => set.type === 'NS' && set.name !== zone).map((set) => set.name);
  return !cuts.some((cut) => isBelow(name, cut) && !(name === cut && type === 'NS')); // RFC 1034 §4.2.1
}

function isBelow(name: string, zone: string): boolean {
  const [owner, apex] = [parseQueryName(name), parseQueryName(zone)];
  return owner !== undefined && apex !== undefined && isEqualOrBelow(owner, apex);
}

function bySet(records: readonly PlannedRecord[]): readonly (readonly [PlannedRecord, ...PlannedRecord[]])[] {
  const sets = new Map<string, [PlannedRecord, ...PlannedRecord[]]>();
  for (const record of records) {
    const set = sets.get(`${record.type} ${record.name}`);
    if (set === undefined) sets.set(`${record.type} ${record.name}`, [record]);
    else set.push(record);
  }
  return [...sets.values()];
}

/** The change of one set, what is in its way, or undefined where all of it is there. */
function changeSet(
  records: readonly [PlannedRecord, ...PlannedRecord[]],
  { sets, ttl: kept }: ZoneContents,
): RecordChange | DiffObstacle | undefined {
  const [{ name, type }] = records;
  const before = sets.find((set) => set.name === name && set.type === type);
  const spell = (value: string) => canonicalValue(type, value) ?? value;
  const unknown = records.find(
    ({ state, value }) => state === 'unknown' && !before?.values.some((one) => one === spell(value)),
  );
  if (unknown !== undefined) return { name, type, say: 'DNS did not say what is there, so it is left alone' };
  const goes = new Set(records.flatMap((record) => goingBy(record, before).map(spell)));
  const comes = records
    .filter(({ state }) => state === 'missing' || state === 'wrong')
    .map(({ value }) => spell(value));
  const stays = (before?.values ?? []).filter((value) => comes.includes(spell(value)) || !goes.has(spell(value)));
  const values = [
    ...stays,
    ...comes.filter((value, at) => !stays.map(spell).includes(value) && comes.indexOf(value) === at),
  ];
  const held = before?.values.map(spell) ?? [];
  // The TTL is of the whole set: ours to say where every value is, and no reason to write a set again that is right.
  const ours = new Set(records.filter(({ state }) => state !== 'extra').map(({ value }) => spell(value)));
  const isOurs = before === undefined || values.every((value) => ours.has(spell(value)));
  const isTtlWrong = records.some(({ state, value }) => state === 'wrong' && held.includes(spell(value)));
  if (before !== undefined && sameValues(held, values) && !(isTtlWrong && isOurs)) return undefined;
  const ttl = isOurs ? heldTtl(Math.min(...records.map((record) => record.ttl)), kept) : before.ttl;
  if (before !== undefined && sameValues(held, values) && ttl === before.ttl) return undefined;
  if (before === undefined && values.length === 0) return undefined;
  const twice = collision(type, values);
  if (twice !== undefined) return { name, type, say: twice };
  const after: RecordSet | undefined = values.length === 0 ? undefined : { name, type, ttl, values };
  return { name, type, ...(before ? { before } : {}), ...(after ? { after } : {}) };
}

function raisedTtl(
  changes: readonly RecordChange[],
  records: readonly PlannedRecord[],
  { ttl: kept }: ZoneContents,
): Pick<ZoneDiff, 'raisedTtl'> {
  if (kept === undefined) return {};
  const isRaised = ({ name, type, after }: RecordChange) =>
    after?.ttl === kept.least &&
    records.some((record) => record.name === name && record.type === type && record.ttl < kept.least);
  return changes.some(isRaised) ? { raisedTtl: kept.least } : {};
}

/** What the host keeps of it. */
export function heldTtl(ttl: number, kept: ZoneContents['ttl']): number {
  return kept === undefined ? ttl : Math.min(Math.max(ttl, kept.least), kept.most);
}

/** The values that give way to a record. An alias always gives way whole, since a name can have only one. */
function goingBy(
  { state, value, type, replaces = [] }: PlannedRecord,
  before: RecordSet | undefined,
): readonly string[] {
  if (state === 'extra') return [value, ...replaces];
  if (state !== 'wrong') return [];
  return type === 'CNAME' ? (before?.values ?? []) : replaces;
}

function sameValues(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value) => other.includes(value));
}

/** Texts of which a name may have one only; receivers discard both of two. RFC 7208 §4.5, RFC 9989 §4.10.1, RFC 8461 §3.1, RFC 8460 §3 */
const singles: readonly (readonly [RegExp, string])[] = [
  [/^v=spf1(?: |$)/i, 'SPF records'],
  [/^v=DMARC1[ \t]*(?:;|$)/, 'DMARC records'],
  [/^v=STSv1[ \t]*;/, 'MTA-STS records'],
  [/^v=TLSRPTv1[ \t]*;/, 'TLS-RPT records'],
  [/^v=BIMI1[ \t]*;/i, 'BIMI records'],
  [/^v=EML1;/i, 'records of a policy document'], // docs/POLICY_DOCUMENT.md §2
];

function collision(type: SetupType, values: readonly string[]): string | undefined {
  if (type === 'CNAME' && values.length > 1) return `an alias leads elsewhere (${values[0]}); a name can have only one`; // RFC 2181 §10.1
  if (type !== 'TXT') return undefined;
  const found = singles.find(([pattern]) => values.filter((value) => pattern.test(value)).length > 1);
  return found && `there would be two ${found[1]}: the zone holds one that the plan did not see`;
}

/** Apart from those that would put something beside an alias; what else they do at the same name waits with them. */
export function besideAliases(
  changes: readonly RecordChange[],
  contents: ZoneContents,
): { readonly possible: readonly RecordChange[]; readonly beside: readonly DiffObstacle[] } {
  const beside = changes.flatMap((change) => aliasObstacle(change, changes, contents) ?? []);
  const blocked = new Set(beside.map(({ name }) => name));
  return { possible: changes.filter(({ name }) => !blocked.has(name)), beside };
}

/** RFC 1034 §3.6.2: beside an alias there is nothing else. */
function aliasObstacle(
  { name, type, after }: RecordChange,
  changes: readonly RecordChange[],
  { sets, zone }: ZoneContents,
): DiffObstacle | undefined {
  if (after === undefined) return undefined;
  if (type === 'CNAME' && name === zone) return { name, type, say: 'an alias cannot stand at the top of a zone' };
  const others = sets.filter((set) => set.name === name && set.type !== type);
  const left = others.filter(
    (set) => !changes.some((one) => one.name === name && one.type === set.type && one.after === undefined),
  );
  const inTheWay = left.find((set) => type === 'CNAME' || set.type === 'CNAME');
  if (inTheWay === undefined) return undefined;
  const what = inTheWay.type === 'CNAME' ? `an alias to ${inTheWay.values[0]}` : `${inTheWay.type} records`;
  return { name, type, say: `${what} at the same name would have to go first` };
}

/** The changes that take these back. */
export function inverseOf(changes: readonly RecordChange[]): readonly RecordChange[] {
  return changes.toReversed().map(({ name, type, before, after }) => {
    return { name, type, ...(after ? { before: after } : {}), ...(before ? { after: before } : {}) };
  });
}

/** Whether a zone holds this side of a change. The TTL counts where it is all that changes. */
export function holds({ sets }: ZoneContents, change: RecordChange, side: 'before' | 'after'): boolean {
  const set = change[side];
  const now = sets.find(({ name, type }) => name === change.name && type === change.type);
  if (now === undefined || set === undefined) return now === undefined && set === undefined;
  const spell = (value: string) => canonicalValue(change.type, value) ?? value;
  const other = change[side === 'before' ? 'after' : 'before'];
  const isTtlOnly = other !== undefined && sameValues(set.values.map(spell), other.values.map(spell));
  return sameValues(now.values.map(spell), set.values.map(spell)) && (!isTtlOnly || now.ttl === set.ttl);
}
