/** The includes of the domain's own records that name somebody else, and who that is. Pure. */
import { isEqualOrBelow, parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import type { SenderDefinition } from '../../../setup/types.ts';
import type { DomainFacts } from '../types.ts';
import { ownRecords } from './read-record.ts';

export type NamedService = {
  /** The name whose record it stands in, and the text of that. */
  readonly at: QueryName;
  readonly text: string;
  /** As it stands there: `include:spf.example.net`. */
  readonly term: string;
  readonly target: QueryName;
  /** Whose it is, where the catalogue knows. */
  readonly service?: SenderDefinition;
};

export function namedServices(facts: DomainFacts): readonly NamedService[] {
  const { domain, catalogue } = facts.subject;
  return ownRecords(facts).flatMap(({ at, text, record }) => {
    const directives = record.directives.filter(({ kind }) => kind === 'include' || kind === 'exists');
    const written = [...directives, ...(record.redirect && !record.hasAll ? [record.redirect] : [])];
    return written.flatMap((one): NamedService[] => {
      const name = 'target' in one && one.target ? (one.target.fixed ?? fixedEnd(one.target.text)) : undefined;
      if (name === undefined || name === 'unfit' || isEqualOrBelow(name, domain)) return [];
      const service = catalogue.recogniseName('spfDomains', name)?.sender;
      return [{ at, text, term: one.text, target: name, ...(service && { service }) }];
    });
  });
}

/** `%{i}._spf.mta.salesforce.com` is one of salesforce.com. */
function fixedEnd(target: string): QueryName | undefined {
  return parseQueryName(/\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)$/i.exec(target)?.[1] ?? '');
}

/** Whether somebody who sends for the domain wants this very term here. */
export function isWanted({ spf: { trials } }: DomainFacts, { at, term }: NamedService): boolean {
  const bare = term.toLowerCase().replace(/^\+/, '');
  return trials.some((trial) => trial.at === at && trial.wish.terms.some((one) => one.toLowerCase() === bare));
}
