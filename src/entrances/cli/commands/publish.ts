/** `posthorn publish`: brings the plan of a domain into its zone, at whatever host keeps it; tells what became of it, and undoes it. */
import type { Command } from 'commander';
import type { DomainName } from '../../../format/domain-name.ts';
import type {
  Prepared,
  Publication,
  PublishEnd,
  Publisher,
  PublishStep,
} from '../../../services/setup/publish/types.ts';
import { lossesOf, Setup, undecided } from '../../../services/setup/setup.ts';
import type { Plan } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost, Eyes, OpenedPublisher } from '../cli-host.ts';
import {
  addDeclareOptions,
  type DeclareOptions,
  declareOptionNames,
  officeOf,
  openDeclared,
  planRefused,
} from '../declared-domain.ts';
import { type ExitCode, exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import { diffDocument, endDocument } from '../publish-document.ts';
import { connectAnswer, connectTarget } from '../publish-link.ts';
import { historyAnswer, hostsAnswer } from '../publish-lists.ts';
import { prepareTemplate } from '../publish-template.ts';
import { Questions } from '../questions.ts';
import { readDomain, readTimeout } from '../read-options.ts';
import { countChanges, diffLines } from '../render-changes.ts';
import { endLines, strangersLines } from '../render-publish-end.ts';
import { moment } from '../render-table.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';
import { foldedCommand } from '../typed-line.ts';
import { exitOfHost, zoneEditorError } from '../zone-editor-error.ts';

type Options = DeclareOptions & {
  readonly provider?: string;
  readonly apiUrl?: string;
  readonly nameServer?: string;
  readonly zoneFile?: string;
  readonly optional?: boolean;
  readonly partial?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait?: string;
  readonly undo?: string | true;
  readonly force?: boolean;
  readonly history?: boolean;
  readonly hosts?: boolean;
  readonly remember?: boolean;
  readonly forget?: boolean;
  readonly journal?: string;
  readonly domainConnect?: string | true;
  readonly template?: string;
  readonly value?: readonly string[];
  readonly zone?: readonly string[];
};

export function definePublish(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  addDeclareOptions(command.argument('[domain]', 'what stands behind the @ in From'))
    .option('--provider <kind>', 'the DNS host that keeps the zone; --hosts lists them')
    .option('--api-url <url>', 'where the API of powerdns answers')
    .option('--name-server <host>', 'the server that takes signed updates (rfc2136)')
    .option('--zone-file <file>', 'the zone is this master file')
    .option('--dry-run', 'show what would change, change nothing')
    .option('--yes', 'do not ask')
    .option('--optional', 'publish what is only nice to have, too')
    .option('--partial', 'publish what can be, though something is to be decided first')
    .option('--wait <time>', 'how long to wait until every server shows it', '2m')
    .option('--undo [id]', 'take the last publication back, or the one named')
    .option('--force', 'with --undo: also what is in use, as the record of a key that signs')
    .option('--history', 'what was published, and what became of it')
    .option('--hosts', 'the kinds of DNS hosts, and what each wants to be told')
    .option('--remember', 'keep the credentials that were used, sealed in the office')
    .option('--forget', 'forget what is kept for --provider, and end')
    .option('--journal <file>', 'keep the journal in this file')
    .option('--domain-connect [zone]', 'print the link that lets names lead to this zone of ours')
    .option('--template <file>', 'a Domain Connect template in place of a plan')
    .option('--value <name=value>', 'what the template wants to be told; repeatable', each)
    .addHelpText(
      'after',
      [
        '',
        'Reads the zone where it is kept, changes only what the plan names, looks at',
        'every authoritative server, and takes all of it back when it came out otherwise.',
        'Credentials come from the environment. Exit code 75: changed, and not every',
        `server shows it yet; \`${program} watch DOMAIN\` tells when.`,
        '',
        `  ${program} publish example.com --sender google-workspace --dry-run`,
        `  ${program} publish example.com --file example.com.toml --provider cloudflare`,
        `  ${program} publish example.com --undo`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'data', 'dns'], publish);
}

async function publish(run: Run, options: Options, text?: string): Promise<Answer> {
  if (options.hosts) return hostsAnswer(run);
  if (text === undefined) throw missingDomain(run);
  const domain = readDomain(text);
  if (options.domainConnect !== undefined) return linkFor(run, options, domain);
  const given = readTimeout(options.wait ?? '2m', '--wait');
  const waitMs = options.zone === undefined ? given : 0; // a file was asked, and it does not change
  const eyes = await run.eyes();
  await using opened = await run.host.publisher(run.place, wishOf(domain, eyes, options));
  if (options.forget) return forgetAnswer(run, opened, options);
  if (options.history) return historyAnswer(domain, await opened.watcher.journal.list(domain));
  const work =
    options.undo !== undefined
      ? await fromJournal(run, options, { domain, opened })
      : options.template !== undefined
        ? await fromTemplate(run, options, { domain, opened })
        : await fromPlan(run, options, { domain, eyes, opened });
  if (options.remember) await remember(run, opened, { domain, kind: work.publisher.host });
  const page = { run, options, domain, ...work };
  const blocked = blockedBy(page);
  if (options.dryRun || work.prepared.diff.changes.length === 0 || blocked)
    return { ...diffAnswer(page), exit: blocked ? exits.problems : exits.ok };
  if (options.undo !== undefined && !options.force) await refuseLosses(page);
  await agree(page);
  const end = await work.publisher.carryOut(work.prepared, {
    waitMs,
    signal: run.host.signal,
    onStep: (step) => tell(run, step),
  });
  return endAnswer(page, end, waitMs);
}

/** Once they have opened the zone: what does not work is not kept. */
async function remember(
  run: Run,
  opened: OpenedPublisher,
  { domain, kind }: { readonly domain: DomainName; readonly kind: string },
): Promise<void> {
  const kept = await opened.remember(kind);
  if (!kept.ok) throw zoneEditorError(kept, { program: run.host.command, domain });
  run.note(`The credentials for ${kind} are kept, sealed, in ${kept.value}.`);
}

async function forgetAnswer(run: Run, opened: OpenedPublisher, { provider }: Options): Promise<Answer> {
  const next = `${run.host.command} publish --hosts`;
  if (provider === undefined)
    throw new CliError({ exit: exits.usage, code: 'missing_option', say: '--forget needs --provider KIND.', next });
  const forgotten = await opened.forget(provider);
  if (!forgotten.ok) throw new CliError({ exit: exits.configuration, code: 'no_office', say: forgotten.say, next });
  const say = `${forgotten.value} keeps nothing for ${provider} any more.`;
  return { document: { provider, forgotten: true }, lines: () => [`${say.charAt(0).toUpperCase()}${say.slice(1)}`] };
}

function missingDomain({ host }: Run): CliError {
  const say = 'Which domain is to be published?';
  return new CliError({
    exit: exits.usage,
    code: 'missing_argument',
    say,
    next: `${host.command} publish example.com --dry-run`,
  });
}

function wishOf(domain: DomainName, eyes: Eyes, options: Options) {
  const { provider, apiUrl, nameServer, zoneFile, optional = false, journal } = options;
  const implied = zoneFile ? 'zone-file' : nameServer ? 'rfc2136' : apiUrl ? 'powerdns' : undefined;
  const kind = provider ?? implied;
  return {
    domain,
    eyes,
    withOptional: optional,
    settings: {
      ...(apiUrl !== undefined && { PDNS_API_URL: apiUrl }),
      ...(nameServer !== undefined && { RFC2136_NAMESERVER: nameServer }),
      ...(zoneFile !== undefined && { ZONE_FILE: zoneFile }),
    },
    ...(kind !== undefined && { kind }),
    ...(journal !== undefined && { journal }),
  };
}

type Work = { readonly publisher: Publisher; readonly prepared: Prepared; readonly plan?: Plan };
type Page = Work & { readonly run: Run; readonly options: Options; readonly domain: DomainName };
type Around = { readonly domain: DomainName; readonly opened: OpenedPublisher };

async function openHost(run: Run, { domain, opened }: Around): Promise<Publisher> {
  const publisher = await opened.publisher();
  if (!publisher.ok) throw zoneEditorError(publisher, { program: run.host.command, domain });
  return publisher.value;
}

async function linkFor(run: Run, options: Options, domain: DomainName): Promise<Answer> {
  const given = options.domainConnect ?? true;
  const { resolver } = await run.eyes();
  const office = given === true ? (await openDeclared(run, options, domain, resolver)).office : undefined;
  return connectAnswer(run, domain, connectTarget(run, domain, given, office));
}

async function fromTemplate(run: Run, { template = '', value = [] }: Options, around: Around): Promise<Work> {
  const publisher = await openHost(run, around);
  const { domain } = around;
  return { publisher, ...(await prepareTemplate(run, { file: template, values: value }, { domain, publisher })) };
}

async function fromPlan(run: Run, options: Options, around: Around & { readonly eyes: Eyes }): Promise<Work> {
  const { domain, eyes, opened } = around;
  const { declaration, office } = await openDeclared(run, options, domain, eyes.resolver);
  const [last] = await opened.watcher.journal.list(domain);
  if (last?.state === 'begun' || last?.state === 'broken') run.note(brokenOff(run, last));
  const publisher = await openHost(run, around);
  const catalogue = await run.host.catalogue();
  const prepared = await publisher.prepare(declaration.domain, async (resolver) => {
    const setup = new Setup({ resolver, timers: run.host.timers, catalogue });
    const own = office ? { office } : {};
    const observed = await setup.observe(declaration, { ...own, signal: run.host.signal });
    if (!observed.ok) throw planRefused(run, observed);
    const plan = setup.plan(declaration, observed.value, own);
    if (!plan.ok) throw planRefused(run, plan);
    return plan.value;
  });
  if (!prepared.ok) throw zoneEditorError(prepared, { program: run.host.command, domain });
  return { publisher, prepared: prepared.value, plan: prepared.value.plan };
}

function brokenOff({ host }: Run, { id, atMs, domain, state }: Publication): string {
  const what = state === 'begun' ? 'was broken off' : 'could not be taken back';
  return `The publication of ${moment(new Date(atMs).toISOString())} (${id}) ${what}. What is left of it goes by:\n  ${host.command} publish ${domain} --undo ${id}`;
}

async function fromJournal(run: Run, { undo }: Options, around: Around): Promise<Work> {
  const { domain, opened } = around;
  const all = await opened.watcher.journal.list(domain);
  const isDone = ({ state, undoes }: Publication) => state !== 'refused' && state !== 'undone' && undoes === undefined;
  const undone = new Set(
    all.filter(({ state }) => state === 'made' || state === 'verified').map(({ undoes }) => undoes),
  );
  const publication =
    typeof undo === 'string'
      ? all.find(({ id }) => id === undo)
      : all.find((one) => isDone(one) && !undone.has(one.id));
  if (publication === undefined) {
    const what = typeof undo === 'string' ? `no publication ${undo}` : 'nothing to undo';
    const say = `In ${opened.watcher.journal.where} there is ${what} for ${domain}.`;
    throw new CliError({
      exit: exits.badInput,
      code: 'unknown_publication',
      say,
      next: `${run.host.command} publish ${domain} --history`,
    });
  }
  const publisher = await hostOf(run, publication, opened);
  const prepared = await publisher.prepareUndo(publication);
  if (!prepared.ok) throw zoneEditorError(prepared, { program: run.host.command, domain });
  return { publisher, prepared: prepared.value };
}

/** The one at which it was published, and no other that may have the zone by now. */
async function hostOf(
  { host }: Run,
  { id, host: kind, domain }: Publication,
  opened: OpenedPublisher,
): Promise<Publisher> {
  const publisher = await opened.publisher();
  if (publisher.ok && publisher.value.host === kind) return publisher.value;
  const about = { program: host.command, domain };
  if (!publisher.ok && publisher.code !== 'no-credentials') throw zoneEditorError(publisher, about);
  const say = publisher.ok
    ? `This was published at ${kind}, not at ${publisher.value.host}.`
    : zoneEditorError(publisher, about).say;
  const next = `${host.command} publish ${domain} --undo ${id} --provider ${kind}`;
  throw new CliError({ exit: exits.configuration, code: 'other_host', say, next });
}

/** What is to be decided before anything is published. */
function blockedBy({ options, prepared, plan }: Page): boolean {
  return !options.partial && undecided({ ...prepared, ...(plan && { plan }) }).length > 0;
}

/** A publication that is taken back may be an old one, and what it brought in use by now. */
async function refuseLosses({ run, domain, prepared }: Page): Promise<void> {
  const office = await officeOf(run, domain);
  const losses = office ? lossesOf(prepared.diff.changes, domain, office) : [];
  if (losses.length === 0) return;
  throw new CliError({
    exit: exits.problems,
    code: 'in_use',
    say: `Nothing was changed, because mail would suffer. In use is ${losses.join('; ')}.`,
    next: run.again({ without: ['--undo'], plus: `--undo ${prepared.undoes ?? ''} --force` }),
  });
}

async function agree(page: Page): Promise<void> {
  const { run, options } = page;
  if (options.yes) return;
  const { host } = run;
  if (!host.stdin.isTerminal) {
    const say = 'Nobody is there to be asked, so nothing was changed.';
    throw new CliError({
      exit: exits.usage,
      code: 'not_agreed',
      say,
      next: run.again({ plus: '--yes' }),
    });
  }
  host.err(`${pageLines(page, host.errStyle, host.columns).join('\n')}\n\n`);
  const questions = new Questions(host, { silent: false });
  const isAgreed = await questions.confirm('Publish this?');
  await questions.close();
  if (!isAgreed) {
    const say = 'Nothing was changed.';
    throw new CliError({ exit: exits.usage, code: 'not_agreed', say, next: planAgain(run) });
  }
}

/** What publishing goes by, with what is to be decided. */
function planAgain(run: Run): string {
  return run.again({ command: 'plan', only: declareOptionNames });
}

function tell(run: Run, step: PublishStep): void {
  if (step.step === 'applied') run.note('The host holds it. Looking at every authoritative server ...');
  if (step.step === 'taking-back') run.note(`${visible(step.why)}\nTaking it back ...`);
}

// ---- what is printed

/** The plan's open questions stand before what can be done. */
function pageLines(
  page: Pick<Page, 'run' | 'options' | 'prepared' | 'domain' | 'publisher' | 'plan'>,
  style: Style,
  columns: number | undefined,
): string[] {
  const { run, prepared, publisher, plan, domain } = page;
  const { changes } = prepared.diff;
  const where = `${domain} at ${publisher.host}${prepared.contents.zone === domain ? '' : `, zone ${prepared.contents.zone}`}`;
  const conflicts = plan?.conflicts ?? [];
  const lacking = (plan?.notes ?? []).filter(({ code }) => code === 'parameter-missing').length;
  const width = Math.max(40, columns ?? 80);
  return [
    style.bold(`${where}: ${changes.length === 0 ? 'nothing to change' : countChanges(changes)}`),
    ...diffLines(prepared.diff, style, columns),
    ...(conflicts.length === 0 ? [] : ['', style.bold('Decide first')]),
    ...conflicts.flatMap(({ name, say, fix }) => [
      ...wrapped(visible(say.includes(name) ? say : `${name}: ${say}`), width - 2).map((line, at) =>
        style.bad(`${at === 0 ? '! ' : '  '}${line}`),
      ),
      ...wrapped(visible(fix), width - 2).map((line) => `  ${line}`),
    ]),
    ...(lacking === 0
      ? []
      : [
          '',
          ...wrapped(
            `Not all of the plan is in here: ${lacking} value${lacking === 1 ? ' is' : 's are'} needed from you, as \`${run.host.command} plan\` tells.`,
            width,
          ),
        ]),
  ];
}

function documentOf({ options, prepared, publisher, plan, domain }: Page): object {
  return {
    domain,
    zone: prepared.contents.zone,
    host: publisher.host,
    ...(prepared.undoes !== undefined && { undoes: prepared.undoes }),
    dry_run: options.dryRun ?? false,
    ...diffDocument(prepared.diff),
    conflicts: plan?.conflicts ?? [],
  };
}

function diffAnswer(page: Page): Answer {
  const { run, prepared, options } = page;
  const blocked = blockedBy(page);
  return {
    document: documentOf(page),
    value: String(prepared.diff.changes.length),
    lines: (style, columns) => [
      ...pageLines(page, style, columns),
      ...(blocked
        ? [
            '',
            'Nothing was changed: something is to be decided first.',
            ...foldedCommand(planAgain(run), '  next: ', Math.max(40, columns ?? 80)),
            'Or go on with what can be done:',
            ...foldedCommand(run.again({ plus: '--partial' }), '  ', Math.max(40, columns ?? 80)),
          ]
        : options.dryRun && prepared.diff.changes.length > 0
          ? [
              '',
              'Nothing was changed. To do it:',
              ...foldedCommand(run.again({ without: ['--dry-run'] }), '  ', Math.max(40, columns ?? 80)),
            ]
          : []),
    ],
  };
}

/** Who reads a file does not see that it changed. */
const reloadHint = '  The server that reads the file has to be told: rndc reload, knotc zone-reload ...';

function endAnswer(page: Page, end: PublishEnd, waitMs: number): Answer {
  const { run, options, domain, publisher, prepared } = page;
  return {
    exit: exitOf(end, waitMs),
    document: { ...documentOf(page), result: endDocument(end) },
    value: end.id,
    lines: (style, columns) => [
      ...(options.yes ? [...pageLines(page, style, columns), ''] : []),
      ...endLines(end, {
        style,
        width: Math.max(40, columns ?? 80),
        program: run.host.command,
        domain,
        again: run.again(),
      }),
      ...strangersLines(end, prepared.contents, Math.max(40, columns ?? 80)),
      ...(publisher.host === 'zone-file' && end.state === 'made' ? [reloadHint] : []),
    ],
  };
}

function exitOf(end: PublishEnd, waitMs: number): ExitCode {
  switch (end.state) {
    case 'verified':
      return exits.ok;
    case 'made':
      return waitMs === 0 ? exits.ok : exits.tryAgain;
    case 'broken':
      return exits.problems;
    case 'refused':
    case 'undone':
      return exitOfHost(end.code);
  }
}
