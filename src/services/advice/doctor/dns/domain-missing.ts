/** DNS-01: there is no such domain, or nobody answers for it. Pure. */
import { recordsIn, recordsOf, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { NameSight } from './gather/aliases.ts';
import { serversHeard } from './servers-heard.ts';

export function domainMissing({ dns, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const { ns, mx, text, address } = dns.own;
  const answers = [mx, text, address, ns];
  const evidence = ['MX', 'TXT', 'A', 'NS'].map((type) => show(domain, type));
  const heard = answers.find(
    (answer) => answer.kind === 'found' || (answer.kind === 'none' && answer.why === 'nodata'),
  );
  if (heard !== undefined) {
    const meaning = dns.isZoneText ? `The zone file holds ${domain}.` : `${domain} exists, and the DNS answers for it.`;
    return [passes({ subject: domain, meaning, evidence: evidence.slice(0, 1) })];
  }
  if (answers.some(({ kind }) => kind === 'none')) {
    const sight = dns.aliases.seen.find(({ name, alias }) => name === domain && alias.kind === 'found');
    return [sight === undefined ? missing(domain, dns.isZoneText, evidence) : leadsNowhere(domain, sight, show)];
  }
  const { silent, answering } = serversHeard(dns.servers);
  // The resolver gave up on this domain alone, or its servers, asked from here, do not answer either.
  const isGivenUp = answers.every((answer) => answer.kind === 'failed' && answer.why === 'servfail');
  const isOnlyHere = !dns.isZoneText && dns.zone.above.kind !== 'failed';
  if (isGivenUp && answering.length === 0 && (silent.length > 0 || isOnlyHere))
    return [nobodyAnswers(domain, silent, evidence)];
  const meaning = `Whether ${domain} exists could not be found out: ${whyUnanswered(...answers)}.`;
  return [staysUnknown({ subject: domain, meaning, evidence })];
}

function missing(domain: string, isZoneText: boolean, evidence: Judged['evidence']): Judged {
  const meaning = isZoneText
    ? `The zone file has no record of ${domain}.`
    : `The DNS knows no ${domain}: mail from it is refused, and mail to it is returned to its sender.`;
  const steps = isZoneText
    ? [
        `Look whether the zone file is the right one, and whether names in it that end in ${domain} have a dot at their end.`,
      ]
    : [`Look whether ${domain} is spelled right; if it is, register it, or renew its registration.`];
  return fails({ subject: domain, meaning, evidence, fix: { delete: [], set: [], steps } });
}

/** RFC 6604 §3: the name error is about the end of the alias; the domain itself is there. */
function leadsNowhere(domain: string, { alias, isTargetBeyond }: NameSight, show: DomainFacts['show']): Judged {
  const [target = ''] = recordsIn(alias);
  const evidence = [show(domain, 'CNAME'), show(domain, 'A')];
  if (isTargetBeyond)
    return staysUnknown({
      subject: domain,
      meaning: `${domain} is an alias to ${target}; the zone file knows nothing of what is there.`,
      evidence,
    });
  return fails({
    subject: domain,
    meaning: `${domain} is an alias to ${target}, and there is no such name: mail to it is returned, and mail from it refused.`,
    evidence,
    fix: {
      delete: recordsOf(domain, 'CNAME', recordsIn(alias)),
      set: [],
      steps: [`If ${domain} shall be used, give it records of its own, or an alias to a name that exists.`],
    },
  });
}

function nobodyAnswers(domain: string, servers: readonly string[], evidence: Judged['evidence']): Judged {
  return fails({
    subject: domain,
    meaning: `The name servers of ${domain} give no answer for it, so nobody can send to it or verify mail from it.`,
    evidence,
    fix: {
      delete: [],
      set: [],
      steps: [
        `Ask the DNS host whether it serves ${domain}${servers.length > 0 ? ` on ${listed(servers)}` : ''}.`,
        'If the domain has moved to another DNS host, name its servers at the registrar.',
      ],
    },
  });
}
