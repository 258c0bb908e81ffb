/**
 * A score as a page for a terminal of 80 columns: the number first, then each lost point with the fix that gives it back, what the large
 * receivers say, then what is worth knowing, what is not known, and what is fine in a line each. Pure.
 */
import { laterSteps, type ScoreDocument } from '../../services/advice/advice.ts';
import type { Deduction, MessageScore, ScoreSession } from '../../services/advice/score/types.ts';
import type { Finding, Fix, ReceiverView } from '../../services/advice/types.ts';
import { factLines } from './render-table.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

/** What the page shows of a score. */
export type ShownScore = Pick<
  MessageScore,
  'score' | 'tenths' | 'band' | 'deductions' | 'way' | 'findings' | 'quiet' | 'receivers' | 'reader' | 'evidence'
>;

/** The same out of the document that an office answers. */
export function shownScore({ score, deductions, ...rest }: ScoreDocument): ShownScore {
  const tenthsOf = (points: number) => Math.round(points * 10);
  return {
    ...rest,
    score,
    tenths: tenthsOf(score),
    band: rest.band as ShownScore['band'],
    deductions: deductions.map(({ points, full_points, gives_back, ...one }) => ({
      ...one,
      tenths: tenthsOf(points),
      fullTenths: tenthsOf(full_points),
      gainTenths: tenthsOf(gives_back),
    })),
    evidence: { ...rest.evidence, dkim: [] },
  };
}

export type ScoredMessage = { readonly from: string; readonly subject: string; readonly session: ScoreSession };

export type Page = { readonly style: Style; readonly columns: number };

const widthDefault = 80;
const widthMax = 100;

export function scoreLines(one: ShownScore, message: ScoredMessage, style: Style, columns = widthDefault): string[] {
  const page: Page = { style, columns: Math.min(Math.max(columns, 40), widthMax) };
  const { findings, quiet } = one;
  const failed = findings.filter(({ status }) => status === 'fail');
  const charged = new Set(one.deductions.map(({ check }) => check));
  const unknown = [
    ...quiet.filter(({ state }) => state === 'unknown').map(({ say }) => say),
    ...findings.filter(({ status }) => status === 'unknown').map(({ meaning }) => meaning),
  ];
  const fine = [
    ...quiet.filter(({ state }) => state === 'fine').map(({ say }) => say),
    ...findings.filter(({ status, id }) => status === 'pass' && !told.has(id)).map(({ meaning }) => meaning),
  ];
  return [
    ...headLines(one, message, page),
    ...section('Where the points went', [...deductionLines(one.deductions, page), ...laterLines(one, page)], page),
    ...section('The way to 10', wayLines(one, page), page),
    ...section('What the large receivers say', receiverLines(one.receivers, page), page),
    ...section('What the reader sees beside it', readerLines(one, page), page),
    ...section('Worth mending, though it costs no points', adviceLines(failed, charged, page), page),
    ...section(
      'Not known, and not counted',
      unknown.flatMap((say) => entry('?', say, page)),
      page,
    ),
    ...section(
      'Fine',
      fine.flatMap((say) => entry('+', oneLine(say, page), page)),
      page,
    ),
  ];
}

/** The table says the same in its own words. */
const told: ReadonlySet<string> = new Set(['ALN-02', 'ALN-03', 'ALN-04']);

function headLines(one: ShownScore, { from, subject, session }: ScoredMessage, page: Page): string[] {
  const { style, columns } = page;
  const paint = one.tenths >= 80 ? style.good : one.tenths < 50 ? style.bad : (text: string) => text;
  const facts: readonly (readonly [string, string])[] = [
    ['From', from === '' ? '(none)' : from],
    ['Subject', subject === '' ? '(none)' : subject],
    ['Judged', judgedBy(one, session)],
  ];
  const room = columns - 'Subject'.length - 4;
  return [
    `${style.bold(paint(`${one.score.toFixed(1)} out of 10`))}  ${one.band.say}${isSure(one) ? '' : ', as far as is known'}`,
    '',
    ...factLines(
      facts.flatMap(([label, value]) =>
        wrapped(visible(value), room).map((line, at) => [at === 0 ? label : '', line] as const),
      ),
      style,
    ),
  ];
}

/** Who sent it is what most points hang on. */
function isSure({ quiet }: ShownScore): boolean {
  return !quiet.some(({ state, say }) => state === 'unknown' && /^(?:SPF|DKIM|DMARC)/.test(say));
}

function judgedBy({ evidence }: Pick<ShownScore, 'evidence'>, { remoteAddress, helo, mailFrom }: ScoreSession): string {
  if (evidence.source === 'header')
    return `by what ${evidence.by ?? 'its receiver'} noted in the header; --ip judges it afresh`;
  if (remoteAddress === undefined) return 'by its signature alone: nothing says who sent it';
  const by = helo === undefined || helo === '' ? remoteAddress : `${remoteAddress} (${helo})`;
  return `as sent by ${by}${mailFrom === undefined ? '' : `, bounces to <${mailFrom}>`}`;
}

