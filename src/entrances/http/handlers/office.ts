/** Keys and logins of the office. */
import { isId } from '../../../base/id.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { bytes, json, pointerTo, problem } from '../answer.ts';
import { onePage } from '../cursor.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import type { ProblemError } from '../schemas/problem.ts';
import { showKey, showUser } from '../show.ts';
import { notFound } from './emails.ts';

type OfficeOperations = 'listKeys' | 'createKey' | 'revokeKey' | 'listUsers' | 'createUser';

export function officeHandlers({ directory }: HttpPorts): Handlers<OfficeOperations> {
  const { accounts } = directory;

  return {
    listKeys: async () => json(200, onePage((await accounts.keys()).map(showKey))),

    createKey: async ({ body }) => {
      const { domains, errors } = parseDomains(body.domains ?? []);
      if (errors.length > 0) return problem('validation_failed', { errors });
      const { name, mode = 'live', scopes } = body;
      const restriction = body.domains === undefined ? {} : { domains };
      const made = await accounts.createKey({ name, mode, scopes, ...restriction });
      if (!made.ok) return problem('validation_failed', { errors: [{ pointer: '/scopes', detail: made.say }] });
      return json(201, { ...showKey(made.value.key), token: made.value.token });
    },

    revokeKey: async ({ names: { id } }) => {
      const revoked = isId('key', id) && (await accounts.revokeKey(id)).ok;
      return revoked ? bytes(204, null, {}) : notFound(id);
    },

    listUsers: async () => json(200, onePage((await accounts.users()).map(showUser))),

    createUser: async ({ body }) => {
      const { domains, errors } = parseDomains(body.domains);
      if (errors.length > 0) return problem('validation_failed', { errors });
      const { login, password } = body;
      const made = await accounts.createUser(login, { domains, ...(password === undefined ? {} : { password }) });
      if (made.ok) {
        const { user, appPassword } = made.value;
        return json(201, { ...showUser(user), ...(appPassword === undefined ? {} : { app_password: appPassword }) });
      }
      if (made.code === 'login-taken') return problem('login_taken', { detail: made.say });
      if (made.code === 'busy') return problem('busy', { headers: { 'Retry-After': '1' } });
      const pointer = made.code === 'bad-login' ? '/login' : '/password';
      return problem('validation_failed', { errors: [{ pointer, detail: made.say }] });
    },
  };
}

function parseDomains(given: readonly string[]): { domains: DomainName[]; errors: ProblemError[] } {
  const domains: DomainName[] = [];
  const errors: ProblemError[] = [];
  for (const [index, text] of given.entries()) {
    const domain = parseDomainName(text);
    if (domain) domains.push(domain);
    else errors.push({ pointer: pointerTo('domains', index), detail: 'is not a domain name' });
  }
  return { domains, errors };
}
