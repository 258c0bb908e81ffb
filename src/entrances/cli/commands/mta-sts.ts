/** `posthorn mta-sts show`: what a domain asks of those who send to it, and whether it holds together. */
import type { Command } from 'commander';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { observeSts, problemsOf, type StsObserved } from '../../../protocol/mta-sts/observe-sts.ts';
import type { FetchPolicyFile } from '../../../protocol/mta-sts/sts-policies.ts';
import { parseTlsRptRecord, type TlsRptRecord } from '../../../protocol/tls-rpt/record.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

type Options = { readonly policy?: string; readonly zone?: readonly string[] };

export function defineMtaSts(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const show = command.command('show').description('What a domain publishes, and whether it holds together.');
  show
    .argument('<domain>', 'the domain mail goes to')
    .option('--policy <file>', 'take this for the policy file instead of fetching it')
    .addHelpText(
      'after',
      [
        '',
        'Looks at the record, fetches the policy over HTTPS, and holds the MX hosts',
        'against it. With --zone nothing leaves the machine: give the policy by --policy.',
        'Exit code 1 when something is wrong.',
        '',
        `  ${program} mta-sts show example.com`,
      ].join('\n'),
    );
  leaf<Options>(show, ['document', 'dns'], showPolicy);
}

async function showPolicy(run: Run, options: Options, text = ''): Promise<Answer> {
  const domain = parseDomainName(text);
  if (domain === undefined) throw bad('bad_domain', `${visible(text)} is no domain.`, ['give a name like example.com']);
  const resolver = await run.resolver();
  const fetchFile =
    options.policy !== undefined
      ? fromFile(run.host, options.policy)
      : options.zone
        ? undefined
        : await run.host.policyFiles(resolver);
  const observed = await observeSts(resolver, domain, fetchFile);
  const { reporting } = observed;
  const reports: Reports =
    reporting.kind === 'failed' ? reporting : parseTlsRptRecord(reporting.kind === 'found' ? reporting.records : []);
  const problems = problemsOf(observed);
  return {
    exit: problems.length > 0 ? exits.problems : exits.ok,
    document: documentOf(observed, reports, problems),
    value: stateOf(observed),
    lines: (style, columns) => linesOf({ observed, reports, problems, style, columns }),
  };
}

type Reports = TlsRptRecord | { readonly kind: 'failed'; readonly why: string };
type Problems = ReturnType<typeof problemsOf>;

function fromFile(host: CliHost, path: string): FetchPolicyFile {
  return async () => ({ ok: true, octets: await host.readFile(path) });
}

/** What a sender that asks would do: `none` where there is nothing to obey. */
function stateOf({ announced, file }: StsObserved): 'enforce' | 'testing' | 'none' | 'unknown' {
  if (announced.kind !== 'found') return announced.kind === 'failed' ? 'unknown' : 'none';
  if (file === undefined) return 'unknown';
  return file.ok ? file.policy.mode : 'none';
}

function documentOf(observed: StsObserved, reports: Reports, problems: Problems): object {
  const { domain, announced, file, hosts } = observed;
  return {
    domain,
    applies: stateOf(observed),
    record: {
      name: `_mta-sts.${domain}`,
      state: announced.kind,
      ...(announced.kind === 'found' ? { id: announced.id } : {}),
      ...('why' in announced ? { why: announced.why } : {}),
    },
    policy: {
      url: urlOf(domain),
      ...(file === undefined
        ? { state: 'unknown', why: 'not fetched' }
        : file.ok
          ? {
              state: 'found',
              mode: file.policy.mode,
              mx: file.policy.mx,
              max_age: file.policy.maxAgeSeconds,
              lines: file.policy.lines,
            }
          : { state: file.code, why: file.say }),
    },
    mx: hosts,
    tls_reports: {
      name: `_smtp._tls.${domain}`,
      state: reports.kind,
      ...('rua' in reports ? { rua: reports.rua } : {}),
      ...('why' in reports ? { why: reports.why } : {}),
    },
    problems,
  };
}

function urlOf(domain: DomainName): string {
  return `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
}

type Page = {
  readonly observed: StsObserved;
  readonly reports: Reports;
  readonly problems: Problems;
  readonly style: Style;
  readonly columns: number | undefined;
};

const indent = 10;

function linesOf({ observed, reports, problems, style, columns }: Page): string[] {
  const width = (columns ?? 80) - indent;
  const row = (label: string, text: string, mark = (line: string) => line) =>
    wrapped(visible(text), width).map(
      (line, at) => `${at === 0 ? style.dim(label.padEnd(indent)) : ' '.repeat(indent)}${mark(line)}`,
    );
  const { domain, hosts } = observed;
  const isWhole = observed.announced.kind === 'found' && observed.file?.ok === true;
  return [
    `${style.bold(domain)}: ${meaning(observed)}`,
    '',
    ...row('record', sayRecord(observed)),
    ...row('policy', sayPolicy(observed)),
    ...hosts.flatMap(({ host, preference, named }, at) =>
      row(
        at === 0 ? 'MX' : '',
        `${preference} ${host || '(none)'}${named === undefined ? '' : named ? '   named by the policy' : '   NOT named by the policy'}`,
        named === false ? style.bad : undefined,
      ),
    ),
    ...row('reports', sayReports(reports)),
    ...(problems.length > 0 ? [''] : []),
    ...(problems.length === 0 && isWhole ? ['', style.good('Nothing is wrong with it.')] : []),
    ...problems.flatMap(({ what, fix }) => [
      ...wrapped(visible(what), width).map((line, at) => `${at === 0 ? '! ' : '  '}${style.bad(line)}`),
      ...wrapped(visible(fix), width).map((line) => `  ${line}`),
    ]),
  ];
}

function meaning(observed: StsObserved): string {
  const { announced } = observed;
  switch (stateOf(observed)) {
    case 'enforce':
      return 'senders that ask deliver over proven TLS or not at all.';
    case 'testing':
      return 'senders that ask deliver in any case, and report what would fail.';
    case 'none':
      return announced.kind === 'none'
        ? 'no MTA-STS; TLS to it can be stripped.'
        : 'MTA-STS has no effect; TLS to it can be stripped.';
    case 'unknown':
      return 'what its policy says is not known.';
  }
}

function sayRecord({ announced }: StsObserved): string {
  if (announced.kind === 'found') return `id ${announced.id}`;
  return announced.kind === 'none'
    ? 'none'
    : `${announced.kind === 'failed' ? 'not known' : 'not valid'}: ${announced.why}`;
}

function sayPolicy({ domain, announced, file }: StsObserved): string {
  if (file === undefined) return `not fetched (${urlOf(domain)}); give the file by --policy`;
  if (!file.ok) return announced.kind === 'none' ? 'none' : file.say;
  const { mode, mx, maxAgeSeconds } = file.policy;
  const hosts = mx.length === 0 ? '' : `, hosts ${mx.join(', ')}`;
  return `mode ${mode}, for ${ageText(maxAgeSeconds)}${hosts}`;
}

function ageText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  return days > 0 ? `${days} day${days === 1 ? '' : 's'}` : `${seconds} s`;
}

function sayReports(reports: Reports): string {
  if (reports.kind === 'found') return `to ${reports.rua.join(', ')}`;
  return reports.kind === 'none'
    ? 'none asked for (_smtp._tls)'
    : `${reports.kind === 'failed' ? 'not known' : 'not valid'}: ${reports.why}`;
}
