/** `posthorn domains delegate`: the few records that are created once, after which the office keeps and answers the domain's records. */
import { type Command, Option } from 'commander';
import type { DomainName } from '../../../format/domain-name.ts';
import { type DelegationView, findsHostedZone } from '../../../services/setup/setup.ts';
import type { Delegation } from '../../../services/setup/types.ts';
import type { SetupDesk } from '../../http/ports.ts';
import { showDelegation } from '../../http/show-delegation.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { delegationLines } from '../delegation-lines.ts';
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
    const eyes = await run.eyes();
    const desk = folder.desk(eyes);
    if (options.stop) return stop(run, desk, { name, ...options });
    const kind = options.whole ? ({ kind: 'zone' } as const) : {};
    const made = await desk.delegate(name, { ...kind, ...(options.mtaSts && { stsMode: options.mtaSts }) });
    if (!made.ok) throw refusalError(made, host.command, name);
    const isFound = await findsHostedZone(eyes.resolver, made.value.delegation);
    return delegatedAnswer(host.command, { view: made.value, isFound, isServed: folder.isServed });
  });

  async function stop(run: Run, desk: SetupDesk, { name, force }: Options & { readonly name: DomainName }) {
    const ended = await desk.endDelegation(name, { force: force === true });
    if (!ended.ok)
      throw new CliError({
        exit: exits.problems,
        code: 'still_delegated',
        say: `${ended.say} What replaces them: ${host.command} domains records ${name} --undelegated`,
        next: `${host.command} domains delegate ${name} --stop --force`,
      });
    if (!ended.value) run.note(`${name} was not delegated.`);
    return {
      document: { domain: name, delegated: false },
      value: name,
      lines: (style: Style) => [
        style.good(`${name} keeps its records itself; this office answers for it no more.`),
        `  next: ${host.command} domains records ${name}`,
      ],
    };
  }
}

type Delegated = { readonly view: DelegationView; readonly isFound: boolean; readonly isServed: boolean };

function delegatedAnswer(program: string, { view, isFound, isServed }: Delegated): Answer {
  const { domain, delegation } = view;
  const { kind, zone, nameServers } = delegation;
  const shown = showDelegation(domain, view);
  return {
    document: { ...shown, answers: isFound },
    value: zone,
    lines: (style, columns = 80) => [
      style.good(`${domain}: this office keeps its records, below ${zone}.`),
      ...(kind === 'zone' || isFound ? [] : notFound({ zone, nameServers, isServed, columns, style })),
      ...delegationLines({ ...shown, answered: [] }, style, columns),
      '',
      `  next: ${program} plan ${domain}`,
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

function aboveOf(zone: string): string {
  return zone.slice(zone.indexOf('.') + 1);
}
