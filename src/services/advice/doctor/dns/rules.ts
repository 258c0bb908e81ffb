/** The rules of this family, in the order of their ids. */
import type { dnsChecks } from '../checks/dns.ts';
import type { Rule } from '../types.ts';
import { aliasBesideOthers } from './alias-beside-others.ts';
import { danglingAlias } from './dangling-alias.ts';
import { domainEndsSoon } from './domain-ends-soon.ts';
import { domainMissing } from './domain-missing.ts';
import { doubledName } from './doubled-name.ts';
import { hiddenAlias } from './hidden-alias.ts';
import { longNegativeTtl } from './long-negative-ttl.ts';
import { serverSilent } from './server-silent.ts';
import { serversDiffer } from './servers-differ.ts';
import { signaturesWrong } from './signatures-wrong.ts';
import { wildcardCatches } from './wildcard-catches.ts';

export const dnsRules: readonly Rule<keyof typeof dnsChecks>[] = [
  { id: 'DNS-01', judge: domainMissing },
  { id: 'DNS-02', judge: serversDiffer },
  { id: 'DNS-03', judge: serverSilent },
  { id: 'DNS-04', judge: signaturesWrong },
  { id: 'DNS-05', judge: wildcardCatches },
  { id: 'DNS-06', judge: doubledName },
  { id: 'DNS-07', judge: aliasBesideOthers },
  { id: 'DNS-08', judge: hiddenAlias },
  { id: 'DNS-09', judge: longNegativeTtl },
  { id: 'DNS-10', judge: domainEndsSoon },
  { id: 'DNS-11', judge: danglingAlias },
];
