/** `posthorn dmarc show`: which policy applies to mail from a domain, where it was found, and who may get the reports. */
import type { Command } from 'commander';
import type { DomainName } from '../../../format/domain-name.ts';
import { authenticatedNothing, evaluateDmarc } from '../../../protocol/dmarc/evaluate-dmarc.ts';
import type { DmarcRecord } from '../../../protocol/dmarc/record.ts';
import { verifyReportDestination } from '../../../protocol/dmarc/report-destination.ts';
import { createRecordFinder } from '../../../protocol/dmarc/tree-walk.ts';
import type { DmarcResult } from '../../../protocol/dmarc/types.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { readDomain } from '../read-options.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';

export function defineDmarc(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const show = command.command('show').description('Which policy applies to mail from a domain, and where it stands.');
  show
    .argument('<domain>', 'what stands behind the @ in From')
    .addHelpText(
      'after',
      `\nExit code 1 when no policy applies or something in it is wrong.\n\n  ${program} dmarc show example.com`,
    );
  leaf(show, ['document', 'dns'], showPolicy);
}

type Destination = {
  readonly uri: string;
  readonly state: 'allowed' | 'refused' | 'unknown' | 'unusable';
  readonly why?: string;
};

async function showPolicy(run: Run, _options: object, text = ''): Promise<Answer> {
  const domain = readDomain(text);
  const resolver = await run.resolver();
  const { signal } = run.host;
  const found = await evaluateDmarc(resolver, authenticatedNothing(domain), { signal });
  const published = found.policyDomain && (await createRecordFinder(resolver, { signal })(found.policyDomain));
  const record = published?.kind === 'record' ? published.record : undefined;
  const reports = record && found.policyDomain ? await destinations(resolver, found.policyDomain, record, signal) : [];
  const isGood =
    record?.usable === 'yes' && record.remarks.length === 0 && reports.every(({ state }) => state === 'allowed');
  return {
    exit: isGood ? exits.ok : exits.problems,
    document: documentOf(domain, found, record, reports),
    value: found.policy,
    lines: (style) => [
      record === undefined
        ? `${style.bold(domain)}: ${style.bad(found.reason ?? 'no DMARC record applies')}`
        : `${style.bold(domain)}: ${found.policy}${record.testing ? ', in test mode (t=y): applied one step lower' : ''}, by the record of ${found.policyDomain}`,
      '',
      ...traceOf(found).map((line) => style.dim(visible(line))),
      ...reports.map(
        ({ uri, state, why }) => `reports to ${visible(uri)}: ${state}${why === undefined ? '' : `, ${visible(why)}`}`,
      ),
    ],
  };
}

async function destinations(
  resolver: Resolver,
  policyDomain: DomainName,
  { rua, ruf }: DmarcRecord,
  signal: AbortSignal,
): Promise<readonly Destination[]> {
  const all = [...rua, ...ruf.filter(({ uri }) => !rua.some((one) => one.uri === uri))];
  return Promise.all(
    all.map(async ({ uri, mailbox }): Promise<Destination> => {
      if (mailbox === undefined) return { uri, state: 'unusable', why: 'not one address that can be mailed to' };
      const answer = await verifyReportDestination(resolver, { policyDomain, address: { uri, mailbox } }, { signal });
      return { uri, state: answer.kind, ...('why' in answer && { why: answer.why }) };
    }),
  );
}

function documentOf(
  domain: DomainName,
  { policyDomain, policy, applied, organizationalDomain, discoveryQueries, legacy, reason, trace }: DmarcResult,
  record: DmarcRecord | undefined,
  reports: readonly Destination[],
): object {
  return {
    domain,
    policy,
    applied,
    ...(policyDomain !== undefined && { policy_domain: policyDomain }),
    ...(organizationalDomain !== undefined && { organizational_domain: organizationalDomain }),
    discovery_queries: discoveryQueries,
    ...(record && {
      record: {
        text: record.text,
        adkim: record.adkim,
        aspf: record.aspf,
        psd: record.psd,
        testing: record.testing,
        ignored: record.remarks,
        obsolete: record.obsolete,
      },
    }),
    reports,
    ...(legacy && {
      legacy: {
        organizational_domain: legacy.organizationalDomain ?? null,
        policy: legacy.policy,
        ...(legacy.pct !== undefined && { pct: legacy.pct }),
        differs: legacy.differs,
      },
    }),
    ...(reason !== undefined && { reason }),
    trace: traceOf({ trace }),
  };
}

/** Without what it says about mail that nobody sent. */
function traceOf({ trace }: Pick<DmarcResult, 'trace'>): readonly string[] {
  return trace.filter((line) => !/^(?:result: |neither SPF nor DKIM passed)/.test(line));
}
