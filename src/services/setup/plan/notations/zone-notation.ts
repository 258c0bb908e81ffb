/**
 * A plan as zone text: what shall stand, each with its reason. What is not known, what somebody else has to set and what gives way are
 * comments, so that the text can be pasted as it is. Pure.
 */
import { parseDnsName } from '../../../../format/dns-name.ts';
import { dataOfValue } from '../../../../format/record-set.ts';
import { recordText } from '../../../../format/zone-file.ts';
import type { Plan, PlannedRecord } from '../../types.ts';
import { comment, isInZone, isToPublish } from './shared.ts';

export function zoneNotation(plan: Plan): string {
  const lines = [`; ${comment(`the records of ${plan.domain}`)}`];
  for (const record of plan.records) lines.push('', ...recordLines(plan, record));
  return `${lines.join('\n')}\n`;
}

function recordLines({ domain }: Plan, record: PlannedRecord): readonly string[] {
  const line = zoneLine(record);
  const head = [`; ${comment(`${record.why} (${record.sender}; ${record.state})`)}`];
  if (line === undefined)
    return [...head, `; ${comment(`${record.name} ${record.type} ${record.value}`)} cannot be written as zone text`];
  for (const value of record.replaces ?? []) head.push(`; instead of: ${comment(value)}`);
  if (record.state === 'extra') return [...head, `; to be removed: ${line}`];
  if (record.state === 'unknown') return [...head, `; what is there could not be looked up, ask again: ${line}`];
  if (!isInZone(record, domain)) return [...head, `; in another zone, by whoever keeps it: ${line}`];
  return isToPublish(record, domain) ? [...head, line] : head;
}

function zoneLine({ name, type, value, ttl }: PlannedRecord): string | undefined {
  const owner = parseDnsName(name);
  const data = dataOfValue(type, value);
  return owner && data && recordText({ name: owner, ttlSeconds: ttl, data });
}
