/** SPF-21: macros, the placeholders in a record. RFC 7208 §7.1 to §7.3 */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, sayNotTold } from './read-record.ts';

export const wrongMacro: Rule<'SPF-21'> = { id: 'SPF-21', judge: judgeMacros };

function judgeMacros(facts: DomainFacts): readonly Judged[] {
  const { txt, records } = facts.spf;
  const about = aboutRecord(facts);
  if (txt.kind === 'failed') return [{ ...about, status: 'unknown', meaning: sayNotTold(facts.subject.domain) }];
  const terms = records.flatMap((text) => text.split(/\s+/)).filter((term) => term.includes('%'));
  if (terms.length === 0) return [{ ...about, status: 'skip', meaning: 'The record has no placeholders (macros).' }];
  for (const term of terms) {
    const wrong = wrongPlaceholder(term);
    if (wrong === undefined) continue;
    const meaning = `"${printable(wrong, 20)}" in ${printable(term, 80)} is no placeholder that receivers know, so they cannot read the record.`;
    const fix = fixByRecord(facts);
    return [{ ...about, status: 'fail', meaning, ...(fix && { fix }) }];
  }
  return [{ ...about, status: 'pass', meaning: 'Every placeholder (macro) in the record is one that receivers know.' }];
}

/** RFC 7208 §7.1: a letter, how many labels, reversed, delimiters; RFC 7208 §7.2: c, r and t only in explanations. */
function wrongPlaceholder(term: string): string | undefined {
  const placeholder = /^exp=/i.test(term)
    ? /%(?:[%_-]|\{[slodiphcrtv](?:[1-9][0-9]*|0+[1-9][0-9]*)?r?[.\-+,/_=]*\})/iy
    : /%(?:[%_-]|\{[slodiphv](?:[1-9][0-9]*|0+[1-9][0-9]*)?r?[.\-+,/_=]*\})/iy;
  for (let at = term.indexOf('%'); at >= 0; at = term.indexOf('%', placeholder.lastIndex)) {
    placeholder.lastIndex = at;
    if (!placeholder.test(term)) return /^%\{[^}]*\}?|^%.?/.exec(term.slice(at))?.[0];
  }
  return undefined;
}
