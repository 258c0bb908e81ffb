/** DNS-08: addresses where a service wants an alias. Pure. */
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, listed, orElse, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { NameSight } from './gather/aliases.ts';
import type { SenderName } from './gather/names.ts';

export function hiddenAlias({ dns, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const wanted = dns.aliases.seen.filter((sight): sight is Wanted => sight.wanted !== undefined);
  if (wanted.length === 0 && dns.aliases.failed.length === 0)
    return [skips({ subject: domain, meaning: `No sender that is known for ${domain} wants an alias (CNAME).` })];
  const hidden = wanted.filter(isHidden).map((sight) => proxied(sight, show));
  return orElse(hidden, () => {
    const open = wanted.filter(({ address, text }) => address.kind === 'failed' || text.kind === 'failed');
    const names = [...open.map(({ name }) => name), ...dns.aliases.failed];
    if (names.length > 0)
      return staysUnknown({
        subject: domain,
        meaning: `Whether aliases of mail services are visible could not be seen: the DNS gave no answer for ${listed(names)}.`,
        evidence: names.slice(0, 3).map((name) => show(name, 'CNAME')),
      });
    return passes({
      subject: domain,
      meaning: `Aliases that mail services want below ${domain} are not hidden behind a proxy.`,
      evidence: wanted.map(({ name }) => show(name, 'CNAME')),
    });
  });
}

type Wanted = NameSight & { readonly wanted: SenderName };

/** Addresses where an alias should be; a key or MX at the name is another matter (DKM-09). */
function isHidden({ alias, address, text, mx }: Wanted): boolean {
  const isElse = text.kind === 'found' || mx.kind === 'found';
  return alias.kind === 'none' && address.kind === 'found' && !isElse;
}

function proxied({ name, address, wanted }: Wanted, show: DomainFacts['show']): Judged {
  return fails({
    subject: name,
    meaning: `${wanted.label} wants an alias (CNAME) at ${name}, and addresses stand there instead, as a web proxy shows them: neither key nor return path can be found.`,
    evidence: [show(name, 'CNAME'), show(name, 'A')],
    fix: {
      delete: recordsOf(name, 'A', recordsIn(address)),
      set: recordsOf(name, 'CNAME', [wanted.value]),
      steps: [
        'If the DNS host shows a CNAME there with a proxy (an orange cloud), set it to "DNS only"; nothing else has to change.',
      ],
    },
  });
}
