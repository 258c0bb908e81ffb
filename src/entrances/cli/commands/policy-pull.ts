/** `posthorn policy pull`: the document of a domain is fetched and judged; what of it is in force can be kept, for `plan` and `publish`. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type {
  HeldPolicy,
  PolicyChange,
  PolicyDocument,
  PolicyRecord,
} from '../../../services/setup/policy-document/types.ts';
import {
  comparePolicies,
  compilePolicy,
  decidePolicy,
  declarationOf,
  documentOctetsMax,
  heldText,
  openPolicy,
  type PolicyDecision,
  parsePolicyRecord,
  policyRecordName,
  readHeld,
  type Setup,
} from '../../../services/setup/setup.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import { folderIfAny, planRefused } from '../declared-domain.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';
import { foldedCommand } from '../typed-line.ts';

export function definePull(pull: Command, leaf: Leaf, program: string): void {
  pull
    .description('Fetches the document, and says what of it holds, and when.')
    .argument('<domain>', 'whose mail it is about')
    .option('--save', 'keep what is in force in the office: `plan` and `publish` use it')
    .option('--held <file>', 'what was taken before; without it, what the office kept')
    .option('--document <file>', 'take this instead of fetching it')
    .addHelpText(
      'after',
      [
        '',
        'What asks more is in force at once, what asks less three days later: run it',
        'again then. Without an office, the answer with --json has `held`: keep it and',
        'give it to the next pull. Exit code 1 when there is none, or it is refused.',
        '',
        `  ${program} policy pull example.com`,
        `  ${program} policy pull example.com --save && ${program} plan example.com`,
      ].join('\n'),
    );
  leaf<PullOptions>(pull, ['document', 'data', 'dns', 'clock'], pullPolicy);
}

type PullOptions = { readonly held?: string; readonly document?: string; readonly save?: boolean };

/** The document by the record, its signature proven. */
export type Found = { readonly record: PolicyRecord; readonly document: PolicyDocument };

type Pulled = {
  readonly domain: DomainName;
  readonly document: PolicyDocument;
  readonly decision: PolicyDecision;
  readonly inForce: HeldPolicy | undefined;
  readonly saved: boolean;
};

async function pullPolicy(run: Run, options: PullOptions, text = ''): Promise<Answer> {
  const domain = readDomain(text);
  if (options.save && options.held !== undefined)
    throw bad('contradiction', '--save keeps what was taken in the office, --held names a file: give one of them.', [
      run.again({ without: ['--held'] }),
    ]);
  const setup = await officeSetup(run, options.save === true);
  const held = options.held === undefined ? await setup?.heldPolicy(domain) : await readHeldFile(run, options.held);
  const { record, document } = await findPolicy(run, domain, options.document);
  const clock = await run.clock();
  const decision = decidePolicy({ nowMs: clock.nowMs(), record, document, domain, held });
  const inForce = decision.do === 'take' || decision.do === 'wait' ? decision.held : held;
  const saved = options.save === true && decision.do !== 'refuse' && inForce !== undefined;
  if (saved) await take(run, setup, inForce);
  const pulled = { domain, document, decision, inForce, saved };
  return {
    exit: decision.do === 'refuse' ? exits.problems : exits.ok,
    document: await pullDocument(run, pulled),
    value: decision.do,
    lines: (style, columns = 80) => pullLines(run, pulled, style, columns),
  };
}

async function officeSetup(run: Run, isNeeded: boolean): Promise<Setup | undefined> {
  const folder = isNeeded ? await run.folder() : await folderIfAny(run);
  return folder?.setup((await run.eyes()).resolver);
}

async function take(run: Run, setup: Setup | undefined, held: HeldPolicy): Promise<void> {
  const taken = await setup?.takePolicy(held);
  if (taken && !taken.ok) throw planRefused(run, taken);
}

async function readHeldFile(run: Run, path: string): Promise<HeldPolicy> {
  const read = readHeld(fromUtf8(await run.host.readFile(path)));
  if (read.ok) return read.value;
  throw bad('bad_held', `${path} is not what an earlier pull answered as held: ${read.say}.`, [helpOf(run)]);
}

/** The document by the record, its signature proven. */
export async function findPolicy(run: Run, domain: DomainName, path: string | undefined): Promise<Found> {
  const { resolver } = await run.eyes();
  const record = await findRecord(run, resolver, domain);
  const octets = path === undefined ? await fetchDocument(run, resolver, record.url) : await run.host.readFile(path);
  const opened = openPolicy(octets, record);
  if (opened.ok) return { record, document: opened.value };
  throw problem(
    opened.code,
    `The document of ${domain} is not to be believed: ${opened.say}.`,
    `dig TXT _eml.${domain}`,
  );
}

