/** DMA-20: mail that fails is to be refused, and some sender passes by SPF alone. */

import { isCertain } from '../dkim/key-missing.ts';
import { allWants } from '../dkim/look-at-keys.ts';
import { keyRecord } from '../dkim/mend-key.ts';
import { sightFor, stateOf } from '../dkim/sender-keys.ts';
import { fails, orElse, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, KnownSender, ReportKnowledge, Rule } from '../types.ts';
import { aboutRecord, policyInForce, unanswered } from './own-record.ts';
import { type Ways, waysOfAll } from './sender-ways.ts';

/** RFC 9989 §7.4: whoever asks for reject must not rely on SPF alone. */
export const rejectBySpfAlone: Rule = { id: 'DMA-20', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const silent = unanswered(facts);
  if (silent) return [silent];
  const about = aboutRecord(facts);
  if (facts.dmarc.inForce === 'unknown')
    return [staysUnknown({ ...about, meaning: 'Whether a domain above asks for reject could not be looked up.' })];
  if (policyInForce(facts) !== 'reject')
    return [skips({ ...about, meaning: 'The record does not ask to refuse mail that fails (p=reject).' })];
  const senders = waysOfAll(facts);
  if (senders.length === 0)
    return [
      skips({
        ...about,
        meaning: 'Who sends for the domain is not known, so whether somebody relies on SPF alone cannot be told.',
      }),
    ];
  const judged = senders.map((ways) => ofSender(facts, about, ways));
  return orElse(
    judged.flatMap((one) => one ?? []),
    () => passes({ ...about, meaning: 'Every known sender signs its mail, so forwarded mail passes, too.' }),
  );
}

const dkimShareMin = 0.99; // what `advise` asks of every sender before reject
const messagesMin = 20; // fewer say nothing. (Our choice.)

function ofSender(facts: DomainFacts, about: Pick<Judged, 'subject' | 'evidence'>, ways: Ways): Judged | undefined {
  const reported = facts.subject.reports?.bySender[ways.id];
  if (reported !== undefined && reported.messages >= messagesMin) return byReports(facts, about, ways, reported);
  const isSpf = ways.spf === 'exact' || ways.spf === 'below';
  const key = hasKey(facts, ways);
  const known = facts.subject.senders.find(({ wants }) => wants.label === ways.label);
  if (isSpf && (ways.dkim === 'no' || (key === 'no' && known?.isDeclared === true))) {
    const why = ways.dkim === 'no' ? 'cannot sign as you' : 'has no key published, so its signatures do not count';
    return fails({
      ...about,
      meaning: `The record asks to refuse what fails, and ${ways.who} ${why}: it passes by SPF alone, and all of its mail that is forwarded is lost.`,
      fix: fixFor(facts, ways, known),
    });
  }
  if (ways.dkim !== 'unknown' && key === 'yes') return undefined;
  return staysUnknown({
    ...about,
    meaning: `Whether ${ways.who} signs as the domain is not known; if it does not, its forwarded mail is lost.`,
  });
}

/** `no`: DKM-01 and DKM-02 are sure of it. `unknown`: none was seen, and it may stand under another name. */
function hasKey(facts: DomainFacts, { label }: Ways): 'yes' | 'no' | 'unknown' {
  const all = allWants(facts);
  const own = all.filter((want) => want.label === label);
  const states = own.map((want) => {
    const sight = sightFor(want, facts.dkim.sights);
    const state = sight ? stateOf(sight) : 'unknown';
    return state === 'missing' && !isCertain(facts, want, all) ? 'unknown' : state;
  });
  if (states.length === 0 || states.some((state) => state === 'good' || state === 'weak')) return 'yes';
  return states.includes('unknown') ? 'unknown' : 'no';
}

type Reported = ReportKnowledge['bySender'][string];

function byReports(
  facts: DomainFacts,
  about: Pick<Judged, 'subject' | 'evidence'>,
  ways: Ways,
  { messages, alignedDkim, alignedSpf }: Reported,
): Judged | undefined {
  if (alignedDkim >= messages * dkimShareMin || alignedSpf === 0) return undefined;
  const known = facts.subject.senders.find(({ wants }) => wants.label === ways.label);
  const meaning = `The record asks to refuse what fails, and of ${messages} messages of ${ways.who} only ${alignedDkim} were signed as you: the others pass by SPF alone and are lost when they are forwarded.`;
  return fails({ ...about, meaning, fix: fixFor(facts, ways, known) });
}

function fixFor(facts: DomainFacts, { who, label, dkim }: Ways, known: KnownSender | undefined) {
  const set = allWants(facts).flatMap((want) =>
    want.label === label && want.name !== undefined && want.value !== undefined
      ? [keyRecord(want.name, want.value, want.type)]
      : [],
  );
  if (dkim === 'no')
    return {
      delete: [],
      set: [],
      steps: [`Have ${who} send from an address of its own, or through a sender that signs as you.`],
    };
  return {
    delete: [],
    set,
    steps: known?.wants.steps.map((step) => (step === '{records}' ? 'Publish the records.' : step)) ?? [
      `Have ${who} sign with DKIM as ${facts.subject.domain}.`,
    ],
  };
}
