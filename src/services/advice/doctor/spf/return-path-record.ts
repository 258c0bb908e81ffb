/** SPF-17: names below the domain that senders send with, and their SPF records. RFC 7208 §2.4 */
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ReturnPathAlias } from './return-paths.ts';
import { judgeTrial } from './sender-not-allowed.ts';

export const returnPathRecord: Rule<'SPF-17'> = { id: 'SPF-17', judge: judgeReturnPaths };

function judgeReturnPaths(facts: DomainFacts): readonly Judged[] {
  const { domain } = facts.subject;
  const trials = facts.spf.trials.filter(({ at, wish }) => at !== domain && wish.terms.length > 0);
  const found = [
    ...trials.map((trial) => withMailHost(facts, { ...judgeTrial(facts, trial), subject: trial.at })),
    ...facts.spf.aliases.map((alias) => judgeAlias(facts, alias)),
  ];
  if (found.length > 0) return found;
  const meaning = 'No sender is known that sends with a name below the domain.';
  return [{ subject: domain, evidence: [], status: 'skip', meaning }];
}

/** A name that gets its SPF record gets its MX record with it: mail from a name that no bounce finds is refused (MX-09). */
function withMailHost({ mx }: DomainFacts, judged: Judged): Judged {
  const { fix, status } = judged;
  const origin = mx.origins.find(({ name, kind }) => name === judged.subject && kind === 'return-path');
  const isDeaf =
    origin !== undefined && [origin.mx, origin.address, origin.address6].every(({ kind }) => kind === 'none');
  if (status !== 'fail' || fix === undefined || !isDeaf || origin.isBeyond) return judged;
  const hosts = origin.wanted.filter(({ type }) => type === 'MX');
  return { ...judged, fix: { ...fix, set: [...fix.set, ...hosts] } };
}

function judgeAlias(facts: DomainFacts, path: ReturnPathAlias): Judged {
  const { name, who, txt, alias, target, needed } = path;
  const about = { subject: name, evidence: [facts.show(name, 'CNAME'), facts.show(name, 'TXT')] };
  if (txt.kind === 'failed' || alias.kind === 'failed' || isBeyond(facts, path))
    return {
      ...about,
      status: 'unknown',
      meaning: `The DNS did not tell whether ${name}, the return path of ${who}, has an SPF record.`,
    };
  if (txt.kind === 'found' && txt.records.some(isSpfRecord))
    return { ...about, status: 'pass', meaning: `${name}, the return path of ${who}, has an SPF record.` };
  const lead = alias.kind === 'found' ? alias.records[0] : undefined;
  const meaning =
    lead === undefined
      ? `${name} does not lead to ${who}, so bounces do not come back by it, and SPF speaks for ${who} instead of for you.`
      : `${name} leads to ${lead}, where there is no SPF record, so SPF cannot speak for what ${who} sends.`;
  const isRight = lead?.toLowerCase() === target;
  const fix = isRight
    ? {
        delete: [],
        set: [],
        steps: [`Ask ${who} why ${target} has no SPF record, or look up in its settings where ${name} has to lead.`],
      }
    : {
        delete: lead === undefined ? [] : [{ name, type: 'CNAME', value: lead }],
        set: [{ name, type: 'CNAME', value: target }],
      };
  return { ...about, status: 'fail', severity: needed === 'required' ? 'error' : 'advice', meaning, fix };
}

/** Zone text holds the alias, and knows nothing of where it leads. */
function isBeyond({ spf: { isUnpublished } }: DomainFacts, { alias, txt, target }: ReturnPathAlias): boolean {
  return isUnpublished && alias.kind === 'found' && txt.kind === 'none' && alias.records[0]?.toLowerCase() === target;
}
