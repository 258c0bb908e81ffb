/** What `posthorn auth FILE` found, for a terminal of 80 columns: a line for each engine, and DKIM2's chain where it was asked for. Pure. */
import type { AuthReport } from '../../protocol/authenticate.ts';
import type { DkimResult } from '../../protocol/dkim/types.ts';
import type {
  Dkim2InstanceResult,
  Dkim2Result,
  Dkim2SetResult,
  Dkim2SignatureResult,
} from '../../protocol/dkim2/types.ts';
import { moment } from './render-table.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

type Page = { readonly style: Style; readonly columns: number };

const labelWidth = 6;
const widthDefault = 80;

/** @param isClientKnown without a client there is no SPF */
export function authLines(
  { spf, dkim, dmarc, arc, headerFrom }: AuthReport,
  isClientKnown: boolean,
  style: Style,
  columns = widthDefault,
): string[] {
  const page: Page = { style, columns: Math.min(Math.max(columns, 40), 120) };
  const spfWords = isClientKnown
    ? words(
        spf.domain === '' ? '' : `for ${spf.domain}`,
        spf.matched && `by ${spf.matched}`,
        spf.reason?.replaceAll('-', ' '),
      )
    : 'nobody said who sent it: --ip ADDRESS';
  return [
    ...entry('From', '', headerFrom ?? 'not exactly one author', page),
    ...entry('SPF', spf.result, spfWords, page),
    ...(dkim.length === 0
      ? entry('DKIM', 'none', 'nobody signed it', page)
      : dkim.flatMap((one) => dkimLines(one, page))),
    ...entry(
      'DMARC',
      dmarc.result,
      words(dmarc.domain && `for ${dmarc.domain}`, `policy ${dmarc.policy}`, dmarc.reason),
      page,
    ),
    ...entry('ARC', arc.result, arc.reason ?? '', page),
  ];
}

function dkimLines({ result, domain, selector, algorithm, reason }: DkimResult, page: Page): string[] {
  const key = words(selector && `selector ${selector}`, algorithm);
  return entry('DKIM', result, words(domain === '' ? 'no domain' : `for ${domain}`, key, reason), page);
}

function words(...parts: readonly (string | false | null | undefined)[]): string {
  return parts.filter((part) => part).join(', ');
}

/** Label, verdict, words, with as many lines as they need. */
function entry(label: string, verdict: string, text: string, { style, columns }: Page): string[] {
  const indent = ' '.repeat(labelWidth + 2);
  const isGood = verdict === 'pass';
  const mark = isGood ? style.good : ['none', 'neutral', ''].includes(verdict) ? (same: string) => same : style.bad;
  const lines = wrapped(visible(words(verdict, text).replace(', for ', ' for ')), columns - indent.length);
  return lines.map((line, at) => {
    if (at > 0) return `${indent}${line}`;
    const rest = line.startsWith(verdict) ? `${mark(verdict)}${line.slice(verdict.length)}` : line;
    return `${style.bold(label.padEnd(labelWidth))}  ${rest}`;
  });
}

/** The chain from its beginning: who handed the message on to whom, and what was changed. */
export function dkim2Lines(one: Dkim2Result, style: Style, columns = widthDefault): string[] {
  const page: Page = { style, columns: Math.min(Math.max(columns, 40), 120) };
  return [
    ...entry('DKIM2', one.result, headline(one), page),
    ...paragraph(`experimental: ${one.draft}, not used for judging`, page, style.dim),
    ...problemLines(one, page),
    ...(one.tolerantResult === undefined
      ? []
      : paragraph(`Apart from the missing angle brackets: ${one.tolerantResult}.`, page)),
    ...one.notes.flatMap((note) => paragraph(`${note}.`, page)),
    ...envelopeLines(one, page),
    ...one.signatures.flatMap((signature) => signatureLines(signature, one.instances, page)),
  ];
}

