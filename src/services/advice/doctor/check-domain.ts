/**
 * The doctor: a domain is looked at through a world that remembers, judged by every rule, and scored by what its senders' messages would
 * get. The look can be kept and judged again without asking anybody.
 */
import { accept, type Outcome } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { gatherSigns } from '../../setup/setup.ts';
import type { Catalogue, SenderRefusal } from '../../setup/types.ts';
import { gatherFacts } from './gather-facts.ts';
import { judgeDomain } from './judge-domain.ts';
import { declaredCandidates, knowSenders } from './know-senders.ts';
import { type Prediction, predictScore } from './predict-score.ts';
import { type RecordedWorld, recordedWorld, type WorldLimits } from './recorded-world.ts';
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
  { catalogue, world, limits }: CheckPorts,
  subject: CheckSubject,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  return look(catalogue, subject, recordedWorld(world, limits));
}

/** What was seen then, judged by the rules of today. Nobody is asked. */
export async function checkAgain(
  catalogue: Catalogue,
  snapshot: Snapshot,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  return look(catalogue, snapshot.subject, recordedWorld(silentWorld(snapshot), undefined, snapshot.recorded));
}

async function look(
  catalogue: Catalogue,
  subject: CheckSubject,
  recorded: RecordedWorld,
): Promise<Outcome<DomainCheck, SenderRefusal>> {
  const { declared, ...about } = subject;
  const { domain, isOneOfMany = false } = subject;
  const candidates = declaredCandidates(catalogue, domain, declared);
  if (!candidates.ok) return candidates;
  const { world, show, answers, unasked } = recorded;
  const signs = gatherSigns(world.resolver, catalogue, domain, { few: isOneOfMany });
  const senders = knowSenders({ world, catalogue, domain }, candidates.value, signs);
  const facts = await gatherFacts(world, { ...about, catalogue, senders, signs }, show);
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
