/** Who sends for a domain, as options, a file or the office say it: what `plan` and `publish` begin with. */
import type { Command } from 'commander';
import type { DomainName } from '../../format/domain-name.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { ownOffice, readPlannedDomain, Setup } from '../../services/setup/setup.ts';
import type { Declaration, OwnOffice } from '../../services/setup/types.ts';
import { showSenders } from '../http/show-setup.ts';
import { CliError } from './cli-error.ts';
import type { OpenOffice } from './cli-host.ts';
import { exits } from './exits.ts';
import { each } from './leaf.ts';
import { bad } from './read-options.ts';
import { isTable, readTableFile, type Table } from './read-table-file.ts';
import type { Run } from './run.ts';

export type DeclareOptions = {
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
  readonly mtaSts?: string;
  readonly save?: boolean;
};

export function addDeclareOptions(command: Command): Command {
  return command
    .option('--sender <id[:values]>', 'who sends for it, as `senders list` has it; repeatable', each)
    .option('--file <file>', 'a declaration under version control: TOML or JSON')
    .option('--dmarc <stage>', 'none, none-np, quarantine-test, quarantine, reject-test, reject')
    .option('--rua <address>', 'where DMARC reports go; repeatable', each)
    .option('--pct <share>', 'hold older receivers back to this share of what fails')
    .option('--loosen', 'the DMARC policy may become weaker than the one there')
    .option('--inbound <id>', 'which sender receives the mail; lets the MX records change')
    .option('--spf <way>', 'a way out of too many lookups that may be taken; repeatable', each)
    .option('--bimi <url>', 'the logo, once DMARC is in force')
    .option('--mta-sts <mode>', 'policy for mail that comes in here: none, testing, enforce')
    .option('--parked', 'nothing is ever sent or received');
}

/** The options of it, as they are typed. */
export const declareOptionNames = [
  ...['--sender', '--file', '--dmarc', '--rua', '--pct', '--loosen', '--inbound', '--spf', '--bimi', '--mta-sts'],
  '--parked',
];

export type Declared = Omit<Opened, 'kept'> & { readonly declaration: Declaration };

/** @param text the domain, as it was typed */
export async function openDeclared(
  run: Run,
  options: DeclareOptions,
  text: string,
  resolver: Resolver,
): Promise<Declared> {
  const domain = readPlannedDomain(text);
  if (!domain.ok) throw planRefused(run, domain);
  const opened = await open(run, options, resolver, domain.value);
  const declaration = await declarationOf(run, options, opened, domain.value);
  if (options.save) await opened.setup.declare(declaration);
  return { setup: opened.setup, office: opened.office, declaration };
}

type Opened = {
  readonly setup: Setup;
  readonly office: OwnOffice | undefined;
  /** What the office keeps. */
  readonly kept: Declaration | undefined;
};

/** The office has to be there where a declaration is to be kept, or none was given. */
async function open(run: Run, options: DeclareOptions, resolver: Resolver, domain: DomainName): Promise<Opened> {
  const folder = options.save || !isGiven(options) ? await run.folder() : await folderIfAny(run);
  if (folder === undefined) {
    const { timers } = run.host;
    const setup = new Setup({ resolver, timers, catalogue: await run.host.catalogue() });
    return { setup, office: undefined, kept: undefined };
  }
  const { directory, hostname, delegations } = folder;
  const setup = await folder.setup(resolver);
  const office = await ownOffice(directory, hostname, domain, delegations);
  return { setup, office, kept: await setup.declaration(domain) };
}

function isGiven({ save: _, ...options }: DeclareOptions): boolean {
  return declareNames.some((name) => options[name] !== undefined);
}

const declareNames = [
  'sender',
  'file',
  'dmarc',
  'rua',
  'pct',
  'loosen',
  'inbound',
  'parked',
  'spf',
  'bimi',
  'mtaSts',
] as const;

/** Undefined where there is none, and somebody who works with a distant office means none. */
export async function folderIfAny(run: Run): Promise<OpenOffice | undefined> {
  try {
    return await run.folder();
  } catch (error) {
    if (error instanceof CliError && ['no_office', 'not_by_api'].includes(error.code)) return undefined;
    throw error;
  }
}

