/**
 * A plan for dnscontrol. `D_EXTEND` adds to the domain that stands in the user's own `D(...)`: nothing else in the zone is touched, and
 * what gives way is named, since dnscontrol removes whatever stands in no file. Pure.
 */

import type { Plan, PlannedRecord } from '../../types.ts';
import { mxOfValue } from '../facts.ts';
import { comment, isToPublish, relativeName, remarks } from './shared.ts';

export function dnscontrolNotation(plan: Plan): string {
  const lines = [
    `// ${comment(`the records of ${plan.domain}: add to dnsconfig.js below its D(...)`)}`,
    ...remarks(plan).map((text) => `// ${text}`),
    `D_EXTEND(${quoted(plan.domain)},`,
  ];
  for (const record of plan.records.filter((one) => isToPublish(one, plan.domain))) {
    lines.push(`  // ${comment(record.why)} (${comment(record.sender)})`);
    for (const value of record.replaces ?? []) lines.push(`  // take away: ${comment(value)}`);
    lines.push(`  ${call(record, relativeName(record.name, plan.domain))},`);
  }
  return `${[...lines, ');'].join('\n')}\n`;
}

function call({ type, value, ttl }: PlannedRecord, name: string): string {
  const end = `TTL(${ttl}))`;
  switch (type) {
    case 'TXT': // dnscontrol splits long ones itself
      return `TXT(${quoted(name)}, ${quoted(value)}, ${end}`;
    case 'MX': {
      const { preference, exchange } = mxOfValue(value);
      return `MX(${quoted(name)}, ${preference}, ${quoted(`${exchange}.`)}, ${end}`;
    }
    case 'CNAME':
    case 'NS':
      return `${type}(${quoted(name)}, ${quoted(`${value}.`)}, ${end}`;
    case 'SRV': {
      const [priority = '0', weight = '0', port = '0', target = ''] = value.split(' ');
      return `SRV(${quoted(name)}, ${Number(priority)}, ${Number(weight)}, ${Number(port)}, ${quoted(target === '.' ? '.' : `${target}.`)}, ${end}`;
    }
    default:
      return `${type}(${quoted(name)}, ${quoted(value)}, ${end}`;
  }
}

/** A JavaScript string that ends where it should, also inside a script element. */
function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('<', '\\u003c');
}