async function findRecord(run: Run, resolver: Resolver, domain: DomainName): Promise<PolicyRecord> {
  const name = parseDomainName(policyRecordName(domain));
  if (name === undefined) throw bad('bad_domain', `${domain} is too long for a policy record.`, [helpOf(run)]);
  const answer = await resolver.lookup(name, 'TXT');
  if (answer.kind === 'failed')
    throw new CliError({
      exit: exits.tryAgain,
      code: 'dns_failed',
      say: `${name} could not be looked up: ${answer.why}.`,
      next: `dig TXT ${name}`,
    });
  const read = parsePolicyRecord(answer.kind === 'found' ? answer.records : []);
  if (read === undefined)
    throw problem('no-policy', `${domain} publishes no policy record.`, `${run.host.command} policy push --help`);
  if (!read.ok) throw problem(read.code, `The policy record of ${domain} is void: ${read.say}.`, `dig TXT ${name}`);
  return read.value;
}

async function fetchDocument(run: Run, resolver: Resolver, url: string): Promise<Uint8Array> {
  const fetchFile = await run.host.fetchNamed(resolver, run.place);
  const file = await fetchFile(url, { octetsMax: documentOctetsMax, mediaType: 'application/json' });
  if (file.ok) return file.value;
  throw new CliError({
    exit: exits.unavailable,
    code: 'not_fetched',
    say: `${url} cannot be had: ${file.say}.`,
    next: `curl -v ${url}`,
  });
}

function problem(code: string, say: string, next: string): CliError {
  return new CliError({ exit: exits.problems, code: code.replaceAll('-', '_'), say, next });
}

async function pullDocument(run: Run, { domain, document, decision, inForce, saved }: Pulled): Promise<object> {
  const compiled = compilePolicy(await run.host.catalogue(), document);
  const waiting = decision.do === 'refuse' ? undefined : inForce?.waiting;
  return {
    domain,
    serial: document.serial,
    decision: decision.do,
    ...(decision.do === 'refuse' && { code: decision.code, reason: decision.say }),
    ...(waiting && { from: new Date(waiting.fromMs).toISOString() }),
    changes: 'changes' in decision ? decision.changes : [],
    ...(inForce && { declaration: declarationOf(inForce.document), held: JSON.parse(heldText(inForce)) as unknown }),
    ...(waiting && inForce && { waiting: comparePolicies(inForce.document, waiting.document) }),
    saved,
    ...(!compiled.ok && { cannot_be_planned: compiled.say }),
  };
}

const verdicts = {
  take: 'it is in force from now on',
  keep: 'nothing new',
  wait: 'what tightens is in force now, the rest has to wait',
  refuse: 'refused',
} as const;

function pullLines(run: Run, pulled: Pulled, style: Style, columns: number): string[] {
  const { domain, document, decision, inForce } = pulled;
  const mark = decision.do === 'refuse' ? style.bad : style.good;
  const lines = [`${style.bold(domain)}  serial ${document.serial}: ${mark(verdicts[decision.do])}`];
  if (decision.do === 'refuse') return [...lines, `  ${visible(decision.say)}`];
  const waiting = inForce?.waiting;
  const changes = 'changes' in decision ? decision.changes : [];
  const now = changes.filter(({ kind }) => waiting === undefined || kind !== 'loosens');
  return [
    ...lines,
    ...changeLines(now, style),
    ...(inForce ? ['', style.bold('In force now'), ...inForceLines(inForce.document, columns)] : []),
    ...(inForce && waiting
      ? [
          '',
          style.bold(`Waits until ${new Date(waiting.fromMs).toISOString()}`),
          ...changeLines(comparePolicies(inForce.document, waiting.document), style),
        ]
      : []),
    '',
    ...nextLines(run, pulled, columns),
  ];
}

function inForceLines({ senders, dmarc, tls, keys }: PolicyDocument, columns: number): readonly string[] {
  const told = [
    `senders: ${senders.length === 0 ? 'nobody' : senders.map(visible).join(', ')}`,
    `DMARC stage: ${dmarc.stage}`,
    `MTA-STS mode: ${tls.mode}`,
    `DKIM keys: ${keys.length === 0 ? 'none named' : keys.map(({ selector }) => visible(selector)).join(', ')}`,
  ];
  return told.flatMap((text) => wrapped(text, columns - indent).map((line) => `  ${line}`));
}

const indent = 2;

function nextLines(run: Run, { domain, inForce, saved }: Pulled, columns: number): readonly string[] {
  const { command } = run.host;
  const again = inForce?.waiting ? foldedCommand(run.again(), '  once the wait is over: ', columns) : [];
  return saved
    ? [
        ...wrapped('Kept: the plan of records follows from what is in force now. DNS always wins.', columns),
        `  next: ${command} plan ${domain}`,
        ...again,
      ]
    : [
        ...wrapped('Nothing was kept. For the plan of records that follows from it (DNS always wins):', columns),
        ...foldedCommand(run.again({ without: ['--held'], plus: '--save' }), '  ', columns),
        `  ${command} plan ${domain}`,
      ];
}

export function changeLines(changes: readonly PolicyChange[], style: Style): string[] {
  const sign = { tightens: '-', loosens: '+', neutral: '~' } as const;
  return changes.map(({ what, from, to, kind }) => {
    const text = `  ${sign[kind]} ${kind.padEnd(8)} ${what}: ${visible(from)} -> ${visible(to)}`;
    return kind === 'loosens' ? style.bad(text) : text;
  });
}

function helpOf(run: Run): string {
  return `${run.host.command} policy pull --help`;
}
