/** The rules of this family, in the order of their ids. */
import type { mxChecks } from '../checks/mx.ts';
import type { Rule } from '../types.ts';
import { encryptionLacking } from './encryption-lacking.ts';
import { hostNamedTwice } from './host-named-twice.ts';
import { noIpv6 } from './no-ipv6.ts';
import { noMailHost } from './no-mail-host.ts';
import { nullBesideHosts } from './null-beside-hosts.ts';
import { postmasterMissing } from './postmaster-missing.ts';
import { proofLeftOver } from './proof-left-over.ts';
import { senderUnanswerable } from './sender-unanswerable.ts';
import { targetIsNoHost } from './target-is-no-host.ts';
import { twoServices } from './two-services.ts';

export const mxRules: readonly Rule<keyof typeof mxChecks>[] = [
  { id: 'MX-01', judge: noMailHost },
  { id: 'MX-02', judge: nullBesideHosts },
  { id: 'MX-03', judge: targetIsNoHost },
  { id: 'MX-04', judge: twoServices },
  { id: 'MX-05', judge: proofLeftOver },
  { id: 'MX-06', judge: hostNamedTwice },
  { id: 'MX-07', judge: noIpv6 },
  { id: 'MX-08', judge: encryptionLacking },
  { id: 'MX-09', judge: senderUnanswerable },
  { id: 'MX-10', judge: postmasterMissing },
];
