/**
 * A plan for Terraform. Cloudflare has a resource for each record, so what stands beside stays untouched. Route 53 has one for all values
 * of a name and type and replaces them whole, so there the values that are there already come along. Pure.
 *
 * Resource shapes: cloudflare_dns_record of cloudflare/cloudflare 5, aws_route53_record of hashicorp/aws.
 */
import { textOfValue } from '../../../../format/record-set.ts';
import type { Plan, PlannedRecord } from '../../types.ts';
import { type Facts, isObservedType, look, mxOfValue } from '../facts.ts';
import { meansTheSame } from '../same-meaning.ts';
import { comment, isToPublish, remarks } from './shared.ts';

const head = (plan: Plan, variable: string, what: string) => [
  `# ${comment(`the records of ${plan.domain}`)}`,
  ...remarks(plan).map((text) => `# ${text}`),
  '',
  `variable "${variable}" {`,
  '  type        = string',
  `  description = ${quoted(what)}`,
  '}',
];

export function terraformForCloudflare(plan: Plan): string {
  const lines = head(plan, 'zone_id', `the zone of ${plan.domain} at Cloudflare`);
  const names = new Names();
  for (const record of plan.records.filter((one) => isToPublish(one, plan.domain)))
    lines.push(
      '',
      ...remarksOn(record),
      ...block('cloudflare_dns_record', names.of(record, plan.domain), cloudflareArguments(record)),
    );
  return `${lines.join('\n')}\n`;
}

function cloudflareArguments({ name, type, value, ttl }: PlannedRecord): readonly Argument[] {
  const base: Argument[] = [
    ['zone_id', 'var.zone_id'],
    ['name', quoted(name)],
    ['type', quoted(type)],
    ['ttl', String(ttl)],
  ];
  if (type === 'MX') {
    const { preference, exchange } = mxOfValue(value);
    return [...base, ['priority', String(preference)], ['content', quoted(exchange || '.')]];
  }
  if (type === 'SRV') {
    const [priority, weight, port, target = ''] = value.split(' ').map((part) => part);
    const data = `{ priority = ${Number(priority)}, weight = ${Number(weight)}, port = ${Number(port)}, target = ${quoted(target)} }`;
    return [...base, ['priority', String(Number(priority))], ['data', data]];
  }
  const content = type === 'TXT' ? (textOfValue('TXT', value) ?? '""') : value;
  const proxied: Argument[] = ['CNAME', 'A', 'AAAA'].includes(type) ? [['proxied', 'false']] : []; // a proxy answers no mail
  return [...base, ['content', quoted(content)], ...proxied];
}

/** @param facts what else stands at the names */
export function terraformForRoute53(plan: Plan, facts: Facts): string {
  const lines = head(plan, 'zone_id', `the hosted zone of ${plan.domain} at Route 53`);
  const names = new Names();
  for (const set of setsOf(plan, facts)) {
    if (set.kept === undefined) {
      lines.push(
        '',
        `# ${comment(`${set.first.name} ${set.first.type}`)}: what else stands there is not known, ask again`,
      );
      continue;
    }
    const kept = set.kept.filter((value) => !set.values.some((own) => meansTheSame(set.first.type, own, value)));
    const values = [...set.values, ...kept].map((value) => `    ${quoted(routeValue(set.first, value))},`);
    lines.push('', ...set.remarks);
    if (kept.length > 0) lines.push(`# ${kept.length} other value(s) of the same name and type stay, as they are now`);
    lines.push(
      ...block('aws_route53_record', names.of(set.first, plan.domain), [
        ['zone_id', 'var.zone_id'],
        ['name', quoted(set.first.name)],
        ['type', quoted(set.first.type)],
        ['ttl', String(set.first.ttl)],
        ['records', ['[', ...values, '  ]'].join('\n')],
      ]),
    );
  }
  return `${lines.join('\n')}\n`;
}

type RecordGroup = {
  readonly first: PlannedRecord;
  readonly values: string[];
  readonly remarks: string[];
  /** Undefined: DNS did not say. */
  readonly kept: readonly string[] | undefined;
};

function setsOf(plan: Plan, facts: Facts): readonly RecordGroup[] {
  const sets = new Map<string, RecordGroup>();
  const gone = new Set(
    plan.records.flatMap(({ name, type, value, state, replaces = [] }) =>
      [...replaces, ...(state === 'extra' ? [value] : [])].map((one) => `${type} ${name} ${one}`),
    ),
  );
  for (const record of plan.records.filter((one) => isToPublish(one, plan.domain))) {
    const key = `${record.type} ${record.name}`;
    const set = sets.get(key) ?? { first: record, values: [], remarks: [], kept: keptAt(record, facts, gone) };
    set.values.push(record.value);
    set.remarks.push(...remarksOn(record));
    sets.set(key, set);
  }
  return [...sets.values()];
}

function keptAt({ name, type }: PlannedRecord, facts: Facts, gone: ReadonlySet<string>): readonly string[] | undefined {
  if (!isObservedType(type)) return [];
  const sight = look(facts, name, type);
  if (sight.kind === 'unknown') return undefined;
  if (sight.isWild || (sight.alias !== undefined && type !== 'CNAME')) return [];
  if (type === 'CNAME') return [];
  return sight.values.filter((value) => !gone.has(`${type} ${name} ${value}`));
}

/** Route 53 wants TXT in quoted strings of 255 octets, names with or without the dot. */
function routeValue({ type }: PlannedRecord, value: string): string {
  return type === 'TXT' || type === 'MX' || type === 'SRV' ? (textOfValue(type, value) ?? value) : value;
}

function remarksOn({ why, sender, replaces = [] }: PlannedRecord): readonly string[] {
  return [`# ${comment(why)} (${comment(sender)})`, ...replaces.map((value) => `# take away: ${comment(value)}`)];
}

type Argument = readonly [name: string, written: string];

function block(resource: string, name: string, args: readonly Argument[]): readonly string[] {
  const width = Math.max(...args.map(([argument]) => argument.length));
  return [
    `resource "${resource}" "${name}" {`,
    ...args.map(([argument, written]) => `  ${argument.padEnd(width)} = ${written}`),
    '}',
  ];
}

/** Resource names that stay the same while the rest of the plan changes. */
class Names {
  readonly #taken = new Set<string>();

  of({ name, type }: PlannedRecord, domain: string): string {
    const label = name === domain ? 'apex' : name.slice(0, -domain.length - 1);
    const base = `${type}_${label}`
      .toLowerCase()
      .replaceAll('*', 'any')
      .replaceAll(/[^a-z0-9_-]/g, '_');
    let free = base;
    for (let number = 2; this.#taken.has(free); number++) free = `${base}_${number}`;
    this.#taken.add(free);
    return free;
  }
}

/** HCL: a quoted string in which `${` and `%{` begin nothing. */
function quoted(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\x00-\x1f\x7f-\uffff]/g, unicodeEscape);
  return `"${escaped.replaceAll(/([$%])\{/g, '$1$1{')}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
