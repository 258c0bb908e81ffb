/** What the office relies on and changes of a zone would take away: keys that sign, the proof of the domain, names that lead here. Pure. */
import { meansTheSame } from '../plan/same-meaning.ts';
import type { OwnOffice, RecordChange } from '../types.ts';

/** One sentence each; empty: nothing that is in use goes. */
export function lossesOf(changes: readonly RecordChange[], domain: string, office: OwnOffice): readonly string[] {
  return changes.flatMap((change) => {
    const what = inUse(change, domain, office);
    return what === undefined ? [] : [`${change.name} ${change.type}: ${what}`];
  });
}

function inUse({ name, type, before, after }: RecordChange, domain: string, office: OwnOffice): string | undefined {
  const goes = (before?.values ?? []).filter((value) => !after?.values.includes(value));
  const lost = (value: string) => goes.some((one) => meansTheSame(type, one, value));
  const { proof, keys, delegation } = office;
  if (proof?.name === name && type === 'TXT' && lost(proof.value)) return 'the proof that the domain is yours';
  const key = keys.find(({ selector }) => name === `${selector}._domainkey.${domain}`);
  if (key?.isInUse && type === 'TXT' && lost(key.record))
    return 'the record of a key whose signatures are on their way';
  if (delegation === undefined) return undefined;
  const leadsHere = (value: string) =>
    (type === 'CNAME' && value.endsWith(`.${delegation.zone}`)) ||
    (type === 'NS' && name === delegation.zone && delegation.nameServers.some((server) => server === value));
  return goes.some(leadsHere) ? 'it leads to this office, which keeps the records behind it' : undefined;
}
