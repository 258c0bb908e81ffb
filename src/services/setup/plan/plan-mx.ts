/**
 * Where the domain's mail goes. What is there stays unless it belongs to the same service, or a person says who gets the mail: mail
 * that goes astray is lost. Pure.
 */
import type { Catalogue, PlanConflict, PlanNote, PlannedRecord } from '../types.ts';
import { look, mxOfValue, type Seen } from './facts.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';
import { meansTheSame } from './same-meaning.ts';

type MxContext = Pick<Context, 'domain' | 'declaration' | 'wants' | 'facts' | 'catalogue' | 'office'>;

/** A service that can take the mail of one name. */
type Inbound = {
  readonly id: string;
  readonly label: string;
  readonly records: readonly { readonly value: string; readonly why: string }[];
};

/** RFC 7505 §3: alone, or it is none. */
export const nullMx = '0 .';

export function planMx(context: MxContext): Part & { readonly isOurs: boolean } {
  const names = new Map<string, Inbound[]>([[context.domain, []]]);
  const { office, wants, domain } = context;
  if (office?.receives)
    names.get(domain)?.push({
      id: self,
      label: self,
      records: [{ value: `10 ${office.hostname}`, why: `mail to ${domain} comes to this server` }],
    });
  for (const { sender, label, records } of wants) {
    const mx = records.filter(({ type, purpose }) => type === 'MX' && purpose === 'mx');
    for (const name of new Set(mx.map((record) => record.name))) {
      const own = mx.filter((record) => record.name === name);
      names.set(name, [...(names.get(name) ?? []), { id: sender.id, label, records: own }]);
    }
  }
  const parts = [...names].map(([name, inbound]) => planName(context, name, inbound));
  const records = parts.flatMap((part) => part.records ?? []);
  return {
    records,
    conflicts: parts.flatMap((part) => part.conflicts ?? []),
    notes: parts.flatMap((part) => part.notes ?? []),
    isOurs: records.some((record) => record.name === domain && record.sender === self),
  };
}

function planName(context: MxContext, name: string, inbound: readonly Inbound[]): Part {
  const sight = look(context.facts, name, 'MX');
  if (sight.kind === 'unknown') {
    const [first] = inbound;
    return first ? { records: first.records.map((record) => planned(name, first, record, 'unknown')) } : {};
  }
  const there = sight.isWild ? [] : sight.values.filter((value) => !meansTheSame('MX', value, nullMx));
  if (inbound.length === 0) return { notes: nobodyReceives(name, context, sight) };
  const chosen = choose(context, inbound, there);
  const others = isNamed(context, chosen) ? [] : inbound.filter((one) => one !== chosen); // a person has decided
  const rivals = others.map((other) => rivalry(name, chosen, other, there, context.catalogue));
  const settled = settle(context, name, chosen, sight, there);
  return { ...settled, conflicts: [...(settled.conflicts ?? []), ...rivals], notes: leftovers(name, there) };
}

/** A person's word; else who has the mail now; else who was named first. */
function choose(context: MxContext, inbound: readonly Inbound[], there: readonly string[]) {
  const { catalogue } = context;
  const named = inbound.find((one) => isNamed(context, one));
  const holder = there.length > 0 && inbound.find((one) => there.every((value) => belongsTo(one, value, catalogue)));
  return named ?? (holder || (inbound[0] as Inbound));
}

function isNamed({ declaration }: Pick<MxContext, 'declaration'>, { id, label }: Inbound): boolean {
  return [id, label].includes(declaration.inbound ?? '');
}

function belongsTo({ id, records }: Inbound, value: string, catalogue: Catalogue): boolean {
  const host = hostOf(value);
  return (
    records.some((record) => hostOf(record.value) === host) || catalogue.recogniseName('mx', host)?.sender.id === id
  );
}

function hostOf(value: string): string {
  return mxOfValue(value).exchange.toLowerCase().replace(/\.$/, '');
}

function settle(context: MxContext, name: string, chosen: Inbound, sight: Seen, there: readonly string[]): Part {
  const { catalogue } = context;
  if (sight.alias !== undefined) return { conflicts: [aliasInTheWay(name, sight.alias, chosen)] };
  const foreign = there.filter((value) => !belongsTo(chosen, value, catalogue));
  if (foreign.length > 0 && !isNamed(context, chosen)) return besideOthers(name, chosen, there, foreign, catalogue);
  const nulls = sight.isWild ? [] : sight.values.filter((value) => meansTheSame('MX', value, nullMx));
  return { records: recordsOf(name, chosen, there, [...foreign, ...nulls]) };
}

