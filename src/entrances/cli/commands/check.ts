/** `posthorn check`: the domain doctor. No account, no server, no database: DNS and hosts are looked at, and every check is judged. */
import type { Command } from 'commander';
import { parseIpAddress } from '../../../format/ip-address.ts';
import {
  checkAgain,
  checkDocument,
  checkDomain,
  type DomainCheck,
  readSnapshot,
  snapshotDocument,
  worldLimits,
} from '../../../services/advice/advice.ts';
import { parseDeclaredSender } from '../../../services/setup/setup.ts';
import type { Catalogue, DeclaredSender } from '../../../services/setup/types.ts';
import { type Answer, json } from '../answer.ts';
import { type Asked, exitOf, readCheckedDomain } from '../check-words.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { quoted } from '../describe-failure.ts';
import { exits } from '../exits.ts';
import { type FixNotation, fixNotations, fixText } from '../fix-notation.ts';
import { each, type Leaf } from '../leaf.ts';
import { bad, readDomain, readTimeout } from '../read-options.ts';
import { checkLines } from '../render-check.ts';
import type { Run, SharedOptions } from '../run.ts';

type Options = {
  readonly sender?: readonly string[];
  readonly selector?: readonly string[];
  readonly ip?: readonly string[];
  readonly helo?: string;
  readonly save?: string;
  readonly replay?: string;
  readonly timeout?: string;
  readonly dnsOnly?: boolean;
  readonly registration?: boolean;
  readonly notation?: string;
  readonly file?: string;
};

export function defineCheck(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('[domain]', 'what stands behind the @ in From')
    .option('--sender <id[:values]>', 'who sends for it, as `senders list` has it; repeatable', each)
    .option('--selector <name>', 'where a DKIM key is; repeatable', each)
    .option('--ip <address>', 'a server that sends for it; repeatable', each)
    .option('--helo <name>', 'what these servers call themselves')
    .option('--save <file>', 'keep all that was seen')
    .option('--replay <file>', 'judge what --save kept, and ask nobody')
    .option('--timeout <time>', 'what is not answered by then is unknown', '20s')
    .option('--dns-only', 'look at no mail host, policy or logo')
    .option('--registration', 'ask its registry until when it is registered (RDAP)')
    .option('--notation <form>', `only the records that mend it, as ${fixNotations.join(', ')}`)
    .option('--file <file>', 'many domains, one a line (- is the standard input); DNS only')
    .addHelpText(
      'after',
      [
        '',
        'Without --sender whoever left traces in the DNS is taken for a sender. Exit',
        'code 1 when something is to be mended, 75 when the DNS says nothing at all.',
        '--file with --jsonl prints a line for each domain.',
        '',
        `  ${program} check example.com`,
        `  ${program} check example.com --sender google-workspace --sender sendgrid`,
        `  ${program} check example.com --zone new.zone --json`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'lines', 'dns', 'clock'], check);
}

async function check(run: Run, options: Options, text?: string): Promise<Answer | number> {
  const notation = readNotation(options.notation);
  if (options.registration) allowRegistration(run, options);
  if (options.file !== undefined) {
    const { checkMany } = await import('../check-many.ts');
    return checkMany(run, await asked(run, options), options.file, readTimeout(options.timeout ?? '20s'));
  }
  const seen = options.replay === undefined ? await look(run, options, text) : await lookBack(run, options, text);
  if (options.save !== undefined) await save(run, options.save, seen);
  return answerOf(run, seen, { notation, saved: options.save, options: typedAgain(options) });
}

// ---- what is asked

/** A registry counts who asks how often, and is no name server. */
function allowRegistration({ host, isOffline }: Run, { file, replay }: Options): void {
  const other = file !== undefined ? '--file' : replay !== undefined ? '--replay' : isOffline ? '--zone' : undefined;
  if (other === undefined) return;
  const why = other === '--file' ? 'looks at many domains' : 'asks nobody';
  throw new CliError({
    exit: exits.usage,
    code: 'options_contradict',
    say: `--registration asks the registry of one domain, and ${other} ${why}: give one of them.`,
    next: `${host.command} check example.com --registration`,
  });
}

async function asked(run: Run, { sender = [], selector = [], ip = [], helo }: Options): Promise<Asked> {
  const catalogue = await run.host.catalogue();
  return {
    catalogue,
    declared: sender.map((text) => readSender(run, catalogue, text)),
    selectors: selector.map(readSelector),
    addresses: ip.map(readAddress),
    ...(helo !== undefined && { helo: readDomain(helo) }),
  };
}

function readSender({ host }: Run, catalogue: Catalogue, text: string): DeclaredSender {
  const read = parseDeclaredSender(catalogue, text);
  if (read.ok) return read.value;
  const id = /^([a-z0-9-]+):/.exec(read.say)?.[1];
  const next = `${host.command} senders ${id === undefined ? 'list' : `show ${id}`}`;
  throw bad(read.code.replaceAll('-', '_'), /[.?]$/.test(read.say) ? read.say : `${read.say}.`, [next]);
}

