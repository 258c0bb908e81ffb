/** Domains of the office: added, looked at in DNS, their keys replaced. */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { DomainRecord, KeyPrincipal } from '../../../services/directory/types.ts';
import { json, problem } from '../answer.ts';
import { onePage } from '../cursor.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { showCheck, showDkimKey, showDomain } from '../show-domain.ts';
import { notFound } from './emails.ts';

type DomainOperations =
  | 'listDomains'
  | 'getDomain'
  | 'createDomain'
  | 'verifyDomain'
  | 'listDkimKeys'
  | 'rotateDkimKeys';

export function domainHandlers({ directory, care }: Pick<HttpPorts, 'directory' | 'care'>): Handlers<DomainOperations> {
  const show = async (domain: DomainRecord) =>
    showDomain(domain, await directory.keysOf(domain.name), directory.ownership.proofOf(domain.name));

  const found = (principal: KeyPrincipal, text: string) => visibleDomain(directory, principal, text);

  return {
    listDomains: async ({ principal }) => {
      const shown = (await directory.domains()).filter((domain) => isVisible(principal, domain.name));
      return json(200, onePage(await Promise.all(shown.map(show))));
    },

    getDomain: async ({ principal, names }) => {
      const domain = await found(principal, names.name);
      return domain ? json(200, await show(domain)) : notFound(names.name);
    },

    createDomain: async ({ body }) => {
      const name = parseDomainName(body.name);
      if (!name?.includes('.'))
        return problem('validation_failed', { errors: [{ pointer: '/name', detail: 'is not a domain name' }] });
      const added = await directory.addDomain(name, { receives: body.receives ?? true });
      return added.ok ? json(201, await show(added.value)) : problem('domain_exists', { detail: added.say });
    },

    verifyDomain: async ({ principal, names }) => {
      const domain = await found(principal, names.name);
      const report = domain && (await care.look(domain.name));
      return report ? json(200, showCheck(report)) : notFound(names.name);
    },

    listDkimKeys: async ({ principal, names }) => {
      const domain = await found(principal, names.name);
      if (!domain) return notFound(names.name);
      return json(200, onePage((await directory.keysOf(domain.name)).map(showDkimKey)));
    },

    rotateDkimKeys: async ({ principal, names }) => {
      const domain = await found(principal, names.name);
      if (!domain) return notFound(names.name);
      const made = await directory.dkim.rotate(domain.name);
      if (made.ok) return json(201, onePage(made.value.map(showDkimKey)));
      return made.code === 'domain-unknown'
        ? notFound(names.name)
        : problem('rotation_under_way', { detail: made.say });
    },
  };
}

/** A name that the key may not see is told like one that is not there. */
export async function visibleDomain(
  directory: Pick<HttpPorts['directory'], 'domain'>,
  principal: KeyPrincipal,
  text: string,
): Promise<DomainRecord | undefined> {
  const name = parseDomainName(text);
  return name && isVisible(principal, name) ? directory.domain(name) : undefined;
}

function isVisible(principal: KeyPrincipal, domain: DomainName): boolean {
  return principal.domains?.includes(domain) ?? true;
}
