/** The policy and the record that a domain ought to have, by its MX of today: for fixes. As the plan has them. Pure. */
import { stsPolicyOf, stsRecordOf } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { mendAtEnd } from '../mend-alias.ts';
import { isLeftover } from '../mx/proof-left-over.ts';
import type { DomainFacts } from '../types.ts';
import { policyUrl, stsRecordName } from './facts.ts';

/** As the plan has it. */
export const ttlSeconds = 3600;

export function recordsThere({ subject, sts }: DomainFacts): readonly FixRecord[] {
  const name = stsRecordName(subject.domain);
  const texts = sts.texts.kind === 'found' ? sts.texts.records : [];
  return texts
    .filter((text) => /^\s*v\s*=\s*sts/i.test(text))
    .map((value): FixRecord => ({ name, type: 'TXT', value }));
}

/** Serve this policy, then announce it: an id comes from the policy, so it changes when the policy does. */
export function policyFix(facts: DomainFacts, mode: 'testing' | 'enforce'): Fix {
  const name = stsRecordName(facts.subject.domain);
  const policy = stsPolicyOf(
    facts.sts.hosts.map(({ host }) => host).filter((host) => !isLeftover(host)),
    mode,
  );
  const value = stsRecordOf(policy);
  const there = recordsThere(facts);
  return mendAtEnd(facts, name, {
    delete: there.filter((record) => record.value !== value),
    set: there.some((record) => record.value === value) ? [] : [{ name, type: 'TXT', value, ttl: ttlSeconds }],
    steps: [serveStep(facts, policy)],
  });
}

function serveStep({ subject }: DomainFacts, policy: string): string {
  const lines = policy
    .trim()
    .split('\r\n')
    .map((line) => `"${line}"`);
  return `first serve ${policyUrl(subject.domain)} as text/plain, each of these on a line of its own: ${lines.join(' ')}`;
}
