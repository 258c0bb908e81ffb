/**
 * A look at a domain as a page for a terminal of 80 columns: the score and the three worst things first, each with its fix; then all that
 * failed by family, what could not be found out and why, and what is fine in a line each. Pure.
 */
import type { DomainCheck } from '../../services/advice/advice.ts';
import type { Finding, FindingEvidence, Fix, FixRecord } from '../../services/advice/types.ts';
import { wayLines as stepLines } from './render-score.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';
import { foldedCommand } from './typed-line.ts';

export type CheckPage = {
  readonly style: Style;
  readonly columns: number | undefined;
  readonly program: string;
  /** What was asked, to be typed again behind the domain: ` --sender sendgrid --zone new.zone`. */
  readonly options?: string;
};

type Pen = { readonly style: Style; readonly width: number };

/** A file or a pipe gets pages of this width, too. */
const widthDefault = 80;
const widthMax = 100;
const worstMax = 3;
const severities = ['critical', 'error', 'warn', 'advice'] as const;

const families: Readonly<Record<string, string>> = {
  DNS: 'The zone',
  MX: 'Receiving mail (MX)',
  SPF: 'Who may send (SPF)',
  DKM: 'Signatures (DKIM)',
  DMA: 'What receivers are asked to do with forgeries (DMARC)',
  ALN: 'Whether anything speaks for the domain in From',
  STS: 'Encryption on the way in (MTA-STS)',
  RPT: 'Reports on encryption (TLS-RPT)',
  DAN: 'Certificates in DNS (DANE)',
  BMI: 'The logo (BIMI)',
  IPR: 'The servers that send',
  LST: 'Block lists',
  PRK: 'A domain that sends nothing',
};

export function checkLines(check: DomainCheck, page: CheckPage): string[] {
  const { style, columns, program } = page;
  const pen: Pen = { style, width: Math.min(Math.max(columns ?? widthDefault, 40), widthMax) };
  if (check.exists === 'no') return absentLines(check, pen, program);
  const failed = check.findings.filter(({ status }) => status === 'fail').toSorted(worseFirst);
  const mends = withEarlierFixes(firstOfEach(failed.filter(({ severity }) => severity !== 'advice')), failed);
  const worst = mends.flatMap(({ finding, earlier }) => (earlier === undefined ? [finding] : [])).slice(0, worstMax);
  const rest = failed.filter((one) => !worst.some((other) => isSame(one, other)));
  return [
    ...headLines(check, failed, pen, page),
    ...section(
      worst.length === 1 ? 'Mend this first' : `Mend these ${worst.length} first`,
      worst,
      (one, at) => [
        ...(at > 0 ? [''] : []),
        ...worstLines(
          one,
          failed.filter((other) => isSame(one, other)),
          at,
          pen,
        ),
      ],
      pen,
    ),
    ...wayLines(check, failed, pen),
    ...familySections(rest, worst, failed, pen),
    ...(check.exists === 'unknown' ? silentLines(check, pen) : unknownLines(check.findings, pen)),
    ...fineLines(check.findings, pen),
    ...endLines(check, failed, pen, page),
  ];
}

function headLines(check: DomainCheck, failed: readonly Finding[], pen: Pen, page: CheckPage): string[] {
  const { domain, prediction } = check;
  const { style } = pen;
  if (check.exists === 'unknown') return unansweredLines(check, pen, page);
  const { score, senders } = prediction;
  const mends = failed.filter(({ severity }) => severity !== 'advice').length;
  const said = mends === 0 ? 'nothing to mend' : `${mends} to mend`;
  const count = failed.length > mends ? `${said}, ${failed.length - mends} that could be better` : said;
  if (score === undefined)
    return [`${style.bold(domain)}: sends no mail, so there is no score`, ...paragraph(`${capital(count)}.`, pen)];
  const paint = score.tenths >= 80 ? style.good : score.tenths < 50 ? style.bad : (text: string) => text;
  const say = score.band.name === 'perfect' && mends > 0 ? 'no points lost' : score.band.say;
  const doubt = isSure(check) ? '' : ', as far as is known';
  return [
    `${style.bold(domain)}: ${style.bold(paint(`${score.score.toFixed(1)} out of 10`))}  ${say}${doubt}`,
    ...paragraph(`${capital(count)}.`, pen),
    ...senderLines(senders, pen),
  ];
}

