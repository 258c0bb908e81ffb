/** The doctor of an office: its domains, looked at with what it knows of them: keys, who was declared, what it published and when. */
import type { Random } from '../base/random.ts';
import { type DomainName, isEqualOrBelow } from '../format/domain-name.ts';
import { isDocumentationAddress } from '../format/ip-address.ts';
import type { StsMode } from '../protocol/mta-sts/types.ts';
import { type CheckDocument, checkDocument, checkDomain, worldLimits } from '../services/advice/advice.ts';
import type { DoctorWorld, OfficeKnowledge } from '../services/advice/doctor/types.ts';
import type { Directory } from '../services/directory/directory.ts';
import type { ExpectedSet } from '../services/setup/publish/types.ts';
import type { Catalogue, Declaration } from '../services/setup/types.ts';
import type { World } from './compose.ts';
import { createProbes } from './doctor-probes.ts';

type Office = {
  readonly hostname: DomainName;
  readonly directory: Pick<Directory, 'domain' | 'keysOf'>;
  readonly catalogue: () => Promise<Catalogue>;
  readonly declaration: (domain: DomainName) => Promise<Declaration>;
  /** What its MTA-STS policy for the domain asks of senders. */
  readonly stsModeOf: (domain: DomainName) => Promise<StsMode>;
  /** What it published last, by the journal. */
  readonly published: (domain: DomainName) => Promise<readonly ExpectedSet[]>;
};

type Around = Pick<World, 'authorities' | 'resolver' | 'timers'> & Partial<Pick<World, 'net' | 'random' | 'trust'>>;

/** A person waits at a page, and proxies before it do not wait longer. (Our choice.) */
const lookMs = 25_000;

export type LookAtDomain = (domain: DomainName, options: { readonly signal: AbortSignal }) => Promise<CheckDocument>;

export function openDomainDoctor(office: Office, around: Around): LookAtDomain {
  return async (domain, { signal }) => {
    const over = new AbortController();
    const cancel = around.timers.after(lookMs, () => over.abort());
    const until = AbortSignal.any([signal, over.signal]);
    try {
      const [catalogue, { senders }, knowledge] = await Promise.all([
        office.catalogue(),
        office.declaration(domain),
        knowledgeOf(office, domain),
      ]);
      const subject = {
        domain,
        declared: senders,
        selectors: [],
        addresses: [],
        ...(knowledge && { office: knowledge }),
      };
      const ports = { catalogue, world: worldOf(around, office, until), limits: { ...worldLimits, signal: until } };
      const checked = await checkDomain(ports, subject);
      // A declaration that the catalogue has outgrown says nothing of who sends: then they are recognised.
      const seen = checked.ok ? checked : await checkDomain(ports, { ...subject, declared: [] });
      if (!seen.ok) throw new Error(seen.say);
      return checkDocument(seen.value);
    } finally {
      cancel();
      over.abort();
    }
  };
}

function worldOf(
  { resolver, authorities, timers, ...hosts }: Around,
  { hostname }: Office,
  signal: AbortSignal,
): DoctorWorld {
  const { net, random, trust = [] } = hosts;
  const options = { ehloName: hostname, allowPrivate: false, isInVain: isDocumentationAddress, signal };
  return {
    resolver,
    resolverName: 'the resolver of the office',
    isPublicResolver: false,
    ...(authorities && { authorities }),
    probes:
      net && random ? createProbes({ net, resolver, timers, random: random satisfies Random, trust }, options) : {},
    nowMs: timers.nowMs(),
  };
}

async function knowledgeOf(
  { hostname, directory, published, stsModeOf }: Office,
  domain: DomainName,
): Promise<OfficeKnowledge | undefined> {
  const known = await directory.domain(domain);
  if (known === undefined || !hostname.includes('.')) return undefined;
  const [keys, sets, stsMode] = await Promise.all([directory.keysOf(domain), published(domain), stsModeOf(domain)]);
  const own = sets.filter(({ change }) => isEqualOrBelow(change.name as DomainName, domain));
  const byKey = <Value>(told: (set: ExpectedSet) => Value) =>
    Object.fromEntries(own.map((set) => [`${set.change.type} ${set.change.name}`, told(set)]));
  return {
    hostname,
    receives: known.receives,
    stsMode,
    keys: keys.map(({ selector, publicRecord, state, createdAtMs }) => ({
      selector,
      record: publicRecord,
      state,
      createdAtMs,
    })),
    planned: byKey(({ change }) => change.after?.values ?? []),
    unchangedSinceMs: byKey(({ atMs }) => atMs),
  };
}
