/**
 * What the office answers for a delegated domain: declaration, keys and stage in, record sets out. Made anew whenever one of them
 * changes; nobody has to touch the domain's own zone for it. Pure.
 */
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import { declaredKeys } from '../plan/declared-keys.ts';
import { draftOf, draftText, raised, unitedUris } from '../plan/merge-dmarc.ts';
import { ownStsRecord } from '../sts-policy.ts';
import type { Declaration, Delegation, OwnOffice, RecordSet, SenderWants, SetupType, WantedRecord } from '../types.ts';
import { isOwnSelector } from './delegated-names.ts';

export type HostedFacts = {
  readonly declaration: Declaration;
  readonly delegation: Delegation;
  readonly office: OwnOffice;
  readonly wants: readonly SenderWants[];
  /** The DMARC record that stood there when the domain was delegated: what a person wrote into it stays. */
  readonly dmarcBefore?: string;
  readonly stsMode: StsMode;
};

/** Changes are seen within minutes, and the office is there to be asked. (Our choice.) */
const ttlSeconds = 300;
const nameServersTtl = 86_400;

export function hostedRecords(facts: HostedFacts): readonly RecordSet[] {
  const { delegation, office } = facts;
  const { zone } = delegation;
  const at = (label: string) => `${label}.${zone}`;
  const one = (name: string, type: SetupType, value: string): RecordSet => ({
    name,
    type,
    ttl: ttlSeconds,
    values: [value],
  });
  const sets = [
    { name: zone, type: 'NS', ttl: nameServersTtl, values: delegation.nameServers } as const,
    ...office.keys
      .filter(({ retired, selector }) => !retired && (delegation.kind === 'zone' || isOwnSelector(selector)))
      .map(({ selector, record }) => one(at(`${selector}._domainkey`), 'TXT', record)),
    one(at('_dmarc'), 'TXT', dmarcText(facts)),
    one(at('bounce'), 'MX', `10 ${office.hostname}`),
    one(at('bounce'), 'TXT', `v=spf1 a:${office.hostname} -all`),
    ...(office.receives ? inboundSets(facts, one) : []),
    ...(office.policyRecord === undefined ? [] : [one(at('_eml'), 'TXT', office.policyRecord)]),
  ];
  return delegation.kind === 'names'
    ? [...sets, one(at('_spf'), 'TXT', spfText(facts, '-all'))]
    : merged([...sets, ...wholeZone(facts, one)]);
}

type One = (name: string, type: SetupType, value: string) => RecordSet;

function inboundSets({ declaration, delegation, office, stsMode }: HostedFacts, one: One): readonly RecordSet[] {
  const { zone } = delegation;
  return [
    one(`_mta-sts.${zone}`, 'TXT', ownStsRecord(office.hostname, stsMode)),
    one(`mta-sts.${zone}`, 'CNAME', office.hostname),
    one(`_smtp._tls.${zone}`, 'TXT', `v=TLSRPTv1; rua=mailto:postmaster@${declaration.domain}`), // RFC 8460 §3
  ];
}

/** The stage that is wished, over what stood there; it never becomes weaker without a person's word. */
function dmarcText({ declaration: { dmarc = {}, domain }, office, dmarcBefore }: HostedFacts): string {
  const base = dmarcBefore === undefined ? undefined : draftOf(dmarcBefore)?.draft;
  const draft =
    base !== undefined && dmarc.stage === undefined ? base : raised(base, dmarc.stage ?? 'none', dmarc).draft;
  const asked = unitedUris(draft.rua, dmarc.rua ?? []);
  const rua = asked.length === 0 && office.receives ? [`mailto:postmaster@${domain}`] : asked;
  return draftText({ ...draft, rua });
}

/** Everybody who sends for the domain itself and whose terms nobody looks for in its own record. */
function spfText(facts: HostedFacts, end: string): string {
  return ['v=spf1', ...hostedTerms(facts), end].join(' ');
}

/** The terms that stand in the office's record instead of the domain's own. */
export function hostedTerms({ office, wants, declaration, delegation }: Omit<HostedFacts, 'dmarcBefore' | 'stsMode'>) {
  const theirs = wants.flatMap(({ spf, sender }) =>
    spf
      .filter(({ name, literal }) => name === declaration.domain && (!literal || delegation.kind === 'zone'))
      .filter(() => sender.aligns.spf !== 'no')
      .flatMap(({ terms }) => bareTerms(terms)),
  );
  return [...new Set([`a:${office.hostname}`, ...theirs])];
}

