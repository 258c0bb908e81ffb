/** `posthorn plan`: one plan of records for everyone who sends for a domain, held against what is published now. */
import type { Command } from 'commander';
import { parse as parseToml } from 'smol-toml';
import { fromUtf8 } from '../../../base/bytes.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import {
  dnscontrolNotation,
  factsOf,
  readPlannedDomain,
  Setup,
  terraformForCloudflare,
  terraformForRoute53,
  zoneNotation,
} from '../../../services/setup/setup.ts';
import type { Declaration, DomainObserved, OwnOffice, Plan } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost, OpenOffice } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { planLines } from '../render-plan.ts';
import type { Run } from '../run.ts';

type Options = {
  readonly sender?: readonly string[];
  readonly file?: string;
  readonly dmarc?: string;
  readonly rua?: readonly string[];
  readonly pct?: string;
  readonly loosen?: boolean;
  readonly inbound?: string;
  readonly parked?: boolean;
  readonly spf?: readonly string[];
  readonly bimi?: string;
  readonly format?: string;
  readonly observed?: string;
  readonly save?: boolean;
};

const formats = ['table', 'zone', 'json', 'terraform', 'terraform-route53', 'dnscontrol', 'observed'] as const;
type Format = (typeof formats)[number];

export function definePlan(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<domain>', 'what stands behind the @ in From')
    .option('--sender <id[:values]>', 'who sends for it, as `senders list` has it; repeatable', each)
    .option('--file <file>', 'a declaration under version control: TOML or JSON')
    .option('--dmarc <stage>', 'none, none-np, quarantine-test, quarantine, reject-test, reject')
    .option('--rua <address>', 'where DMARC reports go; repeatable', each)
    .option('--pct <share>', 'hold older receivers back to this share of what fails')
    .option('--loosen', 'the DMARC policy may become weaker than the one there')
    .option('--inbound <id>', 'which sender receives the mail; lets the MX records change')
    .option('--spf <way>', 'a way out of too many lookups that may be taken; repeatable', each)
    .option('--bimi <url>', 'the logo, once DMARC is in force')
    .option('--parked', 'nothing is ever sent or received')
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
  const domain = readPlannedDomain(text);
  if (!domain.ok) throw refused(run, domain);
  const resolver = await (options.observed === undefined ? run.resolver() : nobody);
  const given = await declared(run, options);
  const { setup, office } = await open(run, options, resolver, domain.value, Object.keys(given).length > 0);
  const declaration = await declarationOf(run, setup, given, domain.value);
  if (options.save) await setup.declare(declaration);
  const observed = await observe(run, setup, declaration, { ...options, office });
  const plan = setup.plan(declaration, observed, office ? { office } : {});
  if (!plan.ok) throw refused(run, plan);
  return answerOf(run, { plan: plan.value, observed, format });
}

type Opened = { readonly setup: Setup; readonly office: OwnOffice | undefined };

/** The office is opened where it is needed: to keep a declaration, or because none was given. */
async function open(
  run: Run,
  { save }: Options,
  resolver: Resolver,
  domain: DomainName,
  isGiven: boolean,
): Promise<Opened> {
  if (isGiven && !save) {
    const { timers } = run.host;
    return { setup: new Setup({ resolver, timers, catalogue: await run.host.catalogue() }), office: undefined };
  }
  const folder = await run.folder();
  return { setup: await folder.setup(resolver), office: await ownOffice(folder, domain) };
}

async function ownOffice({ directory, hostname }: OpenOffice, domain: DomainName): Promise<OwnOffice | undefined> {
  const known = await directory.domain(domain);
  if (known === undefined || !hostname.includes('.')) return undefined;
  const keys = await directory.keysOf(domain);
  return {
    hostname,
    receives: known.receives,
    keys: keys.map(({ selector, publicRecord, state }) => ({
      selector,
      record: publicRecord,
      retired: state === 'retired',
    })),
  };
}

async function declarationOf(run: Run, setup: Setup, given: object, domain: DomainName): Promise<Declaration> {
  if (Object.keys(given).length === 0) {
    const kept = await setup.declaration(domain);
    if (kept) return kept;
    throw new CliError({
      exit: exits.usage,
      code: 'nothing_declared',
      say: `Who sends for ${domain} is not known: neither options nor the office say it.`,
      next: `${run.host.command} plan ${domain} --sender google-workspace --sender own:192.0.2.10`,
    });
  }
  const read = setup.readDeclaration(given, domain);
  if (!read.ok) throw refused(run, read);
  return read.value;
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
  if (!looked.ok) throw refused(run, looked);
  return looked.value;
}

async function readObserved(run: Run, path: string, domain: DomainName): Promise<DomainObserved> {
  const value = parseJson(fromUtf8(await run.host.readFile(path)));
  const read = value as Partial<DomainObserved> | undefined;
  if (read?.domain !== domain || typeof read.answers !== 'object')
    throw bad('bad_observed', `${path} holds no observation of ${domain}.`, [
      `${run.host.command} plan ${domain} ... --format observed > ${path}`,
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
        ? planLines(plan, { style, columns, program: run.host.command })
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

/** The file, and what the options say over it. */
async function declared(run: Run, options: Options): Promise<Table> {
  const { sender, dmarc, rua, pct, loosen, inbound, parked, spf, bimi } = options;
  const file = options.file === undefined ? {} : await readFile(run, options.file);
  const own = isTable(file.dmarc) ? file.dmarc : {};
  const wish = {
    ...own,
    ...(dmarc !== undefined && { stage: dmarc }),
    ...(rua && { rua: [...listOf(own.rua), ...rua] }),
    ...(pct !== undefined && { pct }),
    ...(loosen && { loosen }),
  };
  return {
    ...file,
    ...(sender && { senders: [...listOf(file.senders), ...sender] }),
    ...(Object.keys(wish).length > 0 && { dmarc: wish }),
    ...(inbound !== undefined && { inbound }),
    ...(parked && { parked }),
    ...(spf && { spf }),
    ...(bimi !== undefined && { bimi: { logo: bimi } }),
  };
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

async function readFile(run: Run, path: string): Promise<Table> {
  const text = fromUtf8(await run.host.readFile(path));
  const value = /^\s*\{/.test(text) ? parseJson(text) : tomlOf(path, text);
  if (isTable(value)) return value;
  throw bad('bad_file', `${path} is no declaration: neither TOML nor a JSON object.`, [
    `${run.host.command} plan --help`,
  ]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tomlOf(path: string, text: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    const [say = 'it cannot be read'] = error instanceof Error ? error.message.split('\n') : [];
    throw bad('bad_file', `${path}: ${say}.`, [`correct ${path}`]);
  }
}

/** A refusal of the service with the next command to type. */
function refused({ host }: Run, { code, say }: { readonly code: string; readonly say: string }): CliError {
  const id = /^([a-z0-9-]+):/.exec(say)?.[1];
  const nexts: Readonly<Record<string, string>> = {
    'bad-domain': `${host.command} plan ${/(?:domain is|itself:) ([a-z0-9-]+\.[a-z0-9.-]*[a-z0-9])/i.exec(say)?.[1] ?? 'example.com'} --sender ...`,
    'unknown-sender': `${host.command} senders list`,
    'bad-stage': `${host.command} plan --help`,
  };
  const next = nexts[code] ?? `${host.command} ${id === undefined ? 'plan --help' : `senders show ${id}`}`;
  return bad(code.replaceAll('-', '_'), /[.?]$/.test(say) ? say : `${say}.`, [next]);
}