/** With a zone file or an earlier look there is nobody else to ask. */
function unansweredLines({ domain }: DomainCheck, pen: Pen, { program, options = '' }: CheckPage): string[] {
  const head = `${pen.style.bold(domain)}: the DNS did not answer, so there is no score`;
  if (/ --(?:zone|replay) /.test(options)) return [head];
  const others = options.replaceAll(/ --resolver \S+/g, '');
  return [
    head,
    ...paragraph('Try again later, or ask another name server:', pen),
    ...foldedCommand(`${program} check ${domain}${others} --resolver 1.1.1.1`, '  ', pen.width),
  ];
}

/** Most points hang on these. */
const decisive: readonly string[] = ['SPF-01', 'SPF-14', 'DKM-01', 'DMA-01', 'ALN-01'];

function isSure({ findings, prediction }: DomainCheck): boolean {
  const isKnown = prediction.senders.every(({ label }) => label !== undefined);
  return isKnown && !findings.some(({ id, status }) => status === 'unknown' && decisive.includes(id));
}

function senderLines(senders: DomainCheck['prediction']['senders'], pen: Pen): string[] {
  if (senders.length === 1 && senders[0]?.label === undefined)
    return paragraph('What mail from it would get. Who sends for it is not known: name them with --sender.', pen);
  const told = senders.map(({ name, label, score, isDeclared }) => {
    const isTwice = senders.filter((other) => other.name === name).length > 1;
    return `${isTwice ? label : name} ${score.score.toFixed(1)}${isDeclared ? '' : ' (recognised)'}`;
  });
  return paragraph(`What its mail would get, as good as its worst sender: ${told.join(', ')}.`, pen);
}

function absentLines({ domain, findings }: DomainCheck, pen: Pen, program: string): string[] {
  const above = domain.split('.').slice(1).join('.');
  const next = above.includes('.') ? [`The domain above it:  ${program} check ${above}`] : [];
  const zone = findings.find(({ id, status }) => id === 'DNS-01' && status === 'fail');
  return [
    pen.style.bad(`${domain} does not exist.`),
    ...(zone ? paragraph(zone.meaning, pen) : []),
    '',
    'Is it spelled right, and registered?',
    ...next,
  ];
}

// ---- failures

function worseFirst(one: Finding, other: Finding): number {
  const order = severities.indexOf(one.severity) - severities.indexOf(other.severity);
  return order || (other.points ?? 0) - (one.points ?? 0);
}

/** One fix for several names is one thing to do. */
function isSame(one: Finding, other: Finding): boolean {
  return one.id === other.id && JSON.stringify(one.fix?.steps) === JSON.stringify(other.fix?.steps);
}

function firstOfEach(failed: readonly Finding[]): readonly Finding[] {
  return failed.filter((one, at) => failed.findIndex((other) => isSame(one, other)) === at);
}

type WithEarlier = { readonly finding: Finding; readonly earlier?: string };

/** What a fix that was told of another finding mends as well, with the id of that one. */
function withEarlierFixes(firsts: readonly Finding[], failed: readonly Finding[]): readonly WithEarlier[] {
  const tellers = new Map<string, string>();
  return firsts.map((finding) => {
    const fix = joinedFix(failed.filter((other) => isSame(finding, other)));
    const key = JSON.stringify([fix?.steps ?? [], fix?.delete, fix?.set]);
    const earlier = fix === undefined ? undefined : tellers.get(key);
    if (earlier === undefined) tellers.set(key, finding.id);
    return { finding, ...(earlier !== undefined && { earlier }) };
  });
}

function weight({ severity, points }: Finding): string {
  return points === undefined || points === 0 ? severity : `${severity}, ${points.toFixed(1)} points back`;
}

function worstLines(finding: Finding, same: readonly Finding[], at: number, pen: Pen): string[] {
  const { style } = pen;
  return [
    ...hanging(`${at + 1}. `, finding.meaning, pen).map(style.bold),
    `   ${style.bad(`${finding.id} ${weight(finding)}`)}`,
    ...same.slice(1).flatMap((one) => labelled('Also', one.meaning, pen)),
    ...finding.evidence.slice(0, seenMax).flatMap((one) => seenLines(one, pen)),
    ...labelled('Why', finding.why, pen),
    ...fixLines(joinedFix(same), pen),
  ];
}

const seenMax = 2;
const answerMax = 160;

/** Lines that belong below each other, a caret below its place, stay as they are. */
function seenLines(one: FindingEvidence, pen: Pen): string[] {
  if (!one.answer.includes('\n')) return labelled('Seen', seenText(one), pen);
  const lines = one.answer.split('\n').map((line) => `${indent}${cut(line, pen.width - labelWidth)}`);
  return [...labelled('Seen', `${one.query}:`, pen), ...lines];
}

