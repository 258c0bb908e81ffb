/**
 * A record's text without its slips: terms that cannot be read as they were meant, terms behind `all` before it, includes that lead
 * nowhere left out. What was done is said, because a person has to agree. Pure.
 */
import { printable } from '../../../../base/printable.ts';
import { parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import { readTerms } from '../../../setup/setup.ts';
import type { SpfFacts as SpfAnswers } from '../../../setup/spf-compiler/types.ts';
import type { Catalogue } from '../../../setup/types.ts';
import type { DomainFacts } from '../types.ts';
import { currentInclude } from './current-include.ts';

export type Edits = {
  /** Where the text stands; the domain itself when nobody says. */
  readonly at?: QueryName;
  /** Terms as they stand there. */
  readonly drop?: readonly string[];
  readonly replace?: ReadonlyMap<string, readonly string[]>;
  /** What is to be said of them. */
  readonly notes?: readonly string[];
};

export type Edited = { readonly text: string; readonly notes: readonly string[] };

export function editText({ subject, spf: { answers } }: DomainFacts, text: string, edits: Edits): Edited {
  const notes: string[] = [...(edits.notes ?? [])];
  const known = { at: edits.at ?? subject.domain, catalogue: subject.catalogue, answers };
  const terms = readableTerms(text, notes)
    .filter((term) => !edits.drop?.includes(term))
    .flatMap((term) => edits.replace?.get(term) ?? [term])
    .flatMap((term) => aliveTerm(known, term, notes));
  const settled = endLast(terms, notes);
  const isSame = isSpfRecord(text) && settled.join(' ') === piecesOf(text).join(' ');
  return { text: isSame ? text : ['v=spf1', ...settled].join(' '), notes };
}

const piecesOf = (text: string) =>
  text
    .slice('v=spf1'.length)
    .split(/\s+/)
    .filter((piece) => piece !== '');

/** Those that read, in the order of the text; a slip that is plain as what was meant. */
function readableTerms(text: string, notes: string[]): readonly string[] {
  const read = readTerms(text);
  const meant = new Map<string, string | undefined>();
  for (const { code, where, meant: guess } of read.problems)
    if (code === 'unreadable-term' && where) meant.set(text.slice(where.at, where.at + where.length), guess);
  if (!isSpfRecord(text)) return rebuilt(read);
  const seen = new Set<string>();
  return piecesOf(text).flatMap((piece) => {
    if (!meant.has(piece)) return [piece];
    const guess = meant.get(piece);
    const shown = printable(piece, 60);
    if (guess === undefined)
      notes.push(`${shown} is left out, because it cannot be read: if it stood for somebody who sends, write it anew.`);
    else if (!seen.has(guess))
      notes.push(`${shown} is taken for ${printable(guess, 80)}: see that this is what was meant.`);
    if (guess === undefined || seen.has(guess)) return [];
    seen.add(guess);
    return [guess];
  });
}

function rebuilt({ terms, all, behind, redirect, exp, unknown }: ReturnType<typeof readTerms>): readonly string[] {
  const written = (one: { readonly qualifier: string; readonly text: string }) =>
    `${one.qualifier === '+' ? '' : one.qualifier}${one.text}`;
  return [
    ...terms.map(written),
    ...(all === undefined ? [] : [written({ qualifier: all, text: 'all' })]),
    ...behind.map(written),
    ...[redirect?.text ?? [], exp?.text ?? []].flat(),
    ...unknown,
  ];
}

type Known = { readonly at: QueryName; readonly catalogue: Catalogue; readonly answers: SpfAnswers };

/** An include of a name without a record ends every check with an error, and lets nobody pass. RFC 7208 §5.2, §6.1 */
function aliveTerm({ at, catalogue, answers }: Known, term: string, notes: string[]): readonly string[] {
  const written = /^[-+~?]?include:(.+)$|^redirect=(.+)$/i.exec(term);
  const target = parseQueryName(written?.[1] ?? written?.[2] ?? '');
  if (target === undefined) return [term];
  if (target === at) {
    notes.push(`${term} is left out: the record would include itself.`);
    return [];
  }
  if (!isDead(answers, target)) return [term];
  const current = currentInclude(catalogue, target, { exactly: false });
  const newer = parseQueryName(current?.term.slice('include:'.length) ?? '');
  if (current === undefined || newer === undefined || isDead(answers, newer)) {
    notes.push(`${term} is left out: ${target} has no SPF record, so nobody passes by it.`);
    return [];
  }
  notes.push(`${term} becomes ${current.term}: that is where ${current.who} has its record now.`);
  return [current.term];
}

/** Known to have no record; what the DNS did not say is not dead. */
export function isDead(answers: SpfAnswers, target: QueryName): boolean {
  const answer = answers.lookup(target, 'TXT');
  return answer.kind === 'none' || (answer.kind === 'found' && !answer.records.some(isSpfRecord));
}

const isAll = (term: string) => /^[-+~?]?all$/i.test(term);
const isModifier = (term: string) => /^[a-z][a-z0-9._-]*=/i.test(term);

/** RFC 7208 §5.1, §6.1: what stands behind `all` is never read, nor a redirect beside it. */
function endLast(terms: readonly string[], notes: string[]): readonly string[] {
  const at = terms.findIndex(isAll);
  if (at < 0) return terms;
  const redirect = terms.find((term) => /^redirect=/i.test(term));
  if (redirect !== undefined) notes.push(`${redirect} is left out: beside "all" it has no effect.`);
  const kept = terms.filter((term) => term !== redirect);
  const end = kept.findIndex(isAll);
  const behind = kept.slice(end + 1);
  const late = behind.filter((term) => !isModifier(term) && !isAll(term));
  if (late.length > 0) notes.push(`${late.join(' ')} moves before "all": leave it out if it is not to send.`);
  return [...kept.slice(0, end), ...late, kept[end] ?? '', ...behind.filter(isModifier)];
}
