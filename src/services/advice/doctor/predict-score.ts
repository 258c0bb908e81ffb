/**
 * What a message from each known sender would score today, and so the domain: as good as its worst sender. Only what DNS and the
 * catalogue tell goes in; what is unknown costs nothing. A domain that sends nothing has no score. Pure.
 */
import type { SenderDefinition, SenderWants } from '../../setup/types.ts';
import { signingFix } from '../score/message/find-service.ts';
import { nothingKnown, scoreOf, wayToTen } from '../score/table.ts';
import type { DkimFact, Score, ScoreFacts, ScoreStep, SpfFact } from '../score/types.ts';
import type { Fix } from '../types.ts';
import type { KeyState } from './dkim/sender-keys.ts';
import { isUnused } from './parked/usage.ts';
import { withHost } from './predict-host.ts';
import type { Trial } from './spf/try-senders.ts';
import type { DomainFacts, KnownSender } from './types.ts';

export type SenderScore = {
  /** `sendgrid`; absent where nobody is known who sends. */
  readonly label?: string;
  readonly name: string;
  readonly isDeclared: boolean;
  readonly score: Score;
  /** What to mend in which order; in a run over many domains nobody reads it. */
  readonly way: readonly ScoreStep[];
};

export type Prediction = {
  /** Of the worst sender; absent for a domain that sends nothing. */
  readonly score?: Score;
  /** The worst first. */
  readonly senders: readonly SenderScore[];
};

/** What DNS says of one sender: how its SPF goes, and its keys. */
type SenderSight = {
  readonly spf: SpfFact & Pick<ScoreFacts['names'], 'returnPath' | 'spfReason'>;
  readonly dkim: DkimFact & Pick<ScoreFacts['names'], 'signer' | 'selector'>;
};

export function predictScore(facts: DomainFacts): Prediction {
  const { senders, isOneOfMany = false } = facts.subject;
  const wayOf = (states: ScoreFacts) => (isOneOfMany ? [] : wayToTen(states));
  const scores = senders.map((known) => {
    const own = factsFor(facts, sightOf(facts, known), fixesFor(known.wants));
    const states = withHost(own, facts, ownAddresses(facts, known));
    const { label, sender } = known.wants;
    return { label, name: sender.name, isDeclared: known.isDeclared, score: scoreOf(states), way: wayOf(states) };
  });
  if (scores.length > 0) {
    const sorted = scores.toSorted((a, b) => a.score.tenths - b.score.tenths);
    return { senders: sorted, ...(sorted[0] && { score: sorted[0].score }) };
  }
  if (sendsNothing(facts) || isUnused(facts)) return { senders: [] };
  const states = withHost(factsFor(facts, anybody(facts)), facts, facts.subject.addresses);
  const score = scoreOf(states);
  return { senders: [{ name: 'whoever sends', isDeclared: false, score, way: wayOf(states) }], score };
}

/** Where a server of the domain's own sends from; of a service nobody can tell. */
function ownAddresses({ subject }: DomainFacts, { wants }: KnownSender): readonly string[] {
  if (wants.sender.family !== 'server') return [];
  const declared = wants.records.filter(({ purpose }) => purpose === 'host').map(({ value }) => value);
  return [...declared, ...subject.addresses];
}

/** Its SPF record lets nobody send, and nobody is known who does. */
function sendsNothing({ spf }: DomainFacts): boolean {
  return spf.records.length === 1 && /^v=spf1\s+-all\s*$/i.test(spf.records[0] ?? '');
}

function factsFor(
  { subject, dmarc }: DomainFacts,
  { spf, dkim }: SenderSight,
  fixes: Readonly<Record<string, Fix>> = {},
): ScoreFacts {
  const { returnPath, spfReason, ...spfFact } = spf;
  const { signer, selector, ...dkimFact } = dkim;
  return {
    ...nothingKnown,
    author: 'yes',
    spf: spfFact,
    dkim: dkimFact,
    dmarc: dmarc.policy,
    names: {
      domain: subject.domain,
      ...(returnPath !== undefined && { returnPath }),
      ...(spfReason !== undefined && { spfReason }),
      ...(signer !== undefined && { signer }),
      ...(selector !== undefined && { selector }),
      fixes,
    },
  };
}

/** The sender's own recipe, in place of what the table says in general. */
function fixesFor(wants: SenderWants): Readonly<Record<string, Fix>> {
  const authenticate = signingFix(wants);
  return { 'ALN-01': authenticate, 'ALN-02': authenticate, 'ALN-03': authenticate };
}

/** Nobody is known who sends: what holds of whoever does. */
function anybody({ spf, subject }: DomainFacts): SenderSight {
  const hasNone = spf.txt.kind !== 'failed' && spf.records.length === 0;
  return {
    spf: { result: hasNone ? 'none' : 'unknown', aligned: 'unknown', returnPath: subject.domain },
    dkim: { result: 'unknown', aligned: 'unknown', weakKey: 'unknown' },
  };
}

function sightOf(facts: DomainFacts, known: KnownSender): SenderSight {
  const dkim = dkimOf(facts, known);
  return { dkim, spf: spfOf(facts, known, dkim) };
}

// ---- DKIM

