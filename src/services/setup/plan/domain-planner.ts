/** Declarations to plans: the catalogue's wishes, the facts and the rules brought together. Remembers what SPF records mean, nothing else. */
import { accept, type Outcome } from '../../../base/outcome.ts';
import { type LookAtRecords, learnParameters } from '../catalogue/learn-parameters.ts';
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
import { type Facts, factsOf, isObservedType, look } from './facts.ts';
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
  const known = new WeakMap<Declaration, FilledSenders>();
  const wantsOf = (declaration: Declaration, facts?: Facts) => {
    const filled = known.get(declaration) ?? new Map();
    known.set(declaration, filled);
    return allWants(catalogue, declaration, filled, facts);
  };
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
      const facts = factsOf(observed);
      const wants = wantsOf(declaration, facts);
      return wants.ok ? accept(planOver(declaration, wants.value, facts, office)) : wants;
    },
    observe: async (ports, declaration, { office, signal } = {}) => {
      const wants = wantsOf(declaration);
      if (!wants.ok) return wants;
      const planWith = (facts: Facts) => {
        const seen = wantsOf(declaration, facts);
        return seen.ok && planOver(declaration, seen.value, facts, office);
      };
      return accept(await observeDomain(ports, declaration.domain, planWith, signal ? { signal } : {}));
    },
  };
}

/** What a declaration's senders want, by their place and what was learned: an observation plans several times, and only DNS changes meanwhile. */
type FilledSenders = Map<string, Outcome<SenderWants, SenderRefusal>>;

/** @param facts what is published already tells parameters that the declaration leaves out */
function allWants(
  catalogue: Catalogue,
  { domain, senders }: Declaration,
  filled: FilledSenders,
  facts?: Facts,
): Outcome<SenderWants[], SenderRefusal> {
  const wants: SenderWants[] = [];
  for (const [at, declared] of senders.entries()) {
    const { sender, parameters } = declared;
    const definition = catalogue.find(sender);
    if (definition === undefined)
      return { ok: false, code: 'unknown-sender', say: `The catalogue has no sender ${sender}.` };
    const learned = facts ? learnParameters(definition, domain, parameters, recordsIn(facts)) : {};
    const key = `${at} ${JSON.stringify(learned)}`;
    const wanted =
      filled.get(key) ?? senderWants(definition, domain, { ...learned, ...parameters }, labelOf(declared, senders));
    filled.set(key, wanted);
    if (!wanted.ok) return wanted;
    wants.push(wanted.value);
  }
  return accept(wants);
}

/** What stands at a name itself; a wildcard above it is nobody's account. */
function recordsIn(facts: Facts): LookAtRecords {
  return (name, type) => {
    if (!isObservedType(type)) return [];
    const sight = look(facts, name, type);
    if (sight.kind === 'unknown' || sight.isWild) return [];
    if (type !== 'CNAME') return sight.alias === undefined ? sight.values : [];
    return sight.alias === undefined ? [] : [sight.alias];
  };
}

/** `sendgrid`, or `sendgrid (news)` where there are two. */
function labelOf({ sender, parameters }: DeclaredSender, all: readonly DeclaredSender[]): string {
  const { subdomain } = parameters;
  const isAlone = all.filter((other) => other.sender === sender).length === 1;
  const told = subdomain ?? (isAlone ? undefined : Object.values(parameters)[0]);
  return told === undefined ? sender : `${sender} (${told})`;
}
