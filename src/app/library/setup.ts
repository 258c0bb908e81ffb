/**
 * `posthorn/setup`: one plan of DNS records for everyone who sends for a domain, the SPF compiler under it, and the catalogue of senders.
 * Importing it starts nothing and reads no file; the catalogue is read when it is asked for. What is observed is plain data: it can be
 * kept as JSON and planned with again, and the same observation gives the same plan. Refusals are values; only mistakes of the caller throw.
 */
import type { Timers } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { Outcome } from '../../base/outcome.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { factsOf, readPlannedDomain, Setup, terraformForRoute53 } from '../../services/setup/setup.ts';
import type {
  Catalogue,
  Declaration,
  DeclarationRefusal,
  DomainObserved,
  OwnOffice,
  Plan,
} from '../../services/setup/types.ts';
import { loadCatalogue } from '../load-catalogue.ts';

export {
  createSpfCompiler,
  dnscontrolNotation,
  gatherSpfFacts,
  parseDeclaredSender,
  recognise,
  senderWants,
  signsOfSource,
  terraformForCloudflare,
  zoneNotation,
} from '../../services/setup/setup.ts';
export type {
  SpfCompiler,
  SpfFacts,
  SpfProposal,
  SpfRequest,
  SpfWish,
} from '../../services/setup/spf-compiler/types.ts';
export type {
  Catalogue,
  Declaration,
  DeclaredSender,
  DmarcStage,
  DomainObserved,
  OwnOffice,
  Plan,
  PlanConflict,
  PlanNote,
  PlannedRecord,
  RecordState,
  SenderDefinition,
  SenderWants,
} from '../../services/setup/types.ts';
export { loadCatalogue } from '../load-catalogue.ts';

/** Who sends, as people write it: `{ domain: 'example.com', senders: ['google-workspace', 'own:192.0.2.10'] }`. */
export type WrittenDeclaration = {
  readonly domain: string;
  readonly senders?: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly dmarc?: {
    readonly stage?: string;
    readonly rua?: string | readonly string[];
    readonly pct?: number;
    readonly loosen?: boolean;
  };
  readonly parked?: boolean;
  readonly inbound?: string;
  readonly bimi?: { readonly logo: string; readonly evidence?: string };
  readonly spf?: string | readonly string[];
  readonly mta_sts?: string;
  readonly keys?: readonly { readonly selector: string; readonly record: string }[];
};

export type PlannerDeps = {
  readonly resolver: Resolver;
  /** One of your own; Posthorn's by default. */
  readonly catalogue?: Catalogue;
  /** For the time limit of an observation; the system's by default. */
  readonly timers?: Timers;
};

export type PlanOptions = { readonly office?: OwnOffice };

type Result<T> = Outcome<T, DeclarationRefusal>;

export type Planner = {
  readonly catalogue: Catalogue;
  readonly declare: (written: WrittenDeclaration) => Result<Declaration>;
  readonly observe: (
    declaration: Declaration,
    options?: PlanOptions & { readonly signal?: AbortSignal },
  ) => Promise<Result<DomainObserved>>;
  /** Synchronous and pure. */
  readonly plan: (declaration: Declaration, observed: DomainObserved, options?: PlanOptions) => Result<Plan>;
};

/** For many domains: remembers what SPF records mean, as long as it lives. */
export async function createPlanner({ resolver, catalogue, timers = systemClock }: PlannerDeps): Promise<Planner> {
  const setup = new Setup({ resolver, timers, catalogue: catalogue ?? (await loadCatalogue()) });
  return {
    catalogue: setup.catalogue,
    declare: (written) => {
      const domain = readPlannedDomain(written.domain);
      return domain.ok ? setup.readDeclaration(written, domain.value) : domain;
    },
    observe: (declaration, options) => setup.observe(declaration, options),
    plan: (declaration, observed, options) => setup.plan(declaration, observed, options),
  };
}

/** One domain, looked up and planned. */
export async function planRecords(
  written: WrittenDeclaration,
  deps: PlannerDeps & PlanOptions & { readonly signal?: AbortSignal },
): Promise<Result<Plan>> {
  const planner = await createPlanner(deps);
  const declaration = planner.declare(written);
  if (!declaration.ok) return declaration;
  const { office, signal } = deps;
  const options = office ? { office } : {};
  const observed = await planner.observe(declaration.value, { ...options, ...(signal && { signal }) });
  return observed.ok ? planner.plan(declaration.value, observed.value, options) : observed;
}

/** With what else stands at the names, since Route 53 replaces whole sets. */
export function route53Notation(plan: Plan, observed: DomainObserved): string {
  return terraformForRoute53(plan, factsOf(observed));
}
