/**
 * What every fix of an SPF record does besides its own: terms that are of no use go, old names become those of today. So fixes that
 * are taken one after the other never undo each other. Pure.
 */
import { parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import type { DomainFacts } from '../types.ts';
import { type CurrentInclude, currentInclude } from './current-include.ts';
import { type Edits, isDead } from './edit-text.ts';
import { isWanted, type NamedService, namedServices } from './named-services.ts';
import { ownRecords } from './read-record.ts';

/** As fixes of the record at this name have to have them. */
export function usualEdits(facts: DomainFacts, at: QueryName): Required<Omit<Edits, 'at'>> {
  const isHere = (one: { readonly at: QueryName }) => one.at === at;
  const pools = idlePools(facts).filter(isHere);
  const slow = ptrTerms(facts).filter(isHere);
  return {
    drop: [...pools.map(({ term }) => term), ...slow.flatMap(({ terms }) => terms)],
    replace: new Map(
      outdatedNames(facts)
        .filter(isHere)
        .map(({ term, current }) => [term, [current.term]]),
    ),
    notes: [
      ...pools.map(({ term, service, target }) => {
        const own = service?.aligns.spf === 'no' ? 'of its own' : 'of its own, or with a name below yours';
        return `${term} is left out: ${service?.name ?? target} sends with a return path ${own}.`;
      }),
      ...(slow.length > 0 ? [sayWithoutPtr(facts)] : []),
    ],
  };
}

/** Includes of services whose mail never needs this record. (SPF-15) */
export function idlePools(facts: DomainFacts): readonly NamedService[] {
  return namedServices(facts).filter((one) => isIdle(one) && !isWanted(facts, one));
}

/** Its mail carries a return path of its own, or one below the domain: this record is never asked about it. */
function isIdle({ service }: NamedService): boolean {
  if (service === undefined || !service.sends) return false;
  const isElsewhere = service.aligns.spf === 'no' || service.aligns.spf === 'with-return-path';
  return isElsewhere && service.spf.every(({ at }) => at !== '@');
}

export type Outdated = NamedService & { readonly current: CurrentInclude };

/** Includes by a name that the service has given up. (SPF-16) */
export function outdatedNames(facts: DomainFacts): readonly Outdated[] {
  return namedServices(facts).flatMap((one): Outdated[] => {
    const current = isWanted(facts, one) ? undefined : currentOf(facts, one);
    return current === undefined ? [] : [{ ...one, current }];
  });
}

/** A newer name that has no record itself helps nobody. */
function currentOf(facts: DomainFacts, { term, target }: NamedService): CurrentInclude | undefined {
  if (!/^[+]?include:/i.test(term)) return undefined;
  const current = currentInclude(facts.subject.catalogue, target, { exactly: true });
  const newer = parseQueryName(current?.term.slice('include:'.length) ?? '');
  return newer === undefined || isDead(facts.spf.answers, newer) ? undefined : current;
}

export type PtrTerms = { readonly at: QueryName; readonly text: string; readonly terms: readonly string[] };

/** RFC 7208 §5.5 (SPF-10) */
export function ptrTerms(facts: DomainFacts): readonly PtrTerms[] {
  return ownRecords(facts).flatMap(({ at, text, record }) => {
    const terms = record.directives.filter(({ kind }) => kind === 'ptr').map((one) => one.text);
    return terms.length === 0 ? [] : [{ at, text, terms }];
  });
}

export function sayWithoutPtr({ subject: { domain } }: DomainFacts): string {
  return `Before that: if a server of your own sends that the new record does not name, add it as ip4:ADDRESS (posthorn check ${domain} --ip ADDRESS writes the record).`;
}
