/**
 * Domains whose records the office keeps and answers itself. Comes in: a person who delegates or stops. Goes out: the hosted zone of
 * each, made anew by `make` from declaration, keys and stage; only what differs is changed, and the serial grows with it.
 */
import type { Clock } from '../../../base/clock.ts';
import { accept, Fault, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Db } from '../../../base/port/db.ts';
import { type DomainName, isEqualOrBelow } from '../../../format/domain-name.ts';
import { haveSameValues } from '../../../format/record-set.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { Directory } from '../../directory/directory.ts';
import { senderWants } from '../catalogue/sender-wants.ts';
import { ownOffice } from '../own-office.ts';
import type { ServedPolicies } from '../policy-document/served-policies.ts';
import { SetupStore } from '../setup-store.ts';
import { createSpfCompiler } from '../spf-compiler/compile-spf.ts';
import type {
  Catalogue,
  Declaration,
  Delegation,
  HostedSpfHeld,
  RecordChange,
  RecordSet,
  SenderWants,
} from '../types.ts';
import { delegationZone } from './delegated-names.ts';
import { type DelegationRow, DelegationStore } from './delegation-store.ts';
import { hostedRecords } from './hosted-records.ts';
import { HostedZoneStore } from './hosted-zones.ts';
import { judgeHostedSpf } from './judge-hosted-spf.ts';
import { heldSpfOf, type SettledSpf, settleSpf } from './settle-spf.ts';
import type { DelegationRefusal, DelegationWish } from './types.ts';

export const delegationsChannel = 'delegations';

export type DelegationsPorts = {
  readonly db: Db;
  readonly clock: Clock;
  readonly directory: Pick<Directory, 'domain' | 'keysOf' | 'ownership'>;
  /** SPF is weighed before it is answered. Absent: the call brings one, or the running office will look. */
  readonly resolver?: Resolver;
  /** Documents that the office serves. */
  readonly policies: Pick<ServedPolicies, 'find'>;
  /** Read when a declaration names senders. */
  readonly catalogue: () => Promise<Catalogue>;
};

export type DelegationsOptions = {
  /** Of the office. */
  readonly hostname: DomainName;
  /** The operator's zone that leads to this office; hosted names lie below it. */
  readonly hostedZone?: DomainName;
  /** Of every hosted zone. */
  readonly nameServers: readonly DomainName[];
};

/** Somebody else may change a hosted zone meanwhile, but not for ever. */
const triesMax = 5;

export class Delegations {
  readonly #ports: DelegationsPorts;
  readonly #options: DelegationsOptions;
  readonly #rows: DelegationStore;
  readonly #declarations: SetupStore;
  readonly #zones: HostedZoneStore;
  readonly #compiler = createSpfCompiler();

  constructor(ports: DelegationsPorts, options: DelegationsOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#rows = new DelegationStore(ports.db);
    this.#declarations = new SetupStore(ports.db);
    this.#zones = new HostedZoneStore(ports.db);
  }

  /** Whether it can be delegated here at all. */
  async check(domain: DomainName, kind: Delegation['kind']): Promise<Outcome<DomainName, DelegationRefusal>> {
    const known = await this.#ports.directory.domain(domain);
    return known === undefined
      ? refuse('domain-unknown', `${domain} is not a domain of this office.`)
      : this.#zoneFor(domain, kind);
  }

