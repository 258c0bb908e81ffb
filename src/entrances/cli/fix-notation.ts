/** The records that mend what a look at a domain found, in the notations of a plan, to be handed to whatever keeps the zone. Pure. */
import type { DomainCheck } from '../../services/advice/advice.ts';
import type { Finding, FixRecord } from '../../services/advice/types.ts';
import { dnscontrolNotation, terraformForCloudflare, zoneNotation } from '../../services/setup/setup.ts';
import { type Plan, type PlannedRecord, setupTypes } from '../../services/setup/types.ts';

export const fixNotations = ['zone', 'json', 'terraform', 'dnscontrol'] as const;
export type FixNotation = (typeof fixNotations)[number];

/** What a plan takes where nothing is said. */
const ttlSeconds = 3_600;
const severities = ['critical', 'error', 'warn', 'advice'];

export function fixText(check: Pick<DomainCheck, 'domain' | 'findings'>, notation: FixNotation): string {
  const plan = planOfFixes(check);
  switch (notation) {
    case 'zone':
      return zoneNotation(plan);
    case 'terraform':
      return terraformForCloudflare(plan);
    case 'dnscontrol':
      return dnscontrolNotation(plan);
    case 'json':
      return JSON.stringify(
        plan.records.map(({ name, type, value, ttl, state, why, replaces }) => ({
          action: state === 'extra' ? 'delete' : 'set',
          record: { name, type, value, ttl },
          ...(replaces && { replaces }),
          why,
        })),
        undefined,
        2,
      );
  }
}

/** The worst first. Where two would put different things into one place, the worse one has its way. */
function planOfFixes({ domain, findings }: Pick<DomainCheck, 'domain' | 'findings'>): Plan {
  const failing = findings
    .filter(({ status, fix }) => status === 'fail' && fix !== undefined)
    .toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity));
  const records = new Map<string, PlannedRecord>();
  const gone = new Map<string, PlannedRecord>();
  for (const finding of failing) {
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
  return { domain, records: [...records.values(), ...gone.values()], conflicts: [], notes: [], dropped: [], steps: [] };
}

/** Not one in which a person has to fill in what only the service tells: `u<id>.sendgrid.net`. */
function isWhole({ name, value }: FixRecord): boolean {
  return !/<[a-z0-9-]+>/.test(`${name} ${value}`);
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
