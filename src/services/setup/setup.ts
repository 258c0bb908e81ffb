/**
 * Setting a domain up: who sends for it is declared, what it publishes is observed, and one plan of records for all of them comes out.
 * The declaration is kept here, or in a file of the user's; then there is no database. Nothing is published from here.
 */
import { accept, invariant, type Outcome } from '../../base/outcome.ts';
import type { Db } from '../../base/port/db.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { createDomainPlanner, type DomainPlanner } from './plan/domain-planner.ts';
import type { ObservePorts } from './plan/observe-domain.ts';
import { readDeclaration } from './plan/read-declaration.ts';
import { heldText, readHeld } from './policy-document/held-policy.ts';
import { beside, compilePolicy } from './policy-document/policy-tools.ts';
import type { HeldPolicy } from './policy-document/types.ts';
import { declarationsChannel, SetupStore } from './setup-store.ts';
import type {
  Catalogue,
  Declaration,
  DeclarationRefusal,
  DomainObserved,
  OwnOffice,
  Plan,
  SenderRefusal,
} from './types.ts';

export { readCatalogue } from './catalogue/catalogue.ts';
export { parseDeclaredSender } from './catalogue/declared-sender.ts';
export { gatherSigns } from './catalogue/gather-signs.ts';
export { learnParameters } from './catalogue/learn-parameters.ts';
export { recognise } from './catalogue/recognise.ts';
export { senderWants } from './catalogue/sender-wants.ts';
export { signsOfMessage } from './catalogue/signs-of-message.ts';
export { signsOfSource } from './catalogue/signs-of-source.ts';
export { type WantedKey, wantedKeys } from './catalogue/wanted-keys.ts';
export { decideRenewal, type HeldCertificate } from './certificates/decide-renewal.ts';
export { showText, takeText } from './certificates/show-text.ts';
export { applyLink, keyTexts } from './domain-connect/apply-link.ts';
export { type DelegationGroup, delegationService, delegationTemplate } from './domain-connect/delegation-template.ts';
export {
  type ConnectProvider,
  type ConnectRefusal,
  discoverProvider,
  knowsTemplate,
} from './domain-connect/discover-provider.ts';
export { previewTemplate } from './domain-connect/preview-template.ts';
export { readTemplate } from './domain-connect/read-template.ts';
export {
  beginDelegation,
  type DelegationDeskRefusal,
  type DelegationStart,
  type DelegationView,
  endDelegation,
  findsHostedZone,
  viewDelegation,
} from './hosted/delegation-desk.ts';
export { Delegations } from './hosted/delegations.ts';
export { recordsToCreate } from './hosted/records-to-create.ts';
export { hostedSource, sourceAbove } from './hosted/zone-records.ts';
export { ownOffice } from './own-office.ts';
export { isWeaker, stageOf } from './plan/dmarc-ladder.ts';
export { factsOf } from './plan/facts.ts';
export {
  type DmarcDraft,
  draftOf,
  draftText,
  emptyDraft,
  raised,
  unitedDraft,
  unitedUris,
} from './plan/merge-dmarc.ts';
export { dnscontrolNotation } from './plan/notations/dnscontrol-notation.ts';
export { terraformForCloudflare, terraformForRoute53 } from './plan/notations/terraform-notation.ts';
export { zoneNotation } from './plan/notations/zone-notation.ts';
export { observedOf } from './plan/observe-domain.ts';
export { planMx } from './plan/plan-mx.ts';
export { parkedWishes } from './plan/plan-parked.ts';
export { askForReverseName } from './plan/plan-ptr.ts';
export { tlsReportText } from './plan/plan-tls.ts';
export { readDeclaration, readPlannedDomain } from './plan/read-declaration.ts';
export { meansTheSame } from './plan/same-meaning.ts';
export { spfWishOf } from './plan/spf-wish.ts';
export { comparePolicies } from './policy-document/compare-policies.ts';
export { decidePolicy, type PolicyDecision } from './policy-document/decide-policy.ts';
export { heldText, readHeld } from './policy-document/held-policy.ts';
export { currentOfficePolicy, policiesPath, pushOfficePolicy } from './policy-document/office-policy.ts';
export { isKeyId, isPolicyUrl, parsePolicyRecord, policyRecordText } from './policy-document/policy-record.ts';
export { compilePolicy, declarationOf, policyOf, policyRecordName } from './policy-document/policy-tools.ts';
export { documentOctetsMax, openPolicy, rawPublicKey, sealPolicy } from './policy-document/seal-policy.ts';
export { ServedPolicies, type ServedPolicy } from './policy-document/served-policies.ts';
export { lossesOf } from './publish/losses.ts';
export { undecided } from './publish/undecided.ts';
export { txtAnswerOctets } from './spf-compiler/answer-size.ts';
export { createSpfCompiler } from './spf-compiler/compile-spf.ts';
export { checkFlattened, flattenDomain } from './spf-compiler/flatten-domain.ts';
export { gatherSpfFacts } from './spf-compiler/gather-facts.ts';
export { readFingerprint } from './spf-compiler/read-fingerprint.ts';
export { looksLikeSpf, readTerms } from './spf-compiler/read-terms.ts';
export { ownStsPolicy, stsPolicyOf, stsRecordOf } from './sts-policy.ts';

