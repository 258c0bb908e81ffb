/**
 * The record that ought to stand at the domain: what is there without its slips, united by the SPF compiler with what the senders want,
 * and counted. No term that lets somebody pass is lost. One record for all findings, so that whichever is mended mends the others. Pure.
 */
import type { DomainName, QueryName } from '../../../../format/domain-name.ts';
import { createSpfCompiler, looksLikeSpf } from '../../../setup/setup.ts';
import type { SpfExtraRecord, SpfProposal, SpfRequest, SpfWish } from '../../../setup/spf-compiler/types.ts';
import type { Fix, FixRecord } from '../../types.ts';
import type { DomainFacts } from '../types.ts';
import { type Edits, editText } from './edit-text.ts';
import type { Trial } from './try-senders.ts';
import { usualEdits } from './usual-edits.ts';

type Mended = {
  readonly record: string;
  readonly extra: readonly SpfExtraRecord[];
  readonly lookups: number;
  /** What was done that a person has to look at, and what is to be done elsewhere. */
  readonly notes: readonly string[];
};

/**
 * @param at the domain, or a name below it that senders send with
 * Undefined where nothing is known to send, and where no record would be within the limits.
 */
function mendRecord(facts: DomainFacts, edits: Edits = {}, at: DomainName = facts.subject.domain): Mended | undefined {
  const { answers, trials } = facts.spf;
  const txt = answers.lookup(at, 'TXT');
  if (txt.kind === 'failed') return undefined;
  const texts = txt.kind === 'found' ? txt.records : [];
  const all = withUsual(facts, edits, at);
  const edited = texts.filter(looksLikeSpf).map((text) => editText(facts, text, all));
  const present = [...edited.map(({ text }) => text), ...texts.filter((text) => !looksLikeSpf(text))];
  const compiler = createSpfCompiler();
  for (const request of requests(trials.filter((trial) => trial.at === at))) {
    const proposal = compiler.compile(answers, { name: at, present, ...request });
    const { record, extra, lookups, isFit } = proposal;
    if (record === undefined) return undefined;
    if (!isFit) continue;
    const notes = [...edited.flatMap((one) => one.notes), ...notesOf(proposal)];
    return { record, extra, lookups, notes: [...new Set(notes)] };
  }
  return undefined;
}

function withUsual(facts: DomainFacts, edits: Edits, at: QueryName): Edits {
  const usual = usualEdits(facts, at);
  return {
    at,
    drop: [...usual.drop, ...(edits.drop ?? [])],
    replace: new Map([...usual.replace, ...(edits.replace ?? [])]),
    notes: usual.notes,
  };
}

/** What is tried in turn: first the least that lets everybody pass, then with every term, then the ways out of too many lookups. */
function requests(trials: readonly Trial[]): readonly Pick<SpfRequest, 'wanted' | 'accept'>[] {
  const full = trials.map(withAddresses);
  const lean = trials.map((trial, at): SpfWish => {
    const wish = full[at] ?? trial.wish;
    return trial.outcome === 'allowed' && trial.tried.length > 0 && !wish.literal ? { ...wish, terms: [] } : wish;
  });
  const accept = ['remove', 'move', 'flatten'] as const;
  const useful = (wishes: readonly SpfWish[]) => wishes.map(withoutIdle);
  return [{ wanted: lean }, { wanted: full }, { wanted: useful(lean), accept }, { wanted: useful(full), accept }];
}

/** What was tried with success has to pass afterwards, too. By the name that people know, which notes repeat. */
function withAddresses({ wish, who, tried }: Trial): SpfWish {
  const passing = tried.filter(({ result }) => result === 'pass').map(({ address }) => address);
  return { ...wish, sender: who, addresses: [...new Set([...(wish.addresses ?? []), ...passing])] };
}

/** A sender that sends with a name below needs no term here; over the limit those that are there go first. */
function withoutIdle(wish: SpfWish): SpfWish {
  if (wish.terms.length > 0 || wish.aligns !== 'with-return-path') return wish;
  const why = `${wish.sender} sends with a return path below this name, where its own record counts`;
  return { ...wish, aligns: 'no', why };
}

function notesOf({ dropped, problems, remedies }: SpfProposal): string[] {
  const taken = remedies.find(({ enough }) => enough);
  return [
    ...dropped.filter(({ why }) => !why.endsWith(' covers it')).map(({ term, why }) => `${term} is left out: ${why}.`),
    ...problems.filter(({ code }) => code === 'redirect-converted').map(({ say }) => `${say}.`),
    ...(taken === undefined
      ? []
      : [`To stay within 10 lookups: ${taken.say}.`, ...taken.duties.map((duty) => `${duty}.`)]),
  ];
}

/** What stands there now and is another goes, the mended record comes. */
export function fixByRecord(
  facts: DomainFacts,
  edits: Edits = {},
  at: DomainName = facts.subject.domain,
): Fix | undefined {
  const mended = mendRecord(facts, edits, at);
  if (mended === undefined) return undefined;
  const txt = facts.spf.answers.lookup(at, 'TXT');
  const there = txt.kind === 'found' ? txt.records.filter(looksLikeSpf) : [];
  return {
    delete: there
      .filter((text, index) => text !== mended.record || there.indexOf(text) !== index)
      .map((value) => txtAt(at, value)),
    set: [...(there.includes(mended.record) ? [] : [txtAt(at, mended.record)]), ...mended.extra],
    ...(mended.notes.length > 0 && { steps: mended.notes }),
  };
}

/** The record of a name of the domain's own with other terms: at the domain mended as a whole, elsewhere the same text otherwise. */
export function fixOwnRecord(facts: DomainFacts, at: QueryName, text: string, edits: Edits): Fix | undefined {
  if (at === facts.subject.domain) return fixByRecord(facts, edits);
  const edited = editText(facts, text, withUsual(facts, edits, at));
  return {
    delete: [txtAt(at, text)],
    set: [txtAt(at, edited.text)],
    ...(edited.notes.length > 0 && { steps: edited.notes }),
  };
}

type Standing = { readonly at: QueryName; readonly text: string; readonly term: string };

/** Several terms that are one too many go at once: a record cannot be changed twice at the same time. */
export function withoutThem(facts: DomainFacts, found: readonly Standing[], { at, text }: Standing): Fix {
  const drop = found.filter((one) => one.at === at).map(({ term }) => term);
  return fixOwnRecord(facts, at, text, { drop }) ?? { delete: [], set: [] };
}

export function txtAt(name: string, value: string): FixRecord {
  return { name, type: 'TXT', value };
}