function seenText({ query, answer, ttl, server }: FindingEvidence): string {
  const facts = [...(server === undefined ? [] : [`said ${server}`]), ...(ttl === undefined ? [] : [`for ${ttl} s`])];
  return `${query}: ${cut(answer, answerMax)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

function joinedFix(findings: readonly Finding[]): Fix | undefined {
  const fixes = findings.flatMap(({ fix }) => fix ?? []);
  const [first] = fixes;
  if (first === undefined) return undefined;
  const unique = (records: readonly FixRecord[]) => [
    ...new Map(records.map((one) => [JSON.stringify(one), one])).values(),
  ];
  return {
    ...first,
    delete: unique(fixes.flatMap((fix) => fix.delete)),
    set: unique(fixes.flatMap((fix) => fix.set)),
  };
}

/** Of its worst sender. Points that nothing shows now come back on it, too. */
function wayLines({ prediction: { senders } }: DomainCheck, failed: readonly Finding[], pen: Pen): string[] {
  const [worst] = senders;
  if (worst === undefined) return [];
  const title = senders.length > 1 ? `The way to 10 for ${worst.name}` : 'The way to 10';
  const way = worst.way.map((step) => ({ ...step, fix: failed.find(({ id }) => id === step.check)?.fix ?? step.fix }));
  const lines = stepLines({ way }, { style: pen.style, columns: pen.width });
  return lines.length === 0 ? [] : ['', pen.style.bold(title), ...lines];
}

function familySections(
  rest: readonly Finding[],
  worst: readonly Finding[],
  failed: readonly Finding[],
  pen: Pen,
): string[] {
  const byFamily = Object.keys(families).flatMap((prefix) => rest.filter(({ id }) => id.startsWith(`${prefix}-`)));
  const told = withEarlierFixes([...worst, ...firstOfEach(byFamily)], failed).slice(worst.length);
  return Object.entries(families).flatMap(([prefix, title]) =>
    section(
      worst.length > 0 ? `Also: ${title}` : title,
      told.filter(({ finding }) => finding.id.startsWith(`${prefix}-`)),
      (one) =>
        failureLines(
          one,
          rest.filter((other) => isSame(one.finding, other)),
          pen,
        ),
      pen,
    ),
  );
}

function failureLines({ finding, earlier }: WithEarlier, same: readonly Finding[], pen: Pen): string[] {
  const { style } = pen;
  const mark = finding.severity === 'advice' ? '-' : 'x';
  const paint = finding.severity === 'advice' ? (text: string) => text : style.bad;
  return [
    ...same.flatMap((one, at) =>
      at === 0
        ? hanging(`  ${mark} ${finding.id} `, `${weight(finding)}: ${one.meaning}`, pen).map(paint)
        : hanging(' '.repeat(`  ${mark} ${finding.id} `.length), one.meaning, pen).map(paint),
    ),
    ...(earlier === undefined ? fixLines(joinedFix(same), pen) : labelled('Fix', `the one of ${earlier} above`, pen)),
  ];
}

const labelWidth = 9;
const indent = ' '.repeat(labelWidth);

function fixLines(fix: Fix | undefined, pen: Pen): string[] {
  if (fix === undefined) return [];
  const { steps = [], delete: gone, set } = fix;
  const told = steps.flatMap((step, at) => {
    const number = steps.length > 1 ? `${at + 1}. ` : '';
    return hanging(at === 0 ? `   ${'Fix'.padEnd(labelWidth - 3)}${number}` : `${indent}${number}`, step, pen);
  });
  const records = [
    ...gone.map((one) => recordLines('-', one, pen)),
    ...set.map((one) => recordLines('+', one, pen)),
  ].flat();
  if (told.length > 0 || records.length === 0) return [...told, ...records];
  const head = gone.length === 0 ? 'publish:' : set.length === 0 ? 'take away:' : 'take away (-) and publish (+):';
  return [`   ${'Fix'.padEnd(labelWidth - 3)}${head}`, ...records];
}

/** No key and no policy is longer; a hostile zone may hold 64 KB in one record. */
const valueShownMax = 1_500;

/** To be copied: never broken within a value that fits a line of its own. */
function recordLines(sign: '+' | '-', { name, type, value, ttl }: FixRecord, { style, width }: Pen): string[] {
  const whole = type === 'TXT' ? `"${visible(value)}"` : visible(value);
  const left = whole.length - valueShownMax;
  const shown = left > 0 ? `${whole.slice(0, valueShownMax)}… and ${left} characters more (--json has them)` : whole;
  const head = `${indent}${sign} ${visible(name)} ${ttl === undefined ? '' : `${ttl} `}${type}`;
  const paint = sign === '+' ? style.good : style.bad;
  const lines = head.length + 1 + shown.length <= width ? [`${head} ${shown}`] : [head, `${indent}    ${shown}`];
  return lines.map(paint);
}

// ---- the rest

function unknownLines(findings: readonly Finding[], pen: Pen): string[] {
  const unknown = findings.filter(({ status }) => status === 'unknown');
  const meanings = [...new Set(unknown.map(({ meaning }) => meaning))];
  return section(
    'Not known, and not counted',
    meanings,
    (meaning) => {
      const ids = [...new Set(unknown.filter((one) => one.meaning === meaning).map(({ id }) => id))];
      return ids.length === 1
        ? hanging(`  ? ${ids[0]} `, meaning, pen)
        : hanging('  ? ', `${meaning} (${ids.join(', ')})`, pen);
    },
    pen,
  );
}

/** Where the DNS said nothing at all, what each check lacks is the same. */
function silentLines({ findings }: DomainCheck, pen: Pen): string[] {
  const ids = new Set(findings.filter(({ status }) => status === 'unknown').map(({ id }) => id));
  return ['', ...paragraph(`${ids.size} checks could not be made; --json says of each what it lacks.`, pen)];
}

/** One line for each check, however many names it looked at. */
function fineLines(findings: readonly Finding[], pen: Pen): string[] {
  const failed = new Set(findings.filter(({ status }) => status === 'fail').map(({ id }) => id));
  const fine = findings.filter(({ status, id }) => status === 'pass' && !failed.has(id));
  const firsts = fine.filter((one, at) => fine.findIndex(({ id }) => id === one.id) === at);
  return section(
    'Fine',
    firsts,
    ({ id, meaning }) => {
      const others = fine.filter((one) => one.id === id).length - 1;
      const more = others > 0 ? ` (and ${others} more)` : '';
      const lead = `  + ${id.padEnd(6)} `;
      return [pen.style.good(`${lead}${cut(meaning, pen.width - lead.length - more.length)}${more}`)];
    },
    pen,
  );
}

function endLines(
  { domain, snapshot }: DomainCheck,
  failed: readonly Finding[],
  pen: Pen,
  { program, options = '' }: CheckPage,
): string[] {
  const hasRecords = failed.some(({ fix }) => fix !== undefined && fix.set.length + fix.delete.length > 0);
  const nexts = [
    ...(hasRecords ? [['The records alone', `${program} check ${domain}${options} --notation zone`]] : []),
    ...(snapshot.subject.declared.length === 0
      ? [
          ['With your senders', `${program} check ${domain}${options} --sender ID`],
          ['Their ids', `${program} senders list`],
        ]
      : []),
  ];
  return nexts.length === 0 ? [] : ['', ...nexts.flatMap(([what = '', line = '']) => nextLines(what, line, pen))];
}

/** To be typed: a long one in several lines, as a shell takes it. */
function nextLines(what: string, line: string, { style, width }: Pen): string[] {
  if (what.length + 2 + line.length <= width) return [style.dim(`${what}: ${line}`)];
  return [`${what}:`, ...foldedCommand(line, '  ', width)].map(style.dim);
}

function section<Item>(
  title: string,
  items: readonly Item[],
  lines: (item: Item, at: number) => readonly string[],
  { style }: Pen,
): string[] {
  return items.length === 0 ? [] : ['', style.bold(title), ...items.flatMap(lines)];
}

function labelled(label: string, text: string, pen: Pen): string[] {
  return hanging(`   ${label.padEnd(labelWidth - 3)}`, text, pen);
}

function paragraph(text: string, pen: Pen): string[] {
  return hanging('  ', text, pen);
}

/** The lead once, the text beside it with as many lines as it needs. */
function hanging(lead: string, text: string, { width }: Pen): string[] {
  return wrapped(visible(text), width - lead.length).map(
    (line, at) => `${at === 0 ? lead : ' '.repeat(lead.length)}${line}`,
  );
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function cut(text: string, room: number): string {
  const shown = visible(text);
  return shown.length <= room ? shown : `${shown.slice(0, room - 1).trimEnd()}…`;
}
