/**
 * What the declared senders want besides SPF and the domain's MX: keys, return paths, tracking names, proofs of ownership. Two that
 * want the same name, and names that somebody else has, are told and decided by a person. Pure.
 */
import type {
  Catalogue,
  Plan,
  PlanConflict,
  PlannedRecord,
  RecordPurpose,
  SenderDefinition,
  SenderWants,
  WantedRecord,
} from '../types.ts';
import { declaredKeys } from './declared-keys.ts';
import { type Facts, isObservedType, look, type ObservedType, type Seen } from './facts.ts';
import { type Context, isBelow, type Part, self, stateAmong, ttlSeconds } from './part.ts';
import { delegatedRecords, givingWay, isKeptHere } from './plan-delegation.ts';
import { isDkimKey, meansTheSame } from './same-meaning.ts';

/** One record with whoever wants it; the office wants without being in the catalogue. */
type Claim = {
  readonly want: WantedRecord;
  readonly label: string;
  readonly sender?: SenderDefinition;
  /** The name is to lead to the office, which answers there from then on. */
  readonly isDelegated?: boolean;
  /** A key that the declaration names: another that stands there stays. */
  readonly isDeclared?: boolean;
};

export function planSenders(context: Context): Part {
  const isThere = (claim: Claim) => {
    const settled = settle(context, claim);
    return 'state' in settled && settled.state === 'present';
  };
  const { claims, conflicts } = withoutCollisions(claimsOf(context), isThere);
  const records: PlannedRecord[] = [];
  for (const claim of claims) {
    const settled = settle(context, claim);
    if ('code' in settled) conflicts.push(settled);
    else records.push(settled);
  }
  return { records: [...records, ...givingWay(context)], conflicts, dropped: policiesOf(context.wants) };
}

function claimsOf(context: Context): readonly Claim[] {
  const { wants, office, domain, declaration } = context;
  const aliases = delegatedRecords(context).map((want) => ({ want, label: self, isDelegated: true }));
  const isAlias = (selector: string) => aliases.some(({ want }) => want.name === `${selector}._domainkey.${domain}`);
  const keys = (office?.keys ?? []).filter(({ retired, selector }) => !retired && !isAlias(selector));
  const declared = declaredKeys(declaration, wants, office).filter(
    ({ name }) => !aliases.some(({ want }) => want.name === name),
  );
  const bounces =
    office && aliases.length === 0 ? [{ want: bounceHost(domain, office.hostname), label: self }] : aliases;
  return [
    ...(office?.proof ? [{ want: proofOf(office.proof), label: self }] : []),
    ...bounces,
    ...keys.map(({ selector, record }) => ({ want: ownKey(`${selector}._domainkey.${domain}`, record), label: self })),
    ...wants.flatMap(({ sender, label, records }) =>
      records.filter((want) => isForHere(want, domain)).map((want) => ({ want, label, sender })),
    ),
    ...declared.map(({ name, record }) => ({ want: declaredKey(name, record), label: self, isDeclared: true })),
  ];
}

function proofOf({ name, value }: { readonly name: string; readonly value: string }): WantedRecord {
  const why = 'it shows that the domain is yours: this server sends for it as long as the record is there';
  return { name, type: 'TXT', value, purpose: 'verification', needed: 'required', why };
}

function ownKey(name: string, value: string): WantedRecord {
  const why = 'DKIM: receivers check the signatures of this server with it';
  return { name, type: 'TXT', value, purpose: 'dkim', needed: 'required', why };
}

function declaredKey(name: string, value: string): WantedRecord {
  const why = 'DKIM: the declaration names this key of the domain';
  return { name, type: 'TXT', value, purpose: 'dkim', needed: 'required', why };
}

function bounceHost(domain: string, hostname: string): WantedRecord {
  const why = 'bounces come back to this server';
  return {
    name: `bounce.${domain}`,
    type: 'MX',
    value: `10 ${hostname}`,
    purpose: 'return-path',
    needed: 'required',
    why,
  };
}

/** MX of the domain, PTR and DMARC have rules of their own. */
function isForHere({ name, type, purpose }: WantedRecord, domain: string): boolean {
  return type !== 'PTR' && !(purpose === 'mx' && type === 'MX') && !isPolicyName(name) && isBelow(name, domain);
}

function isPolicyName(name: string): boolean {
  return name.startsWith('_dmarc.');
}

