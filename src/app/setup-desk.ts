/**
 * The office's desk for setting domains up: declarations from its database, plans with its own keys and name, publications through
 * the host that is configured. The catalogue is read when it is asked for first.
 */
import { accept, invariant, type Outcome, refuse } from '../base/outcome.ts';
import type { SetupDesk } from '../entrances/http/ports.ts';
import type { DomainName } from '../format/domain-name.ts';
import { resolverAsAuthority } from '../protocol/dns/authorities.ts';
import { createJournal } from '../services/setup/publish/publication-journal.ts';
import { publicationStore } from '../services/setup/publish/publication-store.ts';
import { createPublisher, createWatcher } from '../services/setup/publish/publish.ts';
import type { Publisher } from '../services/setup/publish/types.ts';
import {
  beginDelegation,
  currentOfficePolicy,
  type Delegations,
  endDelegation,
  ownOffice,
  pushOfficePolicy,
  Setup,
  viewDelegation,
} from '../services/setup/setup.ts';
import type { Declaration, OwnOffice, ZoneEditorRefusal } from '../services/setup/types.ts';
import type { ZoneEditor } from '../services/setup/zone-editor.ts';
import type { Records, World } from './compose.ts';
import { openDomainDoctor } from './domain-doctor.ts';
import { loadCatalogue } from './load-catalogue.ts';

export type { SetupDesk } from '../entrances/http/ports.ts';

/** What an office adds: zones of its own, and credentials that it keeps. */
type Vault = Pick<Records, 'db'> & { readonly kept?: Records['credentials'] };

/** The editor of the host that keeps the zone of a domain. */
export type OpenZoneEditor = (domain: DomainName, vault?: Vault) => Promise<Outcome<ZoneEditor, ZoneEditorRefusal>>;

type Office = Pick<Records, 'db' | 'directory' | 'ids' | 'policies'> &
  Partial<Pick<Records, 'credentials'>> & {
    readonly delegations: Pick<
      Delegations,
      'find' | 'policyRecord' | 'check' | 'delegate' | 'make' | 'stop' | 'answered' | 'stsModeOf'
    >;
  };
type Around = Pick<World, 'authorities' | 'resolver' | 'timers' | 'zoneEditor'> & {
  /** `https://mx.example.com`, where the world reaches the office. */
  readonly origin: string;
} & Partial<Pick<World, 'net' | 'random' | 'trust'>>;

export function openSetupDesk(office: Office, hostname: DomainName, world: Around): SetupDesk {
  const { directory, delegations } = office;
  const ports = { ...world, db: office.db };
  const loaded: { setup?: Promise<Setup> } = {};
  const setup = () => {
    loaded.setup ??= loadCatalogue().then((catalogue) => new Setup({ ...ports, catalogue }));
    return loaded.setup;
  };
  const declaration = async (domain: DomainName): Promise<Declaration> =>
    (await (await setup()).declaration(domain)) ?? { domain, senders: [] };

  const kept = { directory, hostname, delegations, resolver: world.resolver };
  const declarations = {
    declaration: async (domain: DomainName) => (await setup()).declaration(domain),
    declare: async (declared: Declaration) => (await setup()).declare(declared),
  };

  const policyPorts = {
    ...kept,
    origin: world.origin,
    policies: office.policies,
    declaration: declarations.declaration,
  };
  const isAnswered = async (domain: DomainName) => (await delegations.find(domain)) !== undefined;

  const doctor = openDomainDoctor(
    {
      hostname,
      directory,
      declaration,
      catalogue: async () => (await setup()).catalogue,
      stsModeOf: (domain) => delegations.stsModeOf(domain),
      published: async (domain) => {
        const lines = publicationStore(office.db, 'the office');
        const journal = createJournal({ lines, clock: world.timers, ids: office.ids });
        const { authorities = resolverAsAuthority(world.resolver, 'the resolver') } = world;
        return createWatcher({ journal, authorities }).expected(domain);
      },
    },
    world,
  );

  return {
    check: (domain, options) => doctor(domain, options),
    declaration,
    declare: async (domain, written) => {
      const own = await setup();
      const read = own.readDeclaration(written, domain);
      if (read.ok) await own.declare(read.value);
      return read;
    },
    planner: async (domain) => {
      const own = await setup();
      const declared = await declaration(domain);
      const office = await ownOffice(directory, hostname, domain, delegations);
      const checked = own.plan(declared, { domain, atMs: 0, answers: {} }, office ? { office } : {});
      if (!checked.ok) return checked;
      return accept((resolver) =>
        plan(resolver ? new Setup({ ...ports, catalogue: own.catalogue, resolver }) : own, declared, office),
      );
    },
    policy: async (domain) => {
      const served = await currentOfficePolicy(policyPorts, domain);
      return served && { ...served, isAnswered: await isAnswered(domain) };
    },
    pushPolicy: async (domain, options) => {
      const pushed = await pushOfficePolicy(policyPorts, domain, options);
      if (!pushed.ok) return pushed;
      await delegations.make(domain, world.resolver); // the record stands behind the alias then
      return accept({ ...pushed.value, isAnswered: await isAnswered(domain) });
    },
    stopPolicy: async (domain) => {
      const was = await office.policies.stop(domain);
      if (was) await delegations.make(domain, world.resolver);
      return was;
    },
    delegation: (domain) => viewDelegation(kept, domain),
    delegate: (domain, wish) => beginDelegation({ ...kept, declarations }, domain, wish),
    endDelegation: (domain, options) => endDelegation({ ...kept, declarations }, domain, options),
    publisher: (domain, options) => openPublisher(office, world, { domain, ...options }),
  };
}

async function openPublisher(
  { credentials, db, ids }: Office,
  { resolver, timers, authorities = resolverAsAuthority(resolver, 'the resolver'), zoneEditor = notSaid }: Around,
  { domain, withOptional }: { readonly domain: DomainName; readonly withOptional: boolean },
): Promise<Outcome<Publisher, ZoneEditorRefusal>> {
  const editor = await zoneEditor(domain, { db, ...(credentials && { kept: credentials }) });
  if (!editor.ok) return editor;
  const journal = createJournal({ lines: publicationStore(db, 'the office'), clock: timers, ids });
  return accept(createPublisher({ editor: editor.value, resolver, authorities, journal, timers }, { withOptional }));
}

const notSaid: OpenZoneEditor = async (domain) =>
  refuse('no-credentials', `Nobody said which DNS host keeps the zone of ${domain}.`);

async function plan(setup: Setup, declared: Declaration, office: OwnOffice | undefined) {
  const options = office ? { office } : {};
  const observed = await setup.observe(declared, options);
  const made = observed.ok ? setup.plan(declared, observed.value, options) : observed;
  invariant(made.ok, 'the declaration was planned with before');
  return made.value;
}
