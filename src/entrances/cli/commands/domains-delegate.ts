/** `posthorn domains delegate`: the few records that are created once, after which the office keeps and answers the domain's records. */
import { type Command, Option } from 'commander';
import { type DomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { ownOffice, type RecordToCreate, recordsToCreate, unitedText } from '../../../services/setup/setup.ts';
import type { Delegation } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost, OpenOffice } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { readDomain } from '../read-options.ts';
import { refusalError } from '../refusal-error.ts';
import { wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

type Options = {
  readonly whole?: boolean;
  readonly mtaSts?: 'testing' | 'enforce' | 'none';
  readonly stop?: boolean;
  readonly force?: boolean;
};

export function defineDelegate(command: Command, leaf: Leaf, host: CliHost): void {
  const delegate = command
    .command('delegate')
    .argument('<name>')
    .description('Have this office keep and change its records: a few names lead here, once.')
    .option('--whole', 'the domain is a zone of this office: only its NS records lead here')
    .addOption(
      new Option('--mta-sts <mode>', 'what the MTA-STS policy asks for').choices(['testing', 'enforce', 'none']),
    )
    .option('--stop', 'end it: the office answers for the domain no more')
    .option('--force', 'with --stop: also while its names still lead here');
  leaf<Options>(delegate, ['document', 'data', 'dns'], async (run, options, text) => {
    const name = readDomain(text);
    const folder = await run.folder();
    const { resolver } = await run.eyes();
    return options.stop ? stop(run, folder, resolver, { name, ...options }) : begin(folder, resolver, name, options);
  });

  async function begin(folder: OpenOffice, resolver: Resolver, name: DomainName, options: Options) {
    const { delegations } = folder;
    const before = await delegations.find(name);
    const kind = options.whole ? 'zone' : (before?.kind ?? 'names');
    const checked = await delegations.check(name, kind);
    if (!checked.ok) throw refusalError(checked, host.command, name);
    const dmarcBefore = before === undefined ? await dmarcNow(resolver, name, host.command) : undefined;
    const wish = {
      kind,
      ...(options.mtaSts && { stsMode: options.mtaSts }),
      ...(dmarcBefore !== undefined && { dmarcBefore }),
    };
    const made = await delegations.delegate(name, wish, resolver);
    if (!made.ok) throw refusalError(made, host.command, name);
    await declareItself(folder, resolver, name);
    const records = await toCreate(folder, name);
    const isFound = await answers(resolver, made.value);
    return delegatedAnswer(host.command, { name, delegation: made.value, records, isFound, isServed: folder.isServed });
  }

  async function stop(
    run: Run,
    folder: OpenOffice,
    resolver: Resolver,
    { name, force }: Options & { readonly name: DomainName },
  ): Promise<Answer> {
    const left = await leadingHere(resolver, await toCreate(folder, name));
    if (left.length > 0 && !force)
      throw new CliError({
        exit: exits.problems,
        code: 'still_delegated',
        say: `Still leading here: ${left.join(', ')}. Without this office nothing would stand behind them, and mail would fail. Remove them first; what replaces them: ${host.command} domains records ${name}`,
        next: `${host.command} domains delegate ${name} --stop --force`,
      });
    const was = await folder.delegations.stop(name);
    if (!was) run.note(`${name} was not delegated.`);
    return {
      document: { domain: name, delegated: false },
      value: name,
      lines: (style) => [
        style.good(`${name} keeps its records itself; this office answers for it no more.`),
        `  next: ${host.command} domains records ${name}`,
      ],
    };
  }
}

/** What stands there now is where the office goes on from; without knowing it, the policy could become weaker. */
async function dmarcNow(resolver: Resolver, domain: DomainName, program: string): Promise<string | undefined> {
  const name = parseQueryName(`_dmarc.${domain}`);
  const answer = name && (await resolver.lookup(name, 'TXT'));
  if (answer?.kind === 'found') return unitedText(answer.records);
  if (answer?.kind === 'none' || answer === undefined) return undefined;
  throw new CliError({
    exit: exits.tryAgain,
    code: 'dns_failed',
    say: `What stands at _dmarc.${domain} could not be looked up (${answer.why}), and it is to be kept.`,
    next: `${program} domains delegate ${domain}`,
  });
}

/** So that `plan` and `publish` know: nobody else sends, unless somebody says so. */
async function declareItself(folder: OpenOffice, resolver: Resolver, domain: DomainName): Promise<void> {
  const setup = await folder.setup(resolver);
  if ((await setup.declaration(domain)) === undefined) await setup.declare({ domain, senders: [] });
}

async function toCreate(folder: OpenOffice, name: DomainName): Promise<readonly RecordToCreate[]> {
  const { directory, hostname, delegations } = folder;
  const office = await ownOffice(directory, hostname, name, delegations);
  return office === undefined ? [] : recordsToCreate(name, office);
}

/** Names that lead to the office now. */
async function leadingHere(resolver: Resolver, records: readonly RecordToCreate[]): Promise<readonly string[]> {
  const found = await Promise.all(
    records.map(async ({ name, type, value }) => {
      const asked = parseQueryName(name);
      if (asked === undefined || (type !== 'CNAME' && type !== 'NS' && type !== 'TXT')) return [];
      const answer = await resolver.lookup(asked, type);
      if (answer.kind !== 'found') return [];
      const wanted = type === 'TXT' ? (/include:\S+/.exec(value)?.[0] ?? value) : value;
      const isHere = answer.records.some((text) =>
        type === 'TXT' ? text.split(' ').includes(wanted) : text === wanted,
      );
      return isHere ? [name] : [];
    }),
  );
  return [...new Set(found.flat())];
}

/** Whether the world finds the zone of the hosted names. They themselves are not asked for: resolvers would remember that they are not there. */
async function answers(resolver: Resolver, { zone }: Delegation): Promise<boolean> {
  const asked = parseQueryName(aboveOf(zone));
  return asked !== undefined && (await resolver.lookup(asked, 'NS')).kind === 'found';
}

function aboveOf(zone: string): string {
  return zone.slice(zone.indexOf('.') + 1);
}

type Delegated = {
  readonly name: DomainName;
  readonly delegation: Delegation;
  readonly records: readonly RecordToCreate[];
  readonly isFound: boolean;
  readonly isServed: boolean;
};

function delegatedAnswer(program: string, { name, delegation, records, isFound, isServed }: Delegated): Answer {
  const { kind, zone, nameServers, spfHeld } = delegation;
  return {
    document: {
      domain: name,
      delegated: true,
      kind,
      zone,
      name_servers: nameServers,
      answers: isFound,
      ...(spfHeld && { spf_held: spfHeld.say }),
      records,
    },
    value: zone,
    lines: (style, columns = 80) => [
      style.good(`${name}: this office keeps its records, below ${zone}.`),
      ...(kind === 'zone' || isFound ? [] : notFound({ zone, nameServers, isServed, columns, style })),
      ...(spfHeld
        ? ['', ...wrapped(`Its SPF is not yet what is declared: ${spfHeld.say}.`, columns).map(style.bad)]
        : []),
      '',
      style.bold(
        kind === 'zone' ? `Create these in the zone above ${name}:` : `Create these once, in the zone of ${name}:`,
      ),
      ...records.flatMap((record) => recordLines(record, style)),
      '',
      `  next: ${program} plan ${name}`,
    ],
  };
}

type NotFound = Pick<Delegation, 'zone' | 'nameServers'> & {
  readonly isServed: boolean;
  readonly columns: number;
  readonly style: Style;
};

function notFound({ zone, nameServers, isServed, columns, style }: NotFound): readonly string[] {
  const above = aboveOf(zone);
  const say = isServed
    ? `Nobody finds it yet: ${above} has to lead to this office first.`
    : `Nobody finds it yet: the office is not serving, or ${above} does not lead to it.`;
  const servers = nameServers.map((server) => `  NS     ${above}  ${server}`);
  return ['', ...wrapped(say, columns).map(style.bad), ...servers];
}

function recordLines({ name, type, value, why }: RecordToCreate, style: Style): readonly string[] {
  return ['', `  ${type.padEnd(5)}  ${style.bold(name)}`, `         ${value}`, style.dim(`         ${why}`)];
}
