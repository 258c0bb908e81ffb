/** The SPF record that means what is there and what a template's rules add: by parsed terms, never by text. Pure. */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { draftText } from '../spf-compiler/draft.ts';
import { mergeTerms, type Source } from '../spf-compiler/merge-terms.ts';
import { readTerms } from '../spf-compiler/read-terms.ts';

export type SpfJoin = {
  readonly name: DomainName;
  readonly present: readonly string[];
  /** A whole record. */
  readonly asked: string;
  readonly service: string;
};

/** What ends the record that is there goes on ending it. `told`: what is worth knowing. */
export function joinSpf({
  name,
  present: records,
  asked,
  service,
}: SpfJoin): Outcome<{ readonly text: string; readonly told: readonly string[] }, 'unreadable'> {
  const [present] = records;
  if (records.length > 1) return refuse('unreadable', 'there are several SPF records'); // RFC 7208 §4.5
  const held = readTerms(present ?? 'v=spf1');
  if (held.problems.length > 0) return refuse('unreadable', 'the SPF record that is there cannot be read');
  const { all: wantedEnd = '~', ...rules } = readTerms(asked);
  const sources: readonly Source[] = [
    { isPresent: true, isLiteral: false, read: held },
    { from: service, isPresent: false, isLiteral: false, read: rules },
  ];
  const { terms, behind, redirects, exp, unknown, problems } = mergeTerms(name, sources);
  const [redirect] = redirects;
  const all = held.all ?? (held.redirect ? undefined : wantedEnd);
  const end = all === undefined ? { ...(redirect && { redirect }) } : { all };
  const text = draftText({ name, terms, behind, unknown, ...end, ...(exp && { exp }) });
  return accept({ text, told: problems.map(({ say }) => say) });
}
