/** SPF-20: TXT values that were meant as SPF records and are none, or are of a kind that has gone. RFC 7208 §4.5 */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord, txtAt } from './mend-record.ts';
import { aboutRecord, sayNotTold, spfAt } from './read-record.ts';

export const notQuiteSpf: Rule<'SPF-20'> = { id: 'SPF-20', judge: judgeTexts };

function judgeTexts(facts: DomainFacts): readonly Judged[] {
  const { txt } = facts.spf;
  const about = aboutRecord(facts);
  if (txt.kind === 'failed') return [{ ...about, status: 'unknown', meaning: sayNotTold(facts.subject.domain) }];
  const found = [...judgeNear(facts), ...judgeSenderId(facts), ...judgeCase(facts)];
  if (found.length > 0) return found;
  return [{ ...about, status: 'pass', meaning: 'No TXT record is meant as SPF and misses it by a slip.' }];
}

function judgeNear(facts: DomainFacts): readonly Judged[] {
  const { nearRecords, records } = facts.spf;
  const [first] = nearRecords;
  if (first === undefined) return [];
  const meaning = `Receivers do not see "${printable(first, 40)}" as an SPF record: ${slipOf(first)}.`;
  const fix = fixByRecord(facts);
  return [
    {
      ...aboutRecord(facts),
      status: 'fail',
      severity: records.length === 0 ? 'error' : 'warn',
      meaning,
      ...(fix && { fix }),
    },
  ];
}

function slipOf(text: string): string {
  if (/^[\s\ufeff]/.test(text)) return 'a blank stands before it';
  if (/^["'\u0080-\uffff]/.test(text))
    return 'quotation marks stand in it, which belong to files and not into the value';
  return 'it has to begin with "v=spf1" and a blank';
}

/** Sender ID; RFC 6686 §6 ended the experiment. */
function judgeSenderId(facts: DomainFacts): readonly Judged[] {
  const { txt } = facts.spf;
  const texts = txt.kind === 'found' ? txt.records.filter((text) => /^spf2\.0\//i.test(text)) : [];
  if (texts.length === 0) return [];
  const meaning = 'There is a record of Sender ID (spf2.0), an experiment that ended in 2012: nobody reads it.';
  const fix = { delete: texts.map((value) => txtAt(facts.subject.domain, value)), set: [] };
  return [{ ...aboutRecord(facts), status: 'fail', severity: 'advice', meaning, fix }];
}

function judgeCase(facts: DomainFacts): readonly Judged[] {
  const { domain } = facts.subject;
  const [odd] = facts.spf.records.filter((text) => !text.startsWith('v=spf1'));
  if (odd === undefined) return [];
  const meaning = `The record begins with "${odd.slice(0, 6)}": that is allowed, but some programs look for "v=spf1" in small letters.`;
  const small = `v=spf1${odd.slice('v=spf1'.length)}`;
  const fix =
    spfAt(facts).kind === 'one' && facts.spf.nearRecords.length === 0
      ? { delete: [txtAt(domain, odd)], set: [txtAt(domain, small)] }
      : fixByRecord(facts);
  return [{ ...aboutRecord(facts), status: 'fail', severity: 'advice', meaning, ...(fix && { fix }) }];
}
