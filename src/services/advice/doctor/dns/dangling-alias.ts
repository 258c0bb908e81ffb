/** DNS-11: aliases to names that a mail service gave up. Pure. */
import type { Catalogue, SenderDefinition } from '../../../setup/types.ts';
import { recordsIn, recordsOf } from '../ask.ts';
import { isIdleTwin } from '../dkim/sender-keys.ts';
import { fails, listed, orElse, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { NameSight } from './gather/aliases.ts';

type Led = NameSight & { readonly target: string; readonly service: SenderDefinition };

export function danglingAlias({ dns, dkim, subject: { domain, catalogue }, show }: DomainFacts): readonly Judged[] {
  const { seen, failed } = dns.aliases;
  const led = seen.flatMap((sight): readonly Led[] => {
    const [target] = recordsIn(sight.alias);
    const service = target === undefined ? undefined : serviceAt(catalogue, target);
    return target === undefined || service === undefined ? [] : [{ ...sight, target, service }];
  });
  const missing = led.filter((sight) => !sight.isTargetBeyond && isGone(sight));
  const idle = missing.filter((sight) => isIdleKey(sight, dkim, catalogue));
  const gone = missing.filter((sight) => !idle.includes(sight));
  return orElse(
    gone.map((sight) => dangling(sight, show)),
    () => {
      const open = led.filter((sight) => sight.isTargetBeyond || !isAnswered(sight)).map(({ name }) => name);
      const names = [...open, ...failed];
      if (names.length > 0)
        return staysUnknown({
          subject: domain,
          meaning: `Whether aliases to mail services lead somewhere could not be seen for ${listed(names)}: ${dns.isZoneText ? 'the zone file knows nothing of the services' : 'the DNS gave no answer'}.`,
          evidence: names.slice(0, 3).map((name) => show(name, 'CNAME')),
        });
      const [first] = idle;
      if (first !== undefined)
        return staysUnknown({
          subject: first.name,
          meaning: `${first.name} leads to a name of ${first.service.name} that is not there; another key of it is, so this one may only be made when it changes keys.`,
          evidence: idle.slice(0, 3).map(({ name }) => show(name, 'CNAME')),
        });
      if (led.length === 0)
        return skips({
          subject: domain,
          meaning: `No alias of ${domain} that was seen leads to a known mail service.`,
        });
      return passes({
        subject: domain,
        meaning: `The ${led.length} aliases of ${domain} to mail services all lead to names that exist.`,
        evidence: led.map(({ name }) => show(name, 'CNAME')),
      });
    },
  );
}

function serviceAt(catalogue: Catalogue, target: string): SenderDefinition | undefined {
  const match =
    catalogue.recogniseName('dkimTargets', target) ??
    catalogue.recogniseName('spfDomains', target) ??
    catalogue.recogniseName('hosts', target);
  return match?.sender;
}

/** RFC 2308 §2.1: a name error is about the end of the alias. */
function isGone({ text, mx, address }: NameSight): boolean {
  return [text, mx, address].every((answer) => answer.kind === 'none' && answer.why === 'nxdomain');
}

function isIdleKey({ name }: Led, { sights }: DomainFacts['dkim'], catalogue: Catalogue): boolean {
  const key = sights.find((sight) => sight.name === name);
  return key !== undefined && isIdleTwin(key, sights, catalogue);
}

function isAnswered({ text, mx, address }: NameSight): boolean {
  return [text, mx, address].some(({ kind }) => kind !== 'failed');
}

function dangling({ name, target, service, wanted }: Led, show: DomainFacts['show']): Judged {
  const steps = wanted
    ? [
        `${service.name} is named as a sender: look in its settings which target it shows for ${name} now, and set that.`,
      ]
    : [
        `If ${service.name} still sends for this domain, set the domain up there anew and publish the target that it shows.`,
      ];
  return fails({
    subject: name,
    meaning: `${name} leads to ${target}, a name of ${service.name} that does not exist any more: whoever gets it there may send or receive in the name of this domain.`,
    evidence: [show(name, 'CNAME'), show(name, 'A')],
    fix: { delete: recordsOf(name, 'CNAME', [target]), set: [], steps },
  });
}
