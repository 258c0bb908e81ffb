/** An explanation as a page for a terminal of 80 columns: the way, the signatures, the results, how they fit, what follows. Pure. */
import type {
  AlignmentLine,
  ExplainedHop,
  ExplainedResults,
  ExplainedSignature,
  Explanation,
  Remark,
  RemarkKind,
  Requirement,
} from '../../services/advice/types.ts';
import { factLines } from './render-table.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

const widthDefault = 80;
const tagWidth = 4;
const valueMax = 40;

export function explanationLines(one: Explanation, style: Style, columns = widthDefault): string[] {
  const page: Page = { style, columns: Math.min(Math.max(columns, 40), 120) };
  return [
    ...headLines(one, page),
    ...section('In short', shortLines(one, page), page, ''),
    ...section(
      'The way it took',
      one.hops.flatMap((hop, at) => hopLines(hop, at, page)),
      page,
      'no Received field: it was never sent, or this copy lost them',
    ),
    ...section(
      'Signatures (DKIM)',
      one.signatures.flatMap((signature) => signatureLines(signature, page)),
      page,
      'none: nobody signed this message',
    ),
    ...section(
      'What receivers noted',
      one.results.flatMap((results) => resultLines(results, page)),
      page,
      'nothing: no receiver wrote down what it checked',
    ),
    ...todayLines(one, page),
    ...alignmentLines(one, page),
    ...section('What the large receivers ask', receiverLines(one, page), page, ''),
    ...section(
      'What the reader sees beside it',
      one.reader.flatMap(({ mark, say }) => entry(mark === 'none' ? ' ' : '!', say, page, 2)),
      page,
      '',
    ),
  ];
}

/** Some lines of a header, without From: what they say, and nothing of what they leave out. */
export function headerPartLines(one: Explanation, style: Style, columns = widthDefault): string[] {
  const page: Page = { style, columns: Math.min(Math.max(columns, 40), 120) };
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['The way it took', one.hops.flatMap((hop, at) => hopLines(hop, at, page))],
    ['Signatures (DKIM)', one.signatures.flatMap((signature) => signatureLines(signature, page))],
    ['What receivers noted', one.results.flatMap((results) => resultLines(results, page))],
  ];
  const lines = parts.flatMap(([title, own]) => (own.length === 0 ? [] : ['', style.bold(title), ...own]));
  if (lines.length === 0)
    return ['None of these fields says how a message came, who signed it, or what a receiver found.'];
  return lines.slice(1);
}

type Page = { readonly style: Style; readonly columns: number };

function headLines({ from, subject, atMs, returnPath }: Explanation, { style, columns }: Page): string[] {
  const facts: readonly (readonly [string, string])[] = [
    ['From', from.shown === '' ? '(none)' : from.shown],
    ...(from.problem === undefined ? [] : [['', `not exactly one author: ${from.problem}`] as const]),
    ...(subject === undefined ? [] : [['Subject', subject] as const]),
    ...(atMs === undefined ? [] : [['Date', moment(atMs)] as const]),
    ...(returnPath === undefined ? [] : [['Return path', returnPath] as const]),
  ];
  return factLines(
    facts.flatMap(([label, value]) =>
      wrapped(visible(value), columns - headWidth).map((line, at) => [at === 0 ? label : '', line] as const),
    ),
    style,
  );
}

const headWidth = 'Return path'.length + 4;

/** What somebody wants who reads no further. */
function shortLines({ alignment, reader, hops, signatures }: Explanation, page: Page): string[] {
  const kind = { aligned: 'good', 'not-aligned': 'bad', unknown: 'note' } as const;
  const remarks: Remark[] = [{ kind: kind[alignment.verdict], say: alignment.say }];
  const changed = signatures.filter(({ bodyIntact }) => bodyIntact === false);
  const intact = signatures.filter(({ bodyIntact }) => bodyIntact === true);
  if (changed.length > 0 && intact.length === 0) remarks.push({ kind: 'bad', say: 'the text is not what was signed' });
  if (changed.length > 0 && intact.length > 0)
    remarks.push({ kind: 'note', say: 'the text was changed after one signature and before another' });
  for (const { mark, say } of reader) if (mark !== 'none') remarks.push({ kind: 'bad', say: `the reader sees ${say}` });
  const [first, last] = [hops[0]?.atMs, hops.at(-1)?.atMs];
  if (first !== undefined && last !== undefined)
    remarks.push({
      kind: 'note',
      say: `${hops.length} hop${hops.length === 1 ? '' : 's'} in ${span(last - first).replace('+', '')}`,
    });
  return remarkLines(remarks, page, 2);
}

