/** Setting a domain up: who sends for it, the plan, its publication. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { Prepared, PublishEnd, Publisher } from '../../../services/setup/publish/types.ts';
import { type Answer, json, problem } from '../answer.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { showPlan, showPublication, showSenders } from '../show-setup.ts';
import { visibleDomain } from './domains.ts';
import { notFound } from './emails.ts';

type SetupOperations = 'getSenders' | 'putSenders' | 'getPlan' | 'publishDomain';

/** Name servers of one host follow each other within seconds; whoever wants to see the last one asks again. */
const publishWaitMs = 20_000;

export function setupHandlers({ directory, desk }: Pick<HttpPorts, 'directory' | 'desk'>): Handlers<SetupOperations> {
  return {
    getSenders: async ({ principal, names }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      return domain ? json(200, showSenders(await desk.declaration(domain.name))) : notFound(names.name);
    },

    putSenders: async ({ principal, names, body }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const declared = await desk.declare(domain.name, body);
      return declared.ok
        ? json(200, showSenders(declared.value))
        : problem('declaration_invalid', { detail: declared.say });
    },

    getPlan: async ({ principal, names }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const planner = await desk.planner(domain.name);
      if (!planner.ok) return problem('declaration_invalid', { detail: planner.say });
      return json(200, showPlan(await planner.value()));
    },

    publishDomain: async ({ principal, names, body, signal }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const { dry_run: isDryRun = false, optional = false } = body;
      return publish(desk, domain.name, { isDryRun, withOptional: optional, signal });
    },
  };
}

async function publish(
  desk: HttpPorts['desk'],
  domain: DomainName,
  options: { readonly isDryRun: boolean; readonly withOptional: boolean; readonly signal: AbortSignal },
): Promise<Answer> {
  const planner = await desk.planner(domain);
  if (!planner.ok) return problem('declaration_invalid', { detail: planner.say });
  const publisher = await desk.publisher(domain, options);
  if (!publisher.ok) return problem('no_dns_host', { detail: publisher.say });
  const prepared = await publisher.value.prepare(domain, planner.value);
  if (!prepared.ok) return problem('dns_host_failed', { detail: prepared.say });
  const end = await carryOut(publisher.value, prepared.value, options);
  if (end?.state === 'refused') return problem('dns_host_failed', { detail: end.say });
  return json(200, showPublication(prepared.value, { host: publisher.value.host, end }));
}

async function carryOut(
  publisher: Publisher,
  prepared: Prepared,
  { isDryRun, signal }: { readonly isDryRun: boolean; readonly signal: AbortSignal },
): Promise<PublishEnd | undefined> {
  if (isDryRun || prepared.diff.changes.length === 0) return undefined;
  return publisher.carryOut(prepared, { waitMs: publishWaitMs, signal });
}
