/** Fixes of a record whose name is an alias: it is kept where the alias leads, and beside an alias nothing may stand. Pure. RFC 1034 §3.6.2 */
import type { Fix, FixRecord } from '../types.ts';
import { isSameAnswer } from './same-answer.ts';
import type { DomainFacts } from './types.ts';

/** @param fix as if the name were no alias: with what is wrong there deleted */
export function mendAtEnd({ dns }: DomainFacts, name: string, fix: Fix): Fix {
  const sight = dns.aliases.seen.find((one) => one.name === name);
  if (sight?.alias.kind !== 'found') return fix;
  const { alias, text } = sight;
  const isOfName = (record: FixRecord) => record.name === name;
  // What a wildcard answers stands elsewhere, and a record of its own at the name takes its place. RFC 4592 §3.3.1
  if (isSameAnswer(alias, dns.wild.beside.alias)) return { ...fix, delete: fix.delete.filter((one) => !isOfName(one)) };
  const [target = ''] = alias.records;
  const end = (text.kind === 'found' ? text.canonicalName : undefined) ?? target;
  const steps = fix.steps ?? [];
  if (!fix.delete.some(isOfName)) {
    if (!fix.set.some(isOfName)) return fix;
    const said = `${name} is an alias to ${target}, where no such record stands. If a service keeps it for you, have it put there, and leave the alias.`;
    return { ...fix, delete: [...fix.delete, { name, type: 'CNAME', value: target }], steps: [said, ...steps] };
  }
  const moved = (record: FixRecord) => (isOfName(record) ? { ...record, name: end } : record);
  const said = `${name} is an alias: the record is kept at ${end}, in the zone of whoever keeps that name. Have it changed there.`;
  return { delete: fix.delete.map(moved), set: fix.set.map(moved), steps: [said, ...steps] };
}
