/** DNS-06: names that bear the domain twice. Pure. */

import { recordsOf } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DoubledRecord } from './gather/doubled.ts';
import { fitFor } from './what-belongs.ts';

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

function misplaced(found: DoubledRecord, domain: string, show: DomainFacts['show']): Judged {
  const { name, type, values, meant } = found;
  const isName = name !== meant.name;
  const move = isName ? moveOf(found) : { set: meant.values, steps: [], isAtHome: true };
  return fails({
    subject: name,
    meaning: isName
      ? `A ${type} record stands at ${name}, which bears the domain twice: nobody looks there${move.isAtHome ? `, it belongs at ${meant.name}` : ''}.`
      : `The ${type} record of ${name} leads to ${listed(values)}, with ${domain} added to a name that was complete: nothing is there.`,
    evidence: [show(name, type), ...(move.steps.length > 0 ? [show(meant.name, type)] : [])],
    fix: {
      delete: recordsOf(name, type, values),
      set: recordsOf(meant.name, type, move.set),
      steps: [
        `In the form of the DNS host, enter names without ${domain} at their end, or with a dot after it.`,
        ...move.steps,
      ],
    },
  });
}

type Move = { readonly set: readonly string[]; readonly steps: readonly string[]; readonly isAtHome: boolean };

/** What may be put where it was meant to be, and why the rest may not. */
function moveOf({ type, meant }: DoubledRecord): Move {
  const { name, values, there, isTaken } = meant;
  const fits = values.map((value) => (type === 'TXT' ? fitFor(name, value) : value));
  const absent = [...new Set(fits.filter((value) => value !== undefined))].filter((value) => !there.includes(value));
  // Beside a record of the same kind a second one would void both (SPF, DMARC, keys).
  const isRival = (value: string) => isTaken || there.some((other) => isSameKind(type, value, other));
  const rivals = absent.filter(isRival);
  const rest = absent.filter((value) => !isRival(value));
  const isFirst = (value: string, at: number) => rest.findIndex((other) => isSameKind(type, value, other)) === at;
  const set = type === 'TXT' ? rest.filter(isFirst) : rest;
  const strange = fits.filter((value) => value === undefined).length;
  return {
    set,
    isAtHome: strange < values.length,
    steps: [
      ...(rivals.length > 0 ? [rivalStep(name, type, isTaken)] : []),
      ...(strange > 0 ? [`What is of no kind that belongs at ${name} is not put there.`] : []),
    ],
  };
}

function rivalStep(name: string, type: string, isTaken: boolean): string {
  const record = !isTaken ? `a ${type} record` : type === 'CNAME' ? 'another record' : 'a CNAME record';
  return `${name} has ${record} already: change that one if the other is the better, and never publish both.`;
}

/** `v=spf1`, `v=DMARC1`; of another type any two are rivals. */
function isSameKind(type: string, one: string, other: string): boolean {
  const kindOf = (text: string) => /^[^\s;=]*(?:=[^\s;]*)?/.exec(text)?.[0].toLowerCase();
  return type !== 'TXT' || kindOf(one) === kindOf(other);
}