function dkimOf(facts: DomainFacts, { wants }: KnownSender): SenderSight['dkim'] {
  const { sender, label, domain } = wants;
  const keys = facts.dkim.senders.find((one) => one.label === label)?.keys ?? [];
  const at = (state: KeyState) => keys.find((key) => key.state === state);
  const own = at('good') ?? at('weak');
  if (own !== undefined)
    return {
      result: 'pass',
      aligned: 'yes',
      weakKey: own.state === 'weak' ? 'yes' : 'no',
      signer: domain,
      selector: own.selector,
    };
  if (at('unknown')) return unknownDkim;
  const broken = at('broken');
  if (broken !== undefined)
    return { result: 'permerror', aligned: 'yes', weakKey: 'unknown', signer: domain, selector: broken.selector };
  return mayHaveOtherKeys(facts, wants, keys.length) ? unknownDkim : unsigned(sender);
}

const unknownDkim = { result: 'unknown', aligned: 'unknown', weakKey: 'unknown' } as const;

/** Where the name of a key is chosen or differs by account, one that is not where it was looked for may be anywhere. RFC 6376 §3.1 */
function mayHaveOtherKeys({ dkim }: DomainFacts, { sender, values }: SenderWants, found: number): boolean {
  if (sender.aligns.dkim === 'no') return false;
  const names = sender.records.filter(({ purpose }) => purpose === 'dkim').map(({ name }) => name);
  if (names.length === 0) return true;
  const isUsual = sender.parameters.some(({ name, fallback }) => fallback !== undefined && values[name] === fallback);
  if (names.every((name) => !name.startsWith('{') && (!name.includes('{') || found > 0))) return false;
  if (found > 0 && !isUsual) return false;
  const { guessed, sights } = dkim;
  const isAnyThere = guessed.hasOtherKeys || guessed.hasWildcardKeys || guessed.failed > 0;
  return isAnyThere || sights.some(({ txt }) => txt.kind !== 'none');
}

/**
 * Mail services of people leave unsigned what they were not told to sign, unless they have a name for each customer to sign with
 * (`example-com.20230601.gappssmtp.com`); all others sign with their own name.
 */
function unsigned({ family, traces }: SenderDefinition): SenderSight['dkim'] {
  const [first] = traces.dkimDomains.filter((pattern) => family !== 'mailbox' || pattern.startsWith('.'));
  if (first === undefined) return { result: 'none', aligned: 'unknown', weakKey: 'unknown' };
  return { result: 'pass', aligned: 'no', weakKey: 'unknown', signer: first.replace(/^\./, '') };
}

// ---- SPF

function spfOf(facts: DomainFacts, { wants }: KnownSender, dkim: SenderSight['dkim']): SenderSight['spf'] {
  const { sender, domain } = wants;
  const trials = facts.spf.trials.filter((trial) => trial.sender === sender.id);
  switch (sender.aligns.spf) {
    case 'yes':
      return ownSpf(trials, domain);
    case 'with-return-path':
      return spfOfPath(facts, { wants, dkim, trials: trials.filter(({ at }) => at !== domain) });
    case 'no':
      return foreignSpf(sender);
    case 'uncertain':
      return unknownSpf;
  }
}

const unknownSpf = { result: 'unknown', aligned: 'unknown' } as const;

function foreignSpf({ traces, name }: SenderDefinition): SenderSight['spf'] {
  return { result: 'pass', aligned: 'no', returnPath: (traces.dkimDomains[0] ?? name).replace(/^\./, '') };
}

type PathSight = {
  readonly wants: SenderWants;
  readonly dkim: SenderSight['dkim'];
  readonly trials: readonly Trial[];
};

/** A return path below the domain, which is set up together with the keys: an alias of the service, or a name with an SPF record. */
function spfOfPath({ spf }: DomainFacts, { wants, dkim, trials }: PathSight): SenderSight['spf'] {
  const aliases = spf.aliases.filter(({ name }) =>
    wants.records.some((record) => record.purpose === 'return-path' && record.name === name),
  );
  const led = aliases.find(({ alias, target }) => alias.kind === 'found' && alias.records.includes(target));
  if (led !== undefined) return { result: 'pass', aligned: 'yes', returnPath: led.name };
  if (trials.some(({ outcome }) => outcome !== 'none')) return ownSpf(trials, wants.domain);
  const isUnknown = aliases.some(({ alias }) => alias.kind === 'failed');
  const isNamed = aliases.length > 0 || trials.length > 0;
  const mayBe = !isNamed && dkim.aligned !== 'no' && dkim.result !== 'none';
  return isUnknown || mayBe ? unknownSpf : foreignSpf(wants.sender);
}

/** The best of the names that it may send with. */
function ownSpf(trials: readonly Trial[], domain: string): SenderSight['spf'] {
  const best = (['allowed', 'unknown', 'refused', 'broken', 'none'] as const)
    .map((outcome) => trials.find((trial) => trial.outcome === outcome))
    .find((trial) => trial !== undefined);
  if (best === undefined) return { result: 'unknown', aligned: 'yes', returnPath: domain };
  const reason = best.tried.find((one) => one.reason !== undefined)?.reason;
  return {
    result: resultOf(best),
    aligned: 'yes',
    returnPath: best.at,
    ...(reason !== undefined && { spfReason: reason }),
  };
}

function resultOf({ outcome, tried }: Trial): SpfFact['result'] {
  switch (outcome) {
    case 'allowed':
      return 'pass';
    case 'broken':
      return 'permerror';
    case 'none':
    case 'unknown':
      return outcome;
    case 'refused': {
      const said = (['fail', 'softfail', 'neutral'] as const).find((word) =>
        tried.some(({ result }) => result === word),
      );
      return said ?? 'fail';
    }
  }
}
