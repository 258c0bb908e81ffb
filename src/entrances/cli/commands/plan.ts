/** `posthorn plan`: one plan of records for everyone who sends for a domain, held against what is published now. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import {
  dnscontrolNotation,
  factsOf,
  type Setup,
  terraformForCloudflare,
  terraformForRoute53,
  zoneNotation,
} from '../../../services/setup/setup.ts';
import type { Declaration, DomainObserved, OwnOffice, Plan } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import {
  addDeclareOptions,
  type DeclareOptions,
  declareOptionNames,
  openDeclared,
  planRefused,
} from '../declared-domain.ts';
import { quoted } from '../describe-failure.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { parseJson } from '../read-table-file.ts';
import { planLines } from '../render-plan.ts';
import type { Run } from '../run.ts';

type Options = DeclareOptions & {
  readonly format?: string;
  readonly observed?: string;
};

const formats = ['table', 'zone', 'json', 'terraform', 'terraform-route53', 'dnscontrol', 'observed'] as const;
type Format = (typeof formats)[number];

export function definePlan(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  addDeclareOptions(command.argument('<domain>', 'what stands behind the @ in From'))
    .option('--format <notation>', formats.join(', '), 'table')
    .option('--observed <file>', 'plan with what --format observed printed, ask nobody')
    .option('--save', 'keep this declaration in the office: later `plan` needs the domain alone')
    .addHelpText(
      'after',
      [
        '',
        'Looks at what is published, changes nothing. Exit code 1 when something is to be',
        'decided first, or DNS did not answer.',
        '',
        `  ${program} plan example.com --sender google-workspace --sender own:192.0.2.10`,
        `  ${program} plan example.com --file example.com.toml --format zone`,
        `  ${program} plan parked.example --parked`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'data', 'dns'], makePlan);
}

async function makePlan(run: Run, options: Options, text = ''): Promise<Answer> {
  const format = readFormat(options.format);
  const resolver = await (options.observed === undefined ? run.eyes().then((eyes) => eyes.resolver) : nobody);
  const { setup, office, declaration } = await openDeclared(run, options, text, resolver);
  const observed = await observe(run, setup, declaration, { ...options, office });
  const plan = setup.plan(declaration, observed, office ? { office } : {});
  if (!plan.ok) throw planRefused(run, plan);
  return answerOf(run, { plan: plan.value, observed, format });
}

/** Asks nobody: everything is in the file. */
const nobody = { lookup: async () => ({ kind: 'failed', why: 'servfail' }) as const };

async function observe(
  run: Run,
  setup: Setup,
  declaration: Declaration,
  { observed, office }: { readonly observed?: string; readonly office: OwnOffice | undefined },
): Promise<DomainObserved> {
  if (observed !== undefined) return readObserved(run, observed, declaration.domain);
  const looked = await setup.observe(declaration, { signal: run.host.signal, ...(office && { office }) });
  if (!looked.ok) throw planRefused(run, looked);
  return looked.value;
}

async function readObserved(run: Run, path: string, domain: DomainName): Promise<DomainObserved> {
  const value = parseJson(fromUtf8(await run.host.readFile(path)));
  const read = value as Partial<DomainObserved> | undefined;
  if (read?.domain !== domain || typeof read.answers !== 'object')
    throw bad('bad_observed', `${path} holds no observation of ${domain}.`, [
      run.again({ without: ['--observed', '--format'], plus: `--format observed > ${quoted(path)}` }),
    ]);
  return read as DomainObserved;
}

function answerOf(
  run: Run,
  { plan, observed, format }: { plan: Plan; observed: DomainObserved; format: Format },
): Answer {
  const isOpen = plan.conflicts.length > 0 || plan.records.some(({ state }) => state === 'unknown');
  const text = notation(format, plan, observed);
  return {
    exit: isOpen ? exits.problems : exits.ok,
    document: format === 'observed' ? observed : plan,
    value: text ?? `${plan.records.filter(({ state }) => state !== 'present').length}`,
    lines: (style, columns) =>
      text === undefined
        ? planLines(plan, {
            style,
            columns,
            again: run.again(),
            publish: run.again({ command: 'publish', only: declareOptionNames, plus: '--dry-run' }),
          })
        : text.replace(/\n$/, '').split('\n'),
  };
}

/** Undefined for the page for people. */
function notation(format: Format, plan: Plan, observed: DomainObserved): string | undefined {
  switch (format) {
    case 'table':
      return undefined;
    case 'zone':
      return zoneNotation(plan);
    case 'json':
      return JSON.stringify(plan, undefined, 2);
    case 'observed':
      return JSON.stringify(observed, undefined, 2);
    case 'terraform':
      return terraformForCloudflare(plan);
    case 'terraform-route53':
      return terraformForRoute53(plan, factsOf(observed));
    case 'dnscontrol':
      return dnscontrolNotation(plan);
  }
}

function readFormat(text = 'table'): Format {
  const format = formats.find((one) => one === text);
  if (format === undefined)
    throw bad('bad_format', `--format ${text} is not known: ${formats.join(', ')}.`, ['--format zone']);
  return format;
}
