/** MX-03: MX records that lead to no host. Pure. */
import { parseDomainName } from '../../../../format/domain-name.ts';
import { isPublicAddress, parseIpAddress } from '../../../../format/ip-address.ts';
import type { Fix } from '../../types.ts';
import { recordsIn, recordsOf, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { MxTarget } from './facts.ts';
import { withoutHosts } from './no-hosts.ts';
import { plannedMx } from './plan-fix.ts';
import { isLeftover } from './proof-left-over.ts';

type Flaw = { readonly say: string; readonly set: Fix['set']; readonly steps: readonly string[] };

export function targetIsNoHost(facts: DomainFacts): readonly Judged[] {
  const none = withoutHosts(facts);
  if (none !== undefined) return [none];
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const targets = mx.targets.filter(({ exchange }) => !isLeftover(exchange)); // MX-05 tells of those
  const judged = targets.map((target) => ({ target, flaw: flawOf(facts, target) }));
  const bad = judged.flatMap(({ target, flaw }) =>
    flaw === undefined || flaw === 'unknown' ? [] : [{ target, flaw }],
  );
  const isAllBad = bad.length === targets.length;
  const findings = bad.map(({ target, flaw }) => flawed(facts, target, flaw, isAllBad));
  const open = judged.filter(({ flaw }) => flaw === 'unknown').map(({ target }) => target);
  if (open.length > 0) findings.push(unseen(facts, open));
  if (mx.targetsLeft > 0) {
    const meaning = `${domain} has ${mx.targetsLeft} more MX records than are looked at.`;
    findings.push(staysUnknown({ subject: domain, meaning, evidence: [show(domain, 'MX')] }));
  }
  if (findings.length > 0) return findings;
  if (targets.length === 0)
    return [
      skips({
        subject: domain,
        meaning: `${domain} names no host but a proof of ownership.`,
        evidence: [show(domain, 'MX')],
      }),
    ];
  const names = targets.map(({ exchange }) => exchange);
  const meaning = `${listed(names)} ${names.length === 1 ? 'is a host with an address' : 'are hosts with addresses'}: mail to ${domain} finds its way.`;
  const evidence = [show(domain, 'MX'), ...names.map((name) => show(name, 'A'))];
  return [passes({ subject: domain, meaning, evidence })];
}

function flawOf({ subject: { domain } }: DomainFacts, target: MxTarget): Flaw | 'unknown' | undefined {
  const { exchange, preference, alias, address, address6, isBeyond } = target;
  const ip = parseIpAddress(exchange);
  if (ip !== undefined) {
    const name = `mail.${domain}`;
    const set = [
      { name, type: ip.family === 4 ? 'A' : 'AAAA', value: ip.text },
      { name: domain, type: 'MX', value: `${preference} ${name}` },
    ];
    return { say: 'is an address, and an MX record has to name a host', set, steps: [] };
  }
  if (parseDomainName(exchange) === undefined)
    return { say: 'cannot be the name of a host', set: [], steps: ['Let the MX record name a host.'] };
  if (/(?:^|\.)localhost$/.test(exchange)) return { say: "means every sender's own machine", set: [], steps: [] };
  const canonical = recordsIn(alias)[0];
  if (canonical !== undefined) {
    const end = address.kind === 'found' ? (address.canonicalName ?? canonical) : canonical;
    const set = recordsOf(domain, 'MX', [`${preference} ${end}`]);
    return { say: 'is an alias (CNAME), and has to be the host itself', set, steps: [] };
  }
  const addresses = [...recordsIn(address), ...recordsIn(address6)];
  if (addresses.length > 0) return inward(exchange, addresses);
  if (isBeyond || [alias, address, address6].some(({ kind }) => kind === 'failed')) return 'unknown';
  const steps = [`Give ${exchange} an A record with the address of the mail server, or name another host.`];
  return { say: 'has no address', set: [], steps };
}

/** Nobody outside reaches it. */
function inward(exchange: string, addresses: readonly string[]): Flaw | undefined {
  const isOpen = addresses.some((text) => {
    const ip = parseIpAddress(text);
    return ip !== undefined && isPublicAddress(ip);
  });
  if (isOpen) return undefined;
  const steps = [`Give ${exchange} the public address of the mail server.`];
  return { say: `has only an address that nobody outside can reach (${listed(addresses)})`, set: [], steps };
}

function flawed(facts: DomainFacts, target: MxTarget, { say, set, steps }: Flaw, isAllBad: boolean): Judged {
  const { subject, show } = facts;
  const { exchange, preference } = target;
  const planned = set.length === 0 && isAllBad ? plannedMx(facts) : undefined;
  // Where another host takes the mail, the bad one can simply go; the last one only for something better.
  const isReplaced = set.length > 0 || (planned?.set.length ?? 0) > 0 || !isAllBad;
  const gone = recordsOf(subject.domain, 'MX', isReplaced ? [`${preference} ${exchange}`] : []);
  const all = [...steps, ...(planned?.steps ?? [])];
  return fails({
    subject: exchange,
    meaning: `Mail to ${subject.domain} is sent to ${quoted(exchange)}, which ${say}: it is lost or late.`,
    evidence: [show(subject.domain, 'MX'), show(exchange, 'CNAME'), show(exchange, 'A')],
    fix: { delete: gone, set: planned?.set ?? set, ...(all.length > 0 && { steps: all }) },
  });
}

function unseen({ dns, subject: { domain }, show }: DomainFacts, targets: readonly MxTarget[]): Judged {
  const names = targets.map(({ exchange }) => exchange);
  const why =
    targets.every(({ isBeyond }) => isBeyond) && dns.isZoneText
      ? 'the zone file knows nothing of other domains'
      : whyUnanswered(...targets.flatMap(({ alias, address, address6 }) => [alias, address, address6]));
  const meaning = `Whether ${listed(names)} can take mail for ${domain} could not be seen: ${why}.`;
  return staysUnknown({ subject: domain, meaning, evidence: names.map((name) => show(name, 'A')) });
}
