/**
 * A domain that neither sends nor receives says so, in every place where receivers look. Where DNS shows that somebody still uses it,
 * that comes first: a person decides. Pure. RFC 7505, RFC 7208 §10.1.2, RFC 9989
 */
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import type { PlanConflict, PlannedRecord, SetupType } from '../types.ts';
import { look } from './facts.ts';
import { draftOf, draftText, unitedDraft } from './merge-dmarc.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';
import { nullMx } from './plan-mx.ts';
import { isDkimKey, meansTheSame } from './same-meaning.ts';

type Rule = {
  readonly name: string;
  readonly type: SetupType & ('MX' | 'TXT');
  readonly value: string;
  readonly why: string;
  readonly needed: PlannedRecord['needed'];
  /** Of what is there: does it say as much already? */
  readonly isEnough: (value: string) => boolean;
  /** Of what is there: is it the same kind of record? */
  readonly isKin: (value: string) => boolean;
  /** Of its kin: does it show that the domain is used? */
  readonly showsUse: (value: string) => boolean;
};

type ParkedContext = Pick<Context, 'domain' | 'facts'>;

export function planParked(context: ParkedContext): Part {
  const { records, conflicts } = parkedWishes(context);
  // One of them without the others would stop mail that somebody may still send.
  return { records: conflicts.length === 0 ? records : records.filter(({ state }) => state === 'present'), conflicts };
}

/** Each record for itself, whatever is the matter with the others. */
export function parkedWishes(context: ParkedContext): Required<Pick<Part, 'records' | 'conflicts'>> {
  const records: PlannedRecord[] = [];
  const conflicts: PlanConflict[] = [];
  for (const rule of rulesFor(context)) {
    const settled = settle(context, rule);
    if (settled === undefined) continue;
    if ('code' in settled) conflicts.push(settled);
    else records.push(settled);
  }
  return { records, conflicts };
}

function rulesFor(context: ParkedContext): readonly Rule[] {
  const { domain } = context;
  return [
    {
      name: domain,
      type: 'MX',
      value: nullMx,
      why: 'null MX: senders are told at once that nobody receives here',
      needed: 'required',
      isEnough: (value) => meansTheSame('MX', value, nullMx),
      isKin: () => true,
      showsUse: (value) => !meansTheSame('MX', value, nullMx),
    },
    {
      name: domain,
      type: 'TXT',
      value: 'v=spf1 -all',
      why: 'SPF: nobody may send with this domain',
      needed: 'required',
      isEnough: (value) => meansTheSame('TXT', value, 'v=spf1 -all'),
      isKin: isSpfRecord,
      showsUse: (value) =>
        /[\s+?~]?(?:include|ip4|ip6|a|mx|exists|redirect|ptr)[:=/\s]|\s\+?(?:a|mx|ptr)$/i.test(value.slice(6)),
    },
    {
      name: `_dmarc.${domain}`,
      type: 'TXT',
      value: dmarcOf(context),
      why: 'DMARC: whatever claims to come from here is refused, from sub-domains too',
      needed: 'required',
      isEnough: (value) => isWholeReject(value),
      isKin: (value) => draftOf(value) !== undefined,
      showsUse: () => false,
    },
    {
      name: `*._domainkey.${domain}`,
      type: 'TXT',
      value: 'v=DKIM1; p=',
      why: 'DKIM: every key of this domain is revoked',
      needed: 'recommended',
      isEnough: (value) => meansTheSame('TXT', value, 'v=DKIM1; p='),
      isKin: isDkimKey,
      showsUse: (value) => !meansTheSame('TXT', value, 'v=DKIM1; p='),
    },
  ];
}

/** Reports that somebody asked for go on. */
function dmarcOf({ facts, domain }: ParkedContext): string {
  const sight = look(facts, `_dmarc.${domain}`, 'TXT');
  const texts = sight.kind === 'seen' ? sight.values : [];
  const there = unitedDraft(texts.flatMap((text) => draftOf(text)?.draft ?? []));
  const { rua = [], ruf = [], others = [] } = there ?? {};
  return draftText({ p: 'reject', sp: 'reject', np: 'reject', testing: false, rua, ruf, others });
}

function isWholeReject(text: string): boolean {
  const draft = draftOf(text)?.draft;
  if (draft === undefined || draft.testing || draft.pct !== undefined) return false;
  const { p, sp = p, np = sp } = draft;
  return p === 'reject' && sp === 'reject' && np === 'reject';
}

function settle({ facts, domain }: ParkedContext, rule: Rule): PlannedRecord | PlanConflict | undefined {
  const { name, type, value, why, needed } = rule;
  const base = { name, type, value, ttl: ttlSeconds, needed, why, sender: self } as const;
  const sight = look(facts, name, type);
  if (sight.kind === 'unknown') return { ...base, state: 'unknown' };
  const kin = sight.values.filter(rule.isKin);
  const [first] = kin;
  if (kin.length === 1 && first !== undefined && rule.isEnough(first))
    return { ...base, value: first, state: 'present' };
  const uses = sight.isWild ? [] : kin.filter(rule.showsUse);
  if (uses.length > 0 || sight.alias !== undefined)
    return {
      code: 'parked-in-use',
      name,
      say: `${domain} is declared parked, and ${name} has ${uses.length > 0 ? `${type} ${uses.join(', ')}` : `a CNAME to ${sight.alias}`}: somebody may still use it.`,
      fix: `Declare who sends and receives for it, or remove that and publish: ${name} ${type} ${type === 'TXT' ? `"${value}"` : value}`,
    };
  if (kin.length === 0 || sight.isWild) return { ...base, state: 'missing' };
  return { ...base, state: 'wrong', replaces: kin };
}