/** Hosts that are there already stay as they are, preference included. Those of an older set of the same service are as good. */
function recordsOf(
  name: string,
  chosen: Inbound,
  there: readonly string[],
  replaced: readonly string[],
): PlannedRecord[] {
  const own = there.filter((value) => !replaced.includes(value));
  const found = (value: string) => own.find((one) => hostOf(one) === hostOf(value));
  const isOtherSet = own.length > 0 && chosen.records.every(({ value }) => found(value) === undefined);
  if (isOtherSet && replaced.length === 0) {
    const why = `mail to ${name} goes to ${chosen.label} already`;
    return own.map((value) => planned(name, chosen, { value, why }, 'present'));
  }
  let giveWay = replaced;
  return chosen.records.map((record) => {
    const value = found(record.value);
    if (value !== undefined) return planned(name, chosen, { ...record, value }, 'present');
    if (giveWay.length === 0) return planned(name, chosen, record, 'missing');
    const replaces = giveWay;
    giveWay = [];
    return { ...planned(name, chosen, record, 'wrong'), replaces };
  });
}

function planned(
  name: string,
  { label }: Inbound,
  { value, why }: Inbound['records'][number],
  state: PlannedRecord['state'],
): PlannedRecord {
  return { name, type: 'MX', value, ttl: ttlSeconds, state, needed: 'required', why, sender: label };
}

/** A zone may name any number of hosts; a sentence may not. */
const ownersShown = 10;

/** Somebody else's hosts stand there: ours beside them would get a part of the mail, by chance. */
function besideOthers(
  name: string,
  chosen: Inbound,
  there: readonly string[],
  foreign: readonly string[],
  catalogue: Catalogue,
): Part {
  const own = there.filter((value) => !foreign.includes(value));
  const all = [...new Set(foreign.map((value) => ownerOf(value, catalogue)))];
  const more = all.length - ownersShown;
  const owners = `${all.slice(0, ownersShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const wanted = chosen.records.map(({ value }) => `${name} MX ${value}`).join('; ');
  const conflict: PlanConflict =
    own.length === 0
      ? {
          code: 'second-inbound',
          name,
          say: `Mail to ${name} goes to ${owners} now, and ${chosen.label} is declared to receive it.`,
          fix: `To move it, say so: --inbound ${chosen.id}. Wanted then: ${wanted}`,
        }
      : {
          code: 'second-inbound',
          name,
          say: `Mail to ${name} goes to ${chosen.label} and to ${owners}: each gets a part of it.`,
          fix: `Remove ${foreign.map((value) => `MX ${value}`).join(', ')}, or say who receives: --inbound ${chosen.id}`,
        };
  const present = recordsOf(name, chosen, own, []).filter(({ state }) => state === 'present');
  return { records: own.length === 0 ? [] : present, conflicts: [conflict] };
}

function ownerOf(value: string, catalogue: Catalogue): string {
  const host = hostOf(value);
  return catalogue.recogniseName('mx', host)?.sender.name ?? host;
}

function rivalry(
  name: string,
  chosen: Inbound,
  other: Inbound,
  there: readonly string[],
  catalogue: Catalogue,
): PlanConflict {
  const holds = there.length > 0 && there.every((value) => belongsTo(chosen, value, catalogue));
  return {
    code: 'second-inbound',
    name,
    say: `${chosen.label} and ${other.label} both receive mail for ${name}; only one can. The plan has ${chosen.label}${holds ? ', who has it now' : ''}.`,
    fix: `For the other: --inbound ${other.id}. It wants ${other.records.map(({ value }) => `MX ${value}`).join(', ')}`,
  };
}

function aliasInTheWay(name: string, alias: string, { label, records }: Inbound): PlanConflict {
  return {
    code: 'cname-beside',
    name,
    say: `${name} is a CNAME to ${alias}, and nothing may stand beside one; ${label} wants MX records there.`,
    fix: `Replace the CNAME by the addresses it leads to, then publish ${records.map(({ value }) => `MX ${value}`).join(', ')}`,
  };
}

function nobodyReceives(name: string, { declaration, facts }: MxContext, sight: Seen): readonly PlanNote[] {
  if (declaration.parked || sight.values.length > 0) return [];
  const address = facts.answer(name, 'A');
  if (address.kind === 'failed') return [];
  const say =
    address.kind === 'found'
      ? `${name} has no MX, so mail to it is tried at its web server: replies, bounces and postmaster@ are lost there.`
      : `${name} cannot receive: replies and bounces to it are lost, and receivers distrust senders who cannot be answered.`;
  return [{ code: 'no-inbound', name, say }];
}

/** What Microsoft's wizard wants for a proof of ownership and nobody takes away again. */
function leftovers(name: string, there: readonly string[]): readonly PlanNote[] {
  return there
    .filter((value) => hostOf(value).endsWith('.msv1.invalid'))
    .map((value) => ({ code: 'mx-leftover', name, say: `MX ${value} was a proof of ownership: it can go.` }));
}