/** Wizards set a policy of their own and lower one that is there: the domain has one record, and it is ours to plan. */
function policiesOf(wants: readonly SenderWants[]): Plan['dropped'] {
  return wants.flatMap(({ label, records }) =>
    records
      .filter(({ name }) => isPolicyName(name))
      .map(({ name, type, value }) => ({
        term: `${name} ${type} ${value}`,
        why: `${label} wants a DMARC record of its own; the domain has one, merged from what is there and what you wish`,
      })),
  );
}

// ---- Two senders at one name

function withoutCollisions(
  claims: readonly Claim[],
  isThere: (claim: Claim) => boolean,
): { readonly claims: readonly Claim[]; readonly conflicts: PlanConflict[] } {
  const byName = new Map<string, Claim[]>();
  const conflicts: PlanConflict[] = [];
  for (const claim of claims) {
    const before = byName.get(claim.want.name) ?? [];
    const same = before.findIndex((other) => isSameWant(other.want, claim.want));
    const other = before[same];
    const rival = before.find((one) => excludes(one, claim));
    if (other !== undefined) before[same] = { ...other, label: labelOfBoth(other.label, claim.label) };
    else if (rival === undefined) byName.set(claim.want.name, [...before, claim]);
    else if (isThere(claim) && !before.some(isThere)) {
      // Whoever has it now keeps it.
      conflicts.push(...before.filter((one) => excludes(one, claim)).map((one) => rivalry(claim, one)));
      byName.set(claim.want.name, [...before.filter((one) => !excludes(one, claim)), claim]);
    } else conflicts.push(rivalry(rival, claim));
  }
  return { claims: [...byName.values()].flat(), conflicts };
}

function isSameWant(one: WantedRecord, other: WantedRecord): boolean {
  return one.type === other.type && meansTheSame(one.type, one.value, other.value);
}

function labelOfBoth(one: string, other: string): string {
  return one.split(', ').includes(other) ? one : `${one}, ${other}`;
}

/** RFC 1034 §3.6.2: nothing stands beside a CNAME. One selector has one key. Bounces of two services do not go one way. */
function excludes(one: Claim, other: Claim): boolean {
  const types = [one.want.type, other.want.type];
  if (types.includes('CNAME')) return true;
  const bothKeys = one.want.purpose === 'dkim' && other.want.purpose === 'dkim';
  return bothKeys || (types.every((type) => type === 'MX') && one.label !== other.label);
}

function rivalry({ label: first }: Claim, claim: Claim): PlanConflict {
  const { want, label } = claim;
  const { name, type, value } = want;
  const isSelector = want.purpose === 'dkim';
  return {
    code: isSelector ? 'selector-taken' : 'label-taken',
    name,
    say:
      first === label
        ? `${label} wants two records at ${name} that cannot stand together.`
        : `${first} and ${label} both want ${name}; the plan has it for ${first}.`,
    fix: `${elsewhere(claim)} What ${label} wants there: ${name} ${type} ${value}`,
  };
}

/** What a sender calls the name that may be chosen, where it lets one choose. */
const nameParameters: Partial<Record<RecordPurpose, string>> = { dkim: 'selector', 'return-path': 'bounce' };

function elsewhere({ want: { purpose }, label, sender, isDeclared }: Claim): string {
  if (isDeclared) return 'Take the key out of the declaration, or name it by another selector there.';
  const [id = ''] = label.split(/[ :]/);
  const what = purpose === 'dkim' ? 'another selector' : 'another name';
  const parameter = nameParameters[purpose];
  const isOurs = sender?.parameters.some(({ name }) => name === parameter) === true;
  const choice = isOurs ? `${what}: --sender ${id}:${parameter}=NAME` : `${what} for it at ${label}`;
  return `Choose ${choice}, or have it send for a sub-domain: --sender ${id}:subdomain=news.`;
}

// ---- What is there

/** The record with its state, or the conflict it waits for. */
function settle(context: Context, claim: Claim): PlannedRecord | PlanConflict {
  const { facts, catalogue } = context;
  const { type } = claim.want;
  if (!isObservedType(type)) return planned(claim, 'unknown');
  const sight = look(facts, claim.want.name, type);
  if (sight.kind === 'unknown') return planned(claim, 'unknown');
  if (type === 'CNAME') return settleAlias(context, claim, sight);
  if (stateAmong(sight, type, claim.want.value) === 'present') return planned(claim, 'present');
  if (sight.isWild) return planned(claim, 'missing');
  if (sight.alias !== undefined) return taken(claim, `a CNAME to ${sight.alias} stands there`);
  if (claim.want.purpose === 'dkim') return settleKey(catalogue, claim, sight);
  const isAlone = type === 'MX' || type === 'NS'; // others of the type would take part in what it does
  if (isAlone && sight.values.length > 0 && !sight.values.every((value) => isClaimed(claim, value)))
    return taken(claim, `${type} ${sight.values.join(', ')} stands there`);
  return planned(claim, 'missing');
}

