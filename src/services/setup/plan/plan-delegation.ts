/**
 * The few records that a delegated domain has in its own zone: aliases to the names that the office keeps, or the name servers of the
 * domain as a whole. What stood there and is kept by the office now gives way; what is somebody else's waits for a person. Pure.
 */
import { isDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { type DelegatedName, delegatedNames } from '../hosted/delegated-names.ts';
import type { Delegation, OwnOffice, PlannedRecord, RecordState, SetupType, WantedRecord } from '../types.ts';
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
  return !label.startsWith('_smtp') && !label.includes('mta-sts');
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
export function isKeptHere(domain: string, { keys, hostname }: OwnOffice, { name, type, value }: There): boolean {
  const label = name.slice(0, -domain.length - 1);
  if (type === 'MX') return label === 'bounce' && meansTheSame('MX', value, `10 ${hostname}`);
  switch (label) {
    case '_dmarc':
      return isDmarcRecord(value);
    case '_mta-sts':
      return /^v=STSv1[ \t]*;/.test(value);
    case '_smtp._tls':
      return meansTheSame('TXT', value, `v=TLSRPTv1; rua=mailto:postmaster@${domain}`);
    case 'bounce':
      return new RegExp(`^v=spf1 a:${hostname.replaceAll('.', '\\.')} [~-]all$`, 'i').test(value);
    default:
      return keys.some(({ record }) => meansTheSame('TXT', value, record));
  }
}

/** Receivers would give up on the SPF record that is wanted of this server, so it answers the last good one. */
export function heldSpf({ domain }: Context, { spfHeld }: Delegation): Part {
  if (spfHeld === undefined) return {};
  const say = `This server still answers the last good SPF record (${spfHeld.terms.join(' ')}): ${spfHeld.say}.`;
  if (spfHeld.why === 'unknown') return { notes: [{ code: 'spf-waits', name: domain, say }] };
  return {
    conflicts: [
      {
        code: 'spf-held',
        name: domain,
        say,
        fix: 'Drop a sender, let one send with a sub-domain (:subdomain=NAME behind it), or say --spf flatten; with --save this server goes on by itself.',
      },
    ],
  };
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
