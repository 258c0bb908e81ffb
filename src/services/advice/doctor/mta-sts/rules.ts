/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { incompletePair } from './incomplete-pair.ts';
import { oddLifetime } from './odd-lifetime.ts';
import { policyNotEnforced } from './policy-not-enforced.ts';
import { staleId } from './stale-id.ts';
import { uncoveredHosts } from './uncovered-hosts.ts';
import { unfetchablePolicy } from './unfetchable-policy.ts';

export const stsRules: readonly Rule[] = [
  incompletePair,
  unfetchablePolicy,
  policyNotEnforced,
  uncoveredHosts,
  oddLifetime,
  staleId,
];