function readSelector(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/\._domainkey(\..*)?$/, '');
  if (/^[a-z0-9_]([a-z0-9_.-]{0,61}[a-z0-9_])?$/.test(name) && !name.includes('..')) return name;
  throw bad('bad_selector', `--selector ${text} is no selector: it is the s= of a DKIM signature.`, ['--selector s1']);
}

function readAddress(text: string): string {
  const ip = parseIpAddress(text);
  if (ip !== undefined) return ip.text;
  throw bad('bad_address', `--ip ${text} is no IP address.`, ['--ip 192.0.2.10']);
}

function readNotation(text: string | undefined): FixNotation | undefined {
  if (text === undefined) return undefined;
  const notation = fixNotations.find((one) => one === text);
  if (notation !== undefined) return notation;
  throw bad('bad_notation', `--notation ${text} is not known: ${fixNotations.join(', ')}.`, ['--notation zone']);
}

// ---- looking

async function look(run: Run, options: Options, text: string | undefined): Promise<DomainCheck> {
  const { host } = run;
  if (text === undefined)
    throw new CliError({
      exit: exits.usage,
      code: 'missing_argument',
      say: 'Which domain is to be looked at is missing.',
      next: `${host.command} check example.com`,
    });
  const domain = readCheckedDomain(run, text);
  const { catalogue, ...about } = await asked(run, options);
  const over = new AbortController();
  const signal = AbortSignal.any([host.signal, over.signal]);
  const late = AbortSignal.timeout(readTimeout(options.timeout ?? '20s'));
  try {
    if (host.errIsTerminal) run.note(`Looking at ${domain} ...`);
    const { dnsOnly = false, registration = false } = options;
    const eyes = await run.doctorEyes({ probes: !dnsOnly, registration, signal });
    const world = { ...eyes, nowMs: (await run.clock()).nowMs() };
    const limits = { ...worldLimits, signal: AbortSignal.any([signal, late]) };
    return unrefused(run, await checkDomain({ catalogue, world, limits }, { domain, ...about }));
  } finally {
    over.abort(); // nobody waits for what was not answered
  }
}

async function lookBack(run: Run, { replay = '' }: Options, text: string | undefined): Promise<DomainCheck> {
  const snapshot = readSnapshot(await run.host.readFile(replay));
  const again = `${run.host.command} check ${text ?? 'example.com'} --save ${freshName(run, text ?? 'example.com')}`;
  if (!snapshot.ok) throw bad('bad_snapshot', `${replay} cannot be used: ${snapshot.say}.`, [again]);
  const { domain } = snapshot.value.subject;
  if (text !== undefined && readCheckedDomain(run, text) !== domain)
    throw bad('other_domain', `${replay} is a look at ${domain}, not at ${text}.`, [
      `${run.host.command} check --replay ${quoted(replay)}`,
    ]);
  return unrefused(run, await checkAgain(await run.host.catalogue(), snapshot.value));
}

function unrefused(run: Run, checked: Awaited<ReturnType<typeof checkDomain>>): DomainCheck {
  if (checked.ok) return checked.value;
  throw bad(checked.code.replaceAll('-', '_'), `${checked.say}.`, [`${run.host.command} senders list`]);
}

/** Nobody has one of that name by chance. */
function freshName({ host }: Run, domain: string): string {
  return `${domain}-${new Date(host.timers.nowMs()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}.json`;
}

async function save(run: Run, path: string, { snapshot, domain }: DomainCheck): Promise<void> {
  if (await run.host.writeNew(path, json(snapshotDocument(snapshot)))) return;
  throw bad('file_exists', `${path} is there already, and is left as it is.`, [
    run.again({ without: ['--save'], plus: `--save ${freshName(run, domain)}` }),
  ]);
}

// ---- telling

type Telling = {
  readonly notation: FixNotation | undefined;
  readonly saved: string | undefined;
  readonly options: string;
};

/** What the look depends on, as it was typed. */
function typedAgain({ sender, selector, ip, helo, replay, resolver, zone }: Options & SharedOptions): string {
  const given: readonly (readonly [string, readonly string[]])[] = [
    ['--sender', sender ?? []],
    ['--selector', selector ?? []],
    ['--ip', ip ?? []],
    ['--helo', helo === undefined ? [] : [helo]],
    ['--replay', replay === undefined ? [] : [replay]],
    ['--resolver', resolver ?? []],
    ['--zone', zone ?? []],
  ];
  return given.flatMap(([option, values]) => values.map((value) => ` ${option} ${quoted(value)}`)).join('');
}

function answerOf(run: Run, seen: DomainCheck, { notation, saved, options }: Telling): Answer {
  const document = { ...checkDocument(seen), ...(saved !== undefined && { snapshot: saved }) };
  const { score } = seen.prediction;
  return {
    exit: exitOf(seen),
    document,
    value: score === undefined ? '-' : score.score.toFixed(1),
    lines: (style, columns) =>
      notation === undefined
        ? checkLines(seen, { style, columns, program: run.host.command, options })
        : fixText(seen, notation).replace(/\n$/, '').split('\n'),
  };
}
