/** Setting a domain up: who sends for it, the plan, its publication. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { Prepared, PublishEnd, Publisher } from '../../../services/setup/publish/types.ts';
import { undecided } from '../../../services/setup/setup.ts';
import { type Answer, bytes, json, problem } from '../answer.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { showDelegation } from '../show-delegation.ts';
import { showPlan, showPublication, showSenders } from '../show-setup.ts';
import { visibleDomain } from './domains.ts';
import { notFound } from './emails.ts';

type SetupOperations =
  | 'checkDomain'
  | 'getSenders'
  | 'putSenders'
  | 'getPlan'
  | 'getDelegation'
  | 'delegateDomain'
  | 'endDelegation'
  | 'publishDomain';

/** Name servers of one host follow each other within seconds; whoever wants to see the last one asks again. */
const publishWaitMs = 20_000;

export function setupHandlers({ directory, desk }: Pick<HttpPorts, 'directory' | 'desk'>): Handlers<SetupOperations> {
  return {
    checkDomain: async ({ principal, names, signal }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      return json(200, { object: 'domain_findings', ...(await desk.check(domain.name, { signal })) });
    },

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

    getDelegation: async ({ principal, names }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      return json(200, showDelegation(domain.name, await desk.delegation(domain.name)));
    },

    delegateDomain: async ({ principal, names, body }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const { whole, mta_sts: stsMode } = body;
      const kind = whole === undefined ? {} : ({ kind: whole ? 'zone' : 'names' } as const);
      const made = await desk.delegate(domain.name, { ...kind, ...(stsMode && { stsMode }) });
      if (made.ok) return json(200, showDelegation(domain.name, made.value));
      return problem(made.code === 'dns-failed' ? 'dns_unanswered' : 'delegation_refused', { detail: made.say });
    },

    endDelegation: async ({ principal, names, query }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const ended = await desk.endDelegation(domain.name, { force: query.force ?? false });
      if (!ended.ok) return problem('still_delegated', { detail: ended.say });
      return ended.value ? bytes(204, null, {}) : notFound(`${names.name}/delegation`);
    },

    publishDomain: async ({ principal, names, body, signal }) => {
      const domain = await visibleDomain(directory, principal, names.name);
      if (!domain) return notFound(names.name);
      const { dry_run: isDryRun = false, optional = false, partial = false } = body;
      return publish(desk, domain.name, { isDryRun, withOptional: optional, isPartial: partial, signal });
    },
  };
}

async function publish(
  desk: HttpPorts['desk'],
  domain: DomainName,
  options: {
    readonly isDryRun: boolean;
    readonly withOptional: boolean;
    readonly isPartial: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const planner = await desk.planner(domain);
  if (!planner.ok) return problem('declaration_invalid', { detail: planner.say });
  const publisher = await desk.publisher(domain, options);
  if (!publisher.ok) return problem('no_dns_host', { detail: publisher.say });
  const prepared = await publisher.value.prepare(domain, planner.value);
  if (!prepared.ok) return problem('dns_host_failed', { detail: prepared.say });
  const open = undecided(prepared.value);
  if (open.length > 0 && !options.isPartial && !options.isDryRun && prepared.value.diff.changes.length > 0)
    return problem('plan_undecided', { errors: open.map((detail) => ({ detail })) });
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
