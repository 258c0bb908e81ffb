/** DMA-19: records of other kinds at the name of the policy. */
import type { Fix } from '../../types.ts';
import { fails, listed, passes, plural, quoted, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { aboutRecord, unanswered } from './own-record.ts';

export const strangeTexts: Rule = { id: 'DMA-19', judge: (facts) => [judge(facts)] };

function judge(facts: DomainFacts): Judged {
  const { texts, name, alias, isWild } = facts.dmarc;
  const about = aboutRecord(facts);
  const silent = unanswered(facts);
  if (silent) return silent;
  const { foreign } = texts;
  if (foreign.length === 0) return passes({ ...about, meaning: `Nothing but DMARC stands at ${name}.` });
  if (isWild)
    return skips({ ...about, meaning: `A wildcard answers at ${name}, as it does everywhere: DNS-05 tells more.` });
  const meaning = `${plural(foreign.length, 'record')} of another kind ${foreign.length === 1 ? 'stands' : 'stand'} at ${name} (${listed(foreign.map((text) => quoted(text, 40)))}): receivers pass over that, and some tools stumble.`;
  if (alias !== undefined) return fails({ ...about, meaning, fix: fixForAlias(facts, alias) });
  return fails({ ...about, meaning, fix: { delete: foreign.map((value) => ({ name, type: 'TXT', value })), set: [] } });
}

/** What stands at the end of an alias may be needed there, an SPF record most of all. */
function fixForAlias({ dmarc: { name, texts } }: DomainFacts, alias: string): Fix {
  if (texts.dmarc.length + texts.broken.length === 0)
    return { delete: [{ name, type: 'CNAME', value: alias }], set: [], steps: ['No policy stands at the end of it.'] };
  const steps = [
    `They stand where ${name} leads to (${alias}). Leave them there if they are needed there, and have the alias lead to a name that holds the policy alone.`,
  ];
  return { delete: [], set: [], steps };
}
