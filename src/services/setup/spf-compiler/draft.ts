/** A record under construction: terms with their owners, what ends it, and its text. Pure. */
import type { DomainName, QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import type { Qualifier, SpfModifier } from '../../../protocol/spf/record.ts';
import type { Judged } from './judge-address.ts';
import { type MergedTerm, written } from './merge-terms.ts';
import type { ReadModifier } from './read-terms.ts';
import type { SpfExtraRecord, SpfFacts, SpfFactType } from './types.ts';
import type { Scale, Weighable, WeighedName } from './weigh-record.ts';

export type Draft = {
  readonly name: DomainName;
  readonly terms: readonly MergedTerm[];
  /** Absent where `redirect` ends it. */
  readonly all?: Qualifier;
  readonly behind: readonly MergedTerm[];
  readonly redirect?: ReadModifier;
  readonly exp?: ReadModifier;
  readonly unknown: readonly string[];
};

export function draftText({ terms, all, behind, redirect, exp, unknown }: Draft): string {
  return [
    'v=spf1',
    ...terms.map(written),
    ...(all === undefined ? [] : [written({ qualifier: all, text: 'all' })]),
    ...behind.map(written),
    ...(redirect ? [redirect.text] : []),
    ...(exp ? [exp.text] : []),
    ...unknown,
  ].join(' ');
}

export function judgedDraft({ terms, all, redirect }: Draft): Judged {
  const directives = terms.map(({ directive, qualifier }) => ({ ...directive, qualifier }));
  return {
    directives: all === undefined ? directives : [...directives, { kind: 'all', text: 'all', qualifier: all }],
    hasAll: all !== undefined,
    ...(redirect && { redirect }),
  };
}

export function weighDraft(scale: Scale, { name, terms, all, redirect }: Draft): WeighedName {
  return scale.weighAll(
    [...terms.map(({ directive }) => directive), ...(redirect && all === undefined ? [redirectTerm(redirect)] : [])],
    name,
  );
}

function redirectTerm(redirect: ReadModifier & SpfModifier): Weighable {
  return { ...redirect, kind: 'redirect' };
}

/** The facts, as they will be once these records stand; a wildcard answers for what it covers. RFC 1034 §4.3.3 */
export function withRecords(facts: SpfFacts, extra: readonly SpfExtraRecord[]): SpfFacts {
  if (extra.length === 0) return facts;
  const values = new Map(extra.map(({ name, type, value }) => [`${type} ${name}`, value]));
  const wild = extra.some(({ name }) => name.startsWith('*.'));
  const own = [...new Set(extra.filter(({ type }) => type === 'TXT').map(({ name }) => name))];
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T): DnsAnswer<RecordData[T]> => {
      const value = values.get(`${type} ${name}`) ?? (wild ? wildValue(values, name, type) : undefined);
      if (value !== undefined)
        return { kind: 'found', records: [value as RecordData[T]], ttlSeconds: 300, secure: false };
      const isOurs = type === 'A' && own.some((parent) => name.endsWith(`.${parent}`));
      return isOurs ? { kind: 'none', why: 'nxdomain', ttlSeconds: 300, secure: false } : facts.lookup(name, type);
    },
  };
}

function wildValue(values: ReadonlyMap<string, string>, name: string, type: string): string | undefined {
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const value = values.get(`${type} *${name.slice(dot)}`);
    if (value !== undefined) return value;
  }
  return undefined;
}
