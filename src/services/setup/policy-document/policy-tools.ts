/** The policy document and the declaration, each from the other; and where a document is looked for. Pure. */
import { type Outcome, refuse } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { readDeclaration } from '../plan/read-declaration.ts';
import type { Catalogue, Declaration, DeclarationRefusal, DeclaredSender } from '../types.ts';
import { dmarcStages } from '../types.ts';
import { readPayload } from './policy-payload.ts';
import type { PolicyDocument } from './types.ts';

export function policyRecordName(domain: DomainName): string {
  return `_eml.${domain}`;
}

/** What `plan --file` takes. DNS always wins: nothing in it lets a DMARC policy become weaker than the published one, or a key replace another. */
export function declarationOf({ domain, senders, dmarc, keys, tls }: PolicyDocument): object {
  // Where nobody may receive by name, the document says nothing about how mail is received.
  const isSilent = tls.mode === 'none' && tls.mx.length === 0;
  return {
    domain,
    senders,
    dmarc: { stage: dmarc.stage, rua: dmarc.rua },
    ...(keys.length > 0 && { keys }),
    ...(!isSilent && { mta_sts: tls.mode }),
  };
}

export function compilePolicy(
  catalogue: Catalogue,
  document: PolicyDocument,
): Outcome<Declaration, DeclarationRefusal> {
  return readDeclaration(catalogue, declarationOf(document), document.domain);
}

/** What a document says, and beside it what only a declaration can say. */
export function beside(compiled: Declaration, kept: Declaration | undefined): Declaration {
  if (kept === undefined) return compiled;
  const { inbound, bimi, spf, mtaSts, senders } = kept;
  const textOf = ({ sender, parameters }: DeclaredSender) =>
    JSON.stringify([sender, Object.entries(parameters).toSorted()]);
  const isThere = inbound === 'posthorn' || compiled.senders.some(({ sender }) => sender === inbound);
  return {
    ...(bimi && { bimi }),
    ...(spf && { spf }),
    ...(mtaSts && { mtaSts }),
    ...(inbound !== undefined && isThere && { inbound }),
    ...compiled,
    senders: compiled.senders.map((one) => senders.find((known) => textOf(known) === textOf(one)) ?? one),
  };
}

export type PolicyDraft = Omit<PolicyDocument, 'senders' | 'dmarc' | 'domain'>;

/** A document that says what the declaration says; its keys come beside those of the draft. */
export function policyOf(declaration: Declaration, draft: PolicyDraft): Outcome<PolicyDocument, 'bad-document'> {
  if (declaration.parked) return refuse('bad-document', 'a parked domain needs no policy document: it has no senders');
  const senders = declaration.senders.map(({ sender, parameters }) => {
    const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return values.length > 0 ? `${sender}:${values.join(',')}` : sender;
  });
  const { dmarc, domain } = declaration;
  const { issuedAtMs, tls, keys, ...rest } = draft;
  const declared = (declaration.keys ?? []).filter(({ selector }) => !keys.some((key) => key.selector === selector));
  const members = {
    ...rest,
    domain,
    issued_at: new Date(issuedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    senders,
    keys: [...keys, ...declared],
    dmarc: { stage: dmarc?.stage ?? dmarcStages[0], rua: dmarc?.rua ?? [] },
    tls: { mode: tls.mode, mx: tls.mx, max_age: tls.maxAgeSeconds, reports: tls.reports },
  };
  return readPayload(JSON.stringify(members)); // what we write, others have to be able to read
}
