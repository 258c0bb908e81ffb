/** A rule of BIMI speaks where a logo is published; without one, which is nobody's duty, there is nothing to say. Pure. */
import type { FixRecord } from '../../types.ts';
import { skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { BimiFacts } from './facts.ts';

type Record = Extract<BimiFacts['record'], { kind: 'found' | 'invalid' }>;

export function bimiRule<Id extends string>(id: Id, judge: (facts: DomainFacts, record: Record) => Judged): Rule<Id> {
  return {
    id,
    judge: (facts) => {
      const { record, name } = facts.bimi;
      if (record.kind === 'none')
        return [skips({ subject: name, meaning: 'No logo is published (BIMI); nobody has to.' })];
      if (record.kind === 'declined')
        return [
          skips({
            subject: name,
            evidence: [facts.show(name, 'TXT')],
            meaning: 'The record says that the domain wants no logo to be shown.',
          }),
        ];
      if (record.kind === 'failed')
        return [
          staysUnknown({
            subject: name,
            evidence: [facts.show(name, 'TXT')],
            meaning: `Whether a logo is published could not be found out: the DNS gave no answer (${record.why}).`,
          }),
        ];
      return [judge(facts, record)];
    },
  };
}

export const recordOf = ({ bimi }: DomainFacts, value: string): FixRecord => ({ name: bimi.name, type: 'TXT', value });
