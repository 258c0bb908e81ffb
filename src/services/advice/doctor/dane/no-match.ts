/** DAN-02: a host whose certificate is none of those its TLSA records name, or that cannot be spoken to encrypted. */
import { printable } from '../../../../base/printable.ts';
import { matchChain } from '../../../../protocol/dane/match-chain.ts';
import { tlsaObjection } from '../../../../protocol/dane/tlsa.ts';
import { fails, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DaneHost } from './facts.ts';
import { brokenSignature, hostRule, tlsaEvidence } from './host-rule.ts';
import { tlsaFix } from './plan-tlsa.ts';

export const noMatch = hostRule('DAN-02', judge);

const refused = 'senders that use DANE do not deliver there';

function judge(facts: DomainFacts, host: DaneHost): Judged {
  const { tlsa, probe } = host;
  const subject = host.host;
  const evidence = [...tlsaEvidence(facts, host), facts.show(subject, 'SMTP')];
  if (tlsa.kind !== 'found') return brokenSignature(facts, host);
  if (host.usable.length === 0) return unusable(facts, host);
  if (probe === undefined || probe.kind === 'failed')
    return staysUnknown({
      subject,
      evidence,
      meaning: `${subject} has DANE records; which certificate it shows could not be seen${probe ? `: ${printable(probe.why)}` : ''}.`,
    });
  const offer = [`let ${subject} offer STARTTLS with the certificate that its DANE records name`];
  if (probe.tls === undefined) {
    const why = probe.offersStartTls
      ? `encryption with it does not come about (${quoted(probe.tlsProblem ?? '')})`
      : 'it offers no encryption (STARTTLS)';
    return fails({
      subject,
      evidence,
      meaning: `${subject} has DANE records, but ${why}: ${refused}.`,
      fix: { delete: [], set: [], steps: offer },
    });
  }
  const chain = probe.tls.chain.map((der) => Buffer.from(der, 'base64'));
  const names = [host.name.slice('_25._tcp.'.length), subject, facts.subject.domain]; // RFC 7672 §3.2.2
  const match = matchChain(host.usable, chain, { names, nowMs: facts.nowMs });
  if (match.ok)
    return passes({
      subject,
      evidence,
      meaning: `The certificate that ${subject} shows is the one that its DANE records name.`,
    });
  return fails({
    subject,
    evidence,
    meaning: `The certificate that ${subject} shows does not fit its DANE records${match.result === 'validation-failure' ? '' : ` (${match.why})`}: ${refused}.`,
    fix: tlsaFix(facts, host, tlsa.records),
  });
}

function unusable(facts: DomainFacts, host: DaneHost): Judged {
  const records = host.tlsa.kind === 'found' ? host.tlsa.records : [];
  const subject = host.host;
  const damaged = records.filter(({ usage }) => usage !== 0 && usage !== 1);
  const [first] = damaged;
  if (first === undefined)
    return skips({
      subject,
      meaning: `The DANE records of ${subject} are of a kind that mail servers do not use (DAN-04).`,
    });
  return fails({
    subject,
    severity: 'warn',
    evidence: tlsaEvidence(facts, host),
    meaning: `None of the DANE records of ${subject} can be used (${tlsaObjection(first) ?? 'not readable'}), so they prove nothing.`,
    fix: tlsaFix(facts, host, damaged),
  });
}
