/**
 * Who is asking, and what may they do and see.
 *
 * A key sees the messages it sent itself. With the scope `read` and no restriction to domains it sees the whole office: every
 * message, the log, the mailboxes. With `admin` (and no restriction) it may also cancel and retry what others sent, and make
 * keys and logins. A key restricted to domains never gets at what is about the whole office, whatever its scopes: otherwise
 * it could make itself an unrestricted one.
 */
import { type Directory, hasScope } from '../../services/directory/directory.ts';
import type { KeyPrincipal, Scope } from '../../services/directory/types.ts';
import type { Sender } from '../../services/outbound/types.ts';
import { type ProblemAnswer, problem } from './answer.ts';

export type Identified =
  | { readonly ok: true; readonly principal: KeyPrincipal }
  | { readonly ok: false; readonly problem: ProblemAnswer };

/** The same answer for every key that is not valid: it tells nothing about keys that were. */
export async function identify(
  accounts: Pick<Directory['accounts'], 'findKey'>,
  authorization: string | null,
): Promise<Identified> {
  const token = /^Bearer +([!-~]{1,256}) *$/i.exec(authorization ?? '')?.[1]; // RFC 6750 §2.1
  if (token === undefined) {
    return { ok: false, problem: problem('key_missing', { headers: challenge('') }) };
  }
  const found = await accounts.findKey(token);
  if (found.ok) return { ok: true, principal: found.value };
  return { ok: false, problem: problem('key_invalid', { headers: challenge(', error="invalid_token"') }) };
}

/** RFC 6750 §3 */
function challenge(more: string) {
  return { 'WWW-Authenticate': `Bearer realm="posthorn"${more}` };
}

export function refuseScope(
  principal: KeyPrincipal,
  needed: { readonly scopes: readonly Scope[]; readonly wholeOffice: boolean },
): ProblemAnswer | undefined {
  if (!needed.scopes.some((scope) => hasScope(principal, scope))) {
    return problem('scope_missing', {
      detail: `This needs a key with the scope ${needed.scopes.join(' or ')}; this one has: ${principal.scopes.join(', ')}.`,
    });
  }
  if (needed.wholeOffice && principal.domains !== undefined) {
    return problem('key_restricted', { detail: `This key is for ${principal.domains.join(', ')} only.` });
  }
  return undefined;
}

export function seesAll(principal: KeyPrincipal): boolean {
  return principal.domains === undefined && hasScope(principal, 'read');
}

export function seesMailOf(principal: KeyPrincipal, account: string): boolean {
  return account === principal.account || seesAll(principal);
}

/** Cancel, retry. */
export function changesMailOf(principal: KeyPrincipal, account: string): boolean {
  return account === principal.account || (principal.domains === undefined && hasScope(principal, 'admin'));
}

export function senderOf(principal: KeyPrincipal): Sender {
  const { account, domains, test } = principal;
  return { kind: 'key', account, test, ...(domains === undefined ? {} : { domains }) };
}
