/** SPF-12: how large the record, and the answer that carries it, is. RFC 7208 §3.4 */
import { printable } from '../../../../base/printable.ts';
import { txtAnswerOctets } from '../../../setup/setup.ts';
import type { Fix, Severity } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, sayNotTold } from './read-record.ts';

export const recordSize: Rule<'SPF-12'> = { id: 'SPF-12', judge: judgeSize };

const stringMax = 255; // RFC 1035 §3.3.14
const answerGoal = 450; // RFC 7208 §3.4
const answerWarn = 512; // RFC 1035 §2.3.4
const answerMax = 1_232; // what the resolvers of the DNS flag day 2020 take in one datagram

function judgeSize(facts: DomainFacts): readonly Judged[] {
  const { txt, records } = facts.spf;
  const { domain } = facts.subject;
  const about = aboutRecord(facts);
  if (txt.kind === 'failed') return [{ ...about, status: 'unknown', meaning: sayNotTold(domain) }];
  const [longest] = records.toSorted((a, b) => b.length - a.length);
  if (longest === undefined || txt.kind === 'none')
    return [{ ...about, status: 'skip', meaning: 'There is no SPF record to look at.' }];
  const octets = txtAnswerOctets(domain, txt.records);
  const found = worst(octets, longest.length, txt.records.length);
  if (found === undefined)
    return [
      {
        ...about,
        status: 'pass',
        meaning: `The DNS answer with the record has ${octets} octets, which is within ${answerGoal}.`,
      },
    ];
  const fix = octets > answerGoal ? fixOfSize(facts, octets) : undefined;
  return [{ ...about, status: 'fail', ...found, ...(fix && { fix }) }];
}

function worst(octets: number, length: number, count: number): { severity: Severity; meaning: string } | undefined {
  const all = `The DNS answer with the record and ${count === 1 ? 'nothing else' : `the other TXT records of the name (${count - 1})`} has ${octets} octets`;
  if (octets > answerMax)
    return {
      severity: 'warn',
      meaning: `${all}: more than fits into one packet (${answerMax}), so receivers have to ask again over TCP, which some firewalls do not let them.`,
    };
  if (octets > answerWarn)
    return {
      severity: 'advice',
      meaning: `${all}: above ${answerWarn} old resolvers have to ask twice, and some firewalls do not let them.`,
    };
  if (octets > answerGoal)
    return {
      severity: 'advice',
      meaning: `${all}: still fine, but above the ${answerGoal} that leave room for the rest of a packet.`,
    };
  if (length > stringMax)
    return {
      severity: 'advice',
      meaning: `The record has ${length} characters: DNS holds it in pieces of ${stringMax}, which some web panels cut off or get wrong.`,
    };
  return undefined;
}

/** Values that are told to a person as what may go. */
const toldMax = 8;

function fixOfSize(facts: DomainFacts, octets: number): Fix {
  const { txt, records } = facts.spf;
  const others = (txt.kind === 'found' ? txt.records : []).filter((text) => !records.includes(text));
  const told = others.toSorted((a, b) => b.length - a.length).slice(0, toldMax);
  const shorter = fixByRecord(facts);
  const isShorter =
    shorter !== undefined &&
    shorter.set.length === 1 &&
    (shorter.set[0]?.value.length ?? 0) < Math.max(...records.map(({ length }) => length));
  const steps = [
    ...(told.length === 0
      ? []
      : [
          `Take away TXT records at ${facts.subject.domain} that no service needs any more, the longest first: ${told.map((text) => printable(text, 40)).join(' | ')}.`,
        ]),
    ...(octets > answerWarn ? ['Or move a service with many terms to a name of its own below the domain.'] : []),
    ...(isShorter ? (shorter.steps ?? []) : []),
  ];
  return { delete: isShorter ? shorter.delete : [], set: isShorter ? shorter.set : [], steps };
}
