/** What the SPF compiler proposes, for people and for programs. Pure. */
import type { SpfProblem, SpfProposal, SpfRemedy } from '../../services/setup/spf-compiler/types.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

export type ShownProposal = {
  readonly proposal: SpfProposal;
  /** As they were given, the first one that is there. */
  readonly records: readonly string[];
  /** Whether it is known whose record it will be. */
  readonly isNamed: boolean;
};

export type Page = { readonly style: Style; readonly columns: number | undefined; readonly program: string };

const pageWidth = 80;

export function isGoodProposal({ proposal }: ShownProposal): boolean {
  return proposal.isFit && proposal.problems.every(({ severity }) => severity !== 'error');
}

export function proposalDocument(shown: ShownProposal): object {
  const { proposal, records } = shown;
  return {
    record: proposal.record ?? null,
    lookups: proposal.lookups,
    void_lookups: proposal.voidLookups,
    void_lookups_worst: proposal.voidLookupsWorst,
    answer_octets: proposal.answerOctets,
    fit: isGoodProposal(shown),
    terms: proposal.terms.map(({ term, from, lookups }) => ({ term, from: from.map(numberOf), lookups })),
    dropped: proposal.dropped,
    problems: allProblems(shown).map(({ code, severity, say, fix, where }) => ({
      code,
      severity,
      say,
      ...(fix !== undefined && { fix }),
      ...(where && { record: records.indexOf(where.text) + 1, at: where.at, length: where.length }),
    })),
    remedies: proposal.remedies.map(remedyDocument),
    tried: proposal.proof.tried,
  };
}

const numberOf = (label: string) => Number(label.replace('record ', ''));

function remedyDocument({ kind, say, record, extra, lookups, voidLookups, enough, duties }: SpfRemedy): object {
  return { kind, say, record, extra, lookups, void_lookups: voidLookups, enough, duties };
}

/** What the compiler cannot know: that nobody said whose record it is. */
function allProblems({ proposal, isNamed }: ShownProposal): readonly SpfProblem[] {
  const own = proposal.terms.map(({ term }) => term).filter((term) => /^[-~?]?(?:a|mx|ptr)(?:\/|$)/.test(term));
  if (isNamed || own.length === 0) return proposal.problems;
  const say = `${own.join(', ')}: what stands there is not looked up, because the domain is not known`;
  return [
    ...proposal.problems,
    { code: 'unknown-below', severity: 'notice', say, fix: 'name it: --domain example.com' },
  ];
}

export function proposalLines(shown: ShownProposal, page: Page): string[] {
  const { proposal } = shown;
  const { style } = page;
  const problems = allProblems(shown);
  const tooMuch = problems.some(({ code }) => code === 'too-many-lookups' || code === 'too-many-void-lookups');
  return [
    ...(proposal.record === undefined
      ? [style.bad('There is nothing to merge.')]
      : [style.bold(visible(proposal.record))]),
    '',
    (tooMuch ? style.bad : style.good)(`${proposal.lookups} of 10 lookups, ${proposal.voidLookups} of 2 void ones`),
    ...termLines(proposal, page),
    ...section(
      'Left out',
      proposal.dropped.flatMap(({ term, why }) => entry(`  ${visible(term)}: ${why}`, 4, page)),
      style,
    ),
    ...section(
      'To know',
      problems.flatMap((problem) => problemLines(problem, page)),
      style,
    ),
    ...section('Ways out', waysOut(shown, page), style),
  ];
}

/** Without a domain only what needs no other names. */
function waysOut({ proposal: { remedies }, isNamed }: ShownProposal, page: Page): string[] {
  const known = isNamed ? remedies : remedies.filter(({ extra }) => extra.length === 0);
  const lines = known.flatMap((remedy, at) => remedyLines(remedy, at + 1, page));
  return known.length === remedies.length
    ? lines
    : [...lines, ...entry('  Addresses in place of includes: name the domain with --domain example.com.', 4, page)];
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines];
}

function termLines({ terms }: SpfProposal, { style }: Page): string[] {
  const width = Math.min(40, Math.max(0, ...terms.map(({ term }) => visible(term).length)));
  return terms.map(({ term, from, lookups }) => {
    const cost = lookups === 0 ? '' : `  ${lookups} ${lookups === 1 ? 'lookup' : 'lookups'}`;
    return `  ${visible(term).padEnd(width)}  ${style.dim(`${from.length === 0 ? 'nobody' : recordsOf(from)}${cost}`)}`.trimEnd();
  });
}

/** `record 1, 2` */
const recordsOf = (from: readonly string[]) => `record ${from.map(numberOf).join(', ')}`;

function problemLines({ severity, say, fix, where }: SpfProblem, page: Page): string[] {
  const { style } = page;
  const label = severity === 'error' ? style.bad('error  ') : severity === 'warning' ? 'warning' : style.dim('note   ');
  const [first = '', ...rest] = wrapped(visible(say), widthOf(page) - 11);
  return [
    `  ${label}  ${first}`,
    ...rest.map((line) => `           ${line}`),
    ...(where ? caretLines(where, page) : []),
    ...(fix === undefined ? [] : entry(`           ${visible(fix)}`, 11, page)),
  ];
}

/** The piece of the text with the place below it; long records are cut on both sides. */
function caretLines({ text, at, length }: NonNullable<SpfProblem['where']>, page: Page): string[] {
  const room = widthOf(page) - 11;
  const from = text.length <= room ? 0 : Math.max(0, Math.min(at - 20, text.length - room));
  // One character each, so that the caret stands below what it means.
  const shown = text.slice(from, from + room).replaceAll(/[^\x20-\x7e]/g, '?');
  const carets = '^'.repeat(Math.max(1, Math.min(length, room - (at - from))));
  return [`           ${shown}`, `           ${' '.repeat(at - from)}${page.style.bad(carets)}`];
}

function remedyLines({ say, record, extra, lookups, enough, duties }: SpfRemedy, number: number, page: Page): string[] {
  const result = `${lookups} lookups${enough ? '' : ', which is not enough alone'}`;
  return [
    ...entry(`  ${number}. ${sentence(visible(say))}: ${result}.`, 5, page),
    `     ${page.style.dim(visible(record))}`,
    ...extra
      .slice(0, extraShown)
      .map(({ name, type, value }) => `     ${page.style.dim(`${name} ${type} ${visible(value)}`)}`),
    ...(extra.length > extraShown
      ? [`     ${page.style.dim(`and ${extra.length - extraShown} more records: --json`)}`]
      : []),
    ...duties.flatMap((duty) => entry(`     ${sentence(duty)}.`, 5, page)),
  ];
}

const extraShown = 10;

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Wrapped, what follows indented. */
export function entry(text: string, indent: number, page: Page): string[] {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const [first = '', ...rest] = wrapped(text.trimStart(), widthOf(page) - indent);
  return [`${lead}${first}`, ...rest.map((line) => `${' '.repeat(indent)}${line}`)];
}

/** In a pipe as well: these are sentences, not data. */
function widthOf({ columns }: Page): number {
  return Math.min(columns ?? pageWidth, 100);
}
