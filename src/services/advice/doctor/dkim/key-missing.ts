/** DKM-01: somebody signs with a selector, and there is no key at it. */
import { signingFix } from '../../score/message/find-service.ts';
import type { Fix } from '../../types.ts';
import { fails, inSentence, listed, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import { usageOf } from '../parked/usage.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { allWants, keySubject, whyUnknown } from './look-at-keys.ts';
import { keyRecord, noRecords } from './mend-key.ts';
import { isContested } from './selector-contested.ts';
import { sightFor, stateOf } from './sender-keys.ts';
import type { Want } from './wants.ts';

export const keyMissing: Rule = { id: 'DKM-01', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const wants = allWants(facts);
  const named = wants.flatMap((want) => ofWant(facts, want, wants));
  const seen = facts.dkim.sights.flatMap((sight) => ofSelector(facts, sight, wants));
  return orElse([...named, ...seen], () => ofGuesses(facts));
}

function ofWant(facts: DomainFacts, want: Want, wants: readonly Want[]): readonly Judged[] {
  const sight = sightFor(want, facts.dkim.sights);
  if (sight === undefined)
    return want.lacking === undefined ? [] : (nothingSigned(facts, want, wants) ?? [notNamed(facts, want)]);
  const subject = sight.name;
  const evidence = [facts.show(subject, 'TXT')];
  const settled = unlessMissing(sight, { subject, evidence }, `the key that ${inSentence(want.who)} signs with`);
  if (settled) return [settled];
  if (want.name !== undefined && isContested(want, wants))
    return [
      skips({
        subject,
        evidence,
        meaning: `No key stands at ${subject}, which several senders want: DKM-10 tells more.`,
      }),
    ];
  if (!isCertain(facts, want, wants)) return nothingSigned(facts, want, wants) ?? [notProven(facts, want, sight)];
  const meaning = `${want.who} signs mail of ${sight.domain} with the key ${quoted(sight.selector)}, and no such key is published: its signatures prove nothing.`;
  const isWaiting =
    want.isDeclared &&
    facts.subject.office?.keys.some((key) => key.selector === sight.selector && key.state === 'pending');
  return [
    fails({
      subject,
      ...((isWaiting || !want.isDeclared) && { severity: 'warn' }),
      meaning,
      evidence,
      fix: fixFor(want, sight),
    }),
  ];
}

/** What is to be said of a selector as long as nothing is missing at it. */
function unlessMissing(sight: Sight, about: Pick<Judged, 'subject' | 'evidence'>, key: string): Judged | undefined {
  const state = stateOf(sight);
  if (state === 'unknown')
    return staysUnknown({ ...about, meaning: `Whether ${key} is published ${whyUnknown(sight)}.` });
  if (state === 'good' || state === 'weak') return passes({ ...about, meaning: `The DNS shows ${key}.` });
  if (state === 'broken')
    return skips({ ...about, meaning: `A record for ${key} is there and is no use: DKM-02, 03 or 04 tells why.` });
  if (sight.alias.kind === 'none') return undefined;
  return skips({ ...about, meaning: 'The name is an alias that leads to no key: DKM-08 tells more.' });
}

/**
 * A declared sender that has one way to sign surely signs; one that was recognised does so by its usual names, if one of them has a
 * key already.
 */
export function isCertain({ dkim }: DomainFacts, want: Want, wants: readonly Want[]): boolean {
  if (want.lacking?.unless !== undefined || want.lacking?.optional === true) return false;
  if (want.isDeclared) return true;
  return wants.some((other) => {
    const sight = other.label === want.label ? sightFor(other, dkim.sights) : undefined;
    return sight !== undefined && stateOf(sight) !== 'missing' && stateOf(sight) !== 'unknown';
  });
}

function fixFor({ name, type, value, lacking, steps, who }: Want, { name: asked }: Sight): Fix {
  const at = steps.indexOf('{records}');
  if (value !== undefined) {
    const after =
      at < 0 ? [] : steps.slice(at + 1).map((step, number) => (number === 0 ? `Then, at ${who}: ${step}` : step));
    return { delete: [], set: [keyRecord(name ?? asked, value, type)], steps: after };
  }
  const told = steps.map((step) => (step === '{records}' ? `Publish what it shows as ${type} at ${asked}.` : step));
  return { ...noRecords, steps: [...(lacking ? [`What is missing: ${lacking.what}.`] : []), ...told] };
}

/**
 * Whatever the name of its key would be: there is none below the domain. Said once for a sender, with all that it wants; undefined where
 * there may be one.
 */
function nothingSigned(facts: DomainFacts, want: Want, wants: readonly Want[]): readonly Judged[] | undefined {
  const { dkim, subject, show } = facts;
  const known = subject.senders.find((one) => one.wants.label === want.label);
  if (!dkim.guessed.hasNone || known?.wants.domain !== subject.domain || want.sender?.sends !== true) return undefined;
  if (wants.find(({ label }) => label === want.label) !== want) return [];
  const name = keySubject(facts);
  return [
    fails({
      subject: name,
      ...(!want.isDeclared && { severity: 'warn' }),
      meaning: `${want.who} cannot sign mail as ${subject.domain}: there is no DKIM key at all, nothing stands below ${name}.`,
      evidence: [show(name, 'TXT')],
      fix: signingFix(known.wants),
    }),
  ];
}

function notNamed({ subject: { domain } }: DomainFacts, { who, label, lacking }: Want): Judged {
  const name = lacking?.name ?? '';
  return staysUnknown({
    subject: `_domainkey.${domain}`,
    meaning: `The name of the key of ${who} depends on ${lacking?.what ?? 'your account there'}, so whether it is published is not proven.`,
    fix: { ...noRecords, steps: [`Say it: --sender ${label.split(/[ :(]/)[0]}:${name}=${lacking?.example ?? '...'}`] },
  });
}

function notProven(facts: DomainFacts, { who }: Want, { name, selector }: Sight): Judged {
  return staysUnknown({
    subject: name,
    meaning: `${who} often signs with the key ${quoted(selector)}, and none is there; it may use another name, so a missing key is not proven.`,
    evidence: [facts.show(name, 'TXT')],
    fix: {
      ...noRecords,
      steps: ['Look at a message it sent for s= in the DKIM-Signature field and say that name: --selector NAME'],
    },
  });
}

/** Selectors that a person named, or that receivers reported. */
function ofSelector(facts: DomainFacts, sight: Sight, wants: readonly Want[]): readonly Judged[] {
  const { name, selector, origins } = sight;
  const isTold = origins.includes('told');
  if ((!isTold && !origins.includes('reports')) || wants.some((want) => want.name === name)) return [];
  const evidence = [facts.show(name, 'TXT')];
  const settled = unlessMissing(sight, { subject: name, evidence }, `a key named ${quoted(selector)}`);
  if (settled) return [settled];
  const fix = {
    ...noRecords,
    steps: [`Ask whoever signs with ${quoted(selector)} for its TXT or CNAME record and publish it at ${name}.`],
  };
  if (isTold)
    return [
      fails({
        subject: name,
        evidence,
        fix,
        meaning: `There is no key named ${quoted(selector)}: what is signed with it proves nothing.`,
      }),
    ];
  const meaning = `Receivers saw mail signed with the key ${quoted(selector)} lately, and no such key is published any more.`;
  return [fails({ subject: name, severity: 'warn', evidence, fix, meaning })];
}

/** RFC 6376 §3.1: selectors cannot be listed, so not finding any proves nothing. */
function ofGuesses(facts: DomainFacts): Judged {
  const { sights, guessed } = facts.dkim;
  const subject = keySubject(facts);
  const keys = sights.filter((sight) => ['good', 'weak'].includes(stateOf(sight)));
  if (keys.length > 0)
    return passes({
      subject,
      meaning: `Keys are published: ${listed(keys.map(({ selector }) => selector))}.`,
      evidence: keys.map(({ name }) => facts.show(name, 'TXT')),
    });
  if (guessed.hasNone) return noKeyAtAll(facts);
  const why = guessed.hasOtherKeys
    ? 'Something may stand below _domainkey, at a name that cannot be guessed'
    : guessed.failed > 0
      ? `The DNS gave no answer for ${guessed.failed} of the usual names`
      : 'No key was found under the names that services usually take; there may be others, which cannot be listed';
  return staysUnknown({
    subject,
    meaning: `${why}: whether mail of ${facts.subject.domain} is signed is not proven.`,
    evidence: [facts.show(subject, 'TXT')],
    fix: {
      ...noRecords,
      steps: [
        'Name the key (s= in the DKIM-Signature field of a sent message) or who sends: --selector NAME, --sender NAME',
      ],
    },
  });
}

/** RFC 8020 §2: below a name that is not there is nothing. */
function noKeyAtAll(facts: DomainFacts): Judged {
  const { subject, show } = facts;
  const name = keySubject(facts);
  const evidence = [show(name, 'TXT')];
  const isForMail = usageOf(facts).usage === 'used';
  if (!isForMail)
    return skips({
      subject: name,
      evidence,
      meaning: `No mail of ${subject.domain} is known, and no key to sign it with.`,
    });
  return fails({
    subject: name,
    evidence,
    meaning: `There is no DKIM key at all, nothing stands below ${name}: nobody can sign mail as ${subject.domain}.`,
    fix: {
      ...noRecords,
      steps: [
        'Switch DKIM on where the mail is sent from, and publish the record it shows. With its name the way is told in full: --sender NAME',
      ],
    },
  });
}