function isClaimed({ want }: Claim, value: string): boolean {
  return meansTheSame(want.type, want.value, value);
}

function settleKey(catalogue: Catalogue, claim: Claim, sight: Seen): PlannedRecord | PlanConflict {
  const keys = sight.values.filter(isDkimKey);
  if (keys.length === 0) return planned(claim, 'missing');
  const { want, sender } = claim;
  const selector = want.name.slice(0, want.name.indexOf('._domainkey.'));
  const isOurs = sender === undefined && !claim.isDeclared;
  const isOwn = isOurs || (sender && catalogue.recogniseName('selectors', selector)?.sender.id === sender.id);
  return isOwn ? planned(claim, 'wrong', keys) : taken(claim, 'another key stands there');
}

function settleAlias(context: Context, claim: Claim, sight: Seen): PlannedRecord | PlanConflict {
  const { facts, catalogue, office } = context;
  const { want, sender, isDelegated = false } = claim;
  if (sight.values.some((target) => leadsTo(facts, target, want.value))) return planned(claim, 'present');
  if (sight.alias !== undefined) {
    const kinds = ['dkimTargets', 'hosts', 'spfDomains', 'mx'] as const;
    const { alias } = sight;
    if (isDelegated && alias === office?.hostname) return planned(claim, 'wrong', [alias]);
    const isItsOwn = kinds.some((kind) => catalogue.recogniseName(kind, alias)?.sender.id === sender?.id);
    return isItsOwn && sender ? planned(claim, 'wrong', [alias]) : taken(claim, `a CNAME to ${alias} stands there`);
  }
  const beside: string[] = [];
  for (const type of ['TXT', 'MX', 'A', 'AAAA'] as const satisfies readonly ObservedType[]) {
    const other = look(facts, want.name, type);
    if (other.kind === 'unknown') return planned(claim, 'unknown');
    const left = isDelegated
      ? other.values.filter((value) => !isOurs(context, { ...want, type, value }))
      : other.values;
    if (!other.isWild && left.length > 0) beside.push(type);
  }
  if (beside.length === 0) return planned(claim, 'missing');
  return beside.includes('A') || beside.includes('AAAA')
    ? taken(
        claim,
        `${beside.join(', ')} records stand there, or your DNS host hides a CNAME behind them (switch its proxy off for mail)`,
      )
    : taken(claim, `${beside.join(', ')} records stand there, and nothing may stand beside a CNAME`);
}

/** It gives way to the alias. */
function isOurs({ office, domain }: Context, there: Pick<WantedRecord, 'name' | 'type' | 'value'>): boolean {
  return office !== undefined && isKeptHere(domain, office, there);
}

/** RFC 1034 §3.6.2: aliases of aliases; the way may be longer than the one asked for. */
function leadsTo(facts: Facts, target: string, wanted: string): boolean {
  const aliasesMax = 8;
  let at = target;
  for (let followed = 0; followed < aliasesMax; followed++) {
    if (meansTheSame('CNAME', at, wanted)) return true;
    const next = facts.answer(at, 'CNAME');
    if (next.kind !== 'found' || next.values[0] === undefined) return false;
    at = next.values[0];
  }
  return false;
}

function planned({ want, label }: Claim, state: PlannedRecord['state'], replaces?: readonly string[]): PlannedRecord {
  const { name, type, value, needed, why, ttl = ttlSeconds } = want;
  return { name, type, value, ttl, state, needed, why, sender: label, ...(replaces && { replaces }) };
}

function taken(claim: Claim, what: string): PlanConflict {
  const { want, label } = claim;
  const { name, type, value, purpose } = want;
  return {
    code: purpose === 'dkim' ? 'selector-taken' : 'label-taken',
    name,
    say: `${label} wants ${name}, and ${what}.`,
    fix: `If nobody uses that any more, remove it; otherwise: ${elsewhere(claim)} Wanted: ${name} ${type} ${value}`,
  };
}