/** What one signer gets wrong they mostly get wrong often: each kind of problem once. */
function problemWords({ problems }: Dkim2Result): { readonly code: string; readonly text: string }[] {
  return [...Map.groupBy(problems, ({ code }) => code)].map(([code, [first, ...others]]) => ({
    code,
    text: words(first?.say, others.length > 0 && `and ${others.length} more like this`),
  }));
}

function headline(one: Dkim2Result): string {
  const decisive = one.problems.find(({ say }) => say === one.reason);
  return problemWords(one).find(({ code }) => code === decisive?.code)?.text ?? summary(one);
}

function problemLines(one: Dkim2Result, page: Page): string[] {
  const shown = headline(one);
  return problemWords(one).flatMap(({ text }) => (text === shown ? [] : paragraph(text, page)));
}

function summary({ result, signatures }: Dkim2Result): string {
  if (result === 'none') return 'nobody signed it this way';
  return signatures.length === 1
    ? 'one hop, as it was sent'
    : `${signatures.length} hops, each form of the message as it was signed`;
}

/** dkim2-spec-03 §11.4 asks for the comparison: what was left out is said. */
function envelopeLines({ signatures, envelope }: Dkim2Result, page: Page): string[] {
  if (signatures.length === 0) return [];
  const missing = [
    ...(envelope.mailFrom ? [] : ['--mail-from ADDRESS']),
    ...(envelope.rcptTo ? [] : ['--rcpt-to ADDRESS']),
  ];
  if (missing.length === 0) return [];
  return paragraph(`Whether it was sent on to somebody else cannot be told without ${missing.join(' and ')}.`, page);
}

function signatureLines(one: Dkim2SignatureResult, instances: readonly Dkim2InstanceResult[], page: Page): string[] {
  const { sequence, domain, signedAtSeconds, mailFrom, rcptTo = [], nextDomain, flags, sets } = one;
  const way =
    nextDomain === undefined
      ? `<${mailFrom}> to ${rcptTo.map((to) => `<${to}>`).join(', ')}`
      : `on to ${nextDomain}, without an envelope of its own`;
  const form = instances[one.instance - 1];
  return [
    '',
    ...paragraph(`${sequence}. ${domain}${timeOf(signedAtSeconds)}`, page, page.style.bold),
    ...paragraph(way, page, undefined, 5),
    ...sets.flatMap((set) => paragraph(setWords(set), page, undefined, 5)),
    ...(form === undefined ? [] : paragraph(formWords(form), page, undefined, 5)),
    ...(flags.length === 0 ? [] : paragraph(`asks or says: ${flags.join(', ')}`, page, undefined, 5)),
  ];
}

/** A signature may say any number; what is no date of ours is shown as it is. */
function timeOf(seconds: number): string {
  const at = new Date(seconds * 1_000);
  return Number.isNaN(at.getTime()) ? `, second ${seconds}` : `, ${moment(at.toISOString())} UTC`;
}

function setWords({ selector, algorithm, result, keyBits, testing }: Dkim2SetResult): string {
  const key = words(
    algorithm === '' ? 'an algorithm that is not known here' : algorithm,
    keyBits !== undefined && `${keyBits} bit`,
  );
  return words(`signature ${result}: selector ${selector}`, key, testing === true && 'a key in test mode');
}

const asSigned = { pass: 'as signed', fail: 'not as signed', unknown: 'cannot be told' } as const;

function formWords({ instance, header, body, changed }: Dkim2InstanceResult): string {
  const parts = [...(changed.header ? ['header'] : []), ...(changed.body ? ['body'] : [])];
  const told =
    header === body ? `header and body ${asSigned[header]}` : `header ${asSigned[header]}, body ${asSigned[body]}`;
  const change = parts.length === 0 ? '' : `; changed before it: ${parts.join(' and ')}`;
  return `form ${instance} of the message: ${told}${change}`;
}

function paragraph(text: string, { columns }: Page, mark = (line: string) => line, indent = 2): string[] {
  return wrapped(visible(text), columns - indent).map((line) => `${' '.repeat(indent)}${mark(line)}`);
}
