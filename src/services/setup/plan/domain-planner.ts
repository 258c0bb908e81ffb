/** Declarations to plans: the catalogue's wishes, the facts and the rules brought together. Remembers what SPF records mean, nothing else. */
import { accept, type Outcome } from '../../../base/outcome.ts';
import { senderWants } from '../catalogue/sender-wants.ts';
import { createSpfCompiler } from '../spf-compiler/compile-spf.ts';
import type {
  Catalogue,
  Declaration,
  DeclaredSender,
  DomainObserved,
  OwnOffice,
  Plan,
  SenderRefusal,
  SenderWants,
} from '../types.ts';
import { type Facts, factsOf } from './facts.ts';
import { type ObservePorts, observeDomain } from './observe-domain.ts';
import { planDomain } from './plan-domain.ts';

export type DomainPlanner = {
  readonly plan: (
    declaration: Declaration,
    observed: DomainObserved,
    office?: OwnOffice,
  ) => Outcome<Plan, SenderRefusal>;
  readonly observe: (
    ports: ObservePorts,
    declaration: Declaration,
    options?: { readonly office?: OwnOffice; readonly signal?: AbortSignal },
  ) => Promise<Outcome<DomainObserved, SenderRefusal>>;
};

export function createDomainPlanner(catalogue: Catalogue): DomainPlanner {
  const compiler = createSpfCompiler();
  const planOver = (
    declaration: Declaration,
    wants: readonly SenderWants[],
    facts: Facts,
    office?: OwnOffice,
  ): Plan => {
    const { domain } = declaration;
    return planDomain({ domain, declaration, wants, facts, catalogue, compiler, ...(office && { office }) });
  };
  return {
    plan: (declaration, observed, office) => {
      const wants = allWants(catalogue, declaration);
      return wants.ok ? accept(planOver(declaration, wants.value, factsOf(observed), office)) : wants;
    },
    observe: async (ports, declaration, { office, signal } = {}) => {
      const wants = allWants(catalogue, declaration);
      if (!wants.ok) return wants;
      const look = (facts: Facts) => planOver(declaration, wants.value, facts, office);
      return accept(await observeDomain(ports, declaration.domain, look, signal ? { signal } : {}));
    },
  };
}

function allWants(catalogue: Catalogue, { domain, senders }: Declaration): Outcome<SenderWants[], SenderRefusal> {
  const wants: SenderWants[] = [];
  for (const declared of senders) {
    const definition = catalogue.find(declared.sender);
    if (definition === undefined)
      return { ok: false, code: 'unknown-sender', say: `The catalogue has no sender ${declared.sender}.` };
    const wanted = senderWants(definition, domain, declared.parameters, labelOf(declared, senders));
    if (!wanted.ok) return wanted;
    wants.push(wanted.value);
  }
  return accept(wants);
}

/** `sendgrid`, or `sendgrid (news)` where there are two. */
function labelOf({ sender, parameters }: DeclaredSender, all: readonly DeclaredSender[]): string {
  const { subdomain } = parameters;
  const isAlone = all.filter((other) => other.sender === sender).length === 1;
  const told = subdomain ?? (isAlone ? undefined : Object.values(parameters)[0]);
  return told === undefined ? sender : `${sender} (${told})`;
}
