/** `posthorn spf`: may this address send for this domain, told term by term; and what a record costs with everything it includes. */
import type { Command } from 'commander';
import { parseIpAddress } from '../../../format/ip-address.ts';
import { type SpfDocument, spfDocument } from '../../../protocol/auth-report-json.ts';
import { createAuthenticator } from '../../../protocol/authenticate.ts';
import { isTooLarge, readIncludeTree, type SpfTree } from '../../../protocol/spf/include-tree.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';
import { defineSpfFlatten } from './spf-flatten.ts';
import { defineSpfMerge } from './spf-merge.ts';

export function defineSpf(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .usage('IP MAIL-FROM | tree DOMAIN | merge RECORD | flatten DOMAIN')
    .addHelpText('after', `\n  ${program} spf 192.0.2.1 ann@example.com\n  ${program} spf check --help`);
  const check = command.command('check', { isDefault: true }).description('May this address send for this domain?');
  check
    .usage('IP MAIL-FROM [options]')
    .argument('<ip>', 'the address that connects')
    .argument('<mail-from>', 'the sender: an address, a domain, or "" for the null sender')
    .option('--helo <name>', 'what the client says in EHLO (default: the domain of the sender)')
    .addHelpText('after', `\nExit code 1 unless the result is pass.\n\n  ${program} spf 192.0.2.1 ann@example.com`);
  leaf<{ readonly helo?: string }>(check, ['document', 'dns', 'clock'], checkSender);
  const tree = command
    .command('tree')
    .description('A record and everything it includes, with the lookups each part takes.');
  tree
    .argument('<domain>', 'whose record')
    .addHelpText(
      'after',
      `\nExit code 1 when there is no good record, or it is over a limit.\n\n  ${program} spf tree example.com`,
    );
  leaf(tree, ['document', 'dns'], showTree);
  defineSpfMerge(command, leaf, program);
  defineSpfFlatten(command, leaf, program);
}

async function checkSender(run: Run, options: { readonly helo?: string }, ip = '', mailFrom = ''): Promise<Answer> {
  if (parseIpAddress(ip) === undefined)
    throw bad('bad_address', `${ip} is no IP address.`, ['give one like 192.0.2.1 or 2001:db8::1']);
  const authenticator = createAuthenticator({ resolver: await run.resolver(), clock: await run.clock() });
  const helo = options.helo ?? mailFrom.slice(mailFrom.lastIndexOf('@') + 1);
  const found = await authenticator.evaluateSpf({ remoteAddress: ip, helo, mailFrom });
  return {
    exit: found.result === 'pass' ? exits.ok : exits.problems,
    document: spfDocument(found),
    value: found.result,
    lines: (style) => verdictLines(spfDocument(found), style),
  };
}

function verdictLines({ result, domain, matched, reason, explanation, ...spf }: SpfDocument, style: Style): string[] {
  const mark = result === 'pass' ? style.good : style.bad;
  const because = matched ?? reason;
  return [
    `${mark(result)} for ${style.bold(visible(domain) || 'no domain')}${because === undefined ? '' : `: ${visible(because)}`}`,
    ...(explanation === undefined ? [] : [`the domain says: ${visible(explanation)}`]),
    `${spf.lookups} of 10 lookups, ${spf.void_lookups} of 2 void ones`,
    '',
    ...spf.trace.map((line) => style.dim(line)),
  ];
}

async function showTree(run: Run, _options: object, text = ''): Promise<Answer> {
  const tree = await readIncludeTree(await run.resolver(), readDomain(text), { signal: run.host.signal });
  const isGood = tree.problem === undefined && !isTooLarge(tree) && !hasProblemBelow(tree);
  return {
    exit: isGood ? exits.ok : exits.problems,
    document: treeDocument(tree),
    value: String(tree.lookups),
    lines: (style) => [
      ...treeLines(tree, '', style),
      '',
      (isTooLarge(tree) ? style.bad : style.good)(`${tree.lookups} of 10 lookups, ${tree.voidLookups} of 2 void ones`),
    ],
  };
}

function hasProblemBelow({ terms }: SpfTree): boolean {
  return terms.some(({ below }) => below !== undefined && (below.problem !== undefined || hasProblemBelow(below)));
}

function treeDocument({ domain, record, problem, terms, lookups, voidLookups }: SpfTree): object {
  return {
    domain,
    ...(record !== undefined && { record }),
    ...(problem !== undefined && { problem }),
    lookups,
    void_lookups: voidLookups,
    terms: terms.map((term) => ({
      term: term.text,
      lookups: term.lookups,
      ...(term.isVoid && { void: true }),
      ...(term.isUnreached && { unreached: true }),
      ...(term.below && { below: treeDocument(term.below) }),
    })),
  };
}

function treeLines({ domain, problem, terms }: SpfTree, indent: string, style: Style): string[] {
  return [
    `${indent}${style.bold(domain)}${problem === undefined ? '' : `  ${style.bad(visible(problem))}`}`,
    ...terms.flatMap(({ text, lookups, isVoid, isUnreached, below }) => [
      `${indent}  ${visible(text)}${lookups === 0 ? '' : style.dim('  1 lookup')}${isVoid ? style.bad('  nothing there') : ''}${isUnreached ? style.bad('  behind all: without effect') : ''}`,
      ...(below === undefined ? [] : treeLines(below, `${indent}    `, style)),
    ]),
  ];
}
