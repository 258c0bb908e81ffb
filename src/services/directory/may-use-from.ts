/** What a proven principal may do. Pure. */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Mailbox } from '../../format/address.ts';
import type { Principal, Scope } from './types.ts';

/** Whether mail of this principal may carry `author` in its From or envelope. A domain stands for itself, not for those below. */
export function mayUseFrom(
  principal: Principal,
  author: Pick<Mailbox, 'domain'>,
): Outcome<undefined, 'from-not-allowed'> {
  const { domains } = principal;
  if (domains === undefined || domains.includes(author.domain)) return accept(undefined);
  const allowed = domains.length === 0 ? 'no domain at all' : domains.join(', ');
  return refuse('from-not-allowed', `This account may send only as ${allowed}, not as ${author.domain}.`);
}

/** A login sends, nothing else. `admin` includes every scope. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  if (principal.kind === 'login') return scope === 'send';
  return principal.scopes.includes(scope) || principal.scopes.includes('admin');
}
