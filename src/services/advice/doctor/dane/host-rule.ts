/** A rule of DANE speaks of each mail host that has TLSA records; of the others there is nothing to say. Pure. */
import type { FindingEvidence } from '../../types.ts';
import { orElse, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { DaneHost } from './facts.ts';

type JudgeHost = (facts: DomainFacts, host: DaneHost) => Judged;

export function hostRule<Id extends string>(id: Id, judgeHost: JudgeHost): Rule<Id> {
  return {
    id,
    judge: (facts) => {
      const { hosts, receives } = facts.dane;
      const { domain } = facts.subject;
      if (receives === 'unknown')
        return [
          staysUnknown({
            subject: domain,
            evidence: [facts.show(domain, 'MX')],
            meaning: `The mail hosts of ${domain} could not be looked up.`,
          }),
        ];
      return orElse(
        hosts.filter(({ tlsa }) => tlsa.kind !== 'none').map((host) => judgeWhole(facts, host, judgeHost)),
        () => skips({ subject: domain, meaning: `No mail host of ${domain} uses DANE.` }),
      );
    },
  };
}

function judgeWhole(facts: DomainFacts, host: DaneHost, judgeHost: JudgeHost): Judged {
  if (host.tlsa.kind === 'failed' && host.tlsa.why !== 'bogus')
    return staysUnknown({
      subject: host.host,
      evidence: tlsaEvidence(facts, host),
      meaning: `Whether ${host.host} uses DANE could not be found out: the DNS gave no answer (${host.tlsa.why}).`,
    });
  return judgeHost(facts, host);
}

export function tlsaEvidence({ show }: DomainFacts, { name }: DaneHost): readonly FindingEvidence[] {
  return [show(name, 'TLSA')];
}

export const brokenSignature = (facts: DomainFacts, host: DaneHost): Judged =>
  staysUnknown({
    subject: host.host,
    evidence: tlsaEvidence(facts, host),
    meaning: `The signatures of the DANE records of ${host.host} are broken (DNSSEC), so there is nothing to judge.`,
  });
