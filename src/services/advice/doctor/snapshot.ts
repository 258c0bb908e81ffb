/**
 * A look at a domain as a file: what was asked about, and every answer. Whoever reads it back comes to the same findings and asks
 * nobody. JSON, octets as base64; a file that is damaged, or was made to mislead, is refused with the place that does not fit.
 */
import { fromUtf8 } from '../../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { parseIpAddress } from '../../../format/ip-address.ts';
import type { DeclaredSender } from '../../setup/types.ts';
import type { Recorded } from './recorded-world.ts';
import { answerMisfit, isPlain, isText, isTexts, isTime, officeMisfit, reportsMisfit } from './snapshot-shapes.ts';
import type { DoctorWorld, OfficeKnowledge, ReportKnowledge } from './types.ts';

/** What a look is about, as far as a file can hold it. */
export type CheckSubject = {
  readonly domain: DomainName;
  readonly declared: readonly DeclaredSender[];
  readonly selectors: readonly string[];
  readonly addresses: readonly string[];
  readonly helo?: DomainName;
  readonly isOneOfMany?: boolean;
  readonly registeredUntilMs?: number;
  readonly office?: OfficeKnowledge;
  readonly reports?: ReportKnowledge;
};

const probeKinds = ['mailHost', 'policyFile', 'file', 'port25', 'registration'] as const;
type ProbeKind = (typeof probeKinds)[number];

/** What could be asked, as opposed to what was. */
type Sight = Pick<DoctorWorld, 'isPublicResolver' | 'resolverName' | 'nowMs'> & {
  readonly probes: readonly ProbeKind[];
  readonly hasAuthorities: boolean;
  readonly isZoneText: boolean;
};

export type Snapshot = { readonly subject: CheckSubject; readonly sight: Sight; readonly recorded: Recorded };

const format = 'posthorn-check';
const version = 1;
/** Twice what a look may gather, in base64. */
const snapshotOctetsMax = 48 * 1024 * 1024;

export function sightOf({ isPublicResolver, resolverName, nowMs, probes, authorities, zoneText }: DoctorWorld): Sight {
  return {
    isPublicResolver,
    ...(resolverName !== undefined && { resolverName }),
    nowMs,
    probes: probeKinds.filter((kind) => probes[kind] !== undefined),
    hasAuthorities: authorities !== undefined,
    isZoneText: zoneText !== undefined,
  };
}

// ---- writing

/** Keys in one order, so that two looks can be compared line by line. */
export function snapshotDocument({ subject, sight, recorded }: Snapshot): object {
  const sorted = (entries: Iterable<readonly [string, unknown]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    format,
    version,
    subject,
    sight,
    answers: packed(sorted(recorded.answers)),
    unasked: sorted(recorded.unasked),
  };
}

function packed(value: unknown): unknown {
  if (value instanceof Uint8Array) return { base64: value.toBase64() };
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, packed(member)]));
}

// ---- reading

type Result<T> = Outcome<T, 'bad-snapshot'>;
const bad = (say: string) => refuse('bad-snapshot', say);

export function readSnapshot(octets: Uint8Array): Result<Snapshot> {
  if (octets.length > snapshotOctetsMax) return bad(`it has more than ${snapshotOctetsMax} octets`);
  const value = parsed(octets);
  if (!isPlain(value)) return bad('it is no JSON document, or not all of one');
  if (value.format !== format) return bad('it is something else: no look at a domain is in it');
  if (value.version !== version)
    return bad(`it has version ${String(value.version).slice(0, 20)}; this program reads version ${version}`);
  const subject = readSubject(value.subject);
  if (!subject.ok) return subject;
  const sight = readSight(value.sight);
  if (!sight.ok) return sight;
  const recorded = readRecorded(value.answers, value.unasked);
  return recorded.ok ? accept({ subject: subject.value, sight: sight.value, recorded: recorded.value }) : recorded;
}

function parsed(octets: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(octets)) as unknown;
  } catch {
    return undefined;
  }
}

