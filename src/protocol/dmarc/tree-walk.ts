/**
 * The DNS tree walk: from a domain upwards, collecting DMARC records, and which of their domains is the organizational one.
 * RFC 9989 §4.10. The records of one message are asked for once, however many walks pass by (`createRecordFinder`).
 */

import type { Soon } from '../../base/soon.ts';
import { below, type DomainName, labelsOf } from '../../format/domain-name.ts';
import type { DnsAnswer, Resolver } from '../dns/types.ts';
import { type DmarcRecord, isDmarcRecord, parseDmarcRecord } from './record.ts';

/** RFC 9989 §4.10: "x >= 8, remove labels until 7 remain": the start and seven more, so eight queries at most. */
const labelsAfterJump = 7;

export type FoundRecord =
  | { readonly kind: 'record'; readonly record: DmarcRecord }
  | { readonly kind: 'none'; readonly why: string; readonly several?: true }
  | { readonly kind: 'failed'; readonly why: string };

export type RecordFinder = (domain: DomainName) => Soon<FoundRecord>;

export type Walk = {
  readonly start: DomainName;
  /** What each query gave, from the start upwards. */
  readonly steps: readonly { readonly domain: DomainName; readonly found: FoundRecord }[];
  /** Undefined when a failure of the DNS leaves it open. */
  readonly organizationalDomain: DomainName | undefined;
};

export type FinderOptions = {
  readonly signal?: AbortSignal;
  /** Reads a record's text; whoever has many messages remembers what it said. */
  readonly readRecord?: typeof parseDmarcRecord;
};

/** Looks up `_dmarc.<domain>`, each name once. Made per message. */
export function createRecordFinder(resolver: Resolver, options: FinderOptions = {}): RecordFinder {
  const known = new Map<DomainName, Soon<FoundRecord>>();
  return (domain) => {
    const found = known.get(domain) ?? findRecord(resolver, domain, options);
    known.set(domain, found);
    return found;
  };
}

function findRecord(
  resolver: Resolver,
  domain: DomainName,
  { signal, readRecord = parseDmarcRecord }: FinderOptions,
): Soon<FoundRecord> {
  const name = below('_dmarc', domain);
  if (name === undefined) return { kind: 'none', why: 'the name would be too long' };
  const answer = resolver.atHand?.(name, 'TXT');
  if (answer !== undefined) return selectRecord(answer, readRecord);
  return resolver.lookup(name, 'TXT', signal ? { signal } : {}).then((late) => selectRecord(late, readRecord));
}

/** RFC 9989 §4.10 step 2: other TXT records are discarded; of several DMARC records, all. */
function selectRecord(answer: DnsAnswer<string>, readRecord: typeof parseDmarcRecord): FoundRecord {
  if (answer.kind === 'failed') return { kind: 'failed', why: answer.why };
  if (answer.kind === 'none') return { kind: 'none', why: answer.why };
  const [text, ...more] = answer.records.filter(isDmarcRecord);
  if (text === undefined) return { kind: 'none', why: 'TXT records, none of DMARC' };
  if (more.length > 0) return { kind: 'none', why: `${more.length + 1} DMARC records, so none counts`, several: true };
  const parsed = readRecord(text);
  return parsed.ok ? { kind: 'record', record: parsed.value } : { kind: 'none', why: `not valid: ${parsed.say}` };
}

export function walkTree(start: DomainName, find: RecordFinder): Soon<Walk> {
  return walkOn(start, walkNames(start), [], find);
}

type Step = Walk['steps'][number];

/** From the name behind the steps taken on. */
function walkOn(start: DomainName, names: readonly DomainName[], steps: Step[], find: RecordFinder): Soon<Walk> {
  while (steps.length < names.length) {
    const domain = names[steps.length] as DomainName;
    const found = find(domain);
    if (found instanceof Promise) {
      return found.then((late) => {
        steps.push({ domain, found: late });
        return endsWalk(late) ? walked(start, steps) : walkOn(start, names, steps, find);
      });
    }
    steps.push({ domain, found });
    if (endsWalk(found)) break;
  }
  return walked(start, steps);
}

function walked(start: DomainName, steps: readonly Step[]): Walk {
  return { start, steps, organizationalDomain: organizationalDomain(start, steps) };
}

/** The same over answers that are there already. */
export function walkAnswers(start: DomainName, answerOf: (domain: DomainName) => DnsAnswer<string>): Walk {
  const steps: Step[] = [];
  for (const domain of walkNames(start)) {
    const found = selectRecord(answerOf(domain), parseDmarcRecord);
    steps.push({ domain, found });
    if (endsWalk(found)) break;
  }
  return walked(start, steps);
}

/** After a failure the records further up could not settle anything any more. RFC 9989 §4.10 steps 2 and 6 */
function endsWalk(found: FoundRecord): boolean {
  return found.kind === 'failed' || (found.kind === 'record' && found.record.psd !== 'u');
}

/** RFC 9989 §4.10 steps 3, 4 and 7: the domain, then its ancestors down to the single label. */
export function walkNames(start: DomainName): readonly DomainName[] {
  const labels = labelsOf(start);
  const names = [start];
  for (let left = Math.min(labels.length - 1, labelsAfterJump); left > 0; left--) names.push(ancestor(labels, left));
  return names;
}

/** RFC 9989 §4.10.2 */
function organizationalDomain(start: DomainName, steps: Walk['steps']): DomainName | undefined {
  if (steps.some(({ found }) => found.kind === 'failed')) return undefined;
  let shortest = start;
  for (const { domain, found } of steps) {
    if (found.kind !== 'record') continue;
    if (found.record.psd === 'n') return domain;
    if (found.record.psd === 'y' && domain !== start) return ancestor(labelsOf(start), labelsOf(domain).length + 1);
    shortest = domain;
  }
  return shortest;
}

/** What the last `count` labels of a proven name form is one, too. */
function ancestor(labels: readonly string[], count: number): DomainName {
  return labels.slice(-count).join('.') as DomainName;
}