export function deductionLines(deductions: readonly Deduction[], page: Page): string[] {
  const firstWith = new Map<string, string>();
  return deductions.flatMap((one) => {
    const key = JSON.stringify(one.fix);
    const before = firstWith.get(key);
    if (before === undefined) firstWith.set(key, one.check);
    const lost = one.tenths === 0 ? ' 0.0' : `-${(one.tenths / 10).toFixed(1)}`;
    const cap =
      one.tenths < one.fullTenths ? ` (${(one.fullTenths / 10).toFixed(1)} without the limit of its kind)` : '';
    const [first = '', ...rest] = hanging(`${lost.padStart(5)}  ${one.check.padEnd(6)}  `, `${one.say}${cap}`, page);
    const gives = one.gainTenths > 0 ? ` (${(one.gainTenths / 10).toFixed(1)} back)` : '';
    const fix =
      before === undefined
        ? fixLines(one.fix, `Fix${gives}: `, page)
        : hanging(' '.repeat(fixIndent), `Fix${gives}: the one of ${before} above`, page);
    return [page.style.bad(first), ...rest.map((line) => page.style.bad(line)), ...fix];
  });
}

const fixIndent = 15;

function fixLines({ delete: gone, set, steps = [] }: Fix, label: string, page: Page): string[] {
  const indent = ' '.repeat(fixIndent);
  const [only] = steps;
  const head =
    steps.length === 1 && only !== undefined
      ? hanging(indent, `${label}${only}`, page)
      : [
          ...(steps.length === 0 && gone.length + set.length > 0 ? [`${indent}${label.trimEnd()}`] : []),
          ...(steps.length > 1 ? [`${indent}${label.trimEnd()}`] : []),
          ...steps.flatMap((step, at) => hanging(`${indent}${at + 1}. `, step, page)),
        ];
  return [
    ...head,
    ...gone.flatMap((record) => recordLines('delete', record, page)),
    ...set.flatMap((record) => recordLines('set', record, page)),
  ];
}

function recordLines(verb: 'delete' | 'set', record: Fix['set'][number], page: Page): string[] {
  const indent = ' '.repeat(fixIndent);
  const lead = `${indent}${verb === 'set' ? '+' : '-'} ${visible(record.name)} ${record.type} `;
  const value = record.type === 'TXT' ? `"${visible(record.value)}"` : visible(record.value);
  return lead.length + value.length <= page.columns ? [`${lead}${value}`] : [lead.trimEnd(), `${indent}    ${value}`];
}

export function wayLines({ way }: Pick<ShownScore, 'way'>, page: Page): string[] {
  if (way.length < 2) return [];
  return way.flatMap(({ check, from, to, fix }, at) => {
    const [first, ...more] = fix.steps ?? [];
    const records = fix.set.map(({ name, type }) => `${type} ${name}`).join(', ');
    // Records that are known whole are what is done; steps beside them explain. So does one step beside others.
    const isWhole = !fix.set.some(({ name, value }) => /<[a-z0-9-]+>/.test(`${name} ${value}`));
    const does = records !== '' && (isWhole || more.length === 0) ? `Publish ${records}` : (first ?? '');
    const lead = `  ${at + 1}. ${from.toFixed(1)} -> ${to.toFixed(1).padEnd(4)}  ${check.padEnd(6)}  `;
    return hanging(lead, oneLine(does, page, lead.length), page);
  });
}

/** So that nobody is surprised. */
function laterLines(one: ShownScore, page: Page): string[] {
  const { steps, points } = laterSteps(one);
  if (points === 0) return [];
  const checks = [...new Set(steps.map(({ check }) => check))].join(', ');
  const say = `After that ${points.toFixed(1)} more points are open, which nothing shows now: ${checks}.`;
  return hanging('  ', say, page);
}

const verdictMarks = { met: '+', 'not-met': '-', unknown: '?' } as const;

/** Those that say the same in one line. */
function receiverLines(views: readonly ReceiverView[], page: Page): string[] {
  const { good, bad } = page.style;
  const words = [...new Set(views.map(({ say }) => say))];
  return words.flatMap((said) => {
    const same = views.filter(({ say }) => say === said);
    const verdict = same[0]?.verdict ?? 'unknown';
    const paint = verdict === 'met' ? good : verdict === 'not-met' ? bad : (text: string) => text;
    return entry(verdictMarks[verdict], `${same.map(({ receiver }) => receiver).join(', ')}: ${said}`, page).map(paint);
  });
}

function readerLines({ reader }: ShownScore, page: Page): string[] {
  return reader.flatMap(({ mark, say }) => entry(mark === 'none' ? ' ' : '!', say, page));
}

const severities = ['critical', 'error', 'warn', 'advice'];

function adviceLines(failed: readonly Finding[], charged: ReadonlySet<string>, page: Page): string[] {
  return failed
    .filter(({ id }) => !charged.has(id) && id !== 'ALN-07') // the reader's view says it
    .toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
    .flatMap(({ id, meaning, fix }) => {
      const does = fix?.steps?.[0];
      return [
        ...hanging(`  - ${id.padEnd(6)}  `, meaning, page),
        ...(does === undefined ? [] : hanging('            ', `Fix: ${oneLine(does, page, 17)}`, page)),
      ];
    });
}

function section(title: string, lines: readonly string[], { style }: Page): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines];
}

function entry(mark: string, text: string, page: Page): string[] {
  return hanging(`  ${mark.padEnd(1)} `, text, page);
}

/** The lead once, the text beside it with as many lines as it needs. */
function hanging(lead: string, text: string, { columns }: Page): string[] {
  return wrapped(visible(text), columns - lead.length).map(
    (line, at) => `${at === 0 ? lead : ' '.repeat(lead.length)}${line}`,
  );
}

function oneLine(text: string, { columns }: Page, lead = 4): string {
  const room = columns - lead;
  return text.length <= room ? text : `${text.slice(0, room - 1).trimEnd()}…`;
}
