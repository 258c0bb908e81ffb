/**
 * The doctor: a domain is looked at through a world that remembers, judged by every rule, and scored by what its senders' messages would
 * get. The look can be kept and judged again without asking anybody.
 */
import { accept, type Outcome } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { gatherSigns } from '../../setup/setup.ts';
import type { Catalogue, SenderRefusal } from '../../setup/types.ts';
import { ask } from './ask.ts';
import { gatherZone } from './dns/gather/zone.ts';
import { gatherFacts } from './gather-facts.ts';
import { judgeDomain } from './judge-domain.ts';
import { declaredCandidates, knowSenders } from './know-senders.ts';
import { type Prediction, predictScore } from './predict-score.ts';
import { type RecordedWorld, recordedWorld, type WorldLimits, worldLimits } from './recorded-world.ts';
import { scoreFindings } from './score-findings.ts';
import { type CheckSubject, type Snapshot, sightOf, silentWorld } from './snapshot.ts';
import type { DoctorWorld, Finding } from './types.ts';

export type DomainCheck = {
  readonly domain: DomainName;
  readonly checkedAtMs: number;
  /** The name itself: some name servers may be silent, and then nobody knows. */
  readonly exists: 'yes' | 'no' | 'unknown';
  readonly prediction: Prediction;
  readonly findings: readonly Finding[];
  readonly snapshot: Snapshot;
};

export type CheckPorts = {
  readonly catalogue: Catalogue;
  readonly world: DoctorWorld;
  readonly limits?: WorldLimits;
};

/** Refused only for senders that are none. */
export async function checkDomain(
  { catalogue, world, limits = worldLimits }: CheckPorts,
  subject: CheckSubject,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  if (subject.isOneOfMany) return look(catalogue, subject, recordedWorld(world, limits));
  const vain = new AbortController();
  const signals = [vain.signal, ...(limits.signal ? [limits.signal] : [])];
  const recorded = recordedWorld(world, { ...limits, signal: AbortSignal.any(signals) });
  return look(catalogue, subject, recorded, vain);
}

/**
 * Where there is no such domain, nobody waits for name servers of the zone above, block lists and hosts: they can be silent for long,
 * and change nothing. What tells that it is not there, and what the resolver says of its zone, is waited for.
 */
async function stopIfAbsent(world: DoctorWorld, domain: DomainName, vain: AbortController): Promise<void> {
  if ((await existenceOf(world, domain)) !== 'no') return;
  await Promise.all([gatherZone(world, domain), ask(world, domain, 'NS'), ask(world, domain, 'A')]);
  vain.abort('there is no such domain');
}

/** What was seen then, judged by the rules of today. Nobody is asked. */
export async function checkAgain(
  catalogue: Catalogue,
  snapshot: Snapshot,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  return look(catalogue, snapshot.subject, recordedWorld(silentWorld(snapshot), undefined, snapshot.recorded));
}

/** @param vain stops what is of no use any more */
async function look(
  catalogue: Catalogue,
  subject: CheckSubject,
  recorded: RecordedWorld,
  vain?: AbortController,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  const { declared, ...about } = subject;
  const { domain, isOneOfMany = false } = subject;
  const candidates = declaredCandidates(catalogue, domain, declared);
  if (!candidates.ok) return candidates;
  const { world, show, answers, unasked } = recorded;
  const signs = gatherSigns(world.resolver, catalogue, domain, { few: isOneOfMany });
  const senders = knowSenders({ world, catalogue, domain }, candidates.value, signs);
  const [facts] = await Promise.all([
    gatherFacts(world, { ...about, catalogue, senders, signs }, show),
    vain && stopIfAbsent(world, domain, vain),
  ]);
  const exists = await existenceOf(world, domain);
  const prediction = exists === 'yes' ? predictScore(facts) : { senders: [] };
  return accept({
    domain,
    checkedAtMs: world.nowMs,
    exists,
    prediction,
    findings: scoreFindings(judgeDomain(facts), prediction, facts),
    snapshot: { subject, sight: sightOf(world), recorded: { answers, unasked } },
  });
}

/** Asked by several families anyway. */
async function existenceOf(world: DoctorWorld, domain: DomainName): Promise<DomainCheck['exists']> {
  const answers = [await world.resolver.lookup(domain, 'TXT'), await world.resolver.lookup(domain, 'MX')];
  const answer = answers.find(({ kind }) => kind !== 'failed');
  if (answer === undefined) return 'unknown';
  if (answer.kind === 'found' || answer.why !== 'nxdomain') return 'yes';
  const alias = await world.resolver.lookup(domain, 'CNAME');
  return alias.kind === 'found' ? 'yes' : 'no'; // RFC 6604 §3: the name error may be about the end of an alias
}
