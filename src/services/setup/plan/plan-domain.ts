/**
 * One plan of records for everyone who sends for a domain: what each rule says, put together. Facts in, plan out: no clock, no DNS, no
 * chance. What DNS did not say stays unknown; what could be lost waits for a person. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import type { Plan, PlannedRecord, RecordPurpose, SenderWants } from '../types.ts';
import { look } from './facts.ts';
import { findThinStreams } from './find-thin-streams.ts';
import { type Context, joined, type Part, self, ttlSeconds } from './part.ts';
import { planBimi } from './plan-bimi.ts';
import { heldSpf, planWholeZone } from './plan-delegation.ts';
import { type DmarcPart, planDmarc } from './plan-dmarc.ts';
import { planMx } from './plan-mx.ts';
import { planParked } from './plan-parked.ts';
import { planPolicy } from './plan-policy.ts';
import { planPtr } from './plan-ptr.ts';
import { planSenders } from './plan-senders.ts';
import { planSpf, uselessTerms } from './plan-spf.ts';
import { planTls, stsKeptHere } from './plan-tls.ts';
import { planWildcards } from './plan-wildcards.ts';
import { meansTheSame } from './same-meaning.ts';

export function planDomain(context: Context): Plan {
  const { domain, declaration } = context;
  const parts = declaration.parked ? [planParked(context)] : partsOf(context);
  const { records, conflicts: open, notes, dropped, steps } = joined(parts);
  const conflicts = [...open, ...planWildcards(context, records)];
  return { domain, records: once(records), conflicts: distinct(conflicts), notes: distinct(notes), dropped, steps };
}

function partsOf(context: Context): readonly Part[] {
  const delegation = context.office?.delegation;
  if (delegation?.kind === 'zone') {
    const { conflicts, dropped } = planSenders(context);
    const { notes = [], conflicts: open = [], dropped: tags = [] } = keptHere(context, planDmarc(context));
    return [
      planWholeZone(context, delegation),
      heldSpf(context, delegation),
      {
        conflicts: [...(planMx({ ...context, facts: newZone }).conflicts ?? []), ...(conflicts ?? [])],
        dropped: [...uselessTerms(context), ...(dropped ?? [])],
      },
      { notes, conflicts: open, dropped: tags },
      planPtr(context),
      stsKeptHere(context),
      { notes: missingParameters(context), steps: stepsOf(context) },
    ];
  }
  const senders = planSenders(context);
  const mx = planMx(context);
  const dmarc = delegation ? keptHere(context, planDmarc(context)) : planDmarc(context);
  const surroundings = { stage: dmarc.stage, planned: senders.records ?? [] };
  return [
    mx,
    delegation ? heldSpf(context, delegation) : {},
    planSpf(context, surroundings),
    senders,
    retiredKeys(context),
    dmarc,
    delegation ? stsKeptHere(context) : planTls(context, mx.isOurs),
    delegation ? {} : planPolicy(context),
    planBimi(context, dmarc.stage),
    planPtr(context),
    { notes: [...missingParameters(context), ...findThinStreams(context.declaration)], steps: stepsOf(context) },
  ];
}

/** The zone is answered here from scratch: only who wants the same is in each other's way. */
const newZone: Context['facts'] = { answer: () => ({ kind: 'none', why: 'nodata' }) };

/** The record is the office's own to change; here it only counts at which stage it is. */
function keptHere({ domain }: Context, dmarc: DmarcPart): DmarcPart {
  const { records = [], conflicts = [] } = dmarc;
  return {
    ...dmarc,
    records: records.filter(({ name }) => name !== `_dmarc.${domain}`),
    conflicts: conflicts.filter(({ code }) => code !== 'dmarc-delegated'),
  };
}

/** A key that signs nothing any more goes, when what stands there is that key. */
function retiredKeys({ office, facts, domain }: Context): Part {
  const records = (office?.keys ?? []).flatMap(({ selector, record, retired }): PlannedRecord[] => {
    if (!retired) return [];
    const name = `${selector}._domainkey.${domain}`;
    const sight = look(facts, name, 'TXT');
    if (sight.kind === 'unknown' || sight.isWild || sight.alias !== undefined) return [];
    const there = sight.values.find((value) => meansTheSame('TXT', value, record));
    if (there === undefined) return [];
    const why = 'DKIM: this key of ours signs no more, and nothing that it signed is on its way';
    return [
      { name, type: 'TXT', value: there, ttl: ttlSeconds, state: 'extra', needed: 'recommended', why, sender: self },
    ];
  });
  return { records };
}

function missingParameters({ wants, domain }: Context): Plan['notes'] {
  return wants.flatMap((want) => {
    const { label, sender, missing } = want;
    if (missing.length === 0) return [];
    const asked = missing.map(({ parameter: { name, what } }) => `${name} (${what})`).join('; ');
    const held = new Set(missing.flatMap(({ records }) => records.map(({ purpose }) => purposeWords[purpose])));
    if (missing.some(({ terms }) => terms.length > 0)) held.add(purposeWords.spf);
    const lacking = missing.map(({ parameter: { name, example } }) => `${name}=${shortened(example)}`);
    const values = [...toldAlready(want, domain), ...lacking].join(',');
    const say = `${label} needs ${asked}. Without it the plan lacks ${[...held].join(', ')}. Tell it so: --sender ${sender.id}:${values}`;
    return [{ code: 'parameter-missing', name: domain, say }];
  });
}

/** So that the whole can be typed as it stands. */
function toldAlready({ sender, values, domain: base }: SenderWants, domain: DomainName): readonly string[] {
  const told = sender.parameters.filter(({ name, fallback }) => fallback === undefined && values[name] !== undefined);
  const below =
    base === domain || told.some(({ name }) => name === 'subdomain') ? [] : [base.slice(0, -domain.length - 1)];
  return [
    ...told.map(({ name }) => `${name}=${shortened(values[name] ?? '')}`),
    ...below.map((name) => `subdomain=${name}`),
  ];
}

const purposeWords: Readonly<Record<RecordPurpose, string>> = {
  spf: 'its SPF terms',
  dkim: 'its DKIM keys',
  'return-path': 'its return path',
  verification: 'the proof of ownership',
  mx: 'its MX',
  tracking: 'names of its links',
  autoconfig: 'what mail programs look for',
  ptr: 'the reverse name of its address',
  host: 'the name of the server',
};

/** An example shows the form; a key of 400 letters shows no more than its beginning. */
function shortened(example: string): string {
  return example.length > 24 ? `${example.slice(0, 12)}...` : example;
}

function stepsOf({ wants }: Context): Plan['steps'] {
  return wants.flatMap(({ label, steps }) =>
    steps.map((step) => ({ sender: label, say: step === '{records}' ? publishStep(label) : step })),
  );
}

function publishStep(label: string): string {
  return `Publish the records for ${label}, and wait until they are to be seen.`;
}

function distinct<Told extends { readonly code: string; readonly name: string; readonly say: string }>(
  told: readonly Told[],
): readonly Told[] {
  const known = new Set<string>();
  return told.filter(({ code, name, say }) => {
    const key = `${code} ${name} ${say}`;
    return !known.has(key) && known.add(key);
  });
}

/** Two rules may come to the same record; it is one. */
function once(records: readonly PlannedRecord[]): readonly PlannedRecord[] {
  const known = new Set<string>();
  return records.filter(({ name, type, value }) => {
    const key = `${type} ${name} ${value}`;
    return !known.has(key) && known.add(key);
  });
}
