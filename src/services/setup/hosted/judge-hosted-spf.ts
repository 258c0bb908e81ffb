/**
 * Whether receivers would get to the end of a domain's SPF with the record that the office is about to answer: the domain's own record is
 * weighed as a whole, through its include of ours. Where it is too much and addresses may stand for includes, they do.
 */
import type { DomainName, QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData, Resolver } from '../../../protocol/dns/types.ts';
import { flattenDomain } from '../spf-compiler/flatten-domain.ts';
import { gatherSpfFacts } from '../spf-compiler/gather-facts.ts';
import type {
  SpfCompiler,
  SpfExtraRecord,
  SpfFacts,
  SpfFactType,
  SpfProposal,
  SpfRequest,
} from '../spf-compiler/types.ts';

export type SpfToJudge = {
  readonly domain: DomainName;
  /** Where the record is to stand: a name of ours that the domain includes, or the domain itself. */
  readonly at: DomainName;
  readonly record: string;
  /** Other TXT values there. */
  readonly others: readonly string[];
  readonly mayFlatten: boolean;
  /** Included names whose service looks for the very text. */
  readonly literal: readonly string[];
  readonly nowMs: number;
};

export type SpfJudgement =
  | { readonly kind: 'fit'; readonly record: string; readonly chain: readonly SpfExtraRecord[] }
  | { readonly kind: 'broken' | 'unknown'; readonly say: string };

export type SpfJudge = { readonly resolver: Resolver | undefined; readonly compiler: SpfCompiler };

export async function judgeHostedSpf({ resolver, compiler }: SpfJudge, wish: SpfToJudge): Promise<SpfJudgement> {
  if (resolver === undefined) return { kind: 'unknown', say: 'the DNS was not asked yet' };
  const [ours, theirs] = await Promise.all([
    gatherSpfFacts(resolver, { name: wish.at, texts: [wish.record], ownRecord: false }),
    gatherSpfFacts(resolver, { name: wish.domain, texts: [], ownRecord: wish.at !== wish.domain }),
  ]);
  const facts = united(ours, theirs);
  const plain = judged(compiler, facts, wish, { record: wish.record, chain: [] });
  if (plain.kind !== 'broken' || !wish.mayFlatten) return plain;
  const literal = new Map(wish.literal.map((name) => [name, 'its service looks for the very text']));
  const before = withTexts(facts, [{ name: wish.at, value: wish.record }]);
  const flat = flattenDomain(before, { name: wish.at, includes: [], literal, nowMs: wish.nowMs });
  if (!flat.ok) return plain;
  const { record, chain } = flat.value;
  const after = judged(compiler, facts, wish, { record, chain });
  return after.kind === 'fit' ? after : plain;
}

type Served = { readonly record: string; readonly chain: readonly SpfExtraRecord[] };

function judged(compiler: SpfCompiler, given: SpfFacts, wish: SpfToJudge, { record, chain }: Served): SpfJudgement {
  const { domain, at, others } = wish;
  const facts = withTexts(given, [{ name: at, value: record }, ...chain]);
  const own = compiler.compile(facts, { name: at, present: [record, ...others], wanted: [] });
  const there = at === domain ? undefined : facts.lookup(domain, 'TXT');
  const present = there?.kind === 'found' ? there.records : [];
  const whole = at === domain ? own : compiler.compile(facts, wholeRequest(wish, present));
  const worst = [...errorsOf(own, belowCodes), ...errorsOf(whole, countCodes)];
  if (worst.length > 0) return { kind: 'broken', say: worst.join('; ') };
  const open = [...own.problems, ...whole.problems].find(({ code }) => code === 'unknown-below');
  if (there?.kind === 'failed') return { kind: 'unknown', say: `the DNS did not answer for ${domain}` };
  return open === undefined ? { kind: 'fit', record, chain } : { kind: 'unknown', say: open.say };
}

/** With what everybody evaluates. Before the domain includes us, what goes over into our record counts once. */
function wholeRequest({ domain, at, record }: SpfToJudge, present: readonly string[]): SpfRequest {
  const include = `include:${at}`;
  const isThere = present.some((text) => text.toLowerCase().split(' ').includes(include));
  const why = `${include} asks for it`;
  const gone = { sender: 'others', terms: termsOf(record), aligns: 'no', why } as const;
  return {
    name: domain,
    present,
    wanted: [{ sender: 'posthorn', terms: [include], aligns: 'yes' }, ...(isThere ? [] : [gone])],
  };
}

/** Without `v=spf1` and how it ends. */
export function termsOf(record: string): readonly string[] {
  return record.split(' ').slice(1, -1);
}

/** What is wrong with our own part; what the domain includes besides is not ours to wait for. */
const belowCodes: readonly string[] = ['broken-below', 'loop', 'too-many-mx', 'unreadable-term', 'size'];
/** RFC 7208 §4.6.4 */
const countCodes: readonly string[] = ['too-many-lookups', 'too-many-void-lookups'];

function errorsOf({ problems }: SpfProposal, codes: readonly string[]): readonly string[] {
  return problems
    .filter(({ code, severity }) => severity === 'error' && codes.includes(code))
    .slice(0, toldMax)
    .map(({ say }) => say);
}

const toldMax = 3;

function united(one: SpfFacts, other: SpfFacts): SpfFacts {
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T) => {
      const answer = one.lookup(name, type);
      return answer.kind === 'failed' ? other.lookup(name, type) : answer;
    },
  };
}

/** As it will be once these stand. */
function withTexts(facts: SpfFacts, texts: readonly { readonly name: string; readonly value: string }[]): SpfFacts {
  const values = new Map(texts.map(({ name, value }) => [name, value]));
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T): DnsAnswer<RecordData[T]> => {
      const value = type === 'TXT' ? values.get(name) : undefined;
      if (value === undefined) return facts.lookup(name, type);
      return { kind: 'found', records: [value as RecordData[T]], ttlSeconds: 300, secure: false };
    },
  };
}
