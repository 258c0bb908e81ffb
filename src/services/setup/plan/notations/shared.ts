/** What all notations ask of a record. Pure. */
import type { Plan, PlannedRecord } from '../../types.ts';
import { isBelow } from '../part.ts';

/** What shall stand in the domain's zone and is known well enough to be written down. */
export function isToPublish(record: PlannedRecord, domain: string): boolean {
  return record.state !== 'extra' && record.state !== 'unknown' && isInZone(record, domain);
}

export function isInZone({ name, type }: PlannedRecord, domain: string): boolean {
  return type !== 'PTR' && isBelow(name, domain);
}

/** One line, whatever strangers put into it. */
export function comment(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** What a reader has to do besides, as comments of any notation. */
export function remarks({ domain, records }: Plan): readonly string[] {
  return records
    .filter((record) => !isToPublish(record, domain))
    .map((record) => {
      const shown = comment(`${record.name} ${record.type} ${record.value}`);
      if (record.state === 'extra') return `to be removed: ${shown}`;
      if (record.state === 'unknown') return `not known yet, ask again: ${shown}`;
      return `in another zone, by whoever keeps it: ${shown}`;
    });
}

/** `@` or the labels below the domain. */
export function relativeName(name: string, domain: string): string {
  return name === domain ? '@' : name.slice(0, -domain.length - 1);
}
