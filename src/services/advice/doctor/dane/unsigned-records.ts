/** DAN-01: TLSA records that DNSSEC does not prove, or of which the signatures are broken. */
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DaneHost } from './facts.ts';
import { hostRule, tlsaEvidence } from './host-rule.ts';

export const unsignedRecords = hostRule('DAN-01', judge);

function judge(facts: DomainFacts, host: DaneHost): Judged {
  const { dane, subject, show } = facts;
  const evidence = [...tlsaEvidence(facts, host), show(subject.domain, 'MX'), show(host.host, 'A')];
  if (host.tlsa.kind === 'failed')
    return fails({
      subject: host.host,
      severity: 'error',
      evidence,
      meaning: `The signatures of the DANE records of ${host.host} are broken (DNSSEC): senders that look at them hold mail back.`,
      fix: { delete: [], set: [], steps: [`sign the zone of ${host.name} again, or take its DS record away above it`] },
    });
  const unproven = unprovenParts(facts, host);
  if (unproven.length === 0)
    return passes({
      subject: host.host,
      evidence,
      meaning: `The DANE records of ${host.host}, its addresses and the MX are all signed.`,
    });
  if (dane.provesAnswers !== 'yes')
    return staysUnknown({
      subject: host.host,
      evidence,
      meaning:
        dane.provesAnswers === 'no'
          ? `Whether the DANE records of ${host.host} are signed is not known: the name server asked here does not check signatures (DNSSEC).`
          : `Whether the DANE records of ${host.host} are signed (DNSSEC) cannot be seen here.`,
    });
  return fails({
    subject: host.host,
    evidence,
    meaning: `${host.host} has DANE records, and senders ignore them, because DNSSEC does not prove ${listed(unproven)}.`,
    fix: {
      delete: [],
      set: [],
      steps: ['sign the zone with DNSSEC at your DNS host, and put its DS record at the registrar'],
    },
  });
}

function unprovenParts({ dane, subject }: DomainFacts, host: DaneHost): readonly string[] {
  const isProven = host.tlsa.kind !== 'failed' && host.tlsa.secure;
  return [
    ...(dane.isMxProven ? [] : [`the MX of ${subject.domain}`]),
    ...(host.isAddressProven ? [] : [`the address of ${host.host}`]),
    ...(isProven ? [] : ['the DANE records themselves']),
  ];
}
