/** DNS-06: names that bear the domain twice. Pure. */

import { recordsOf } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DoubledRecord } from './gather/doubled.ts';

export function doubledName({ dns: { doubled }, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const { found, failed } = doubled;
  if (found.length > 0) return found.map((record) => misplaced(record, domain, show));
  if (failed.length > 0) {
    const meaning = `Whether records stand at names that bear ${domain} twice could not be seen: the DNS gave no answer for ${listed(failed)}.`;
    return [staysUnknown({ subject: domain, meaning, evidence: failed.slice(0, 3).map((name) => show(name, 'TXT')) })];
  }
  const meaning = `No record of ${domain} stands at, or leads to, a name that bears the domain twice.`;
  return [passes({ subject: domain, meaning, evidence: [] })];
}

function misplaced({ name, type, values, meant }: DoubledRecord, domain: string, show: DomainFacts['show']): Judged {
  const isName = name !== meant.name;
  const absent = meant.values.filter((value) => !meant.there.includes(value));
  // Beside a record of the same kind a second one would void both (SPF, DMARC, keys).
  const rivals = isName ? absent.filter((value) => meant.there.some((there) => isSameKind(type, value, there))) : [];
  return fails({
    subject: name,
    meaning: isName
      ? `A ${type} record stands at ${name}, which bears the domain twice: nobody looks there, it belongs at ${meant.name}.`
      : `The ${type} record of ${name} leads to ${listed(values)}, with ${domain} added to a name that was complete: nothing is there.`,
    evidence: [show(name, type), ...(rivals.length > 0 ? [show(meant.name, type)] : [])],
    fix: {
      delete: recordsOf(name, type, values),
      set: recordsOf(
        meant.name,
        type,
        absent.filter((value) => !rivals.includes(value)),
      ),
      steps: [
        `In the form of the DNS host, enter names without ${domain} at their end, or with a dot after it.`,
        ...(rivals.length > 0
          ? [
              `${meant.name} has a ${type} record already: change that one if the other is the better, and never publish both.`,
            ]
          : []),
      ],
    },
  });
}

/** `v=spf1`, `v=DMARC1`; of another type any two are rivals. */
function isSameKind(type: string, one: string, other: string): boolean {
  const kindOf = (text: string) => /^[^\s;=]*(?:=[^\s;]*)?/.exec(text)?.[0].toLowerCase();
  return type !== 'TXT' || kindOf(one) === kindOf(other);
}
