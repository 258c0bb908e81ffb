/** `posthorn blocklists`: which block lists an address or a domain is on, what that means, and how it is taken off. */
import type { Command } from 'commander';
import { parseDomainName } from '../../../format/domain-name.ts';
import { parseIpAddress } from '../../../format/ip-address.ts';
import { askLists } from '../../../protocol/dnsbl/ask-lists.ts';
import type { ListAnswer, ListSubject } from '../../../protocol/dnsbl/types.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

export function defineBlocklists(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<ip|domain...>', 'addresses that send, or domains')
    .addHelpText(
      'after',
      [
        '',
        'A list that refuses to tell, or denies its own test entry, is "not known",',
        'never "not listed". Most refuse the big public name servers (8.8.8.8, 1.1.1.1):',
        'ask one of your own (--resolver 127.0.0.1).',
        'Exit code 1 when something is listed, 75 when no list told anything.',
        '',
        `  ${program} blocklists 192.0.2.1`,
        `  ${program} blocklists example.com 192.0.2.1 --json`,
      ].join('\n'),
    );
  leaf(command, ['document', 'lines', 'dns'], lookUp);
}

type Looked = { readonly text: string; readonly subject: ListSubject; readonly answers: readonly ListAnswer[] };

async function lookUp(run: Run, _options: object, ...texts: string[]): Promise<Answer> {
  const subjects = texts.map(readSubject);
  const [resolver, isPublicResolver] = await Promise.all([run.resolver(), run.asksPublicResolver()]);
  const { signal } = run.host;
  const looked = await Promise.all(
    subjects.map(async (one) => ({
      ...one,
      answers: await askLists(resolver, one.subject, { isPublicResolver, signal }),
    })),
  );
  const states = looked.map(stateOf);
  const documents = looked.map(documentOf);
  return {
    exit: states.includes('listed')
      ? exits.problems
      : states.every((one) => one === 'unknown')
        ? exits.tryAgain
        : exits.ok,
    document: { checked: documents },
    rows: documents,
    value: states.join('\n'),
    lines: (style, columns) => [
      ...looked.flatMap((one, at) => [...(at === 0 ? [] : ['']), ...linesOf(one, style, columns ?? 80)]),
      ...adviceOn(looked, isPublicResolver),
    ],
  };
}

function readSubject(text: string): Pick<Looked, 'text' | 'subject'> {
  const address = parseIpAddress(text);
  if (address) return { text: address.text, subject: { kind: 'address', address } };
  const domain = parseDomainName(text);
  if (domain) return { text: domain, subject: { kind: 'domain', domain } };
  const host = URL.canParse(text) ? parseDomainName(new URL(text).hostname) : undefined;
  const meant = host ?? parseDomainName(text.slice(text.lastIndexOf('@') + 1).split('/')[0] ?? '');
  throw bad('bad_subject', `${text} is neither an IP address nor a domain.`, [
    meant ? `give ${meant}` : 'give one like 192.0.2.1, 2001:db8::1 or example.com',
  ]);
}

function stateOf({ answers }: Looked): 'listed' | 'clean' | 'unknown' {
  const states = answers.map(({ reading }) => reading.state);
  return states.includes('listed') ? 'listed' : states.includes('clean') ? 'clean' : 'unknown';
}

function documentOf(looked: Looked): object {
  const state = stateOf(looked);
  return {
    subject: looked.text,
    kind: looked.subject.kind,
    listed: state === 'unknown' ? null : state === 'listed',
    lists: looked.answers.map(({ list, query, reading, reason }) => ({
      id: list.id,
      name: list.name,
      query,
      state: reading.state,
      ...('why' in reading && { why: reading.why }),
      ...('entries' in reading && { codes: reading.codes, entries: reading.entries }),
      ...(reason !== undefined && { reason }),
      page: list.page,
    })),
  };
}

const count = (number: number, one: string) => `${number} ${number === 1 ? one : `${one}s`}`;

function headline({ text, answers }: Looked, style: Style): string {
  const states = answers.map(({ reading }) => reading.state);
  const listed = states.filter((state) => state === 'listed').length;
  const unknown = states.filter((state) => state === 'unknown').length;
  const asked = answers.length - unknown;
  const rest = unknown === 0 ? '' : `; ${count(unknown, 'list')} did not tell`;
  if (asked === 0) return `${style.bold(text)}: not known, no list told anything`;
  const found =
    listed === 0
      ? style.good(`on none of ${count(asked, 'list')}`)
      : style.bad(`on ${listed} of ${count(asked, 'list')}`);
  return `${style.bold(text)}: ${found}${rest}`;
}

const nameWidth = 18;
const indent = nameWidth + 4;

function linesOf(looked: Looked, style: Style, columns: number): string[] {
  const order = { listed: 0, unknown: 1, clean: 2 };
  const sorted = looked.answers.toSorted((a, b) => order[a.reading.state] - order[b.reading.state]);
  return [headline(looked, style), '', ...sorted.flatMap((answer) => listLines(answer, style, columns))];
}

function listLines({ list, reading, reason }: ListAnswer, style: Style, columns: number): string[] {
  const row = (sign: string, texts: readonly string[], mark: (line: string) => string) =>
    texts
      .flatMap((text) => wrapped(visible(text), columns - indent))
      .map(
        (line, at) => `${at === 0 ? `${sign} ${list.name.padEnd(nameWidth)}` : ' '.repeat(indent - 2)}  ${mark(line)}`,
      );
  if (reading.state === 'clean') return row(' ', ['not listed'], style.dim);
  if (reading.state === 'unknown') return row('?', [`not known: ${reading.why}`], (line) => line);
  const isLast = (at: number) => at === reading.entries.length - 1;
  return reading.entries.flatMap((entry, at) => {
    const said = at === 0 && reason !== undefined ? ['the list says:', reason] : [];
    const weight = entry.rank === 'major' ? 'LISTED' : 'listed (few receivers look here)';
    return [
      ...row('!', [`${weight}, ${entry.name}: ${entry.cause}`], style.bad),
      ...row(' ', [`to do: ${entry.remedy}`, ...said, ...(isLast(at) ? [list.page] : [])], (line) => line).map(
        (line) => (line.startsWith(`  ${list.name}`) ? ' '.repeat(indent) + line.slice(indent) : line),
      ),
    ];
  });
}

function adviceOn(looked: readonly Looked[], isPublicResolver: boolean): string[] {
  const isBlind = looked.some(({ answers }) => answers.some(({ reading }) => reading.state === 'unknown'));
  if (!isBlind) return [];
  return [
    '',
    isPublicResolver
      ? 'These lists do not answer public name servers: ask one of your own with --resolver.'
      : '"Not known" is not "not listed": look there yourself, or try again later.',
  ];
}
