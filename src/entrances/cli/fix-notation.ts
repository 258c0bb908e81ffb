/**
 * The records that mend what a look at a domain found, in the notations of a plan, to be handed to whatever keeps the zone; and as
 * comments of each what is to be done besides, so that nothing is left out. Pure.
 */
import type { DomainCheck } from '../../services/advice/advice.ts';
import type { Finding, FixRecord } from '../../services/advice/types.ts';
import { dnscontrolNotation, terraformForCloudflare, zoneNotation } from '../../services/setup/setup.ts';
import { type Plan, type PlannedRecord, setupTypes } from '../../services/setup/types.ts';
import { wrapped } from './render-timeline.ts';

export const fixNotations = ['zone', 'json', 'terraform', 'dnscontrol'] as const;
export type FixNotation = (typeof fixNotations)[number];

/** What a plan takes where nothing is said. */
const ttlSeconds = 3_600;
const severities = ['critical', 'error', 'warn', 'advice'];

export function fixText(check: Pick<DomainCheck, 'domain' | 'findings'>, notation: FixNotation): string {
  const plan = planOfFixes(check);
  switch (notation) {
    case 'zone':
      return `${zoneNotation(plan)}${commented(check, ';')}`;
    case 'terraform':
      return `${terraformForCloudflare(plan)}${commented(check, '#')}`;
    case 'dnscontrol':
      return `${dnscontrolNotation(plan)}${commented(check, '//')}`;
    case 'json':
      return JSON.stringify([...plan.records.map(recordEntry), ...tasksOf(check).map(taskEntry)], undefined, 2);
  }
}

function recordEntry({ name, type, value, ttl, state, why, replaces }: PlannedRecord): object {
  return {
    action: state === 'extra' ? 'delete' : 'set',
    record: { name, type, value, ttl },
    ...(replaces && { replaces }),
    why,
  };
}

// ---- what is no record

/** What a person has to do for a finding: its steps, and records in which only the service knows what belongs. */
type Task = {
  readonly checks: readonly string[];
  /** Of the first of them, the worst. */
  readonly meanings: readonly string[];
  readonly steps: readonly string[];
  readonly records: readonly FixRecord[];
};

/** Findings with the same steps are one thing to do. */
function tasksOf(check: Pick<DomainCheck, 'findings'>): readonly Task[] {
  const tasks = new Map<string, Task>();
  for (const { id, meaning, fix } of failingOf(check)) {
    const { steps = [] } = fix ?? {};
    const records = (fix?.set ?? []).filter((record) => !isWhole(record) || !isWritable(record));
    if (steps.length + records.length === 0) continue;
    const key = JSON.stringify(steps);
    const { checks = [], meanings = [], records: known = [] } = tasks.get(key) ?? {};
    const isNew = (record: FixRecord) => !known.some(({ name, type }) => name === record.name && type === record.type);
    tasks.set(key, {
      checks: checks.includes(id) ? checks : [...checks, id],
      meanings: checks.length === 0 || checks[0] === id ? [...meanings, meaning] : meanings,
      steps,
      records: [...known, ...records.filter(isNew)],
    });
  }
  return [...tasks.values()];
}

function taskEntry({ checks, meanings, steps, records }: Task): object {
  return { action: 'do', checks, steps, ...(records.length > 0 && { records }), why: meanings.join(' ') };
}

const commentWidth = 78;

function commented(check: Pick<DomainCheck, 'findings'>, mark: string): string {
  const lines = tasksOf(check).flatMap(({ checks, meanings, steps, records }) => [
    '',
    `${mark} ${checks.join(', ')}`,
    ...meanings.flatMap((meaning) => hung('  ', meaning, mark)),
    ...steps.flatMap((step, at) => hung(steps.length > 1 ? `  ${at + 1}. ` : '  - ', step, mark)),
    ...records.map(({ name, type, value }) => `${mark}   + ${plain(`${name} ${type} ${value}`)}`),
  ]);
  return lines.length === 0 ? '' : `\n${mark} To be done besides:\n${lines.join('\n').slice(1)}\n`;
}

function hung(lead: string, text: string, mark: string): readonly string[] {
  return wrapped(plain(text), commentWidth - mark.length - lead.length).map(
    (line, at) => `${mark} ${at === 0 ? lead : ' '.repeat(lead.length)}${line}`,
  );
}

/** One line of printable ASCII, whatever strangers put into it. */
function plain(text: string): string {
  return text.replaceAll(/[\u2018\u2019]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}

// ---- records

function failingOf({ findings }: Pick<DomainCheck, 'findings'>): readonly Finding[] {
  return findings
    .filter(({ status, fix }) => status === 'fail' && fix !== undefined)
    .toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity));
}

/** The worst first. Where two would put different things into one place, the worse one has its way. */
function planOfFixes(check: Pick<DomainCheck, 'domain' | 'findings'>): Plan {
  const records = new Map<string, PlannedRecord>();
  const gone = new Map<string, PlannedRecord>();
  for (const finding of failingOf(check)) {
    const { delete: deleted = [] } = finding.fix ?? {};
    const set = (finding.fix?.set ?? []).filter(isWhole);
    for (const record of set) {
      const replaces = deleted.filter((one) => one.name === record.name && one.type === record.type);
      const planned = plannedOf(finding, record, replaces.length === 0 ? 'missing' : 'wrong');
      const key = placeOf(record);
      if (planned && !records.has(key))
        records.set(key, { ...planned, ...(replaces.length > 0 && { replaces: replaces.map(({ value }) => value) }) });
    }
    for (const record of deleted.filter(
      (one) => !set.some(({ name, type }) => name === one.name && type === one.type),
    )) {
      const planned = plannedOf(finding, record, 'extra');
      if (planned) gone.set(`${record.name} ${record.type} ${record.value}`, planned);
    }
  }
  const all = [...records.values(), ...gone.values()];
  return { domain: check.domain, records: all, conflicts: [], notes: [], dropped: [], steps: [] };
}

/** Not one in which a person has to fill in what only the service tells: `u<id>.sendgrid.net`. */
function isWhole({ name, value }: FixRecord): boolean {
  return !/<[a-z0-9-]+>/.test(`${name} ${value}`);
}

function isWritable({ type }: FixRecord): boolean {
  return setupTypes.some((one) => one === type);
}

/** Records that there is one of at a name share a place; of others there may be several. */
function placeOf({ name, type, value }: FixRecord): string {
  if (type === 'CNAME') return `${name} CNAME`;
  const version = type === 'TXT' ? /^v=[a-z]+\d/i.exec(value)?.[0] : undefined;
  return version === undefined ? `${name} ${type} ${value}` : `${name} TXT ${version.toLowerCase()}`;
}

function plannedOf(
  { id, title }: Finding,
  { name, type, value, ttl = ttlSeconds }: FixRecord,
  state: PlannedRecord['state'],
): PlannedRecord | undefined {
  const known = setupTypes.find((one) => one === type);
  if (known === undefined) return undefined;
  return { name, type: known, value, ttl, state, needed: 'required', why: title, sender: id };
}
