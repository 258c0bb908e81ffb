/**
 * The few records that a delegated domain has in its own zone: aliases to the names that the office keeps, or the name servers of the
 * domain as a whole. What stood there and is kept by the office now gives way; what is somebody else's waits for a person. Pure.
 */
import { isDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { type DelegatedName, delegatedNames } from '../hosted/delegated-names.ts';
import { hostedTerms } from '../hosted/hosted-records.ts';
import type {
  Delegation,
  HostedSpfHeld,
  OwnOffice,
  PlannedRecord,
  RecordState,
  SetupType,
  WantedRecord,
} from '../types.ts';
import { look, type ObservedType, type Sight } from './facts.ts';
import { type Context, type Part, self, stateAmong, ttlSeconds } from './part.ts';
import { meansTheSame } from './same-meaning.ts';

/** What the office wants at the names that are to lead to it. */
export function delegatedRecords({ office, domain }: Context): readonly WantedRecord[] {
  const delegation = office?.delegation;
  if (office === undefined || delegation?.kind !== 'names') return [];
  return delegatedNames(office).map(({ label, purpose, why }) => ({
    name: `${label}.${domain}`,
    type: 'CNAME',
    value: `${label}.${delegation.zone}`,
    purpose,
    needed: isFirst(label) ? 'required' : 'recommended',
    why,
  }));
}

function isFirst(label: DelegatedName['label']): boolean {
  return !label.startsWith('_smtp') && !label.includes('mta-sts') && label !== '_eml';
}

const beside = ['TXT', 'MX'] as const satisfies readonly ObservedType[];

/** What gives way to the aliases: records that the office itself had asked for, and policies that it has taken over. */
export function givingWay(context: Context): readonly PlannedRecord[] {
  const { office, facts } = context;
  if (office === undefined) return [];
  return delegatedRecords(context).flatMap(({ name }) =>
    beside.flatMap((type) => {
      const sight = look(facts, name, type);
      if (sight.kind === 'unknown' || sight.isWild || sight.alias !== undefined) return [];
      return sight.values
        .filter((value) => isKeptHere(context.domain, office, { name, type, value }))
        .map((value) => extra(name, type, value));
    }),
  );
}

function extra(name: string, type: SetupType, value: string): PlannedRecord {
  const why = 'it is kept by this server from now on, and beside an alias stands nothing';
  return { name, type, value, ttl: ttlSeconds, state: 'extra', needed: 'required', why, sender: self };
}

type There = { readonly name: string; readonly type: SetupType; readonly value: string };

/** Whether the office answers the same, or goes on from it. */
export function isKeptHere(
  domain: string,
  { keys, hostname, policyRecord }: OwnOffice,
  { name, type, value }: There,
): boolean {
  const label = name.slice(0, -domain.length - 1);
  if (type === 'MX') return label === 'bounce' && meansTheSame('MX', value, `10 ${hostname}`);
  switch (label) {
    case '_dmarc':
      return isDmarcRecord(value);
    case '_mta-sts':
      return /^v=STSv1[ \t]*;/.test(value);
    case '_eml':
      return value === policyRecord;
    case '_smtp._tls':
      return meansTheSame('TXT', value, `v=TLSRPTv1; rua=mailto:postmaster@${domain}`);
    case 'bounce':
      return new RegExp(`^v=spf1 a:${hostname.replaceAll('.', '\\.')} [~-]all$`, 'i').test(value);
    default:
      return keys.some(({ record }) => meansTheSame('TXT', value, record));
  }
}

/** Receivers would give up on an SPF record that is wanted of this server, so it answers the last good one. */
export function heldSpf(context: Context, { spfHeld = [] }: Delegation): Part {
  const told = spfHeld.map((held) => ({
    held,
    say: `${answeredInstead(held)}: ${held.say}.${stillSending(context, held)}`,
  }));
  const isBelow = (name: string) => name !== context.domain;
  return {
    conflicts: told
      .filter(({ held }) => held.why === 'broken')
      .map(({ held: { name }, say }) => ({ code: 'spf-held', name, say, fix: isBelow(name) ? fixBelow : fixOwn })),
    notes: told
      .filter(({ held }) => held.why === 'unknown')
      .map(({ held: { name }, say }) => ({ code: 'spf-waits', name, say })),
  };
}

function answeredInstead({ terms }: HostedSpfHeld): string {
  return terms.length === 0
    ? 'This server answers no SPF record yet'
    : `This server still answers the last good SPF record (${terms.join(' ')})`;
}

const fixOwn =
  'Drop a sender, let one send with a sub-domain (:subdomain=NAME behind it), or say --spf flatten; with --save this server goes on by itself.';
const fixBelow =
  'Look whether the sender was declared with the right values and has finished its own part; --spf flatten keeps addresses in place of includes. With --save this server goes on by itself.';

/** Addresses that stand for includes cannot be told apart, so they stay together. */
function stillSending(context: Context, { name, terms }: HostedSpfHeld): string {
  const { office, domain } = context;
  if (office?.delegation === undefined || name !== domain) return '';
  const wanted = hostedTerms({ ...context, office, delegation: office.delegation });
  const dropped = terms.filter((term) => !wanted.includes(term));
  return dropped.length === 0
    ? ''
    : ` Until then ${dropped.join(' ')} may still send, though it is not declared: only a good record takes the place of this one.`;
}

/** The domain as a whole: its name servers, in the zone above it. */
export function planWholeZone({ domain, facts }: Context, { nameServers }: Delegation): Part {
  const sight = look(facts, domain, 'NS');
  const strangers =
    sight.kind === 'seen' && !sight.isWild
      ? sight.values.filter((value) => !nameServers.some((own) => meansTheSame('NS', value, own)))
      : [];
  if (strangers.length > 0)
    return {
      conflicts: [
        {
          code: 'zone-elsewhere',
          name: domain,
          say: `${domain} is a zone at ${strangers.join(', ')}; this server cannot answer beside them.`,
          fix: `Replace its name servers by ${nameServers.join(', ')}, or delegate names only: domains delegate ${domain} --stop`,
        },
      ],
    };
  const why = 'the whole zone is answered by this server: nothing else has to be published for it';
  const records = nameServers.map((value): PlannedRecord => {
    const state: RecordState = stateOf(sight, value);
    return { name: domain, type: 'NS', value, ttl: ttlSeconds, state, needed: 'required', why, sender: self };
  });
  return { records };
}

function stateOf(sight: Sight, value: string): RecordState {
  return sight.kind === 'seen' && sight.isWild ? 'missing' : stateAmong(sight, 'NS', value);
}