function section(title: string, lines: readonly string[], { style }: Page, empty: string): string[] {
  return ['', style.bold(title), ...(lines.length === 0 ? [`  ${empty}`] : lines)];
}

/** A mark and a text beside it, with as many lines as it needs. */
function entry(mark: string, text: string, { columns }: Page, indent: number): string[] {
  return wrapped(visible(text), columns - indent - 2).map(
    (line, at) => `${' '.repeat(indent)}${at === 0 ? mark.padEnd(1) : ' '} ${line}`,
  );
}

const marks: Readonly<Record<RemarkKind, string>> = { good: '+', bad: '-', note: '.' };

function remarkLines(remarks: readonly Remark[], page: Page, indent: number): string[] {
  const { good, bad } = page.style;
  return remarks.flatMap(({ kind, say }) => {
    const paint = kind === 'good' ? good : kind === 'bad' ? bad : (text: string) => text;
    return entry(marks[kind], say, page, indent).map(paint);
  });
}

function hopLines(hop: ExplainedHop, at: number, page: Page): string[] {
  const host = [hop.from, hop.address && `[${hop.address}]`].filter(Boolean).join(' ');
  const by = hop.by ?? 'a host without a name';
  const way =
    host === ''
      ? `${by} took it${hop.with === undefined ? '' : ` by ${hop.with}`}`
      : `${host} -> ${by}${hop.with === undefined ? '' : `, ${hop.with}`}`;
  const when = hop.delayMs === undefined ? (hop.atMs === undefined ? '' : moment(hop.atMs)) : span(hop.delayMs);
  const number = `${at + 1}.`;
  const lines = wrapped(visible(when === '' ? way : `${way}  (${when})`), page.columns - 6);
  return [
    ...lines.map((line, row) => `  ${row === 0 ? number.padEnd(3) : '   '} ${line}`),
    ...remarkLines(hop.remarks, page, 6),
  ];
}

