/**
 * Delegating as a person does it, by a command or the API: what stands in DNS is looked at before it begins and before it ends, and all
 * that the owner creates is told apart from what the office answers.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { Directory } from '../../directory/directory.ts';
import { ownOffice } from '../own-office.ts';
import { unitedText } from '../plan/merge-dmarc.ts';
import type { Declaration, Delegation, RecordSet } from '../types.ts';
import type { Delegations } from './delegations.ts';
import { type RecordToCreate, recordsBeside, recordsToCreate } from './records-to-create.ts';
import type { DelegationRefusal } from './types.ts';

export type DelegationView = {
  readonly domain: DomainName;
  readonly delegation: Delegation;
  readonly stsMode: StsMode;
  /** What leads to the office; created once. */
  readonly records: readonly RecordToCreate[];
  /** What stays in the domain's own zone besides. */
  readonly beside: readonly RecordToCreate[];
  /** What the office says there. */
  readonly answered: readonly RecordSet[];
};

export type DelegationDeskRefusal = DelegationRefusal | 'dns-failed' | 'still-delegated';

type Office = {
  readonly directory: Pick<Directory, 'domain' | 'keysOf' | 'ownership'>;
  readonly hostname: DomainName;
  readonly delegations: Pick<
    Delegations,
    'find' | 'policyRecord' | 'check' | 'delegate' | 'stop' | 'answered' | 'stsModeOf'
  >;
};

export type DelegationDeskPorts = Office & {
  readonly resolver: Resolver;
  readonly declarations: {
    readonly declaration: (domain: DomainName) => Promise<Declaration | undefined>;
    readonly declare: (declaration: Declaration) => Promise<void>;
  };
};

/** Undefined where the domain is not delegated. */
export async function viewDelegation(
  { directory, hostname, delegations }: Office,
  domain: DomainName,
): Promise<DelegationView | undefined> {
  const office = await ownOffice(directory, hostname, domain, delegations);
  if (office?.delegation === undefined) return undefined;
  return {
    domain,
    delegation: office.delegation,
    stsMode: await delegations.stsModeOf(domain),
    records: recordsToCreate(domain, office),
    beside: recordsBeside(domain, office),
    answered: await delegations.answered(domain),
  };
}

export type DelegationStart = {
  /** Absent: as it was, names at first. */
  readonly kind?: Delegation['kind'];
  readonly stsMode?: StsMode;
};

export async function beginDelegation(
  ports: DelegationDeskPorts,
  domain: DomainName,
  { kind: asked, stsMode }: DelegationStart,
): Promise<Outcome<DelegationView, DelegationDeskRefusal>> {
  const { delegations, resolver, declarations } = ports;
  const before = await delegations.find(domain);
  const kind = asked ?? before?.kind ?? 'names';
  const checked = await delegations.check(domain, kind);
  if (!checked.ok) return checked;
  const dmarc = before === undefined ? await dmarcNow(resolver, domain) : accept(undefined);
  if (!dmarc.ok) return dmarc;
  const dmarcBefore = dmarc.value;
  const wish = { kind, ...(stsMode && { stsMode }), ...(dmarcBefore !== undefined && { dmarcBefore }) };
  const made = await delegations.delegate(domain, wish, resolver);
  if (!made.ok) return made;
  // So that `plan` and `publish` know: nobody else sends, unless somebody says so.
  if ((await declarations.declaration(domain)) === undefined) await declarations.declare({ domain, senders: [] });
  const view = await viewDelegation(ports, domain);
  return view ? accept(view) : refuse('not-set-up', 'The server has no public name: set hostname.');
}

/** False: it was not delegated. @param force also while names lead here, behind which nothing stands then */
export async function endDelegation(
  ports: DelegationDeskPorts,
  domain: DomainName,
  { force }: { readonly force: boolean },
): Promise<Outcome<boolean, 'still-delegated'>> {
  const records = (await viewDelegation(ports, domain))?.records ?? [];
  const left = force ? [] : await leadingHere(ports.resolver, records);
  if (left.length > 0)
    return refuse(
      'still-delegated',
      `Still leading here: ${left.join(', ')}. Without this office nothing would stand behind them, and mail would fail. Remove them first.`,
    );
  return accept(await ports.delegations.stop(domain));
}

/** Whether the world finds the zone of the hosted names. They themselves are not asked for: resolvers would remember that they are not there. */
export async function findsHostedZone(resolver: Resolver, { zone }: Pick<Delegation, 'zone'>): Promise<boolean> {
  const asked = parseQueryName(zone.slice(zone.indexOf('.') + 1));
  return asked !== undefined && (await resolver.lookup(asked, 'NS')).kind === 'found';
}

/** What stands there now is where the office goes on from; without knowing it, the policy could become weaker. */
async function dmarcNow(resolver: Resolver, domain: DomainName): Promise<Outcome<string | undefined, 'dns-failed'>> {
  const name = parseQueryName(`_dmarc.${domain}`);
  const answer = name && (await resolver.lookup(name, 'TXT'));
  if (answer?.kind === 'found') return accept(unitedText(answer.records));
  if (answer?.kind === 'none' || answer === undefined) return accept(undefined);
  return refuse(
    'dns-failed',
    `What stands at _dmarc.${domain} could not be looked up (${answer.why}), and it is to be kept.`,
  );
}

/** Names that lead to the office now. */
async function leadingHere(resolver: Resolver, records: readonly RecordToCreate[]): Promise<readonly string[]> {
  const found = await Promise.all(
    records.map(async ({ name, type, value }) => {
      const asked = parseQueryName(name);
      if (asked === undefined || (type !== 'CNAME' && type !== 'NS' && type !== 'TXT')) return [];
      const answer = await resolver.lookup(asked, type);
      if (answer.kind !== 'found') return [];
      const wanted = type === 'TXT' ? (/include:\S+/.exec(value)?.[0] ?? value) : value;
      const isHere = answer.records.some((text) =>
        type === 'TXT' ? text.split(' ').includes(wanted) : text === wanted,
      );
      return isHere ? [name] : [];
    }),
  );
  return [...new Set(found.flat())];
}
