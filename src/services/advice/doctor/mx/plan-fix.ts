/** What `posthorn plan` would do to the MX records of the domain, as a fix. Pure. */
import { factsOf, planMx } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import type { DomainFacts } from '../types.ts';

/** Undefined where nobody is known to take the mail. @param inbound who is to get it, where that is settled */
export function plannedMx({ subject, mx }: DomainFacts, inbound?: string): Fix | undefined {
  const { domain, catalogue, senders, office } = subject;
  const wants = senders.map((sender) => sender.wants);
  const { records = [], conflicts = [] } = planMx({
    domain,
    catalogue,
    wants,
    facts: factsOf({ answers: mx.answers }),
    declaration: { domain, senders: [], ...(inbound !== undefined && { inbound }) },
    ...(office && { office: { hostname: office.hostname, receives: office.receives, keys: [] } }),
  });
  const own = records.filter((record) => record.name === domain);
  const set = own.filter(({ state }) => state === 'missing' || state === 'wrong');
  if (set.length === 0 && conflicts.length === 0) return undefined;
  const gone = own.flatMap(({ replaces = [] }) => replaces.map((value) => ({ name: domain, type: 'MX', value })));
  const steps = conflicts.map(({ say, fix }) => `${say} ${fix}`);
  return {
    delete: gone,
    set: set.map(({ name, type, value, ttl }) => ({ name, type, value, ttl })),
    ...(steps.length > 0 && { steps }),
  };
}
