/** MX-09: domains that send and cannot be answered. Pure. */
import type { FixRecord } from '../../types.ts';
import { recordsIn, recordsOf, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { Origin } from './gather-origins.ts';
import { isNull, mxText } from './no-hosts.ts';
import { plannedMx } from './plan-fix.ts';

export function senderUnanswerable(facts: DomainFacts): readonly Judged[] {
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const origins = mx.origins.filter((origin) => !isUnused(origin));
  if (origins.length === 0)
    return [skips({ subject: domain, meaning: `Nobody is known to send mail from ${domain}.` })];
  const judged = origins.map((origin) => ({ origin, state: stateOf(origin) }));
  const deaf = judged.filter(({ state }) => state === 'no').map(({ origin }) => unanswerable(facts, origin));
  const open = judged.filter(({ state }) => state === 'unknown').map(({ origin }) => origin);
  if (open.length > 0) deaf.push(unseen(facts, open));
  if (deaf.length > 0) return deaf;
  const names = origins.map(({ name }) => name);
  const meaning = `${listed(names)} can receive: replies and bounces find their way.`;
  return [passes({ subject: domain, meaning, evidence: names.map((name) => show(name, 'MX')) })];
}

/** A default of a service that is not published: it is used in another way, or its return path is its own. */
function isUnused({ mx, isDeclared, kind, isBeyond }: Origin): boolean {
  const isMissing = mx.kind === 'none' && mx.why === 'nxdomain' && !isBeyond;
  return isMissing && (kind === 'return-path' || !isDeclared);
}

/** RFC 5321 §5.1: without MX the address counts. RFC 7505 §4.2: a null MX means that it is no sender either. */
function stateOf({ mx, address, address6, isBeyond }: Origin): 'yes' | 'no' | 'unknown' {
  if (mx.kind === 'failed' || isBeyond) return 'unknown';
  if (mx.kind === 'found') return recordsIn(mx).every(isNull) ? 'no' : 'yes';
  if (address.kind === 'found' || address6.kind === 'found') return 'yes';
  return address.kind === 'failed' || address6.kind === 'failed' ? 'unknown' : 'no';
}

function unanswerable(facts: DomainFacts, origin: Origin): Judged {
  const { show } = facts;
  const { name, kind, labels, mx } = origin;
  const how = mx.kind === 'found' ? 'says that it takes no mail (null MX)' : 'has neither an MX record nor an address';
  const meaning =
    kind === 'from'
      ? `Mail of ${listed(labels)} comes from ${name}, which ${how}: it cannot be answered, and receivers refuse such mail.`
      : `Bounces of ${listed(labels)} go to ${name}, which ${how}: receivers refuse mail whose sender cannot be told of failures.`;
  const evidence = [show(name, 'MX'), show(name, 'A')];
  return fails({ subject: name, meaning, evidence, fix: mend(facts, origin) });
}

function mend(facts: DomainFacts, { name, wanted, mx, kind, labels }: Origin) {
  const nulls = recordsOf(name, 'MX', [...new Set(recordsIn(mx).filter(isNull).map(mxText))]);
  if (kind === 'return-path') return { delete: nulls, set: wanted };
  const { domain } = facts.subject;
  const planned = name === domain ? plannedMx(facts) : undefined;
  if (planned !== undefined && planned.set.length > 0) return planned;
  const hosts = name === domain ? [] : recordsIn(facts.mx.mx).filter((record) => !isNull(record));
  const set: readonly FixRecord[] = recordsOf(name, 'MX', [...new Set(hosts.map(mxText))]);
  const steps =
    set.length > 0
      ? [
          `Let the service that takes the mail of ${domain} take that of ${name}, too; or have ${listed(labels)} send from ${domain}.`,
        ]
      : [
          `Say who takes the mail of ${name}, and the records follow: posthorn plan ${domain} --sender NAME`,
          `If nobody shall send from ${name}, take it away from ${listed(labels)}.`,
        ];
  return { delete: set.length > 0 || name === domain ? nulls : [], set, steps };
}

function unseen({ dns, subject: { domain }, show }: DomainFacts, origins: readonly Origin[]): Judged {
  const names = origins.map(({ name }) => name);
  const why =
    dns.isZoneText && origins.every(({ isBeyond }) => isBeyond)
      ? 'the zone file knows nothing of other domains'
      : whyUnanswered(...origins.flatMap(({ mx, address, address6 }) => [mx, address, address6]));
  const meaning = `Whether ${listed(names)} can receive replies and bounces could not be seen: ${why}.`;
  return staysUnknown({ subject: domain, meaning, evidence: names.map((name) => show(name, 'MX')) });
}