/** Some senders give a whole record; how it ends is ours to say. */
function bareTerms(terms: readonly string[]): readonly string[] {
  const isTerm = (text: string) => text !== '' && !/^v=spf1$/i.test(text) && !/^[+?~-]?all$/i.test(text);
  return terms.flatMap((text) => text.split(' ')).filter(isTerm);
}

/** The domain is a zone of ours: everything stands at its own name. */
function wholeZone(facts: HostedFacts, one: One): readonly RecordSet[] {
  const { declaration, office, wants } = facts;
  const takes = (want: SenderWants, { name }: WantedRecord) => want === inboundOf(facts, name);
  const { domain } = declaration;
  const end = declaration.dmarc?.stage === 'reject' ? '-all' : '~all';
  return [
    one(domain, 'TXT', spfText(facts, end)),
    ...(office.receives ? [one(domain, 'MX', `10 ${office.hostname}`)] : []),
    ...(office.proof ? [one(office.proof.name, 'TXT', office.proof.value)] : []),
    ...wants
      .flatMap((want) =>
        want.records.filter((record) => mayStand(record, facts) && (!isInbound(record) || takes(want, record))),
      )
      .map(({ name, type, value }) => one(name, type, value)),
    ...spfBelow(facts, one),
    ...keysBeside(facts).map(({ name, record }) => one(name, 'TXT', record)),
  ];
}

/** One selector has one key, and those who sign with theirs come first. RFC 6376 §3.6.2.2 */
function keysBeside({ declaration, office, wants }: HostedFacts) {
  const names = [
    ...office.keys
      .filter(({ retired }) => !retired)
      .map(({ selector }) => `${selector}._domainkey.${declaration.domain}`),
    ...wants.flatMap(({ records }) => records.map(({ name }) => name)),
  ];
  return declaredKeys(declaration, wants, office).filter(({ name }) => !names.includes(name));
}

/** Return paths of senders: one record a name, whoever shares it. RFC 7208 §4.5 */
function spfBelow({ declaration: { domain }, wants }: HostedFacts, one: One): readonly RecordSet[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, terms } of wants.flatMap(({ spf }) => spf)) {
    if (!name.endsWith(`.${domain}`) || name === `bounce.${domain}`) continue;
    byName.set(name, new Set([...(byName.get(name) ?? []), ...bareTerms(terms)]));
  }
  return [...byName].map(([name, terms]) => one(name, 'TXT', ['v=spf1', ...terms, '-all'].join(' ')));
}

/** Mail to a name goes to one of those who could take it: whom a person named, else who was declared first. */
function inboundOf({ declaration, wants }: HostedFacts, name: string): SenderWants | undefined {
  const able = wants.filter(({ records }) => records.some((record) => isInbound(record) && record.name === name));
  const { inbound } = declaration;
  return able.find(({ sender, label }) => inbound === sender.id || inbound === label) ?? able[0];
}

function isInbound({ purpose, type }: Pick<WantedRecord, 'purpose' | 'type'>): boolean {
  return purpose === 'mx' && type === 'MX';
}

/** The domain has one policy and one place for its mail, and bounces to the office come back to the office alone. */
function mayStand({ name, type, purpose }: WantedRecord, { declaration, office }: HostedFacts): boolean {
  if (name !== declaration.domain && !name.endsWith(`.${declaration.domain}`)) return false;
  if (name === `bounce.${declaration.domain}`) return false;
  if (name.startsWith('_dmarc.') || type === 'PTR' || (type === 'CNAME' && name === declaration.domain)) return false;
  return !(isInbound({ purpose, type }) && office.receives);
}

/** One set for each name and type; beside an alias stands nothing (RFC 1034 §3.6.2), so whoever came first stays. */
function merged(sets: readonly RecordSet[]): readonly RecordSet[] {
  const found = new Map<string, RecordSet>();
  for (const set of sets) {
    const key = `${set.type} ${set.name}`;
    const held = found.get(key);
    const others = [...found.values()].filter(({ name }) => name === set.name);
    if (others.some(({ type }) => (type === 'CNAME') !== (set.type === 'CNAME'))) continue;
    if (held === undefined) found.set(key, set);
    else if (set.type !== 'CNAME') found.set(key, { ...held, values: [...new Set([...held.values, ...set.values])] });
  }
  return [...found.values()];
}
