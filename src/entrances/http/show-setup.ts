/** Declarations, plans and publications as the API spells them. Pure; the types are those of the schemas. */
import type { Prepared, PublishEnd } from '../../services/setup/publish/types.ts';
import type {
  Declaration,
  PlannedRecord,
  RecordChange,
  RecordSet,
  Plan as SetupPlan,
} from '../../services/setup/types.ts';
import type { Plan, Publication, Senders } from './schemas/setup.ts';

export function showSenders(declaration: Declaration): Senders {
  const { domain, senders, dmarc, bimi, parked, inbound, spf, mtaSts, keys } = declaration;
  return {
    object: 'senders',
    domain,
    senders: senders.map(({ sender, parameters, perWeek }) => ({
      sender,
      parameters: { ...parameters },
      ...(perWeek === undefined ? {} : { per_week: perWeek }),
    })),
    ...(dmarc === undefined ? {} : { dmarc: showDmarc(dmarc) }),
    ...(bimi === undefined ? {} : { bimi: { ...bimi } }),
    ...(parked === undefined ? {} : { parked }),
    ...(inbound === undefined ? {} : { inbound }),
    ...(spf === undefined ? {} : { spf: [...spf] }),
    ...(mtaSts === undefined ? {} : { mta_sts: mtaSts }),
    ...(keys === undefined ? {} : { keys: keys.map((key) => ({ ...key })) }),
  };
}

function showDmarc({ stage, rua, pct, mayLoosen }: NonNullable<Declaration['dmarc']>): NonNullable<Senders['dmarc']> {
  return {
    ...(stage === undefined ? {} : { stage }),
    ...(rua === undefined ? {} : { rua: [...rua] }),
    ...(pct === undefined ? {} : { pct }),
    ...(mayLoosen === undefined ? {} : { loosen: mayLoosen }),
  };
}

export function showPlan({ domain, records, conflicts, notes, dropped, steps }: SetupPlan): Plan {
  return {
    object: 'plan',
    domain,
    records: records.map(showPlanned),
    conflicts: [...conflicts],
    notes: [...notes],
    dropped: [...dropped],
    steps: [...steps],
  };
}

function showPlanned({ replaces, ...record }: PlannedRecord): Plan['records'][number] {
  return { ...record, ...(replaces === undefined ? {} : { replaces: [...replaces] }) };
}

/** @param end undefined: nothing was carried out */
export function showPublication(
  { domain, contents, diff, plan }: Prepared & { readonly plan: SetupPlan },
  { host, end }: { readonly host: string; readonly end: PublishEnd | undefined },
): Publication {
  const say = end && 'say' in end ? end.say : undefined;
  return {
    object: 'publication',
    domain,
    zone: contents.zone,
    host,
    state: end?.state ?? (diff.changes.length === 0 ? 'nothing_to_do' : 'planned'),
    ...(end === undefined ? {} : { id: end.id }),
    ...(say === undefined ? {} : { say }),
    changes: diff.changes.map(showChange),
    ...(diff.raisedTtl === undefined ? {} : { raised_ttl: diff.raisedTtl }),
    elsewhere: diff.elsewhere.map(showPlanned),
    conflicts: [...plan.conflicts],
    obstacles: diff.obstacles.map((obstacle) => ({ ...obstacle })),
  };
}

function showChange({ name, type, before, after }: RecordChange): Publication['changes'][number] {
  return {
    name,
    type,
    ...(before === undefined ? {} : { before: showValues(before) }),
    ...(after === undefined ? {} : { after: showValues(after) }),
  };
}

function showValues({ ttl, values }: RecordSet) {
  return { ttl, values: [...values] };
}