/** What the office brings to the domain, where there is one here that has it. */
export async function officeOf(run: Run, domain: DomainName): Promise<OwnOffice | undefined> {
  const folder = await folderIfAny(run);
  return folder && ownOffice(folder.directory, folder.hostname, domain, folder.delegations);
}

async function declarationOf(
  run: Run,
  options: DeclareOptions,
  { setup, kept }: Opened,
  domain: DomainName,
): Promise<Declaration> {
  if (isGiven(options)) {
    const read = setup.readDeclaration(await declared(run, options, kept), domain);
    if (!read.ok) throw planRefused(run, read);
    return read.value;
  }
  if (kept) return kept;
  throw new CliError({
    exit: exits.usage,
    code: 'nothing_declared',
    say: `Who sends for ${domain} is not known: neither options nor the office say it.`,
    next: `${run.host.command} plan ${domain} --sender google-workspace --sender own:192.0.2.10`,
  });
}

/** The file, or what the office keeps, and what the options say over it. */
async function declared(run: Run, options: DeclareOptions, kept: Declaration | undefined): Promise<Table> {
  const { sender, dmarc, rua, pct, loosen, inbound, parked, spf, bimi, mtaSts, file } = options;
  const base = file === undefined ? keptBeside(options, kept) : await readTableFile(run, file, 'a declaration');
  const own = isTable(base.dmarc) ? base.dmarc : {};
  const wish = {
    ...own,
    ...(dmarc !== undefined && { stage: dmarc }),
    ...(rua && { rua: [...new Set([...listOf(own.rua), ...rua])] }),
    ...(pct !== undefined && { pct }),
    ...(loosen && { loosen }),
  };
  return {
    ...base,
    ...(sender && { senders: [...listOf(base.senders), ...sender] }),
    ...(Object.keys(wish).length > 0 && { dmarc: wish }),
    ...(inbound !== undefined && { inbound }),
    ...(parked && { parked }),
    ...(spf && { spf }),
    ...(bimi !== undefined && { bimi: { logo: bimi } }),
    ...(mtaSts !== undefined && { mta_sts: mtaSts }),
  };
}

/** What is not said anew stays: another stage takes no sender away. Senders are said anew as a whole. */
function keptBeside({ sender, dmarc, parked }: DeclareOptions, kept: Declaration | undefined): Table {
  if (kept === undefined || parked) return {};
  const { object: _, domain: __, senders, parked: wasParked, inbound, dmarc: wish, ...rest } = showSenders(kept);
  const { pct: ___, loosen: ____, ...lasting } = wish ?? {}; // of that stage
  const ids = sender?.map((text) => text.split(':', 1)[0]);
  const isThere = inbound === 'posthorn' || ids === undefined || ids.includes(inbound);
  return {
    ...rest,
    ...(wish && { dmarc: dmarc === undefined ? wish : lasting }),
    ...(inbound !== undefined && isThere && { inbound }),
    ...(sender === undefined && { senders: [...senders], ...(wasParked && { parked: wasParked }) }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** A refusal of the service with the next command to type. */
export function planRefused({ host }: Run, { code, say }: { readonly code: string; readonly say: string }): CliError {
  const id = /^([a-z0-9-]+):/.exec(say)?.[1];
  const nexts: Readonly<Record<string, string>> = {
    'bad-domain': `${host.command} plan ${/(?:domain is|itself:) ([a-z0-9-]+\.[a-z0-9.-]*[a-z0-9])/i.exec(say)?.[1] ?? 'example.com'} --sender google-workspace`,
    'unknown-sender': `${host.command} senders list`,
    'bad-stage': `${host.command} plan --help`,
    'bad-report-address': `${host.command} plan --help`,
  };
  const next = nexts[code] ?? `${host.command} ${id === undefined ? 'plan --help' : `senders show ${id}`}`;
  return bad(code.replaceAll('-', '_'), /[.?]$/.test(say) ? say : `${say}.`, [next]);
}