function span(ms: number): string {
  const sign = ms < 0 ? '-' : '+';
  const seconds = Math.round(Math.abs(ms) / 1_000);
  if (seconds < 120) return `${sign}${seconds} s`;
  if (seconds < 7_200) return `${sign}${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${sign}${Math.round(seconds / 3_600)} h`;
  return `${sign}${Math.round(seconds / 86_400)} days`;
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function signatureLines(one: ExplainedSignature, page: Page): string[] {
  const { style, columns } = page;
  const tags = one.tags.flatMap(({ tag, value, say }) => {
    const shown = value.length > valueMax ? `${value.slice(0, valueMax - 1)}…  ` : `${value}  `;
    // The names of h= stand in its sentence.
    const [first = '', ...rest] = wrapped(visible(`${tag === 'h' ? '' : shown}${say}`), columns - 4 - tagWidth);
    return [
      `    ${style.dim(`${visible(tag)}=`.padEnd(tagWidth))}${first}`,
      ...rest.map((line) => `    ${' '.repeat(tagWidth)}${line}`),
    ];
  });
  return [
    `  ${style.bold(visible(one.domain === '' ? 'a signature without a readable domain' : one.domain))}`,
    ...tags,
    ...remarkLines(one.remarks, page, 4),
  ];
}

const goodResults: ReadonlySet<string> = new Set(['pass']);
const badResults: ReadonlySet<string> = new Set(['fail', 'softfail', 'permerror', 'temperror']);

function resultLines({ field, by, instance, results, remarks }: ExplainedResults, page: Page): string[] {
  const { style } = page;
  const title = `${field}${instance === undefined ? '' : ` ${instance}`}${by === '' ? '' : ` by ${by}`}`;
  const entries = results.flatMap(({ method, result, say }) => {
    const paint = goodResults.has(result) ? style.good : badResults.has(result) ? style.bad : (text: string) => text;
    const mark = goodResults.has(result) ? '+' : badResults.has(result) ? '-' : '.';
    const [first = '', ...rest] = entry(mark, `${method}=${result}: ${say}`, page, 4);
    return [paint(first), ...rest];
  });
  return [`  ${style.bold(visible(title))}`, ...entries, ...remarkLines(remarks, page, 4)];
}

function todayLines({ today }: Explanation, page: Page): string[] {
  if (today === undefined) return [];
  const { report, differences } = today;
  const dkim = report.dkim.map(({ result, domain, reason }) => ({
    result,
    text: `DKIM ${domain === '' ? '(no domain)' : domain}: ${result}${reason === undefined ? '' : `, ${reason}`}`,
  }));
  const all = [
    {
      result: report.spf.result,
      text: `SPF ${report.spf.domain}: ${report.spf.result}${report.spf.matched === undefined ? '' : ` (${report.spf.matched})`}`,
    },
    ...dkim,
    {
      result: report.dmarc.result,
      text: `DMARC ${report.dmarc.domain ?? '(no author)'}: ${report.dmarc.result}, policy ${report.dmarc.policy}, a receiver should do: ${report.dmarc.applied}`,
    },
    { result: report.arc.result, text: `ARC: ${report.arc.result}` },
  ];
  const kindOf = (result: string): RemarkKind => (result === 'pass' ? 'good' : badResults.has(result) ? 'bad' : 'note');
  const differing = differences.map(
    ({ what, header, today: now }): Remark => ({
      kind: 'note',
      say: `${what}: the header says ${header}, today it is ${now}`,
    }),
  );
  return [
    ...section(
      'Judged today',
      remarkLines(
        all.map(({ result, text }) => ({ kind: kindOf(result), say: text })),
        page,
        2,
      ),
      page,
      '',
    ),
    ...(differing.length === 0
      ? []
      : section('Other than the header claims', remarkLines(differing, page, 2), page, '')),
  ];
}

function alignmentLines({ alignment, from }: Explanation, page: Page): string[] {
  const { style } = page;
  const source = {
    header: `as ${alignment.by ?? 'the receiver'} noted it`,
    today: 'as of today',
    none: 'nobody noted it',
  }[alignment.evidence];
  const author = alignment.domain ?? from.shown;
  const paint =
    alignment.verdict === 'aligned'
      ? style.good
      : alignment.verdict === 'not-aligned'
        ? style.bad
        : (text: string) => text;
  return section(
    `Does it fit From? (${visible(source)})`,
    [
      ...alignment.lines.flatMap((line) => pictureLines(line, author, page)),
      ...entry('=', alignment.say, page, 2).map(paint),
    ],
    page,
    '',
  );
}

/** `From example.com <=> SPF pass mail.example.com`, and the reason below. */
function pictureLines(line: AlignmentLine, author: string, page: Page): string[] {
  const { style } = page;
  const bond = line.counts ? style.good('<=>') : style.bad('<x>');
  const name = line.by === 'spf' ? 'SPF ' : 'DKIM';
  const domain = line.domain === '' ? '(no domain)' : line.domain;
  return [
    `  From ${visible(author)} ${bond} ${name} ${visible(line.result)} ${visible(domain)}`,
    ...entry(' ', line.say, page, 6),
  ];
}

function receiverLines({ receivers }: Explanation, page: Page): string[] {
  const names = [...new Set(receivers.flatMap(({ requirements }) => requirements.map(({ say }) => say)))];
  const all = receivers.flatMap(({ receiver, requirements }) => requirements.map((one) => ({ receiver, ...one })));
  return [false, true].flatMap((bulk) => {
    const rows = names.flatMap((say) => {
      const same = all.filter((one) => one.say === say && one.bulk === bulk);
      const [first] = same;
      return first === undefined
        ? []
        : requirementLines(
            first,
            same.map(({ receiver }) => receiver),
            page,
          );
    });
    return rows.length === 0
      ? []
      : [`  ${page.style.dim(bulk ? 'of senders of more than 5,000 a day, besides' : 'of everybody')}`, ...rows];
  });
}

function requirementLines({ say, met, why }: Requirement, receivers: readonly string[], page: Page): string[] {
  const { good, bad } = page.style;
  const paint = met === 'yes' ? good : met === 'no' ? bad : (text: string) => text;
  const mark = { yes: '+', no: '-', unknown: '?' }[met];
  const [first = '', ...rest] = entry(mark, `${say} (${receivers.join(', ')}): ${why}`, page, 4);
  return [paint(first), ...rest];
}
