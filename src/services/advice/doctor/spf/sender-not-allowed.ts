/** SPF-14: somebody who sends for the domain, and whom its record does not let pass. */
import { printable } from '../../../../base/printable.ts';
import type { FindingEvidence, Severity } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, sayNotTold, spfAt } from './read-record.ts';
import type { Trial } from './try-senders.ts';

export const senderNotAllowed: Rule<'SPF-14'> = { id: 'SPF-14', judge: judgeSenders };

function judgeSenders(facts: DomainFacts): readonly Judged[] {
  const { domain } = facts.subject;
  const about = aboutRecord(facts);
  const trials = facts.spf.trials.filter(
    ({ at, wish, lacks }) => at === domain && (wish.terms.length > 0 || lacks !== undefined),
  );
  const { kind } = spfAt(facts);
  if (kind === 'unknown') return [{ ...about, status: 'unknown', meaning: sayNotTold(domain) }];
  if (trials.length === 0) {
    const meaning = 'Nobody who sends with this very name is known: name who does (--sender, --ip).';
    return [{ ...about, status: 'skip', meaning }];
  }
  if (kind === 'none') {
    const meaning = 'There is no SPF record that could let anybody pass.';
    return [{ ...about, status: 'skip', meaning }];
  }
  const broken = trials.filter(({ outcome }) => outcome === 'broken');
  if (broken.length === trials.length) return [judgeBroken(facts, trials)];
  return trials.map((trial) => judgeTrial(facts, trial));
}

/** A record on which receivers give up lets nobody pass: told once. */
function judgeBroken(facts: DomainFacts, trials: readonly Trial[]): Judged {
  const names = [...new Set(trials.map(({ who }) => who))].join(', ');
  const meaning = `Receivers give up on the record, so it lets none of those who send for you pass: ${names}.`;
  const fix = fixByRecord(facts);
  const evidence = [...aboutRecord(facts).evidence, ...trials.flatMap(triedEvidence)];
  return { subject: facts.subject.domain, evidence, status: 'fail', meaning, ...(fix && { fix }) };
}

export function judgeTrial(facts: DomainFacts, trial: Trial): Judged {
  const { at, who, outcome, why } = trial;
  const about = { subject: who, evidence: [facts.show(at, 'TXT'), ...triedEvidence(trial)] };
  if (outcome === 'allowed') return { ...about, status: 'pass', meaning: `${who} is allowed to send with ${at}.` };
  if (outcome === 'unknown')
    return {
      ...about,
      status: 'unknown',
      meaning: `Whether ${who} is allowed to send with ${at} is not known: ${why}.`,
    };
  const fix = fixByRecord(facts, {}, at);
  return { ...about, status: 'fail', severity: severityOf(trial), meaning: sayRefused(trial), ...(fix && { fix }) };
}

/** What is only recognised may be somebody who has gone; who can align without SPF loses less. */
function severityOf({ isDeclared, wish }: Trial): Severity {
  return isDeclared && wish.aligns === 'yes' ? 'error' : 'warn';
}

const says = {
  fail: 'the record forbids it',
  softfail: 'the record calls it doubtful',
  neutral: 'the record says nothing about it',
  permerror: 'receivers give up on the record before they come to it',
  none: 'there is no record',
} as const;

function sayRefused({ at, who, result, isDeclared }: Trial): string {
  const sent = isDeclared ? `${who} sends with ${at}` : `${who} seems to send with ${at}`;
  return `${sent}, but is not allowed to: ${says[result as keyof typeof says]}.`;
}

function triedEvidence({ at, tried }: Trial): readonly FindingEvidence[] {
  return tried.map(({ address, result, matched }) => ({
    query: `SPF of ${at} for ${address}`,
    answer: matched === undefined ? result : `${result}, by ${printable(matched, 80)}`,
  }));
}
