/** Who sends for a domain, as options, a file or the office say it: what `plan` and `publish` begin with. */
import type { Command } from 'commander';
import type { DomainName } from '../../format/domain-name.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { ownOffice, readPlannedDomain, Setup } from '../../services/setup/setup.ts';
import type { Declaration, OwnOffice } from '../../services/setup/types.ts';
import { CliError } from './cli-error.ts';
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
    .option('--parked', 'nothing is ever sent or received');
}

export type Declared = Opened & { readonly declaration: Declaration };

/** @param text the domain, as it was typed */
export async function openDeclared(
  run: Run,
  options: DeclareOptions,
  text: string,
  resolver: Resolver,
): Promise<Declared> {
  const domain = readPlannedDomain(text);
  if (!domain.ok) throw planRefused(run, domain);
  const given = await declared(run, options);
  const opened = await open(run, options, resolver, domain.value, Object.keys(given).length > 0);
  const declaration = await declarationOf(run, opened.setup, given, domain.value);
  if (options.save) await opened.setup.declare(declaration);
  return { ...opened, declaration };
}

type Opened = { readonly setup: Setup; readonly office: OwnOffice | undefined };

/** The office is opened where it is needed: to keep a declaration, or because none was given. */
async function open(
  run: Run,
  { save }: DeclareOptions,
  resolver: Resolver,
  domain: DomainName,
  isGiven: boolean,
): Promise<Opened> {
  if (isGiven && !save) {
    const { timers } = run.host;
    const office = await officeOf(run, domain);
    return { setup: new Setup({ resolver, timers, catalogue: await run.host.catalogue() }), office };
  }
  const folder = await run.folder();
  const { directory, hostname, delegations } = folder;
  return { setup: await folder.setup(resolver), office: await ownOffice(directory, hostname, domain, delegations) };
}

/** What the office brings to the domain, where there is one here that has it. */
export async function officeOf(run: Run, domain: DomainName): Promise<OwnOffice | undefined> {
  try {
    const { directory, hostname, delegations } = await run.folder();
    return await ownOffice(directory, hostname, domain, delegations);
  } catch (error) {
    if (error instanceof CliError && ['no_office', 'not_by_api'].includes(error.code)) return undefined;
    throw error;
  }
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
  if (!read.ok) throw planRefused(run, read);
  return read.value;
}

/** The file, and what the options say over it. */
async function declared(run: Run, options: DeclareOptions): Promise<Table> {
  const { sender, dmarc, rua, pct, loosen, inbound, parked, spf, bimi } = options;
  const file = options.file === undefined ? {} : await readTableFile(run, options.file, 'a declaration');
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

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** A refusal of the service with the next command to type. */
export function planRefused({ host }: Run, { code, say }: { readonly code: string; readonly say: string }): CliError {
  const id = /^([a-z0-9-]+):/.exec(say)?.[1];
  const nexts: Readonly<Record<string, string>> = {
    'bad-domain': `${host.command} plan ${/(?:domain is|itself:) ([a-z0-9-]+\.[a-z0-9.-]*[a-z0-9])/i.exec(say)?.[1] ?? 'example.com'} --sender ...`,
    'unknown-sender': `${host.command} senders list`,
    'bad-stage': `${host.command} plan --help`,
    'bad-report-address': `${host.command} plan --help`,
  };
  const next = nexts[code] ?? `${host.command} ${id === undefined ? 'plan --help' : `senders show ${id}`}`;
  return bad(code.replaceAll('-', '_'), /[.?]$/.test(say) ? say : `${say}.`, [next]);
}
