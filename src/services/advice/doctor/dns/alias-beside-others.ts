/** DNS-07: aliases at the top, beside others, or twice. Pure. RFC 1034 §3.6.2: where a CNAME stands, nothing else may. */
import type { RecordData } from '../../../../protocol/dns/types.ts';
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, listed, orElse, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { NameSight } from './gather/aliases.ts';

export function aliasBesideOthers(facts: DomainFacts): readonly Judged[] {
  const { dns, subject, show } = facts;
  const { domain } = subject;
  const { seen, failed } = dns.aliases;
  const wrong = seen.filter(({ alias }) => alias.kind === 'found').flatMap((sight) => judgeName(facts, sight) ?? []);
  return orElse(wrong, () =>
    failed.length > 0
      ? staysUnknown({
          subject: domain,
          meaning: `Whether aliases of ${domain} stand alone could not be seen: the DNS gave no answer for ${listed(failed)}.`,
          evidence: failed.slice(0, 3).map((name) => show(name, 'CNAME')),
        })
      : passes({
          subject: domain,
          meaning: `No alias (CNAME) stands at the top of ${domain} or beside other records of mail.`,
          evidence: [show(domain, 'CNAME')],
        }),
  );
}

function judgeName(facts: DomainFacts, sight: NameSight): Judged | undefined {
  const { subject, dns } = facts;
  const isTop = sight.name === subject.domain && (dns.zone.isRegistered || dns.zone.top === subject.domain);
  if (isTop) return aliasAtTop(facts, sight);
  const targets = recordsIn(sight.alias);
  if (new Set(targets).size > 1) return severalTargets(facts, sight);
  const others = othersBeside(sight);
  return others.length > 0 ? beside(facts, sight, others) : undefined;
}

function mxOrText(record: string | RecordData['MX']): string {
  return typeof record === 'string' ? record : `${record.preference} ${record.exchange || '.'}`;
}

type Other = { readonly type: string; readonly values: readonly string[] };

/** What stands at the name itself: said by zone text, or seen where an answer came without going over the alias. */
function othersBeside({ types, text, mx, address }: NameSight): readonly Other[] {
  if (types !== undefined) return types.filter((type) => type !== 'CNAME').map((type) => ({ type, values: [] }));
  const answers = { TXT: text, MX: mx, A: address };
  return (Object.keys(answers) as (keyof typeof answers)[]).flatMap((type) => {
    const answer = answers[type];
    if (answer.kind !== 'found' || answer.canonicalName !== undefined) return [];
    return [{ type, values: answer.records.map(mxOrText) }];
  });
}

function aliasAtTop({ subject: { domain }, dns, show }: DomainFacts, { alias, types }: NameSight): Judged {
  const { address, address6 } = dns.own;
  const others = (types ?? []).filter((type) => type !== 'CNAME');
  const hidden = others.length > 0 ? ` and hides its ${listed(others)} records` : '';
  return fails({
    subject: domain,
    meaning: `${domain} itself is an alias (CNAME)${hidden}: at the top of a domain that is not allowed, and its mail records are lost or taken from somebody else.`,
    evidence: [show(domain, 'CNAME')],
    fix: {
      delete: recordsOf(domain, 'CNAME', recordsIn(alias)),
      set: [...recordsOf(domain, 'A', recordsIn(address)), ...recordsOf(domain, 'AAAA', recordsIn(address6))],
      steps: ['If the DNS host has ALIAS, ANAME or "CNAME flattening at the top", use that in place of the addresses.'],
    },
  });
}

function severalTargets({ show }: DomainFacts, { name, alias, wanted }: NameSight): Judged {
  const targets = recordsIn(alias);
  const keep = wanted?.value;
  const steps = keep === undefined ? ['Keep the one that the service shows, and remove the others.'] : [];
  return fails({
    subject: name,
    meaning: `${name} has ${targets.length} aliases (CNAME) at once; only one can be, and servers answer by chance.`,
    evidence: [show(name, 'CNAME')],
    fix: {
      delete: recordsOf(name, 'CNAME', keep === undefined ? [] : targets.filter((target) => target !== keep)),
      set: keep === undefined ? [] : recordsOf(name, 'CNAME', [keep]),
      ...(steps.length > 0 && { steps }),
    },
  });
}

function beside({ show }: DomainFacts, { name, alias, wanted }: NameSight, others: readonly Other[]): Judged {
  const types = others.map(({ type }) => type);
  const keepsAlias = wanted !== undefined;
  const seen = others.flatMap(({ type, values }) => recordsOf(name, type, values));
  const hidden = keepsAlias ? `the ${listed(types)} record` : 'the CNAME';
  return fails({
    subject: name,
    meaning: `At ${name} an alias (CNAME) stands beside ${listed(types)}: servers refuse the zone, or show one of them by chance.`,
    evidence: [show(name, 'CNAME'), ...types.map((type) => show(name, type))],
    fix: keepsAlias
      ? {
          delete: seen,
          set: recordsOf(name, 'CNAME', [wanted.value]),
          ...(seen.length === 0 && { steps: [`Remove ${hidden} at ${name}: ${wanted.label} wants the CNAME alone.`] }),
        }
      : {
          delete: recordsOf(name, 'CNAME', recordsIn(alias)),
          set: [],
          steps: [
            `Keep either the CNAME or ${listed(types)} at ${name}, whichever is right; shown here is to keep ${listed(types)}.`,
          ],
        },
  });
}