function readSubject(value: unknown): Result<CheckSubject> {
  if (!isPlain(value)) return bad('subject: what was looked at is missing');
  const domain = isText(value.domain) ? parseDomainName(value.domain) : undefined;
  if (domain === undefined) return bad('subject.domain: a domain name is wanted');
  const { declared, selectors, addresses, helo, isOneOfMany, registeredUntilMs, office, reports } = value;
  if (!Array.isArray(declared) || !declared.every(isDeclared))
    return bad('subject.declared: a list of senders is wanted');
  if (!isTexts(selectors)) return bad('subject.selectors: a list of names is wanted');
  if (!isTexts(addresses) || !addresses.every((text) => parseIpAddress(text)?.text === text))
    return bad('subject.addresses: a list of IP addresses is wanted');
  const name = isText(helo) ? parseDomainName(helo) : undefined;
  if (helo !== undefined && name === undefined) return bad('subject.helo: a host name is wanted');
  if (isOneOfMany !== undefined && typeof isOneOfMany !== 'boolean') return bad('subject.isOneOfMany: true or false');
  if (registeredUntilMs !== undefined && !isTime(registeredUntilMs))
    return bad('subject.registeredUntilMs: a time is wanted');
  const misfit = officeMisfit(office) ?? reportsMisfit(reports);
  if (misfit !== undefined) return bad(`subject.${misfit}`);
  return accept({
    domain,
    declared: declared as readonly DeclaredSender[],
    selectors,
    addresses,
    ...(name !== undefined && { helo: name }),
    ...(isOneOfMany !== undefined && { isOneOfMany }),
    ...(registeredUntilMs !== undefined && { registeredUntilMs: registeredUntilMs as number }),
    ...(office !== undefined && { office: office as OfficeKnowledge }),
    ...(reports !== undefined && { reports: reports as ReportKnowledge }),
  });
}

function isDeclared(value: unknown): boolean {
  return (
    isPlain(value) && isText(value.sender) && isPlain(value.parameters) && Object.values(value.parameters).every(isText)
  );
}

function readSight(value: unknown): Result<Sight> {
  if (!isPlain(value)) return bad('sight: what could be asked is missing');
  const { isPublicResolver, resolverName, nowMs, probes, hasAuthorities, isZoneText } = value;
  if (!isTime(nowMs)) return bad('sight.nowMs: a time is wanted');
  if (resolverName !== undefined && !isText(resolverName)) return bad('sight.resolverName: a text is wanted');
  const flags = { isPublicResolver, hasAuthorities, isZoneText };
  const notFlag = Object.entries(flags).find(([, flag]) => typeof flag !== 'boolean')?.[0];
  if (notFlag !== undefined) return bad(`sight.${notFlag}: true or false is wanted`);
  if (!isTexts(probes)) return bad('sight.probes: a list is wanted');
  return accept({
    nowMs,
    ...(resolverName !== undefined && { resolverName }),
    isPublicResolver: isPublicResolver === true,
    hasAuthorities: hasAuthorities === true,
    isZoneText: isZoneText === true,
    probes: probeKinds.filter((kind) => probes.includes(kind)),
  });
}

function readRecorded(given: unknown, left: unknown): Result<Recorded> {
  if (!isPlain(given)) return bad('answers: they are missing');
  if (!isPlain(left) || !Object.values(left).every(isText)) return bad('unasked: texts are wanted');
  const answers = new Map<string, unknown>();
  for (const [key, value] of Object.entries(given)) {
    const answer = unpacked(value);
    const misfit = answerMisfit(key, answer);
    if (misfit !== undefined) return bad(`answers, ${JSON.stringify(key.slice(0, 100))}: ${misfit}`);
    answers.set(key, answer);
  }
  return accept({ answers, unasked: new Map(Object.entries(left) as [string, string][]) });
}

/** No answer nests deeper. */
const depthMax = 8;

function unpacked(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > depthMax) return value;
  if (Array.isArray(value)) return value.map((one) => unpacked(one, depth + 1));
  const members = Object.entries(value);
  const [only] = members;
  if (members.length === 1 && only?.[0] === 'base64' && isText(only[1])) return octetsOf(only[1]) ?? value;
  return Object.fromEntries(members.map(([name, member]) => [name, unpacked(member, depth + 1)]));
}

function octetsOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

// ---- asking it

const notThere = { kind: 'failed', why: 'timeout' } as const;
const say = 'it is not in the snapshot';

/** A world in which nobody is asked: what the snapshot does not hold has no answer. */
export function silentWorld({ sight }: Pick<Snapshot, 'sight'>): DoctorWorld {
  const { probes, hasAuthorities, isZoneText, ...seen } = sight;
  const silent: Required<DoctorWorld['probes']> = {
    mailHost: async () => ({ kind: 'failed', why: say }),
    policyFile: async () => ({ ok: false, code: 'fetch-error', say }),
    file: async () => ({ ok: false, say }),
    port25: async () => 'unknown',
    registration: async () => ({ kind: 'unknown', why: say }),
  };
  return {
    ...seen,
    resolver: { lookup: async () => notThere },
    ...(hasAuthorities && { authorities: { lookup: async () => ({ kind: 'failed', say }) } }),
    ...(isZoneText && { zoneText: { namesBelow: async () => [] } }),
    probes: Object.fromEntries(probes.map((kind) => [kind, silent[kind]])),
  };
}
