/** MX-08: what each host showed when it was greeted. Pure. */
import { X509Certificate } from 'node:crypto';
import { printable } from '../../../../base/printable.ts';
import { isForHost } from '../../../../format/certificate-names.ts';
import type { Severity } from '../../types.ts';
import { fails, listed, passes, plural, quoted, skips, staysUnknown } from '../judged.ts';
import type { LookedAtHost } from '../mail-hosts.ts';
import type { DomainFacts, HostProbe, Judged } from '../types.ts';

type Seen = Extract<HostProbe, { readonly kind: 'seen' }>;
type Flaw = { readonly say: string; readonly step: string; readonly severity: Severity };

export function encryptionLacking(facts: DomainFacts): readonly Judged[] {
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const { receives, hosts } = mx.receiving;
  if (receives === 'unknown') {
    const meaning = `Whether mail to ${domain} comes in encrypted could not be seen: its mail hosts are not known.`;
    return [staysUnknown({ subject: domain, meaning, evidence: [show(domain, 'MX')] })];
  }
  if (hosts.length === 0) return [skips({ subject: domain, meaning: `${domain} has no mail host to look at.` })];
  const dialled = hosts.flatMap(({ host, probe }) => (probe === undefined ? [] : [{ host, probe }]));
  if (dialled.length > 0) return dialled.map((one) => judgeHost(facts, one));
  const why = facts.dns.isZoneText ? 'with a zone file no host is dialled' : 'no host can be dialled from here';
  const names = listed(hosts.map(({ host }) => host));
  const meaning = `Whether mail to ${domain} comes in encrypted at ${names} could not be seen: ${why}.`;
  return [staysUnknown({ subject: domain, meaning, evidence: [show(domain, 'MX')] })];
}

function judgeHost({ show, nowMs }: DomainFacts, { host, probe }: Required<LookedAtHost>): Judged {
  const evidence = [show(host, 'SMTP')];
  if (probe.kind === 'failed') {
    const meaning = `Whether ${host} takes mail encrypted could not be seen: ${printable(probe.why, 200)}.`;
    return staysUnknown({ subject: host, meaning, evidence });
  }
  const flaw = flawOf(host, probe, nowMs);
  if (flaw === undefined) {
    const meaning = `${host} takes mail encrypted, with ${probe.tls?.protocol} and a certificate for its name.`;
    return passes({ subject: host, meaning, evidence });
  }
  return fails({
    subject: host,
    severity: flaw.severity,
    meaning: flaw.say,
    evidence,
    fix: { delete: [], set: [], steps: [flaw.step] },
  });
}

/** The worst of them: mending it shows the next. */
function flawOf(host: string, { offersStartTls, tls, tlsProblem }: Seen, nowMs: number): Flaw | undefined {
  if (!offersStartTls)
    return {
      say: `${host} offers no encryption (STARTTLS): mail to it can be read and changed on its way.`,
      step: `Turn STARTTLS on at ${host}, with a certificate for that name.`,
      severity: 'error',
    };
  if (tls === undefined)
    return {
      say: `${host} offers encryption, and it does not come about: ${quoted(tlsProblem ?? 'the handshake failed', 120)}.`,
      step: `Mend TLS at ${host}: certificate, key, and versions 1.2 and 1.3.`,
      severity: 'error',
    };
  if (!/^TLSv1\.[23]$/.test(tls.protocol))
    return {
      say: `${host} speaks ${quoted(tls.protocol)}, which is withdrawn because it can be broken.`,
      step: `Turn TLS 1.2 and 1.3 on at ${host}, and older versions off.`,
      severity: 'warn',
    };
  return certificateFlaw(host, tls.chain[0] ?? '', tls.certificateProblem, nowMs);
}

function certificateFlaw(host: string, der: string, problem: string | undefined, nowMs: number): Flaw | undefined {
  const step = `Give ${host} a certificate for that name that mail servers trust, and have it renewed by itself.`;
  const certificate = readCertificate(der);
  const warn = (say: string): Flaw => ({ say: `The certificate of ${host} ${say}.`, step, severity: 'warn' });
  if (certificate === undefined) return warn('cannot be read');
  const [from, until] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  if (!isForHost(certificate, host)) return warn('is for another name: senders that insist on it return the mail');
  if (until < nowMs) return warn(`expired on ${day(until)}`);
  if (from > nowMs) return warn(`is valid only from ${day(from)} on`);
  if (until - nowMs < Math.min(soonMs, (until - from) / 4))
    return { ...warn(`expires in ${plural(Math.floor((until - nowMs) / dayMs), 'day')}`), severity: 'advice' };
  if (problem !== undefined)
    return {
      ...warn(`is for its name, and no public authority vouches for it (${quoted(problem, 120)})`),
      severity: 'advice',
    };
  return undefined;
}

const dayMs = 86_400_000;
/** Renewal by itself is over by then. Of a short-lived certificate, its last quarter. (Our choice.) */
const soonMs = 14 * dayMs;

function readCertificate(der: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    return Number.isNaN(Date.parse(certificate.validTo)) ? undefined : certificate;
  } catch {
    return undefined; // whatever a stranger sent in its place
  }
}
