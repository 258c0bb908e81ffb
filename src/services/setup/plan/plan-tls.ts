/**
 * TLS for mail that comes in: the record that announces our MTA-STS policy, the name it is served at, and where reports go. Only for our
 * own MX: what somebody else's hosts can do, somebody else has to promise. Pure. RFC 8461, RFC 8460
 */
import { parseStsRecord } from '../../../protocol/mta-sts/record.ts';
import { parseTlsRptRecord } from '../../../protocol/tls-rpt/record.ts';
import { ownStsRecord } from '../sts-policy.ts';
import type { Need, OwnOffice, PlannedRecord, SetupType } from '../types.ts';
import { look } from './facts.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';

/** @param isOurs whether the domain's MX is this office */
export function planTls(context: Context, isOurs: boolean): Part {
  const { office, domain, facts } = context;
  if (!isOurs || office === undefined) {
    const sight = look(facts, `_mta-sts.${domain}`, 'TXT');
    const isThere = sight.kind === 'seen' && parseStsRecord(sight.values).kind === 'found';
    const say = 'An MTA-STS policy stands there for hosts that are not ours: see that it names the MX of today.';
    return isThere ? { notes: [{ code: 'foreign-mta-sts', name: `_mta-sts.${domain}`, say }] } : {};
  }
  const announced = announcement(context, office);
  // RFC 8461 §8.3: who had a policy takes it back by one that says none; who never had one needs none.
  if (context.declaration.mtaSts === 'none' && announced.length === 0) return { records: reporting(context) };
  return { records: [...announced, ...policyHost(context, office), ...reporting(context)] };
}

/** A delegated domain: the office answers the announcement itself, by what was said of its delegation. */
export function stsKeptHere({ declaration: { mtaSts }, domain }: Context): Part {
  if (mtaSts === undefined) return {};
  const say = `This office answers the MTA-STS records itself. How strict the policy is says: posthorn domains delegate ${domain} --mta-sts ${mtaSts}`;
  return { notes: [{ code: 'mta-sts-delegated', name: `_mta-sts.${domain}`, say }] };
}

type Wanted = { readonly name: string; readonly type: SetupType; readonly value: string; readonly why: string };

function planned(
  want: Wanted,
  state: PlannedRecord['state'],
  needed: Need,
  replaces?: readonly string[],
): PlannedRecord {
  return { ...want, ttl: ttlSeconds, state, needed, sender: self, ...(replaces && { replaces }) };
}

function announcement(context: Context, office: OwnOffice): readonly PlannedRecord[] {
  const { domain, facts, declaration } = context;
  const { mtaSts } = declaration;
  const name = `_mta-sts.${domain}`;
  const why = 'MTA-STS: senders that ask deliver over proven TLS only, once the policy says so';
  const wanted = { name, type: 'TXT', value: ownStsRecord(office.hostname, mtaSts), why } as const;
  const sight = look(facts, name, 'TXT');
  if (sight.kind === 'unknown') return [planned(wanted, 'unknown', 'recommended')];
  const there = sight.values.filter((text) => text.startsWith('v=STSv1'));
  const [text] = there;
  const isFound = parseStsRecord(sight.values).kind === 'found';
  if (isFound && text !== undefined && sight.alias === undefined && isToChange(context, office, text))
    return [planned(wanted, 'wrong', 'recommended', there)];
  // The id of a policy that is served is kept: whoever changes the policy changes it.
  if (isFound && text !== undefined) return [planned({ ...wanted, value: text }, 'present', 'recommended')];
  if (sight.alias !== undefined) return []; // kept elsewhere
  if (there.length > 0 && !sight.isWild) return [planned(wanted, 'wrong', 'recommended', there)];
  return mtaSts === 'none' ? [] : [planned(wanted, 'missing', 'recommended')];
}

/** Somebody said how strict the policy is to be, and the id that stands there announces another one than we serve. */
function isToChange(context: Context, office: OwnOffice, text: string): boolean {
  const { mtaSts } = context.declaration;
  if (mtaSts === undefined || idOf(text) === idOf(ownStsRecord(office.hostname, mtaSts))) return false;
  const isServedElsewhere = policyHost(context, office).length === 0;
  return !isServedElsewhere;
}

function idOf(text: string): string | undefined {
  const read = parseStsRecord([text]);
  return read.kind === 'found' ? read.id : undefined;
}

function policyHost({ domain, facts }: Context, { hostname }: OwnOffice): readonly PlannedRecord[] {
  const name = `mta-sts.${domain}`;
  const why = 'the name at which the MTA-STS policy is fetched';
  const wanted = { name, type: 'CNAME', value: hostname, why } as const;
  const sight = look(facts, name, 'CNAME');
  const address = look(facts, name, 'A');
  if (sight.kind === 'unknown' || address.kind === 'unknown') return [planned(wanted, 'unknown', 'recommended')];
  if (sight.values.includes(hostname)) return [planned(wanted, 'present', 'recommended')];
  const isTaken = sight.alias !== undefined || (address.values.length > 0 && !address.isWild);
  return isTaken ? [] : [planned(wanted, 'missing', 'recommended')]; // somebody serves a policy there already
}

/** Reports go to a mailbox that every domain has. RFC 8460 §3, RFC 5321 §4.5.1 */
export function tlsReportText(domain: string): string {
  return `v=TLSRPTv1; rua=mailto:postmaster@${domain}`;
}

function reporting({ domain, facts }: Context): readonly PlannedRecord[] {
  const name = `_smtp._tls.${domain}`;
  const why = 'TLS-RPT: senders tell once a day where TLS to this server failed';
  const wanted = { name, type: 'TXT', value: tlsReportText(domain), why } as const;
  const sight = look(facts, name, 'TXT');
  if (sight.kind === 'unknown') return [planned(wanted, 'unknown', 'recommended')];
  const there = sight.values.filter((text) => text.startsWith('v=TLSRPTv1'));
  const [text] = there;
  const isFound = parseTlsRptRecord(sight.values).kind === 'found';
  if (isFound && text !== undefined) return [planned({ ...wanted, value: text }, 'present', 'recommended')];
  if (sight.alias !== undefined) return [];
  return sight.isWild || there.length === 0
    ? [planned(wanted, 'missing', 'recommended')]
    : [planned(wanted, 'wrong', 'recommended', there)];
}
