/** The policy document and the declaration, each from the other; and where a document is looked for. Pure. */
import { type Outcome, refuse } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { readDeclaration } from '../plan/read-declaration.ts';
import type { Catalogue, Declaration, DeclarationRefusal } from '../types.ts';
import { dmarcStages } from '../types.ts';
import { readPayload } from './policy-payload.ts';
import type { PolicyDocument } from './types.ts';

export function policyRecordName(domain: DomainName): string {
  return `_eml.${domain}`;
}

/** What `plan --file` takes. DNS always wins: nothing in it lets a policy become weaker than the published one. */
export function declarationOf({ domain, senders, dmarc }: PolicyDocument): object {
  return { domain, senders, dmarc: { stage: dmarc.stage, rua: dmarc.rua } };
}

export function compilePolicy(
  catalogue: Catalogue,
  document: PolicyDocument,
): Outcome<Declaration, DeclarationRefusal> {
  return readDeclaration(catalogue, declarationOf(document), document.domain);
}

export type PolicyDraft = Omit<PolicyDocument, 'senders' | 'dmarc' | 'domain'>;

/** A document that says what the declaration says. */
export function policyOf(declaration: Declaration, draft: PolicyDraft): Outcome<PolicyDocument, 'bad-document'> {
  if (declaration.parked) return refuse('bad-document', 'a parked domain needs no policy document: it has no senders');
  const senders = declaration.senders.map(({ sender, parameters }) => {
    const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return values.length > 0 ? `${sender}:${values.join(',')}` : sender;
  });
  const { dmarc, domain } = declaration;
  const { issuedAtMs, tls, ...rest } = draft;
  const members = {
    ...rest,
    domain,
    issued_at: new Date(issuedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    senders,
    dmarc: { stage: dmarc?.stage ?? dmarcStages[0], rua: dmarc?.rua ?? [] },
    tls: { mode: tls.mode, mx: tls.mx, max_age: tls.maxAgeSeconds, reports: tls.reports },
  };
  return readPayload(JSON.stringify(members)); // what we write, others have to be able to read
}