export type SetupPorts = ObservePorts & {
  readonly catalogue: Catalogue;
  /** Where declarations are kept; absent where they come from files. */
  readonly db?: Db;
};

export type WithOffice = { readonly office?: OwnOffice };

export class Setup {
  readonly catalogue: Catalogue;
  readonly #ports: SetupPorts;
  readonly #planner: DomainPlanner;
  readonly #store: { readonly db: Db; readonly sql: SetupStore } | undefined;

  constructor(ports: SetupPorts) {
    this.#ports = ports;
    this.catalogue = ports.catalogue;
    this.#planner = createDomainPlanner(ports.catalogue);
    this.#store = ports.db && { db: ports.db, sql: new SetupStore(ports.db) };
  }

  // Declarations

  /** What a file or a request says. @param domain what it has to be about */
  readDeclaration(value: unknown, domain?: DomainName): Outcome<Declaration, DeclarationRefusal> {
    return readDeclaration(this.catalogue, value, domain);
  }

  /** Keeps it, in place of the one before. */
  async declare(declaration: Declaration): Promise<void> {
    const { db, sql } = this.#kept();
    await db.write(async (tx) => {
      await sql.put(tx, declaration, this.#ports.timers.nowMs());
      tx.afterCommit(() => db.notify(declarationsChannel));
    });
  }

  declaration(domain: DomainName): Promise<Declaration | undefined> {
    const { db, sql } = this.#kept();
    return db.read((reader) => sql.get(reader, domain));
  }

  declarations(): Promise<readonly Declaration[]> {
    const { db, sql } = this.#kept();
    return db.read((reader) => sql.all(reader));
  }

  /** Whether there was one. What is published stays. */
  forget(domain: DomainName): Promise<boolean> {
    const { db, sql } = this.#kept();
    return db.write((tx) => sql.remove(tx, domain));
  }

  // Policy documents of domains that others write

  /** What was taken of it last. */
  async heldPolicy(domain: DomainName): Promise<HeldPolicy | undefined> {
    const { db, sql } = this.#kept();
    const text = await db.read((reader) => sql.held(reader, domain));
    if (text === undefined) return undefined;
    const read = readHeld(text);
    invariant(read.ok, 'what is held was written here');
    return read.value;
  }

  /** Declares what of the document is in force; what waits is remembered, and declared when it is taken. */
  async takePolicy(held: HeldPolicy): Promise<Outcome<Declaration, DeclarationRefusal>> {
    const { db, sql } = this.#kept();
    const { domain } = held.document;
    const compiled = compilePolicy(this.catalogue, held.document);
    if (!compiled.ok) return compiled;
    return db.write(async (tx) => {
      const declaration = beside(compiled.value, await sql.get(tx, domain));
      await sql.put(tx, declaration, this.#ports.timers.nowMs());
      await sql.putHeld(tx, domain, heldText(held));
      tx.afterCommit(() => db.notify(declarationsChannel));
      return accept(declaration);
    });
  }

  #kept() {
    invariant(this.#store, 'declarations are kept in the office, and this is not one');
    return this.#store;
  }

  // Planning

  /** What DNS says about everything that a plan for this declaration looks at; may be saved and planned with later. */
  observe(
    declaration: Declaration,
    options: WithOffice & { readonly signal?: AbortSignal } = {},
  ): Promise<Outcome<DomainObserved, SenderRefusal>> {
    return this.#planner.observe(this.#ports, declaration, options);
  }

  /** Pure: the same declaration and observation give the same plan. What was not observed stays unknown. */
  plan(declaration: Declaration, observed: DomainObserved, { office }: WithOffice = {}): Outcome<Plan, SenderRefusal> {
    return this.#planner.plan(declaration, observed, office);
  }
}
