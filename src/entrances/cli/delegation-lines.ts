/** What of a domain its owner creates and what the office answers for it, clearly apart, for people and as lines of a zone file. Pure. */
import { textOfValue } from '../../format/record-set.ts';
import type { Delegation } from './office-client.ts';
import { wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

type ToCreate = Delegation['records'][number];

export function delegationLines(shown: Delegation, style: Style, columns = 80): string[] {
  const { domain, kind, zone = domain, records, beside, answered } = shown;
  return [
    ...heldLines(shown, style, columns),
    '',
    style.bold(
      kind === 'zone' ? `Create these in the zone above ${domain}:` : `Create these once, in the zone of ${domain}:`,
    ),
    ...records.flatMap((record) => createLines(record, style, columns)),
    ...(beside.length === 0 ? [] : ['', style.bold('And keep these there, as before:')]),
    ...beside.flatMap((record) => createLines(record, style, columns)),
    ...(answered.length === 0
      ? []
      : ['', style.bold(kind === 'zone' ? 'This office answers:' : `This office answers, below ${zone}:`), '']),
    ...answered.flatMap(({ name, type, values }) =>
      values.map((value) => style.dim(cut(`  ${type.padEnd(5)}  ${shortName(name, zone)}  ${value}`, columns))),
    ),
  ];
}

/** SPF records that are wanted and not answered. */
export function heldLines({ spf_held: held }: Pick<Delegation, 'spf_held'>, style: Style, columns = 80): string[] {
  return held.flatMap(({ name, why, say, terms }) => {
    const instead =
      terms.length === 0 ? 'No SPF record is answered there yet' : `Answered is the last good one (${terms.join(' ')})`;
    const reason = why === 'unknown' ? 'could not be weighed' : 'is not answered as declared';
    const lines = wrapped(`The SPF record of ${name} ${reason}: ${say}. ${instead}.`, columns - 2);
    return ['', ...lines.map((line, at) => style.bad(`${at === 0 ? '!' : ' '} ${line}`))];
  });
}

function createLines({ name, type, value, why }: ToCreate, style: Style, columns: number): readonly string[] {
  const reason = wrapped(why, columns - indent).map((line) => style.dim(`${' '.repeat(indent)}${line}`));
  return ['', `  ${type.padEnd(5)}  ${style.bold(name)}`, `${' '.repeat(indent)}${value}`, ...reason];
}

const indent = 9;

/** Relative to the zone that stands above the list. */
function shortName(name: string, zone: string): string {
  return name === zone ? '@' : name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name;
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 3)}...`;
}

/** Lines that a zone file takes as they are; what the office answers stands there for the eye alone. */
export function delegationZoneLines({ kind, domain, zone = domain, records, beside, answered }: Delegation): string[] {
  const where = kind === 'zone' ? `in the zone above ${domain}` : `in the zone of ${domain}`;
  return [
    `; To be created ${where}:`,
    ...[...records, ...beside].flatMap(({ name, type, value, why }) => [
      `; ${why}`,
      `${name}. ${type} ${textOfValue(type, value) ?? value}`,
    ]),
    ...(answered.length === 0 ? [] : [';', `; Nothing to create: this office answers, for ${zone}:`]),
    ...answered.flatMap(({ name, type, ttl, values }) =>
      values.map((value) => `; ${name}. ${ttl} ${type} ${textOfValue(type, value) ?? value}`),
    ),
  ];
}
