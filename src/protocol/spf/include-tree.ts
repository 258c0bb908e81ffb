/**
 * What an SPF record costs whoever evaluates it to the end: the record with everything it includes or redirects to, as a tree, and how many
 * of the ten lookups each part takes. RFC 7208 §4.6.4. For the owner of the record; an evaluation stops earlier where a term matches.
 */
import type { QueryName } from '../../format/domain-name.ts';
import type { LookupOptions, Resolver } from '../dns/types.ts';
import { spfLimits } from './check.ts';
import { type Directive, isSpfRecord, parseSpfRecord, type SpfRecord } from './record.ts';
import type { TargetName } from './target-name.ts';

export type SpfTree = {
  readonly domain: string;
  /** Absent: `problem` says why. */
  readonly record?: string;
  readonly problem?: string;
  readonly terms: readonly SpfTreeTerm[];
  /** Of this record and all below it. */
  readonly lookups: number;
  readonly voidLookups: number;
};

/** not-read: a limit of ours came first. */
type SpfTreeFault = 'loop' | 'not-read' | 'dns-failed' | 'no-record' | 'several-records' | 'syntax';

type SpfTreeTerm = {
  readonly text: string;
  /** 1 where the term itself costs one. */
  readonly lookups: 0 | 1;
  /** The DNS has nothing for the name in the term. */
  readonly isVoid: boolean;
  /** It stands behind `all`, so nobody gets there. RFC 7208 §5.1 */
  readonly isUnreached?: true;
  readonly below?: SpfTree;
};

/** Far beyond what may be evaluated, so that a record that is too large is shown whole; bounds what a loop makes us ask. */
const recordsMax = 50;
/** Names of terms that are asked for, to see whether the DNS has anything there; the same for records of thousands of terms. */
const namesMax = 200;

const says = {
  loop: 'a loop: the record includes itself',
  'not-read': `not read: more than ${recordsMax} records`,
  'dns-failed': 'the DNS failed',
  'no-record': 'no SPF record',
  'several-records': 'SPF records',
} as const satisfies Partial<Record<SpfTreeFault, string>>;

/** What kind of problem a record of the tree has. */
export function treeFaultOf({ record, problem }: Pick<SpfTree, 'record' | 'problem'>): SpfTreeFault | undefined {
  if (problem === undefined) return undefined;
  if (record !== undefined) return 'syntax';
  if (problem === says.loop) return 'loop';
  if (problem === says['not-read']) return 'not-read';
  if (problem === says['no-record']) return 'no-record';
  return problem.startsWith(says['dns-failed']) ? 'dns-failed' : 'several-records';
}

export async function readIncludeTree(
  resolver: Resolver,
  domain: QueryName,
  options: LookupOptions = {},
): Promise<SpfTree> {
  return readTree({ resolver, options, records: 0, names: 0 }, domain, []);
}

type Reading = { readonly resolver: Resolver; readonly options: LookupOptions; records: number; names: number };

async function readTree(reading: Reading, domain: QueryName, above: readonly string[]): Promise<SpfTree> {
  if (above.includes(domain)) return leaf(domain, says.loop);
  if (reading.records++ >= recordsMax) return leaf(domain, says['not-read']);
  const answer = await reading.resolver.lookup(domain, 'TXT', reading.options);
  if (answer.kind === 'failed') return leaf(domain, `${says['dns-failed']} (${answer.why})`);
  const [text, ...more] = answer.kind === 'found' ? answer.records.filter(isSpfRecord) : [];
  if (text === undefined) return leaf(domain, says['no-record']);
  if (more.length > 0) return leaf(domain, `${more.length + 1} ${says['several-records']}`); // RFC 7208 §4.5
  const parsed = parseSpfRecord(text);
  if (!parsed.ok) return { ...leaf(domain, parsed.say), record: text };
  const terms: SpfTreeTerm[] = [];
  let isBehindAll = false;
  for (const term of termsOf(parsed.value)) {
    if (isBehindAll) terms.push({ text: term.text, lookups: 0, isVoid: false, isUnreached: true });
    else terms.push(await readTerm(reading, domain, term, [...above, domain]));
    isBehindAll ||= term.kind === 'all';
  }
  return { domain, record: text, terms, ...sumOf(terms) };
}

type Term = { readonly text: string; readonly kind: Directive['kind'] | 'redirect'; readonly target?: TargetName };

/** RFC 7208 §6.1: redirect counts only where no `all` stands. */
function termsOf({ directives, redirect, hasAll }: SpfRecord): readonly Term[] {
  return redirect === undefined || hasAll ? directives : [...directives, { ...redirect, kind: 'redirect' }];
}

async function readTerm(
  reading: Reading,
  domain: QueryName,
  { text, kind, target }: Term,
  above: readonly string[],
): Promise<SpfTreeTerm> {
  if (kind === 'all' || kind === 'ip4' || kind === 'ip6') return { text, lookups: 0, isVoid: false };
  const name = target === undefined ? domain : target.fixed; // a macro stands for another name each time
  if (name === undefined || name === 'unfit') return { text, lookups: 1, isVoid: false };
  if (kind === 'include' || kind === 'redirect') {
    const below = await readTree(reading, name, above);
    return {
      text,
      lookups: 1,
      isVoid: below.problem === says['no-record'] && (await isVoid(reading, name, ['TXT'])),
      below,
    };
  }
  if (kind === 'ptr') return { text, lookups: 1, isVoid: false }; // asks for the client's name, not for this one
  const types = kind === 'mx' ? (['MX'] as const) : kind === 'a' ? (['A', 'AAAA'] as const) : (['A'] as const);
  return { text, lookups: 1, isVoid: await isVoid(reading, name, types) };
}

async function isVoid(
  reading: Reading,
  name: QueryName,
  types: readonly ('A' | 'AAAA' | 'MX' | 'TXT')[],
): Promise<boolean> {
  if (reading.names++ >= namesMax) return false;
  const { resolver, options } = reading;
  const answers = await Promise.all(types.map((type) => resolver.lookup(name, type, options)));
  return answers.every(({ kind }) => kind === 'none');
}

function sumOf(terms: readonly SpfTreeTerm[]): Pick<SpfTree, 'lookups' | 'voidLookups'> {
  let [lookups, voidLookups] = [0, 0];
  for (const term of terms) {
    lookups += term.lookups + (term.below?.lookups ?? 0);
    voidLookups += (term.isVoid ? 1 : 0) + (term.below?.voidLookups ?? 0);
  }
  return { lookups, voidLookups };
}

function leaf(domain: string, problem: string): SpfTree {
  return { domain, problem, terms: [], lookups: 0, voidLookups: 0 };
}

/** Whether an evaluation that goes to the end breaks a limit. */
export function isTooLarge({ lookups, voidLookups }: SpfTree): boolean {
  return lookups > spfLimits.lookups || voidLookups > spfLimits.voidLookups;
}