  /** From now on the office answers for it. Said again, the wish is what counts, and what stood there before is kept. */
  async delegate(
    domain: DomainName,
    wish: DelegationWish,
    resolver = this.#ports.resolver,
  ): Promise<Outcome<Delegation, DelegationRefusal>> {
    const { db, clock } = this.#ports;
    const zone = await this.check(domain, wish.kind);
    if (!zone.ok) return zone;
    const before = await db.read((reader) => this.#rows.get(reader, domain));
    if (before !== undefined && before.kind !== wish.kind)
      return refuse('other-kind', `${domain} is delegated already, in the other way.`);
    if (before === undefined && (await this.#isHeld(zone.value)))
      return refuse('zone-taken', `The office has a zone ${zone.value} already that is kept by hand.`);
    const dmarcBefore = before?.dmarcBefore ?? wish.dmarcBefore;
    const row: DelegationRow = {
      domain,
      kind: wish.kind,
      zone: before?.zone ?? zone.value,
      stsMode: wish.stsMode ?? (await this.stsModeOf(domain)),
      ...(dmarcBefore !== undefined && { dmarcBefore }),
      madeAtMs: before?.madeAtMs ?? clock.nowMs(),
    };
    await db.write(async (tx) => {
      await this.#rows.put(tx, row);
      tx.afterCommit(() => db.notify(delegationsChannel));
    });
    await this.make(domain, resolver);
    return accept((await this.find(domain)) ?? this.#delegationOf(row));
  }

  /** The office answers for it no more. False: it did not. */
  async stop(domain: DomainName): Promise<boolean> {
    const { db } = this.#ports;
    const row = await db.read((reader) => this.#rows.get(reader, domain));
    if (row === undefined) return false;
    await db.write(async (tx) => {
      await this.#rows.remove(tx, domain);
      tx.afterCommit(() => db.notify(delegationsChannel));
    });
    await this.#zones.remove(row.zone);
    return true;
  }

  async find(domain: DomainName): Promise<Delegation | undefined> {
    const row = await this.#ports.db.read((reader) => this.#rows.get(reader, domain));
    return row && this.#delegationOf(row);
  }

  /** What the domain's own zone says of its policy document; nothing where none is served. */
  async policyRecord(domain: DomainName): Promise<string | undefined> {
    return (await this.#ports.policies.find(domain))?.record;
  }

  async domains(): Promise<readonly DomainName[]> {
    return (await this.#ports.db.read((reader) => this.#rows.all(reader))).map(({ domain }) => domain);
  }

  /** What the office says for it now. */
  async answered(domain: DomainName): Promise<readonly RecordSet[]> {
    const row = await this.#ports.db.read((reader) => this.#rows.get(reader, domain));
    const held = row && (await this.#zones.find(row.zone));
    return held?.zone === row?.zone ? (held?.sets.filter(({ name }) => !isChallenge(name)) ?? []) : [];
  }

  /** What MTA-STS asks of those who deliver to the domain: what was said when it was delegated, else what is declared. */
  stsModeOf(domain: DomainName): Promise<StsMode> {
    return this.#ports.db.read(async (reader) => {
      const row = await this.#rows.get(reader, domain);
      return row?.stsMode ?? (await this.#declarations.get(reader, domain))?.mtaSts ?? 'testing';
    });
  }

  /** Makes its hosted zone what it has to be now. Answers what keeps SPF records from it. */
  async make(domain: DomainName, resolver = this.#ports.resolver): Promise<readonly HostedSpfHeld[]> {
    const row = await this.#ports.db.read((reader) => this.#rows.get(reader, domain));
    const made = row && (await this.#recordsOf(row));
    if (row === undefined || made === undefined) return [];
    const { sets, state } = await this.#withGoodSpf(row, made, resolver);
    await this.#put(row.zone, sets);
    if (JSON.stringify(state) !== JSON.stringify(row.spf))
      await this.#ports.db.write((tx) => this.#rows.putSpf(tx, domain, state));
    return heldSpfOf(state, domain);
  }

  async #put(zone: DomainName, wanted: readonly RecordSet[]): Promise<void> {
    await this.#zones.add(zone, this.#options.nameServers);
    for (let tries = 0; tries < triesMax; tries++) {
      const held = ((await this.#zones.find(zone))?.sets ?? []).filter(({ name }) => !isChallenge(name));
      const made = await this.#zones.change(zone, changesBetween(held, wanted));
      if (made.ok) return;
      if (made.code !== 'changed-meanwhile') throw new Fault('HOSTED_ZONE', made.say);
    }
    throw new Fault('HOSTED_ZONE', `${zone} does not hold still`);
  }

  async #withGoodSpf(
    { domain, kind, zone, spf }: DelegationRow,
    { sets, declaration, wants }: Made,
    resolver: Resolver | undefined,
  ): Promise<SettledSpf> {
    const nowMs = this.#ports.clock.nowMs();
    const found = await this.#zones.find(zone);
    const at = kind === 'names' ? (`_spf.${zone}` as DomainName) : domain; // the zone's name left room for a label
    const mayFlatten = declaration.spf?.includes('flatten') ?? false;
    const literal = wants.flatMap((want) => want.spf.filter((part) => part.literal)).flatMap(({ terms }) => terms);
    const names = literal.flatMap((term) => /^include:(.+)$/i.exec(term)?.[1] ?? []);
    const held = found?.zone === zone ? found.sets : [];
    return settleSpf({ domain, at, mayFlatten, wanted: sets, held, before: spf }, (one) =>
      judgeHostedSpf({ resolver, compiler: this.#compiler }, { mayFlatten, literal: names, nowMs, ...one }),
    );
  }

  async #recordsOf({ domain, stsMode, dmarcBefore, ...row }: DelegationRow): Promise<Made | undefined> {
    const { directory, db } = this.#ports;
    const office = await ownOffice(directory, this.#options.hostname, domain, {
      find: async () => undefined,
      policyRecord: async () => (await this.#ports.policies.find(domain))?.newestRecord,
    });
    if (office === undefined || this.#options.nameServers.length === 0) return undefined;
    const kept = await db.read((reader) => this.#declarations.get(reader, domain));
    const declaration = kept ?? { domain, senders: [] };
    const delegation = this.#delegationOf({ domain, ...row });
    const wants = await this.#wantsOf(declaration);
    const inForce = (await this.#dmarcShown(row.zone)) ?? dmarcBefore;
    const before = inForce === undefined ? {} : { dmarcBefore: inForce };
    const sets = hostedRecords({ declaration, delegation, office, wants, stsMode, ...before });
    return { sets, declaration, wants };
  }

  /** What the office says already: a declaration that names no stage, or a lower one, does not weaken it. */
  async #dmarcShown(zone: DomainName): Promise<string | undefined> {
    const held = await this.#zones.find(zone);
    const shown = held?.sets.find(({ name, type }) => name === `_dmarc.${zone}` && type === 'TXT');
    return held?.zone === zone ? shown?.values[0] : undefined;
  }

  async #wantsOf({ domain, senders }: Declaration): Promise<readonly SenderWants[]> {
    if (senders.length === 0) return [];
    const catalogue = await this.#ports.catalogue();
    return senders.flatMap(({ sender, parameters }) => {
      const definition = catalogue.find(sender);
      const wants = definition && senderWants(definition, domain, parameters);
      return wants?.ok ? [wants.value] : []; // one that a later catalogue lacks takes nobody else's records away
    });
  }

  #delegationOf({ domain, kind, zone, spf }: Pick<DelegationRow, 'domain' | 'kind' | 'zone' | 'spf'>): Delegation {
    const spfHeld = spf ? heldSpfOf(spf, domain) : [];
    return { kind, zone, nameServers: this.#options.nameServers, ...(spfHeld.length > 0 && { spfHeld }) };
  }

  async #isHeld(zone: DomainName): Promise<boolean> {
    return (await this.#zones.find(zone))?.zone === zone;
  }

  #zoneFor(domain: DomainName, kind: Delegation['kind']): Outcome<DomainName, DelegationRefusal> {
    const { hostname, hostedZone, nameServers } = this.#options;
    if (!hostname.includes('.')) return refuse('not-set-up', 'The server has no public name: set hostname.');
    if (nameServers.length === 0)
      return refuse('not-set-up', 'Nobody said under which names this office answers DNS: set dns.name_servers.');
    const inside = nameServers.find((name) => isEqualOrBelow(name, kind === 'zone' ? domain : (hostedZone ?? domain)));
    if (inside !== undefined)
      return refuse(
        'not-set-up',
        `${inside} lies in the zone that it is to answer for: nobody would find its address.`,
      );
    if (kind === 'zone') return this.#wholeZone(domain);
    if (hostedZone === undefined)
      return refuse('not-set-up', 'Nobody said which zone of yours leads to this office: set dns.hosted_zone.');
    if (isEqualOrBelow(domain, hostedZone))
      return refuse('zone-taken', `${domain} lies in ${hostedZone}, the zone that is to hold its records.`);
    const zone = delegationZone(domain, hostedZone);
    return zone === undefined
      ? refuse('not-set-up', `Names below ${hostedZone} would be too long: choose a shorter dns.hosted_zone.`)
      : accept(zone);
  }

  /** As a zone of its own: then the server's name, and the zone for the others, cannot lie in it. */
  #wholeZone(domain: DomainName): Outcome<DomainName, DelegationRefusal> {
    const { hostname, hostedZone } = this.#options;
    const inside = [hostname, hostedZone].find((name) => name !== undefined && isEqualOrBelow(name, domain));
    return inside === undefined
      ? accept(domain)
      : refuse('zone-taken', `${inside} lies in ${domain}, so ${domain} cannot be answered here as a whole.`);
  }
}

type Made = {
  readonly sets: readonly RecordSet[];
  readonly declaration: Declaration;
  readonly wants: readonly SenderWants[];
};

/** Put there for a while, to show a certificate's authority that the name is ours. RFC 8555 §8.4 */
function isChallenge(name: string): boolean {
  return name.startsWith('_acme-challenge.');
}

function changesBetween(held: readonly RecordSet[], wanted: readonly RecordSet[]): readonly RecordChange[] {
  const isSame = (one: RecordSet) => (other: RecordSet) => one.name === other.name && one.type === other.type;
  const gone = held.filter((before) => !wanted.some(isSame(before)));
  const come = wanted.flatMap((after): RecordChange[] => {
    const before = held.find(isSame(after));
    if (before !== undefined && haveSameValues(before, after) && before.ttl === after.ttl) return [];
    return [{ name: after.name, type: after.type, after, ...(before && { before }) }];
  });
  return [...gone.map((before) => ({ name: before.name, type: before.type, before })), ...come];
}
